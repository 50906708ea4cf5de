"""Take the pictures of the documentation from a served demonstration database.

./dev demo            # in one terminal, then in another:
./dev screenshots     # --url where the first one says another address
"""

import argparse
import contextlib
import os
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
CONTROLLER = ".o_view_controller, .o_form_view, .o_kanban_view, .o_list_view"


@contextlib.contextmanager
def session(url, login, password, width=1440, height=860):
    """A logged-in page."""
    chromium = os.environ.get("CRM_COLLECTION_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": width, "height": height}).new_page()
        page.goto(f"{url}/web/login")
        page.fill("#login", login)
        page.fill("#password", password)
        page.click("button[type=submit]")
        page.wait_for_selector(".o_main_navbar", timeout=120_000)
        yield page
        browser.close()


def go(page, url, path, selector=CONTROLLER):
    page.goto(f"{url}/odoo/{path}")
    page.wait_for_selector(selector, timeout=60_000)
    page.wait_for_timeout(2500)


def snap(page, name):
    page.mouse.move(0, 0)  # no tooltip in the picture
    page.wait_for_timeout(500)
    page.screenshot(path=IMAGES / f"{name}.png")


def portfolio(page, url):
    go(page, url, "collections", ".o_list_view, .o_kanban_view")
    page.click(".o_switch_view.o_list")
    page.wait_for_selector(".o_data_row")
    page.wait_for_timeout(1500)
    snap(page, "portfolio-list")
    for row in page.locator(".o_data_row .o_list_record_selector input").all()[:3]:
        row.click()
    page.locator("button[name=action_maintain]:visible").first.click()
    page.wait_for_selector(".modal .o_form_view")
    page.wait_for_timeout(1500)
    snap(page, "maintain-wizard")
    page.click(".modal .btn-close")
    page.click(".o_switch_view.o_kanban")
    page.wait_for_selector(".o_kanban_record")
    page.wait_for_timeout(1500)
    snap(page, "portfolio-kanban")


def record(page, url, path, name, row=0, tab=None):
    """Open a record of a list, its page with ``tab`` inside, and take its picture."""
    go(page, url, path, ".o_list_view .o_data_row")
    page.locator(".o_data_row").nth(row).locator("td.o_data_cell").nth(1).click()
    page.wait_for_selector(".o_form_view")
    page.wait_for_timeout(2000)
    if tab:
        page.locator(f".nav-link[name={tab}]").first.click()
        page.wait_for_timeout(2000)
    snap(page, name)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8069")
    parser.add_argument("--login", default="admin")
    parser.add_argument("--password", default="admin")
    options = parser.parse_args()
    IMAGES.mkdir(parents=True, exist_ok=True)
    with session(options.url, options.login, options.password) as page:
        portfolio(page, options.url)
        go(page, options.url, "collection-cockpit", ".o_crm_cockpit_page canvas")
        snap(page, "cockpit")
        record(page, options.url, "collection-rules", "rule-form", row=2)
        record(page, options.url, "collection-letters", "letter-form")
        go(page, options.url, "collection-customers", ".o_data_row")
        snap(page, "customers")
        record(page, options.url, "customer-invoices", "invoice-tab", row=9, tab="collection")


if __name__ == "__main__":
    main()
