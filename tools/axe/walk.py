"""Which screens there are, and how they are opened."""

import re
from dataclasses import dataclass
from functools import partial

from ..screenshots.page import call

MODULE = "crm_collection"
SETTLE = 900  # milliseconds until what a screen reads is on it
READY = ".o_view_controller, .o_action .o_content, .modal .modal-content, .o_nocontent_help"
ACTIONS = ("ir.actions.act_window", "ir.actions.client", "ir.actions.server")
# Records are looked at in each of their states: they have other buttons and other messages.
STATES = ("state", "approval_state", "kind", "channel")
MOST_RECORDS = 8
# Dialogs that a method opens: (model, domain, method)
DIALOGS = (
    ("crm.collection.item", [["state", "=", "open"]], "action_maintain"),
    ("crm.collection.item", [["state", "=", "open"]], "action_hold"),
    ("crm.collection.item", [["state", "=", "open"]], "action_log_contact"),
    ("crm.collection.item", [["state", "=", "open"]], "action_send_letter"),
    ("crm.collection.letter", [["state", "=", "sent"]], "action_reverse"),
    (
        "crm.collection.letter",
        [["channel", "=", "post"], ["state", "=", "sent"]],
        "action_returned_to_sender",
    ),
    ("crm.collection.batch", [["state", "=", "printed"]], "action_mark_posted"),
    ("crm.collection.hold", [["state", "=", "active"]], "action_lift"),
    ("crm.collection.hold", [["kind", "=", "promise"]], "action_send_confirmation"),
    ("crm.collection.approval", [["state", "=", "pending"]], "action_ask_refuse"),
    ("res.partner", [["collection_item_ids", "!=", False]], "action_send_collection_statement"),
    ("account.move", [["collection_phase_id", "!=", False]], "action_collection_hold"),
)
# What dialogs without a method of their own are about.
ABOUT = {
    "crm.collection.item.hold": "crm.collection.item",
    "crm.collection.item.maintain": "crm.collection.item",
    "crm.collection.item.send": "crm.collection.item",
    "crm.collection.contact.log": "crm.collection.customer",
    "crm.collection.hand.over": "crm.collection.customer",
    "crm.collection.approval.decide": "crm.collection.approval",
    "crm.collection.approval.report": "crm.collection.approval",
    "crm.collection.text.preview": "mail.template",
    "crm.collection.hold": "res.partner",
}
# Core's own screens: what is poor on them is core's.
CORE = (
    "action-base.action_partner_form?view_type=list",
    "action-base.action_partner_form?view_type=kanban",
    "action-account.action_move_out_invoice_type?view_type=list",
    "action-account.action_move_out_invoice_type?view_type=kanban",
    "action-account.action_move_in_invoice_type?view_type=list",
    "action-account.action_account_invoice_report_all?view_type=pivot",
    "action-account.action_account_invoice_report_all?view_type=graph",
    "action-account.action_account_payments?view_type=list",
    "action-account.action_account_journal_form?view_type=list",
    "action-account.action_payment_term_form?view_type=list",
    "action-base.action_res_users?view_type=list",
    "action-base.action_partner_category_form?view_type=list",
    "action-mail.mail_activity_type_action?view_type=list",
    "action-mail.action_email_template_tree_all?view_type=list",
    "action-mail.mail_activity_plan_action?view_type=list",
    "action-base.open_module_tree?view_type=kanban",
    "settings",
)
CORE_RECORDS = (
    ("action-base.action_partner_form", "res.partner", []),
    ("action-account.action_move_out_invoice_type", "account.move", [["state", "=", "draft"]]),
    ("action-account.action_move_out_invoice_type", "account.move", [["state", "=", "posted"]]),
    (
        "action-account.action_move_in_invoice_type",
        "account.move",
        [["move_type", "=", "in_invoice"]],
    ),
    ("action-account.action_account_payments", "account.payment", []),
    ("action-account.action_account_journal_form", "account.journal", []),
    ("action-base.action_res_users", "res.users", []),
    ("action-mail.action_email_template_tree_all", "mail.template", []),
    ("action-mail.mail_activity_type_action", "mail.activity.type", []),
)
CORE_PAGES = ("/my/home", "/my/invoices", "/my/account", "/my/security", "/web/login?redirect=/my")
LETTER_LINK = re.compile(r"/collections/letter/\d+\?token=[\w-]+")


@dataclass
class Screen:
    """What is looked at, and how it is opened.

    :param open: called with the page of the browser
    :param inside: what has tabs that are looked into, too
    """

    name: str
    open: object
    inside: str = ""
    is_core: bool = False
    is_paper: bool = False  # as wide as a sheet, whatever it is looked at with


class Walk:
    """The screens of a served demonstration, as those of one user."""

    def __init__(self, page, options):
        self.page, self.options = page, options
        self.seen = set()  # records that were looked at, by whichever way

    def _call(self, model, method, *arguments):
        return call(self.page, self.options, model, method, list(arguments))

    def _get_ids(self, model, domain, limit=1):
        try:
            return self._call(model, "search", domain, 0, limit)
        except RuntimeError:
            return []  # not for this user

    # === How they are opened === #

    def _go(self, path, page):
        page.goto(f"{self.options.url}/odoo/{path}")
        page.wait_for_selector(READY, timeout=30_000)
        self._settle(page)

    def _go_public(self, path, page):
        page.goto(f"{self.options.url}{path}")
        self._settle(page)

    def _settle(self, page):
        page.add_style_tag(content=".o-mail-ChatHub, .o_notification { display: none !important }")
        page.wait_for_timeout(SETTLE)

    def _do(self, action, context, page):
        """Open an action over the page that is there, as a button would."""
        page.evaluate(
            """async ([action, context]) => {
                const { action: service } = odoo.__WOWL_DEBUG__.root.env.services;
                const wanted = typeof action === "object" && action.views === undefined
                    ? { ...action, views: [[false, "form"]] } : action;
                service.doAction(wanted, { additionalContext: context });
            }""",
            [action, context],
        )
        page.wait_for_selector(".modal .modal-body", timeout=15_000)
        page.wait_for_timeout(SETTLE)

    def _open_dialog(self, model, ids, method, page):
        self._go("collection-cockpit", page)
        action = self._call(model, method, ids)
        self._do(action, {}, page)

    def _open_wizard(self, action_id, model, ids, page):
        self._go("collection-cockpit", page)
        context = {"active_model": model, "active_ids": ids, "active_id": ids and ids[0]}
        self._do(action_id, context, page)

    # === The module's screens === #

    def _get_actions(self):
        """:return: the module's own actions: windows, and of the others those in a menu"""
        rows = self._call(
            "ir.model.data",
            "search_read",
            [["module", "=", MODULE], ["model", "in", ACTIONS]],
            ["name", "model", "res_id"],
        )
        menus = self._call("ir.ui.menu", "search_read", [], ["action"])
        in_menu = {menu["action"] for menu in menus}
        for row in sorted(rows, key=lambda row: row["name"]):
            is_window = row["model"] == "ir.actions.act_window"
            if is_window or f"{row['model']},{row['res_id']}" in in_menu:
                yield row

    def screens(self):
        """Every list, form and page, each record in its states, and every dialog."""
        for row in self._get_actions():
            if row["model"] == "ir.actions.act_window":
                yield from self._of_window(row)
            else:
                path = f"action-{row['res_id']}"
                yield Screen(row["name"], partial(self._go, path), inside=".o_notebook")
        yield from self._of_customers()
        yield from self._of_invoices()
        for model, domain, method in DIALOGS:
            ids = self._get_ids(model, domain, limit=2)
            if ids:
                open_it = partial(self._open_dialog, model, ids[:1], method)
                yield Screen(f"{model}.{method}", open_it)

    def _of_window(self, row):
        [window] = self._call(
            "ir.actions.act_window",
            "read",
            [row["res_id"]],
            ["res_model", "view_mode", "target", "domain"],
        )
        name, model = row["name"], window["res_model"]
        if window["target"] == "new":
            about = ABOUT.get(model, model)
            ids = self._get_ids(about, [], limit=2) if about != model else []
            yield Screen(name, partial(self._open_wizard, row["res_id"], about, ids))
            return
        if "active_id" in (window["domain"] or ""):
            return  # the list of another screen
        modes = [mode for mode in window["view_mode"].split(",") if mode != "form"]
        for mode in modes:
            path = f"action-{row['res_id']}?view_type={mode}"
            yield Screen(f"{name} {mode}", partial(self._go, path))
        if "form" in window["view_mode"]:
            examples = {(model, record) for record in self._get_examples(model)} - self.seen
            self.seen |= examples
            for _model, record in sorted(examples):
                path = f"action-{row['res_id']}/{record}"
                yield Screen(f"{name} {record}", partial(self._go, path), inside=".o_notebook")

    def _get_examples(self, model):
        """:return: a record of the model in each of its states"""
        try:
            known = self._call(model, "fields_get", STATES, ["type", "store"])
        except RuntimeError:
            return []
        found = self._get_ids(model, [])
        for name in STATES:
            if name in known and known[name]["store"]:
                for group in self._call(model, "formatted_read_group", [], [name]):
                    found += self._get_ids(model, [[name, "=", group[name]]])
        return list(dict.fromkeys(found))[:MOST_RECORDS]

    def _of_customers(self):
        lines = self._call(
            "crm.collection.customer", "search_read", [], ["partner_id", "company_id"], 0, 3
        )
        for line in lines:
            path = (
                f"collection-customer?partner_id={line['partner_id'][0]}"
                f"&company_id={line['company_id'][0]}"
            )
            yield Screen(f"customer {line['partner_id'][1]}", partial(self._go, path))
            form = f"action-base.action_partner_form/{line['partner_id'][0]}"
            yield Screen(f"contact {line['partner_id'][1]}", partial(self._go, form), ".o_notebook")
        for scope in ("mine", "all"):
            yield Screen(f"work {scope}", partial(self._go, f"collection-work?scope={scope}"))

    def _of_invoices(self):
        for state in ("pending", False):
            domain = [
                ["collection_phase_id", "!=", False],
                ["collection_approval_state", "=", state],
            ]
            for move in self._get_ids("account.move", domain):
                yield Screen(
                    f"invoice {state or 'in collection'}",
                    partial(self._go, f"customer-invoices/{move}"),
                    ".o_notebook",
                )

    def letters(self):
        """What customers get: their letters as pages, and the page each links to."""
        for letter in self._get_examples("crm.collection.letter"):
            path = f"/report/html/crm_collection.report_letter/{letter}"
            open_it = partial(self._go_public, path)
            yield Screen(f"letter {letter} in print", open_it, is_paper=True)
        rows = self._call(
            "crm.collection.letter",
            "search_read",
            [["mail_message_id", "!=", False], ["state", "=", "sent"]],
            ["mail_message_id"],
            0,
            MOST_RECORDS,
        )
        ids = [row["mail_message_id"][0] for row in rows]
        for message in self._call("mail.message", "read", ids, ["body"]):
            if link := LETTER_LINK.search(message["body"].replace("&amp;", "&")):
                yield Screen(f"page of letter {message['id']}", partial(self._go_public, link[0]))
        for partner in self._get_ids("res.partner", [["collection_item_ids", "!=", False]]):
            path = f"/report/html/crm_collection.report_statement/{partner}"
            yield Screen("statement in print", partial(self._go_public, path), is_paper=True)

    def portal(self):
        """The customer's pages, of whoever is logged in."""
        for path in ("/my/home", "/my/collections", "/my/collections/letters"):
            yield Screen(f"portal {path}", partial(self._go_public, path))
        yield Screen("portal statement", partial(self._go_public, "/my/collections/statement"))
        pay = "/my/collections/pay?scope=overdue"
        yield Screen("portal pay", partial(self._go_public, pay))

    # === Core's === #

    def core(self):
        """Core's own screens of the same kinds."""
        yield Screen("components", self._show_components, is_core=True)
        for path in CORE:
            yield Screen(path, partial(self._go, path), is_core=True)
        for path, model, domain in CORE_RECORDS:
            for record in self._get_ids(model, domain):
                yield Screen(path, partial(self._go, f"{path}/{record}"), ".o_notebook", True)

    def _show_components(self, page):
        """Core's badges and ribbons in every colour, and its avatars: its own records may have
        none."""
        self._go(CORE[0], page)
        page.evaluate(
            """colours => {
                const html = colours.map((colour) => `
                    <div class="o_field_widget o_field_badge"><span
                        class="badge rounded-pill text-bg-${colour}">Badge</span></div>
                    <div class="o_widget o_widget_web_ribbon"><div
                        class="ribbon position-relative"><span
                        class="text-bg-${colour}">Ribbon</span></div></div>`);
                html.push(`<div class="o-mail-Avatar o_avatar d-flex"><img class="rounded"></div>`);
                document.querySelector(".o_content").innerHTML = html.join("");
            }""",
            ["success", "info", "warning", "danger", "secondary", "primary", "200", "300"],
        )

    def core_portal(self):
        """Core's own pages for customers."""
        for path in CORE_PAGES:
            yield Screen(path, partial(self._go_public, path), is_core=True)
