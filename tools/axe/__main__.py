"""Look at every screen of a served demonstration, as a wide page and on a phone: what some people
cannot use (axe-core, WCAG 2.1 AA), what is cut, and what scrolls sideways.

./dev demo --fresh    # in one terminal, then in another:
./dev axe             # --url where the first one says another address
./dev axe --core      # looks at core's own screens first, and keeps what is poor there

What core's own screens have is no fault of ours: it is kept in
crm_collection/static/tests/looks/core.json. One customer gets a login for his pages.
"""

import argparse
import json
import os
import re
import sys
import time
from pathlib import Path

from playwright.sync_api import Error

from ..screenshots.page import ROOT, call, session
from .walk import Walk

LOOKS = ROOT / "crm_collection" / "static" / "tests" / "looks"
CORE = LOOKS / "core.json"
SIZES = ((1440, 900), (390, 844))
PORTAL = "customer@portal.example"
# without cards a list moves sideways on a phone, as core's own do
LISTS = re.compile(r"^scrolls sideways: .*\.o_list_renderer\.")
TABS = ".o_notebook_headers .nav-link"


class Looker:
    """Opens screens and keeps what is poor on them."""

    def __init__(self, options):
        self.options = options
        self.scripts = [Path(options.axe).read_text("utf-8"), (LOOKS / "looks.js").read_text()]
        self.core = set() if options.core else set(json.loads(CORE.read_text()))
        self.found = {}  # {what: the screens it is on}
        self.count = 0
        self.start = time.monotonic()

    def look(self, page, screens, width):
        """Open each and look at it, and at each of its tabs."""
        for screen in screens:
            name = f"{screen.name} ({width})"
            is_wanted = screen.is_core or re.search(self.options.only or "", name)
            if not is_wanted:
                continue
            print(f"{time.monotonic() - self.start:6.0f} s  {name}", file=sys.stderr, flush=True)
            try:
                screen.open(page)
                self._look_at(page, screen, name)
                self._look_into_tabs(page, screen, name)
            except (Error, RuntimeError) as error:
                self._keep(f"could not be opened: {str(error).splitlines()[0]}", name)

    def _look_into_tabs(self, page, screen, name):
        if not screen.inside:
            return
        tabs = page.locator(TABS)
        for number in range(1, tabs.count()):
            tab = tabs.nth(number)
            if tab.is_visible():
                tab.click()
                page.wait_for_timeout(500)
                self._look_at(page, screen, f"{name} {tab.inner_text().strip()}")

    def _look_at(self, page, screen, name):
        self.count += 1
        for script in self.scripts:
            page.evaluate(f"() => {{ {script} }}")
        known = [] if screen.is_core else sorted(self.core)
        for one in page.evaluate("core => crmCollectionLooks.findViolations(core)", known):
            if screen.is_core:
                if not one["isOurs"]:
                    self.core.add(one["key"])
            else:
                self._keep(one["words"], name, one["key"])
        if not (screen.is_core or screen.is_paper or self.options.axe_only):
            for words in page.evaluate("() => crmCollectionLooks.findPoor()"):
                if not LISTS.search(words):
                    self._keep(words, name)
        self._take_picture(page, name)

    def _keep(self, words, name, key=None):
        self.found.setdefault(key or words, (words, []))[1].append(name)

    def _take_picture(self, page, name):
        if self.options.pictures:
            folder = Path(self.options.pictures)
            folder.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=folder / f"{re.sub(r'[^A-Za-z0-9]+', '-', name)}.png")

    def keep_core(self):
        """For the tests, too."""
        CORE.write_text(json.dumps(sorted(self.core), indent=4) + "\n")

    def tell(self):
        """Print what was found.

        :return: how much it is
        """
        for words, names in self.found.values():
            print(f"- {words}\n    {len(names)} times: {', '.join(names[:4])}")
        print(f"{self.count} pages looked at, {len(self.found)} things found")
        return len(self.found)


def give_login(page, options):
    """A customer with open items and letters gets a login for the portal."""
    if call(page, options, "res.users", "search", [[["login", "=", PORTAL]]]):
        return
    letters = call(
        page,
        options,
        "crm.collection.letter",
        "search_read",
        [[["state", "=", "sent"]], ["partner_id", "company_id"], 0, 1],
    )
    groups = call(
        page, options, "ir.model.data", "search_read", [[["name", "=", "group_portal"]], ["res_id"]]
    )
    values = {
        "login": PORTAL,
        "password": PORTAL,
        "partner_id": letters[0]["partner_id"][0],
        "group_ids": [[6, 0, [groups[0]["res_id"]]]],
        "company_id": letters[0]["company_id"][0],
        "company_ids": [[6, 0, [letters[0]["company_id"][0]]]],
    }
    call(page, options, "res.users", "create", [values])


def look_at_portal(looker, options, width, height, kinds):
    """As the customer who got a login."""
    as_customer = argparse.Namespace(**vars(options) | {"login": PORTAL, "password": PORTAL})
    with session(as_customer, width, height, lang=None, ready="body") as page:
        walk = Walk(page, as_customer)
        for kind in kinds:
            looker.look(page, getattr(walk, kind)(), width)


def main():
    parser = argparse.ArgumentParser(prog="./dev axe", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8069")
    parser.add_argument("--login", default="admin")
    parser.add_argument("--password", default="admin")
    parser.add_argument("--lang", default="en_US")
    parser.add_argument("--axe", default=os.environ.get("CRM_COLLECTION_AXE"))
    parser.add_argument("--axe-only", action="store_true", help="not what is cut")
    parser.add_argument("--core", action="store_true", help="look at core's own screens first")
    parser.add_argument("--only", help="a pattern of the names of screens")
    parser.add_argument("--pictures", help="a folder for a picture of each page")
    parser.add_argument("--width", type=int, choices=[width for width, _h in SIZES])
    options = parser.parse_args()
    looker = Looker(options)
    for width, height in SIZES:
        if options.width not in (None, width):
            continue
        with session(options, width, height, options.lang) as page:
            give_login(page, options)
            walk = Walk(page, options)
            if options.core:
                looker.look(page, walk.core(), width)
                looker.keep_core()
        if options.core:
            look_at_portal(looker, options, width, height, ["core_portal"])
            looker.keep_core()
        with session(options, width, height, options.lang) as page:
            walk = Walk(page, options)
            looker.look(page, walk.screens(), width)
            looker.look(page, walk.letters(), width)
        look_at_portal(looker, options, width, height, ["portal"])
    sys.exit(1 if looker.tell() else 0)


if __name__ == "__main__":
    main()
