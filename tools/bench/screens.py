"""Opening a screen: the calls the web client makes, as a user, on a cold ORM cache.

Measured on the server, result serialised to JSON; network and drawing are not in it, and the
view definitions are not either (the client keeps them).
"""

import json
import statistics
import time
from datetime import timedelta
from functools import cached_property, partial

from lxml import etree

from odoo.service.model import call_kw
from odoo.tools import json_default
from odoo.tools.safe_eval import safe_eval

LIST_LIMIT, COUNT_LIMIT, KANBAN_LIMIT, GROUP_LIMIT = 80, 10001, 40, 80
NUMBERS = ("integer", "float", "monetary")
MOVE_ACTION = "account.action_move_out_invoice_type"
ITEM_ACTION = "crm_collection.crm_collection_item_action"
SETTLEMENT_ACTION = "crm_collection.crm_collection_settlement_action"
RESULT_ACTION = "crm_collection.crm_collection_allocation_report_action"
ROLL_ACTION = "crm_collection.crm_collection_roll_rate_action"
AGING_ACTION = "crm_collection.crm_collection_aging_action"
EXPECTED_ACTION = "crm_collection.crm_collection_expected_action"
FOREWARNING_ACTION = "crm_collection.crm_collection_forewarning_action"
INDICATOR_ACTION = "crm_collection.crm_collection_indicator_action"
PAST_DAYS = 90


class BenchScreens:
    """Open each screen `repeat` times; `run` returns `{name: {median_s, ...}}`."""

    def __init__(self, env, repeat):
        self.env = env
        self.repeat = repeat

    def run(self):
        # how late customers pay, as the first run of a day keeps it: the jobs measured before
        # lived tomorrow, too
        company = self.env.company
        self.env["crm.collection.behaviour"]._keep(company, company._get_collection_today())
        self.env.cr.commit()  # pylint: disable=invalid-commit
        return {
            "work_mine": self._measure(self._open_work, ITEM_ACTION, scope="mine"),
            "work_all": self._measure(self._open_work, ITEM_ACTION, scope="all"),
            "customer_page": self._measure(self._open_customer, ITEM_ACTION),
            "portfolio_list": self._measure(self._open_list, ITEM_ACTION),
            "portfolio_kanban": self._measure(self._open_kanban, ITEM_ACTION),
            "invoices_by_phase_filter": self._measure(self._open_moves_of_phase, MOVE_ACTION),
            "invoices_by_phase_group": self._measure(self._open_moves_grouped, MOVE_ACTION),
            "customers": self._measure(
                self._open_list, "crm_collection.crm_collection_customer_action"
            ),
            "settlements": self._measure(self._open_list, SETTLEMENT_ACTION),
            "settlements_by_phase": self._measure(self._open_by_phase, SETTLEMENT_ACTION),
            "results_by_phase": self._measure(self._open_by_phase, RESULT_ACTION),
            "roll_rates_by_phase": self._measure(self._open_by_phase, ROLL_ACTION),
            "aging": self._measure(self._open_list, AGING_ACTION),
            "aging_pivot": self._measure(self._open_aging_pivot, AGING_ACTION),
            "aging_by_customer": self._measure(self._open_by_customer, AGING_ACTION),
            "past_aging_pivot": self._measure(self._open_past_aging_pivot, AGING_ACTION),
            "past_aging_by_customer": self._measure(self._open_past_by_customer, AGING_ACTION),
            "indicators": self._measure(self._open_list, INDICATOR_ACTION),
            "cockpit": self._measure(self._open_cockpit, ITEM_ACTION),
            "collectors": self._measure(self._open_collectors, ITEM_ACTION),
            "expected_cash": self._measure(self._open_expected, ITEM_ACTION),
            "expected_list": self._measure(self._open_list, EXPECTED_ACTION),
            # the last one: whether the company sends is pretended for it
            "leaves_next": self._measure(self._open_leaves_next, FOREWARNING_ACTION),
        }

    def _measure(self, opener, xmlid, **kwargs):
        screen = Screen(self.env, xmlid)
        opener = partial(opener, **kwargs)
        opener(screen)  # the first one compiles views and caches access rights
        seconds, calls = [], {}
        for __ in range(self.repeat):
            self.env.cr.rollback()
            self.env.invalidate_all(flush=False)
            screen.calls = {}
            start = time.perf_counter()
            opener(screen)
            seconds.append(time.perf_counter() - start)
            calls = screen.calls
        return {
            "median_s": round(statistics.median(seconds), 4),
            "worst_s": round(max(seconds), 4),
            "calls": {name: round(value, 4) for name, value in calls.items()},
        }

    def _open_list(self, screen):
        screen.search_panel("list")
        screen.read_list()

    def _open_kanban(self, screen):
        screen.search_panel("kanban")
        screen.read_groups("kanban", "phase_id", auto_unfold=True)
        screen.read_progress_bar("phase_id")

    def _open_cockpit(self, screen):
        """A page of its own, which makes this one call (the screen is only a stopwatch), as a
        month after the first run: with the comparison, the dearest of its cards."""
        screen.model = "crm.collection.cockpit"
        self.env.registry[screen.model]._is_known = lambda self, scope, day: True
        screen.call("get_cockpit", {"period": "month"})

    def _open_collectors(self, screen):
        """The collectors of a month, and their expected cash: a call each."""
        screen.model = "crm.collection.cockpit"
        screen.call("get_collectors", {})

    def _open_expected(self, screen):
        screen.model = "crm.collection.cockpit"
        screen.call("get_expected", {})

    def _open_leaves_next(self, screen):
        """What leaves next, of all customers as a manager sees it: worked out, kept, and the first
        page of it."""
        self.env.registry["res.company"]._is_collection_sending = lambda company: True
        start = time.perf_counter()
        # of all customers, whoever it is who measures
        forewarnings = self.env["crm.collection.forewarning"].sudo()
        company = self.env.company
        forewarnings._refresh(company, forewarnings._get_next_day(company))
        self.env.flush_all()
        screen.calls["refresh"] = time.perf_counter() - start
        screen.read_list()

    def _open_work(self, screen, scope):
        """Whom to call first; nobody is anybody's in a filled database, so that "mine" is what it
        costs to find that out."""
        screen.model = "crm.collection.desk"
        screen.call("get_work", {"scope": scope})

    def _open_customer(self, screen):
        """The page of the customer with most open items, and what happened with him."""
        screen.model = "crm.collection.desk"
        for method in ("get_customer", "get_timeline"):
            screen.call(method, self._customer_id, self.env.company.id)

    @cached_property
    def _customer_id(self):
        """Found once, before anything is measured."""
        [(customer, _count)] = self.env["crm.collection.item"]._read_group(
            [("state", "=", "open")], ["partner_id"], ["__count"], order="__count DESC", limit=1
        )
        return customer.id

    def _open_moves_of_phase(self, screen):
        phase = self.env.ref("crm_collection.phase_firm")
        screen.read_list([("collection_phase_id", "=", phase.id)])

    def _open_by_phase(self, screen):
        screen.read_groups("list", "phase_id")

    def _open_by_customer(self, screen):
        screen.read_groups("list", "partner_id")

    def _open_aging_pivot(self, screen):
        screen.read_pivot([[], ["bucket"], ["phase_id"], ["phase_id", "bucket"]], ["amount:sum"])

    def _open_past_aging_pivot(self, screen):
        screen.asked = self._get_past()
        self._open_aging_pivot(screen)

    def _open_past_by_customer(self, screen):
        screen.asked = self._get_past()
        self._open_by_customer(screen)

    def _get_past(self):
        today = self.env.company._get_collection_today()
        return {"crm_collection_aging_date": str(today - timedelta(days=PAST_DAYS))}

    def _open_moves_grouped(self, screen):
        screen.read_groups("list", "collection_phase_id")


class Screen:
    """A window action: its views, its default filters, and the calls made to fill it."""

    def __init__(self, env, xmlid):
        self.env = env
        action = env["ir.actions.actions"]._for_xml_id(xmlid)
        self.context = safe_eval(action["context"] or "{}", {"uid": env.uid, "active_id": False})
        self.model = action["res_model"]
        views = [
            [view_id, "kanban" if mode == "kanban" else mode]
            for view_id, mode in action["views"]
            if mode in ("list", "kanban")
        ]
        views.append([(action["search_view_id"] or [False])[0], "search"])
        result = env[self.model].with_context(**self.context).get_views(views)
        self.archs = {
            mode: etree.fromstring(view["arch"]) for mode, view in result["views"].items()
        }
        self.fields = env[self.model].fields_get()
        base = safe_eval(action["domain"] or "[]", {"uid": env.uid})
        self.domain = list(base) + self._default_filters()
        self.calls = {}
        self.asked = {}

    def _default_filters(self):
        """The filters the action switches on, each a condition of its own."""
        domain = []
        for node in self.archs["search"].iter("filter"):
            if self.context.get(f"search_default_{node.get('name')}") and node.get("domain"):
                domain += safe_eval(node.get("domain"), {"uid": self.env.uid})
        return domain

    def call(self, method, *args, **kwargs):
        start = time.perf_counter()
        asked = {**self.asked, **kwargs.pop("context", {})}
        context = {"lang": self.env.lang, "uid": self.env.uid, **asked}
        result = call_kw(self.env[self.model], method, list(args), {**kwargs, "context": context})
        json.dumps(result, default=json_default)
        spent = time.perf_counter() - start
        self.calls[method] = self.calls.get(method, 0) + spent
        return result

    def _field_names(self, mode):
        arch = self.archs[mode]
        nodes = [
            node
            for node in arch.iter("field")
            if not any(parent.tag == "field" for parent in node.iterancestors())
        ]
        return list(dict.fromkeys(node.get("name") for node in nodes))

    def _specification(self, mode):
        names = self._field_names(mode)
        spec = {}
        for name in names:
            kind = self.fields[name]["type"]
            is_link = kind in ("many2one", "reference")
            spec[name] = {"fields": {"display_name": {}}} if is_link else {}
        return spec

    def _aggregates(self, mode):
        """As the client asks for: sums of numbers, and the currencies they are in.

        A list sums all its columns, a kanban what its progress bar shows.
        """
        bars = self.archs[mode].iter("progressbar")
        shown = [node.get("sum_field") for node in bars if node.get("sum_field")]
        aggregates = []
        for name in shown if mode == "kanban" else self._field_names(mode):
            field = self.fields[name]
            if field.get("aggregator") and field["type"] in NUMBERS:
                aggregates.append(f"{name}:{field['aggregator']}")
                if field.get("currency_field"):
                    aggregates += [
                        f"{field['currency_field']}:array_agg_distinct",
                        f"{name}:sum_currency",
                    ]
        return list(dict.fromkeys(aggregates))

    def search_panel(self, mode):
        panel = self.archs["search"].find(".//searchpanel")
        if panel is None or mode not in panel.get("view_types", "list,kanban"):
            return
        for node in panel.iterfind("field"):
            multi = node.get("select") == "multi"
            method = "search_panel_select_multi_range" if multi else "search_panel_select_range"
            options = {
                "category_domain": [],
                "filter_domain": [],
                "search_domain": self.domain,
                "enable_counters": bool(node.get("enable_counters")),
                "expand": bool(node.get("expand")),
                "limit": int(node.get("limit") or 200),
            }
            if multi:
                options |= {
                    "comodel_domain": [],
                    "group_by": node.get("groupby") or False,
                    "group_domain": [],
                }
            else:
                options["hierarchize"] = node.get("hierarchize", "1") == "1"
            self.call(method, node.get("name"), **options)

    def read_list(self, domain=()):
        return self.call(
            "web_search_read",
            self.domain + list(domain),
            self._specification("list"),
            limit=LIST_LIMIT,
            order=self.archs["list"].get("default_order") or "",
            count_limit=COUNT_LIMIT,
        )

    def read_groups(self, mode, groupby, auto_unfold=False):
        return self.call(
            "web_read_group",
            self.domain,
            [groupby],
            self._aggregates(mode),
            limit=GROUP_LIMIT,
            order=self.archs[mode].get("default_order") or "",
            auto_unfold=auto_unfold,
            opening_info=[],
            unfold_read_specification=self._specification(mode),
            unfold_read_default_limit=KANBAN_LIMIT if mode == "kanban" else LIST_LIMIT,
            groupby_read_specification={},
            context={"read_group_expand": True},
        )

    def read_pivot(self, grouping_sets, aggregates):
        return self.call("formatted_read_grouping_sets", self.domain, grouping_sets, aggregates)

    def read_progress_bar(self, groupby):
        for node in self.archs["kanban"].iter("progressbar"):
            self.call(
                "read_progress_bar",
                domain=self.domain,
                group_by=groupby,
                progress_bar={
                    "colors": json.loads(node.get("colors")),
                    "field": node.get("field"),
                    "help": node.get("help") or "",
                },
            )
