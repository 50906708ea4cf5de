"""Take the pictures of the documentation from a served demonstration database.

./dev demo --fresh    # in one terminal, then in another:
./dev screenshots     # --url where the first one says another address
./dev screenshots --approvals    # last: it asks for some, which the other pictures do not have
./dev screenshots --country br   # of ./dev demo --country br
"""

import argparse

from . import approval, brazil
from .page import IMAGES, go, session, snap

# of the portfolio's list: one on hold, others that may move
MAINTAINED = (1, 3, 6, 9, 11)
MAINTAINED_PHASE = "Final notice"
# whose newest invoice is in collection, whatever day it is
INVOICED = "Quartz Mining Co."
# who promised to pay in parts
PROMISED = INVOICED
# picture: the page
REPORTS = {
    "report-results": "collection-results",
    "report-settled": "collection-settlements",
    "aging": "collection-aging",
    "indicators": "collection-indicators",
}
COCKPIT = ".o_crm_cockpit_page canvas"
COLLECTORS = ".o_crm_collectors_table"
LINE = ".o_crm_desk_line"
SETTINGS = "action-crm_collection.crm_collection_settings_page_action"


def desk(page, url):
    """My Work, of everybody, and the page of the customer who is first."""
    go(page, url, "collection-work?scope=all", LINE)
    snap(page, "my-work")
    page.click(f"{LINE} .o_crm_desk_name")
    page.wait_for_selector(".o_crm_customer_timeline li")
    page.wait_for_timeout(1000)
    snap(page, "customer")


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


def record(page, url, path, name, row=0, text=None, tab=None):
    """Open a record of a list, of those with ``text`` in them, and its page with ``tab`` inside;
    take its picture."""
    go(page, url, path, ".o_list_view .o_data_row")
    rows = page.locator(".o_data_row", has_text=text)
    rows.nth(row).locator("td.o_data_cell").nth(1).click()
    page.wait_for_selector(".o_form_view")
    page.wait_for_timeout(2000)
    if tab:
        page.locator(f".nav-link[name={tab}]").first.click()
        page.wait_for_timeout(2000)
    snap(page, name)


def main():
    parser = argparse.ArgumentParser(prog="./dev screenshots", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8069")
    parser.add_argument("--login", default="admin")
    parser.add_argument("--password", default="admin")
    parser.add_argument(
        "--approvals",
        action="store_true",
        help="only those of the page about approvals; asks for some in the database first",
    )
    parser.add_argument("--country", choices=["br"], help="those of that demonstration alone")
    options = parser.parse_args()
    url = options.url
    IMAGES.mkdir(parents=True, exist_ok=True)
    if options.approvals:
        return approval.take(options)
    if options.country:
        return brazil.take(options)
    with session(options) as page:
        desk(page, url)
        portfolio(page, url)
        go(page, url, "collection-cockpit", COCKPIT)
        snap(page, "cockpit")
        go(page, url, "collection-collectors", COLLECTORS)
        snap(page, "collectors")
        record(page, url, "collection-rules", "rule-form", row=2)
        record(page, url, "collection-letters", "letter-form")
        go(page, url, "collection-holds", ".o_data_row")
        snap(page, "holds")
        record(page, url, "collection-holds", "hold-form", text=PROMISED)
        go(page, url, SETTINGS, "[name=collection_letter_layout]")
        snap(page, "settings")
        go(page, url, "collection-customers", ".o_data_row")
        snap(page, "customers")
        record(page, url, "customer-invoices", "invoice-tab", text=INVOICED, tab="collection")
        for name, path in REPORTS.items():
            go(page, url, path)
            snap(page, name)
        record(page, url, "collection-indicators", "indicators-form")
    with session(options, width=390, height=844, lang="pt_BR") as page:
        go(page, url, "collection-work?scope=all", LINE)
        snap(page, "my-work-phone")
        go(page, url, "collection-cockpit", COCKPIT)
        snap(page, "cockpit-phone")
        go(page, url, "collection-collectors", COLLECTORS)
        snap(page, "collectors-phone")
        go(page, url, "collection-aging")
        snap(page, "aging-phone")


if __name__ == "__main__":
    main()
