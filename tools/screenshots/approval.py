"""The pictures of the page about approvals: people ask, agree and refuse in a served demonstration.

It works through the web client and its calls alone, as each of the people; what was asked for
stays in the database, so the demonstration is made anew afterwards (./dev demo --fresh).
"""

from .page import CONTROLLER, call, go, session, snap

PEOPLE = {
    "carla": ("Carla Reis", "crm_collection.group_crm_collection_user"),
    "ana": ("Ana Lima", "crm_collection.group_crm_collection_approver"),
    "beatriz": ("Beatriz Costa", "crm_collection.group_crm_collection_approver"),
    "mona": ("Mona Silva", "crm_collection.group_crm_collection_manager"),
}
ACCOUNTANT = "account.group_account_invoice"
RULE, PHASE, NEW_PHASE = "Legal measures", "Legal", "Credit bureau"
TWO_LEVELS = "County School District"
REFUSED = "Hudson Office Supply Inc."
SHOWN = "Brightside Hotels"
BUTTONS = ".o_crm_collection_approve, .o_crm_collection_refuse, .o_crm_collection_locked"


class Stage:
    """The demonstration, and the people in it."""

    def __init__(self, options):
        self.options = options

    def as_user(self, login, **kwargs):
        options = type(self.options)(**vars(self.options))
        if login in PEOPLE:
            options.login = options.password = login
        return session(options, **kwargs)

    # === What happened before === #

    def prepare(self):
        admin = self.options.login
        with self.as_user(admin) as page:
            for login, (name, group) in PEOPLE.items():
                self._create_user(page, login, name, group)
            self._add_level(page)
        with self.as_user("carla") as page:
            self._ask(page)
        with self.as_user("ana") as page:
            self._decide(page, TWO_LEVELS, "action_approve", "The file is complete")
            self._decide(page, REFUSED, "action_refuse", "They answered: call them first")
            phases = self._search(page, "crm.collection.phase", ["name", "=", NEW_PHASE])
            self._call(page, "crm.collection.phase", "action_approve", phases, "Seen the contract")
        with self.as_user("mona") as page:
            phases = self._search(page, "crm.collection.phase", ["name", "=", NEW_PHASE])
            template = self._search(page, "mail.template", ["name", "ilike", "final"])[:1]
            vals = {"allocation_mode": "automatic", "template_id": template[0]}
            self._call(page, "crm.collection.phase", "write", phases, vals)

    def _call(self, page, model, method, *arguments):
        return call(page, self.options, model, method, list(arguments))

    def _search(self, page, model, *conditions):
        return self._call(page, model, "search", list(conditions))

    def _ref(self, page, xmlid):
        module, name = xmlid.split(".")
        domain = [["module", "=", module], ["name", "=", name]]
        (found,) = self._call(page, "ir.model.data", "search_read", domain, ["res_id"])
        return found["res_id"]

    def _create_user(self, page, login, name, group):
        if self._search(page, "res.users", ["login", "=", login]):
            return
        groups = [self._ref(page, xmlid) for xmlid in (group, ACCOUNTANT)]
        vals = {"name": name, "login": login, "password": login, "group_ids": [[6, 0, groups]]}
        vals["email"] = f"{login}@yourcompany.example"
        self._call(page, "res.users", "create", vals)

    def _add_level(self, page):
        (head,) = self._search(page, "res.users", ["login", "=", "beatriz"])
        rules = self._search(page, "crm.collection.approval.rule", ["name", "=", RULE])
        levels = self._search(page, "crm.collection.approval.level", ["rule_id", "in", rules])
        if len(levels) == 1:
            level = {"name": "Head of finance", "sequence": 20, "amount_min": 20000}
            level |= {"user_ids": [[6, 0, [head]]]}
            first = [1, levels[0], {"name": "Approvers"}]
            vals = {"level_ids": [first, [0, 0, level]]}
            self._call(page, "crm.collection.approval.rule", "write", rules, vals)

    def _ask(self, page):
        """For what is in a phase of its customers, as a collector who works through the list."""
        (phase,) = self._search(page, "crm.collection.phase", ["name", "=", PHASE])
        items = self._search(
            page,
            "crm.collection.item",
            ["state", "=", "open"],
            ["days_overdue", ">", 0],
            ["approval_state", "=", False],
            ["phase_id", "!=", False],
            ["blocker", "=", False],
        )
        if not items:
            return  # it was taken before in this database
        vals = {"item_ids": [[6, 0, items]], "phase_id": phase}
        vals["reason"] = "Three reminders, no answer"
        wizard = self._call(page, "crm.collection.item.maintain", "create", vals)
        self._call(page, "crm.collection.item.maintain", "action_apply", [wizard])

    def request(self, page, customer):
        domain = [["state", "=", "pending"], ["partner_id.name", "=", customer]]
        return min(self._call(page, "crm.collection.approval", "search", domain))

    def _decide(self, page, customer, method, reason):
        self._call(page, "crm.collection.approval", method, [self.request(page, customer)], reason)

    # === Pictures === #

    def take(self):
        url = self.options.url
        with self.as_user("mona") as page:
            rules = self._search(page, "crm.collection.approval.rule", ["name", "=", RULE])
            go(page, url, f"collection-approval-rules/{rules[0]}")
            snap(page, "approval-rule")
        with self.as_user("beatriz") as page:
            phases = self._search(page, "crm.collection.phase", ["name", "=", NEW_PHASE])
            go(page, url, "collection-approvals")  # so that the menu is that of collections
            go(page, url, f"collection-phases/{phases[0]}")
            snap(page, "approval-phase")
        with self.as_user("ana") as page:
            self._take_inbox(page)
            self._take_request(page)
            self._take_invoice(page)
        with self.as_user("carla") as page:
            items = self._search(
                page,
                "crm.collection.item",
                ["partner_id.name", "=", REFUSED],
                ["approval_state", "=", "refused"],
            )
            go(page, url, f"collections/{items[0]}")
            snap(page, "approval-refused")
        with self.as_user("mona") as page:
            go(page, url, "collection-decisions")
            snap(page, "approval-report")
        with self.as_user("ana", width=390, height=844) as page:
            go(page, url, f"collection-approvals/{self.request(page, SHOWN)}")
            snap(page, "approval-phone")

    def _take_inbox(self, page):
        go(page, self.options.url, "collection-approvals", ".o_data_row")
        snap(page, "approval-inbox")
        row = page.locator(".o_data_row", has_text=SHOWN).first
        row.locator(".o-mail-ActivityButton").click()
        item = page.locator(".o-mail-ActivityListPopoverItem")
        item.locator(".o_crm_collection_refuse").click()
        item.locator("textarea").fill("They answered: call them first")
        snap(page, "approval-popover")
        page.keyboard.press("Escape")
        page.locator(".o_menu_systray i.fa-clock-o").click()
        page.wait_for_selector(".o-mail-ActivityGroup")
        snap(page, "approval-systray")
        page.keyboard.press("Escape")
        go(page, self.options.url, "collection-approvals", ".o_data_row")
        page.locator(".o_list_view thead .o_list_record_selector input").click()
        page.locator("button[name=action_ask_approve]:visible").click()
        page.wait_for_selector(".modal textarea")
        page.fill(".modal [name=reason] textarea", "Board decision of today")
        snap(page, "approval-many")

    def _take_request(self, page):
        url = self.options.url
        request = self.request(page, SHOWN)
        go(page, url, f"collection-approvals/{request}")
        snap(page, "approval-request")
        page.locator(".nav-link[name=letter]").click()
        page.wait_for_timeout(2000)
        page.locator(".nav-link[name=letter]").evaluate("tab => tab.scrollIntoView()")
        snap(page, "approval-letter")
        go(page, url, f"collection-approvals/{self.request(page, TWO_LEVELS)}")
        snap(page, "approval-levels")

    def _take_invoice(self, page):
        domain = [["partner_id.name", "=", SHOWN], ["approval_state", "=", "pending"]]
        (item, *_others) = self._call(
            page, "crm.collection.item", "search_read", domain, ["move_id"]
        )
        go(page, self.options.url, f"customer-invoices/{item['move_id'][0]}", CONTROLLER)
        page.wait_for_selector(BUTTONS)
        snap(page, "approval-invoice")


def take(options):
    stage = Stage(options)
    stage.prepare()
    stage.take()
