"""An add-on's page in stores and package indexes, from the fragments in its folder `readme`.

The names and the order of the fragments are OCA's; what builds the wheel takes the page from there.
"""

import ast
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
    version, licence = manifest["version"], manifest["license"]
    parts.append(f"Version {version}, for Odoo {version[:4]}. Licence: {licence}.")
    return "\n\n".join(parts) + "\n"
