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
# of the portfolio's list: one on hold, others that may move
MAINTAINED = (1, 3, 6, 9, 11)
MAINTAINED_PHASE = "Final notice"
# picture: the page
REPORTS = {
    "report-results": "collection-results",
    "report-settled": "collection-settlements",
    "aging": "collection-aging",
    "indicators": "collection-indicators",
}
COCKPIT = ".o_crm_cockpit_page canvas"
CONTROLLER = ".o_view_controller, .o_form_view, .o_kanban_view, .o_list_view"


@contextlib.contextmanager
def session(options, width=1440, height=860, lang="en_US"):
    """A logged-in page in a language, which the user has only as long as it is open."""
    chromium = os.environ.get("CRM_COLLECTION_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": width, "height": height}).new_page()
        # the server may be building the web client's files
        page.set_default_timeout(120_000)
        page.goto(f"{options.url}/web/login")
        page.fill("#login", options.login)
        page.fill("#password", options.password)
        page.click("button[type=submit]")
        page.wait_for_selector(".o_main_navbar")
        set_language(page, options, lang)
        try:
            yield page
        finally:
            set_language(page, options, "en_US")
            browser.close()


def set_language(page, options, lang):
    uid = call(page, options, "res.users", "search", [[["login", "=", options.login]]])
    call(page, options, "res.users", "write", [uid, {"lang": lang}])


def call(page, options, model, method, arguments):
    response = page.request.post(
        f"{options.url}/web/dataset/call_kw",
        data={"params": {"model": model, "method": method, "args": arguments, "kwargs": {}}},
    )
    return response.json()["result"]


def go(page, url, path, selector=CONTROLLER):
    page.goto(f"{url}/odoo/{path}")
    page.wait_for_selector(selector)
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
    selectors = page.locator(".o_data_row .o_list_record_selector input")
    for row in MAINTAINED:
        selectors.nth(row).click()
    page.locator("button[name=action_maintain]:visible").first.click()
    page.wait_for_selector(".modal .o_form_view")
    page.fill(".modal [name=phase_id] input", MAINTAINED_PHASE)
    page.click(f".o-autocomplete--dropdown-item:has-text('{MAINTAINED_PHASE}')")
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
    url = options.url
    IMAGES.mkdir(parents=True, exist_ok=True)
    with session(options) as page:
        portfolio(page, url)
        go(page, url, "collection-cockpit", COCKPIT)
        snap(page, "cockpit")
        record(page, url, "collection-rules", "rule-form", row=2)
        record(page, url, "collection-letters", "letter-form")
        go(page, url, "collection-customers", ".o_data_row")
        snap(page, "customers")
        record(page, url, "customer-invoices", "invoice-tab", row=9, tab="collection")
        for name, path in REPORTS.items():
            go(page, url, path)
            snap(page, name)
        record(page, url, "collection-indicators", "indicators-form")
    with session(options, lang="pt_BR") as page:
        go(page, url, "collection-cockpit", COCKPIT)
        snap(page, "cockpit-pt_BR")
    with session(options, width=390, height=844, lang="pt_BR") as page:
        go(page, url, "collection-cockpit", COCKPIT)
        snap(page, "cockpit-phone")
        go(page, url, "collection-aging")
        snap(page, "aging-phone")


if __name__ == "__main__":
    main()
