"""The add-ons as packages: their pages, their wheels. test_uninstall.py installs one of them."""

import subprocess
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

from tools import readme
from tools.readme import history

ROOT = Path(__file__).resolve().parent.parent
ADDONS = readme.find_addons()


def list_files(addon):
    command = ["git", "-C", addon, "ls-files", "-z"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return {name for name in result.stdout.split("\0") if name}


@pytest.mark.parametrize("path", readme.build_files(), ids=lambda path: path.parent.name)
def test_page_is_of_today(path):
    """Seen to fail with a word changed in a fragment or in the changelog, and with another
    version."""
    assert path.read_text("utf-8") == readme.build_files()[path], "./dev readme makes it"


def test_fragments_are_of_the_changelog():
    """What waits to be taken into the changelog is named so that it can be."""
    for addon in ADDONS:
        for path, _kind in history.find_fragments(addon):
            assert history.read_fragment(path).startswith("- ")


def test_changelog_takes_fragments(tmp_path):
    """... to the ends of the lists of what is not released, or in a list of their own, in its
    place."""
    fragments = tmp_path.joinpath(*history.FOLDER)
    fragments.mkdir(parents=True)
    (fragments / "+sum.bugfix.md").write_text("- A sum.\n  Of two lines.\n", "utf-8")
    [(path, kind)] = history.find_fragments(tmp_path)
    entry = history.read_fragment(path)
    older = "## 1 - 2026-01-01\n\n### Fixed\n\n- Old.\n"
    known = "# Changelog\n\n## 2 - unreleased\n\n### Added\n\n- One.\n\n"
    told = history.add_entries(known + older, {"Changed": ["- C."], history.KINDS[kind]: [entry]})
    new = f"### Changed\n\n- C.\n\n### Fixed\n\n{entry}\n\n"
    assert told == known + new + older
    assert entry == "- A sum.\n  Of two lines."
    again = history.add_entries(told, {"Added": ["- Two."]})
    assert again == told.replace("- One.\n", "- One.\n- Two.\n")
    with pytest.raises(ValueError, match="released"):
        history.add_entries("# Changelog\n\n" + older, {"Added": ["- Three."]})
    (fragments / "sum.bug.md").write_text("A sum.\n", "utf-8")
    with pytest.raises(ValueError, match="the kind is one of"):
        history.find_fragments(tmp_path)


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
