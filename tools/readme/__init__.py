"""An add-on's page in stores and package indexes, from the fragments in its folder `readme`, and
the history that goes along with it, from the changelog.

The names and the order of the fragments are OCA's; what builds the wheel takes the page from there.
"""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
FRAGMENTS = {
    "DESCRIPTION": "",
    "CONTEXT": "Use Cases",
    "INSTALL": "Installation",
    "CONFIGURE": "Configuration",
    "USAGE": "Usage",
    "ROADMAP": "Known Issues",
    "CREDITS": "Credits",
}
MADE = "<!-- made by ./dev readme from the files in readme/: change those -->"
# the changelog is about all add-ons, and goes along with the first
HISTORY_OF = "crm_collection"
MADE_HISTORY = "<!-- made by ./dev readme from the repository's CHANGELOG.md: change that -->"
TO_HISTORY = "What changed in which version is in `readme/HISTORY.md`."
RELATIVE_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]*\)")
SECTION = re.compile(r"^(?=## )", re.MULTILINE)
UNRELEASED = re.compile(r"## \S+ - unreleased\n")


def find_addons(root=ROOT):
    """:return: folders of the add-ons, by name"""
    return sorted(path.parent for path in root.glob("*/__manifest__.py"))


def build(addon):
    """:return: the page of an add-on, as Markdown"""
    manifest = ast.literal_eval((addon / "__manifest__.py").read_text("utf-8"))
    parts = [MADE, f"# {manifest['name']}"]
    for name, heading in FRAGMENTS.items():
        path = addon / "readme" / f"{name}.md"
        if path.exists():
            parts += [f"## {heading}"] * bool(heading) + [path.read_text("utf-8").strip()]
    if addon.name == HISTORY_OF:
        parts += ["## Changelog", TO_HISTORY]
    version, licence = manifest["version"], manifest["license"]
    parts.append(f"Version {version}, for Odoo {version[:4]}. Licence: {licence}.")
    return "\n\n".join(parts) + "\n"


def build_history(root=ROOT):
    """:return: what of the changelog goes along with an add-on: without what is not released, and
    without links to what does not go along"""
    _head, *sections = SECTION.split((root / "CHANGELOG.md").read_text("utf-8"))
    while sections and UNRELEASED.match(sections[0]):
        sections.pop(0)
    return f"{MADE_HISTORY}\n\n" + RELATIVE_LINK.sub(r"\1", "".join(sections))


def build_files(root=ROOT):
    """:return: {path: text} of all that is made"""
    files = {addon / "README.md": build(addon) for addon in find_addons(root)}
    return files | {root / HISTORY_OF / "readme" / "HISTORY.md": build_history(root)}
