"""A browser on a served demonstration: what the tools that take pictures share."""

import contextlib
import os
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
STORE = ROOT / "crm_collection" / "static" / "description"
# what a picture is about: the first of these that is there
SUBJECTS = [".modal .modal-content", ".o_popover", ".o_action_manager", "body"]
CONTROLLER = ".o_view_controller, .o_form_view, .o_kanban_view, .o_list_view"


@contextlib.contextmanager
def session(options, width=1440, height=860, lang="en_US", zone=None, ready=".o_main_navbar"):
    """A logged-in page in a language, which the user has only as long as it is open.

    :param lang: none where it is to stay what it is
    :param zone: where the browser is, by its time zone
    :param ready: what is there when somebody is logged in
    """
    chromium = os.environ.get("CRM_COLLECTION_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        viewport = {"width": width, "height": height}
        page = browser.new_context(viewport=viewport, timezone_id=zone).new_page()
        # the server may be building the web client's files
        page.set_default_timeout(120_000)
        page.goto(f"{options.url}/web/login")
        page.fill("#login", options.login)
        page.fill("#password", options.password)
        page.click("button[type=submit]")
        page.wait_for_selector(ready)
        before = lang and set_language(page, options, lang)
        try:
            yield page
        finally:
            if lang:
                set_language(page, options, before)
            browser.close()


def set_language(page, options, lang):
    """:return: the language that the user had"""
    domain = [["login", "=", options.login]]
    [user] = call(page, options, "res.users", "search_read", [domain, ["lang"]])
    call(page, options, "res.users", "write", [user["id"], {"lang": lang}])
    return user["lang"]


def call(page, options, model, method, arguments):
    """:raise RuntimeError: with what the server says where it refuses"""
    response = page.request.post(
        f"{options.url}/web/dataset/call_kw",
        data={"params": {"model": model, "method": method, "args": arguments, "kwargs": {}}},
    )
    answer = response.json()
    if "error" in answer:
        raise RuntimeError(f"{model}.{method}: {answer['error']['data']['message']}")
    return answer["result"]


def go(page, url, path, selector=CONTROLLER):
    page.goto(f"{url}/odoo/{path}")
    page.wait_for_selector(selector)
    page.wait_for_timeout(2500)


def check_seen(page, name):
    """:raise RuntimeError: something lies over what the picture is about"""
    seen = page.evaluate(
        """selectors => {
            const subject = selectors.map((one) => document.querySelector(one)).find(Boolean);
            const box = subject.getBoundingClientRect();
            const bottom = Math.min(box.bottom, innerHeight);
            const top = document.elementFromPoint(
                (box.left + Math.min(box.right, innerWidth)) / 2, (box.top + bottom) / 2);
            return Boolean(top) && (subject.contains(top) || top.contains(subject));
        }""",
        SUBJECTS,
    )
    if not seen:
        raise RuntimeError(f"{name}: something else is to be seen in its place")


def snap(page, name):
    page.mouse.move(0, 0)  # no tooltip in the picture
    # nor the chat that greets a new user, which covers a phone's whole page
    page.add_style_tag(content=".o-mail-ChatHub, .o-mail-ChatWindow { display: none !important; }")
    page.wait_for_timeout(500)
    check_seen(page, name)
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    keep(path)


def keep(path):
    """A picture that the store's page shows is kept with that, too."""
    if path.name in (STORE / "index.html").read_text("utf-8"):
        shutil.copyfile(path, STORE / path.name)
