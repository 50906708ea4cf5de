"""The store's banner of each add-on, drawn from banner.html and what the add-on says of itself:
./dev banner.

The store shows it at 560 x 280; it is drawn at twice that, for screens with more dots.
"""

import ast
import html
import string
from pathlib import Path

from tools.readme import ROOT, find_addons

SIZE = (560, 280)
DENSITY = 2
PAGE = Path(__file__).with_name("banner.html")
IMAGES = ROOT / "docs" / "images"
# what the banner shows beside the words of the manifest: chips, and the pictures behind each other
SHOWN = {
    "crm_collection": (
        ("Open items by phase", "Letters until it is paid", "Four eyes", "History nobody edits"),
        ("cockpit", "letter-pdf"),
    ),
    "crm_collection_queue_job": (
        ("Companies beside each other", "Letters in blocks", "Each letter once"),
        ("letter-form", "cockpit"),
    ),
    "crm_collection_sale": (
        ("Warns of new orders", "Stops them", "Releases with a reason"),
        ("portfolio-kanban", "customer"),
    ),
    "crm_collection_sale_stock": (
        ("Warns of deliveries", "Stops them", "Releases with a reason"),
        ("customer", "portfolio-kanban"),
    ),
    "crm_collection_snailmail": (
        ("Printed and posted", "Checked before it leaves", "True states"),
        ("letter-form", "letter-pdf"),
    ),
    "crm_collection_sms": (
        ("By phase", "Where e-mail does not reach", "Checked before it leaves"),
        ("letter-form", "my-work-phone"),
    ),
}


def get_path(addon):
    """:return: where the banner of an add-on is"""
    return addon / "static" / "description" / "banner.png"


def build(addon):
    """:return: the page that is drawn"""
    manifest = ast.literal_eval((addon / "__manifest__.py").read_text("utf-8"))
    chips, pictures = SHOWN[addon.name]
    behind, front = (IMAGES / f"{name}.png" for name in pictures)
    return string.Template(PAGE.read_text("utf-8")).substitute(
        name=html.escape(manifest["name"]),
        summary=html.escape(manifest["summary"]),
        series=manifest["version"][:4],
        chips="".join(f"<li>{html.escape(chip)}</li>" for chip in chips),
        icon=(addon / "static" / "description" / "icon.png").as_uri(),
        behind=behind.as_uri(),
        front=front.as_uri(),
        shape="phone" if "phone" in front.stem else "sheet" if "pdf" in front.stem else "screen",
    )


__all__ = ["DENSITY", "SIZE", "build", "find_addons", "get_path"]
