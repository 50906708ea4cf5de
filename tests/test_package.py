"""The add-ons as packages: their pages, their wheels. test_uninstall.py installs one of them."""

import subprocess
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

from tools import readme

ROOT = Path(__file__).resolve().parent.parent
ADDONS = readme.find_addons()


def list_files(addon):
    command = ["git", "-C", addon, "ls-files", "-z"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return {name for name in result.stdout.split("\0") if name}


@pytest.mark.parametrize("addon", ADDONS, ids=lambda addon: addon.name)
def test_page_is_of_today(addon):
    """Seen to fail with a word changed in a fragment, and with another version."""
    assert (addon / "README.md").read_text("utf-8") == readme.build(addon), "./dev readme makes it"


@pytest.mark.parametrize("addon", ADDONS, ids=lambda addon: addon.name)
def test_wheel_is_whole(wheels, addon):
    [path] = wheels.glob(f"odoo_addon_{addon.name}-*.whl")
    with zipfile.ZipFile(path) as wheel:
        names = wheel.namelist()
        [metadata] = [name for name in names if name.endswith(".dist-info/METADATA")]
        told = HeaderParser().parsestr(wheel.read(metadata).decode())
    prefix = f"odoo/addons/{addon.name}/"
    packed = {name.removeprefix(prefix) for name in names if name.startswith(prefix)}
    assert list_files(addon) - packed == {"pyproject.toml"}  # it is for who builds
    assert told["Name"] == f"odoo-addon-{addon.name}"
    assert told["Version"].startswith("19.0.")
    assert told["Description-Content-Type"] == "text/markdown"
    assert told.get_payload().strip() == readme.build(addon).strip()
    needed = told.get_all("Requires-Dist")
    assert "odoo==19.0.*" in needed
    others = "python-dateutil" if addon.name == "crm_collection" else "odoo-addon-crm_collection"
    assert any(name.startswith(others) for name in needed)
