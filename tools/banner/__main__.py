"""``./dev banner``: draw the store's banner of each add-on with Chromium."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from . import DENSITY, SIZE, build, find_addons, get_path


def main():
    chromium = os.environ.get("CRM_COLLECTION_CHROMIUM") or shutil.which("chromium")
    width, height = SIZE
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": width, "height": height}, device_scale_factor=DENSITY
        )
        for addon in find_addons():
            source = Path(folder, f"{addon.name}.html")
            source.write_text(build(addon), "utf-8")
            page.goto(source.as_uri())
            page.wait_for_load_state("networkidle")
            page.screenshot(path=get_path(addon))
            print(get_path(addon).relative_to(addon.parent))
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
