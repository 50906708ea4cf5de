"""The page of the store: what it shows is there, and is what the documentation shows."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "crm_collection" / "static" / "description" / "index.html"
PICTURE = re.compile(r'<img [^>]*src="([^"]+)" alt="([^"]+)"')


def test_pictures_are_those_of_the_documentation():
    """Seen to fail with a picture of another day, one that is missing, and one without a name."""
    text = PAGE.read_text("utf-8")
    pictures = PICTURE.findall(text)
    assert len(pictures) == text.count("<img ") >= 15
    for name, _alt in pictures:
        shown, known = PAGE.parent / name, ROOT / "docs" / "images" / name
        assert shown.read_bytes() == known.read_bytes(), f"{name}: ./dev screenshots copies it"
    unused = {path.name for path in PAGE.parent.glob("*.png")} - {name for name, _ in pictures}
    assert unused == {"icon.png"}
