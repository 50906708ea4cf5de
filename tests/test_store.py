"""The page of the store: what it shows is there, and is what the documentation shows; and what the
store asks for (apps.odoo.com/apps/vendor-guidelines)."""

import ast
import re
from pathlib import Path

import pytest
from lxml import html
from PIL import Image

from tools import banner, readme

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "crm_collection" / "static" / "description" / "index.html"
ADDONS = readme.find_addons()
ICON, BANNER = "icon.png", "banner.png"
LONGEST_NAME = 25
LARGEST = 1024 * 1024  # of a picture, ours: whoever opens the page waits for all of them
NARROWEST = 360  # dots
# what the page is made of: the store and Odoo's own list of apps leave the rest out
TAGS = {
    *("section", "div", "h1", "h2", "p", "b", "i", "img", "ol", "ul", "li"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
PORTUGUESE = re.compile("Portuguese")


def read_page():
    return html.fragment_fromstring(PAGE.read_text("utf-8"), create_parent="div")


def test_pictures_are_those_of_the_documentation():
    """Seen to fail with a picture of another day, one that is missing, one without a name, one
    that no page shows, one that is too large, and one that is too small."""
    pictures = {picture.get("src"): picture.get("alt") for picture in read_page().iter("img")}
    assert len(pictures) >= 15
    assert all(pictures.values())
    assert sum(bool(PORTUGUESE.search(alt)) for alt in pictures.values()) >= 3
    for name in pictures:
        shown, known = PAGE.parent / name, ROOT / "docs" / "images" / name
        assert shown.read_bytes() == known.read_bytes(), f"{name}: ./dev screenshots copies it"
        assert shown.stat().st_size < LARGEST
        assert Image.open(shown).width >= NARROWEST
    unused = {path.name for path in PAGE.parent.glob("*.png")} - pictures.keys()
    assert unused == {ICON, BANNER}


def test_page_is_of_what_the_store_shows():
    """No script, style or address elsewhere. Seen to fail with each."""
    elements = list(read_page().iterdescendants())
    assert {element.tag for element in elements} <= TAGS
    assert {name for element in elements for name in element.attrib} <= {"class", "src", "alt"}
    assert all("/" not in element.get("src", "") for element in elements)


@pytest.mark.parametrize("addon", ADDONS, ids=lambda addon: addon.name)
def test_manifest_is_what_the_store_asks_for(addon):
    """Seen to fail with a longer name, and with a banner of another shape."""
    manifest = ast.literal_eval((addon / "__manifest__.py").read_text("utf-8"))
    assert len(manifest["name"]) <= LONGEST_NAME
    assert {"summary", "author", "license", "category"} <= manifest.keys()
    assert manifest["license"] == "LGPL-3"
    [cover] = manifest["images"]
    assert addon / cover == banner.get_path(addon)
    width, height = banner.SIZE
    assert Image.open(addon / cover).size == (width * banner.DENSITY, height * banner.DENSITY)
    icon = Image.open(addon / "static" / "description" / ICON)
    assert icon.width == icon.height >= 128
    assert (addon / cover).stat().st_size < LARGEST
