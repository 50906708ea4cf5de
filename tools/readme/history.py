"""``./dev history``: take what add-ons say is new into CHANGELOG.md, which is the only owner of it.

A fragment is a file of an add-on's ``readme/newsfragments``, named as OCA names them:
``<issue or a few words>.<kind>.md``. It waits there, where no two people write to the same lines,
until the changelog takes it into its first section.
"""

import re
import sys

from . import ROOT, SECTION, UNRELEASED, find_addons

CHANGELOG = ROOT / "CHANGELOG.md"
FOLDER = ("readme", "newsfragments")
# what towncrier's kinds, as OCA uses them, are called in the changelog, in its order
KINDS = {
    "feature": "Added",
    "misc": "Changed",
    "doc": "Changed",
    "bugfix": "Fixed",
    "removal": "Removed",
}
FRAGMENT = re.compile(r"[\w+-]+\.(?P<kind>\w+)\.md")


def find_fragments(addon):
    """:return: (path, kind) of each fragment of an add-on
    :raise ValueError: a file is named as none is
    """
    folder = addon.joinpath(*FOLDER)
    fragments = []
    for path in sorted(folder.glob("*.md")):
        if path.name == "README.md":
            continue
        match = FRAGMENT.fullmatch(path.name)
        if not match or match["kind"] not in KINDS:
            kinds = ", ".join(KINDS)
            raise ValueError(f"{path.name}: <words>.<kind>.md, where the kind is one of {kinds}")
        fragments.append((path, match["kind"]))
    return fragments


def read_fragment(path):
    """:return: the fragment as one entry of a list"""
    first, *others = path.read_text("utf-8").strip().splitlines()
    lines = [f"- {first.removeprefix('- ')}", *(f"  {line.strip()}" for line in others)]
    return "\n".join(lines)


def add_entries(changelog, entries):
    """
    :param dict entries: {heading: entries}
    :return: the changelog with the entries at the ends of these lists of its first section
    :raise ValueError: the first section is released
    """
    head, first, *others = SECTION.split(changelog)
    if not UNRELEASED.match(first):
        raise ValueError("the first section of the changelog is released: begin another one")
    for heading, added in entries.items():
        first = _add_to_list(first, heading, "\n".join(added))
    return "".join([head, first, *others])


def _add_to_list(section, heading, text):
    title, *lists = re.split(r"^(?=### )", section, flags=re.MULTILINE)
    at = next((n for n, one in enumerate(lists) if one.startswith(f"### {heading}\n")), None)
    if at is not None:
        lists[at] = f"{lists[at].rstrip()}\n{text}\n\n"
    else:
        order = list(dict.fromkeys(KINDS.values()))
        places = [order.index(one.removeprefix("### ").partition("\n")[0]) for one in lists]
        at = sum(place < order.index(heading) for place in places)
        lists.insert(at, f"### {heading}\n\n{text}\n\n")
    return "".join([title, *lists])


def main():
    fragments = [one for addon in find_addons() for one in find_fragments(addon)]
    entries = {heading: [] for heading in KINDS.values()}
    for path, kind in fragments:
        entries[KINDS[kind]].append(read_fragment(path))
    entries = {heading: added for heading, added in entries.items() if added}
    text = add_entries(CHANGELOG.read_text("utf-8"), entries)
    CHANGELOG.write_text(text, "utf-8")
    for path, _kind in fragments:
        path.unlink()
        print(f"{path.relative_to(ROOT)} is in CHANGELOG.md")


if __name__ == "__main__":
    sys.exit(main())
