"""What the pages of the manual say, taken apart: names of the screens, links, headings, tables."""

import re
from pathlib import Path

LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
# *A name of the screens*, and neither **stressed words** nor an asterisk of something else
NAME = re.compile(r"\*(?![*\s])([^*]+?)(?<!\s)\*")
EXAMPLE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`]*`")
ROW = re.compile(r"^\|", re.MULTILINE)
POINT = re.compile(r"^ *(?:-|\d+\.) ", re.MULTILINE)


def read(path):
    """:return: the text of a page, without its examples"""
    return EXAMPLE.sub("", path.read_text("utf-8"))


def get_names(text):
    """:return: the names of menus, buttons, fields and values that a text shows as such; of a path
    of menus each by itself"""
    plain = CODE.sub("", text).replace("**", "")
    names = (re.sub(r"\s+", " ", name) for name in NAME.findall(plain))
    return {part for name in names for part in name.split(" > ")}


def get_links(text):
    """:return: list of (whether it is a picture, its words, where it leads)"""
    return [(bool(picture), words, target) for picture, words, target in LINK.findall(text)]


def get_anchors(text):
    """:return: the anchors of the headings of a text, as GitHub makes them"""
    headings = (re.sub(r"[*`]", "", heading) for _level, heading in HEADING.findall(text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def get_shape(text):
    """:return: what a translation of a text has, too: of each of its parts the level of the
    heading and how many rows, points and paragraphs there are, its pictures, and where its links
    lead, without the anchors, which are words"""
    parts = re.split(r"^(#+) .+$", text, flags=re.MULTILINE)
    return [_get_part(*part) for part in zip(("", *parts[1::2]), parts[::2], strict=True)]


def _get_part(level, text):
    paragraphs = [part for part in re.split(r"\n\s*\n", text) if part.strip()]
    targets = (Path(target.split("#")[0]).name for _picture, _words, target in get_links(text))
    targets = sorted(target.replace(".pt-BR", "") for target in targets)
    return level, len(ROW.findall(text)), len(POINT.findall(text)), len(paragraphs), targets


def get_rows(text):
    """:return: {name in the first cell: the second cells beside it} of the tables of a text"""
    rows = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line[1:].split("|")]
        if line.startswith("|") and len(cells) > 2:
            for name in NAME.findall(cells[0]):
                rows.setdefault(name, []).append(cells[1])
    return rows
