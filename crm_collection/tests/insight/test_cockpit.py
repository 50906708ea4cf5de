from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command, Domain
from odoo.tests import new_test_user, tagged

from ..common import TODAY
from ..common_letters import CrmCollectionLettersCommon


class CockpitCase(CrmCollectionLettersCommon):
    def _get_cockpit(self, user=None, companies=None, **filters):
        cockpit = self.env["crm.collection.cockpit"].with_user(user or self.collector)
        if companies:
            cockpit = cockpit.with_context(allowed_company_ids=companies.ids)
        return cockpit.get_cockpit(filters)

    def _walk(self, node):
        """Every figure of the page, however deep."""
        if isinstance(node, dict):
            if "measure" in node:
                yield node
            for value in node.values():
                yield from self._walk(value)
        elif isinstance(node, list):
            for value in node:
                yield from self._walk(value)

    def _read_list(self, figure, user=None, companies=None):
        """What the list behind a figure shows: (number of records, sum of what it measures)."""
        action = figure["action"]
        Model = self.env[action["res_model"]].with_user(user or self.collector)
        Model = Model.with_context(**action["context"])
        if companies:
            Model = Model.with_context(allowed_company_ids=companies.ids)
        measure = figure["measure"]
        [row] = Model._read_group(
            action["domain"], [], ["__count", *([f"{measure}:sum"] if measure else [])]
        )
        return row[0], round(row[1] or 0.0, 2) if measure else None

    def _assert_figures(self, page, user=None, companies=None, least=15):
        """Every figure of the page is that of the list behind it."""
        figures = list(self._walk(page["cards"]))
        self.assertGreaterEqual(len(figures), least)
        for figure in figures:
            with self.subTest(figure["action"]["name"]):
                amount = figure["amount"]
                self.assertEqual(
                    (figure["count"], amount if amount is None else round(amount, 2)),
                    self._read_list(figure, user, companies),
                )

    def _know_the_past(self):
        """As if the first run had been long ago."""
        cockpit = self.registry["crm.collection.cockpit"]
        self.patch(cockpit, "_is_known", lambda self, scope, day: True)

    def _by_name(self, figures):
        return {figure["action"]["name"]: figure for figure in figures}


@tagged("post_install", "-at_install")
class TestCockpit(CockpitCase):
    """The cockpit against what accounting says, counted item by item, and against its lists.

    Seen to fail: with the due domain a day off; with `state = 'settled'` left out of
    `settled_since`; with the collector's filter left out of `covers`; with `_is_known` always
    true.
    """

    def _create_portfolio(self):
        """Items of every age, two customers, a part payment, a settlement, a credit note."""
        self.second = self._create_customer("Brandt AG")
        self.moves = self.env["account.move"].union(
            *(
                self._create_overdue(days, partner=partner, amount=amount)
                for days, partner, amount in (
                    (1, self.customer, 100.0),
                    (30, self.customer, 200.0),
                    (31, self.second, 300.0),
                    (60, self.second, 400.0),
                    (91, self.customer, 500.0),
                    (120, self.customer, 600.0),
                    (121, self.second, 700.0),
                )
            )
        )

    def _open_lines(self, companies=None):
        """Overdue items, straight from accounting."""
        return (
            self.env["account.move.line"]
            .sudo()
            .search(
                [
                    ("account_id.account_type", "=", "asset_receivable"),
                    ("parent_state", "=", "posted"),
                    ("amount_residual", ">", 0),
                    ("balance", ">", 0),
                    ("company_id", "in", (companies or self.company).ids),
                ]
            )
        )

    def _aging(self):
        """{(first day, last day): [count, amount]}, line by line."""
        result = {}
        for line in self._open_lines():
            days = (fields.Date.today() - line.date_maturity).days
            for first, last in ((1, 30), (31, 60), (61, 90), (91, 120), (121, 10**6)):
                if first <= days <= last:
                    count, amount = result.get((first, last), (0, 0.0))
                    result[first, last] = (count + 1, amount + line.amount_residual)
        return result

    # === Money === #

    def test_every_figure_is_its_list(self):
        self._create_portfolio()
        self._allocate()
        self._send_letters()
        self._pay(self.moves[2], 120.0)
        self._pay(self.moves[3])
        self._know_the_past()
        page = self._get_cockpit()
        self.assertFalse(page["empty"])
        self.assertEqual(page["cards"]["overdue"]["before"]["amount"], 2700.0)
        self._assert_figures(page)

    def test_aging_is_accountings(self):
        self._create_portfolio()
        self._allocate()
        self._pay(self.moves[2], 120.0)
        expected = self._aging()
        self.assertEqual(expected[1, 30], (2, 300.0))
        self.assertEqual(expected[31, 60], (2, 580.0))
        buckets = self._get_cockpit()["cards"]["aging"]
        self.assertEqual(len(buckets), 6)
        for bucket in buckets[1:]:
            key = bucket["first"], bucket["last"] or 10**6
            figures = bucket["count"], bucket["amount"]
            self.assertEqual(figures, expected.get(key, (0, 0.0)), bucket["action"]["name"])

    def test_buckets_are_the_companys(self):
        self._create_portfolio()
        self._allocate()
        company = self.registry["res.company"]
        self.patch(company, "_get_collection_aging_limits", lambda self: (100,))
        buckets = self._get_cockpit()["cards"]["aging"]
        self.assertEqual([bucket["count"] for bucket in buckets], [0, 5, 2])

    def test_due_today_is_not_overdue(self):
        rule = self.rule.copy({"sequence": 0})
        rule.step_ids.filtered(lambda step: step.days == 1).days = -5
        self._create_overdue(0)
        self._create_overdue(-3)
        self._allocate()
        cards = self._get_cockpit()["cards"]
        self.assertEqual(cards["overdue"]["now"]["count"], 0)
        self.assertEqual(cards["aging"][0]["count"], 2)
        self.assertEqual(cards["aging"][1]["count"], 0)
        self._move_on(1)
        cards = self._get_cockpit()["cards"]
        self.assertEqual(cards["overdue"]["now"]["count"], 1)
        self.assertEqual(cards["aging"][1]["count"], 1)

    def test_a_month_ago(self):
        """Overdue on the same day last month, by the dates of what was matched since."""
        month_ago = TODAY - timedelta(days=28)  # 16 February: the day before is overdue
        with freeze_time(f"{month_ago} 09:00:00"):
            old = self._create_overdue(100, amount=1000.0)  # settled since
            part = self._create_overdue(90, amount=700.0)  # paid in part before and since
            self._create_overdue(29, amount=50.0)  # due the day before: overdue then
            self._create_overdue(28, amount=30.0)  # due that day: not overdue then
            self._allocate()
            self._pay(part, 200.0)
        self._create_overdue(5, amount=20.0)
        self._allocate()
        self._pay(old)
        self._pay(part, 100.0)
        overdue = self._get_cockpit()["cards"]["overdue"]
        self.assertEqual(overdue["day"], "2026-02-16")
        figures = {
            key: (overdue[key]["count"], overdue[key]["amount"])
            for key in ("before", "settled", "new", "now")
        }
        self.assertEqual(
            figures,
            {
                "before": (3, 1000.0 + 500.0 + 50.0),
                "settled": (2, 1000.0 + 100.0),
                "new": (2, 30.0 + 20.0),
                "now": (4, 400.0 + 50.0 + 30.0 + 20.0),
            },
        )
        self._assert_figures(self._get_cockpit())

    def test_no_comparison_with_a_time_before_the_first_run(self):
        self._create_portfolio()
        self._allocate()
        overdue = self._get_cockpit()["cards"]["overdue"]
        self.assertFalse(overdue["before"])
        self.assertFalse(overdue["settled"])

    def test_exchange_difference_is_no_money(self):
        """An item in another currency, paid at another rate: what it owed then is its amount."""
        with freeze_time(f"{TODAY - timedelta(days=40)} 09:00:00"):
            move = self._create_overdue(45, amount=100.0, currency_id=self.foreign.id)
            owed = move.amount_residual_signed
            self._create_overdue(45, amount=10.0)
            self._allocate()
        self.env["res.currency.rate"].sudo().create(
            {
                "name": TODAY,
                "rate": self.foreign.rate * 1.5,
                "currency_id": self.foreign.id,
                "company_id": self.company.id,
            }
        )
        self._pay(move, 40.0)
        page = self._get_cockpit()
        self.assertEqual(page["cards"]["overdue"]["before"]["amount"], round(owed + 10.0, 2))
        self._assert_figures(page)

    # === Phases and customers === #

    def test_phases(self):
        self._create_portfolio()
        self._allocate()
        phases = self._by_name(self._get_cockpit()["cards"]["phases"])
        self.assertEqual((phases["Phase 1"]["count"], phases["Phase 1"]["amount"]), (1, 100.0))
        self.assertEqual((phases["Phase 3"]["count"], phases["Phase 3"]["amount"]), (6, 2700.0))
        self.assertEqual(phases["Manual"]["count"], 0)

    def test_debtors(self):
        self._create_portfolio()
        self._create_overdue(-20, partner=self.second, amount=9000.0)  # not overdue
        self._allocate()
        debtors = self._get_cockpit()["cards"]["debtors"]
        self.assertEqual(debtors["count"], 2)
        self.assertEqual(
            [(each["name"], each["amount"], each["days"]) for each in debtors["customers"]],
            [("Adler GmbH", 1400.0, 120), ("Brandt AG", 1400.0, 121)],
        )
        self.assertEqual(debtors["all"]["action"]["context"], {"group_by": ["partner_id"]})

    def test_more_debtors_than_shown(self):
        for number in range(10):
            self._create_overdue(5, self._create_customer(f"C{number} Ltd"), amount=100.0 + number)
        self._allocate()
        debtors = self._get_cockpit()["cards"]["debtors"]
        self.assertEqual(debtors["count"], 10)
        self.assertEqual(
            [each["amount"] for each in debtors["customers"]],
            [109.0, 108.0, 107.0, 106.0, 105.0, 104.0, 103.0, 102.0],
        )

    def test_rolls_and_settled(self):
        """Allocations of the period, by what became of them; what left before it is not there."""
        self._move_on(-40)
        self._create_overdue(41, amount=100.0)
        early = self._create_overdue(41, amount=70.0)
        self._allocate()
        self._pay(early)  # in February
        self._move_on(32)
        partly = self._create_overdue(10, amount=300.0)
        settled = self._create_overdue(10, amount=40.0)
        self._allocate()
        self._pay(settled)
        self._move_on(8)
        self._allocate()
        # a part of an item that stays: seen to fail with only allocations that ended by settlement
        self._pay(partly, 30.0)
        cards = self._get_cockpit(period="month")["cards"]
        rolls = {
            (phase["name"], outcome["key"]): (outcome["count"], outcome["amount"])
            for phase in cards["rolls"]
            for outcome in phase["outcomes"]
            if outcome["count"]
        }
        self.assertEqual(rolls["Phase 1", "settled"], (1, 40.0))
        self.assertEqual(rolls["Phase 2", "stayed"], (1, 300.0))
        self.assertEqual(rolls["Phase 1", "moved"], (2, 100.0 + 300.0))
        self.assertEqual(rolls["Phase 3", "stayed"], (1, 100.0))
        self.assertEqual((cards["settled"]["count"], cards["settled"]["amount"]), (2, 70.0))
        last = self._get_cockpit(period="last_month")["cards"]
        self.assertEqual((last["settled"]["count"], last["settled"]["amount"]), (1, 70.0))
        for period in ("week", "month", "last_month", "quarter", "year"):
            self._assert_figures(self._get_cockpit(period=period))

    # === Work === #

    def test_letters_of_the_week(self):
        self._create_overdue(5)
        self._create_overdue(5, partner=self._create_customer("Nobody Ltd", email=False))
        self._allocate()
        self._send_letters()
        self._deliver()
        cards = self._get_cockpit()["cards"]
        self.assertEqual(
            {each["key"]: each["count"] for each in cards["letters"]["states"]},
            {"sent": 1, "no_address": 1},
        )
        self.assertEqual(cards["letters"]["total"]["count"], 2)
        self.assertEqual(
            {each["key"]: each["count"] for each in cards["exceptions"]}, {"no_address": 1}
        )
        self._move_on(7)
        cards = self._get_cockpit()["cards"]
        self.assertEqual(cards["letters"]["total"]["count"], 0)
        exceptions = {each["key"] for each in cards["exceptions"]}
        self.assertEqual(exceptions, {"no_address"}, "it waits until somebody acts")

    def test_exceptions_of_the_configuration(self):
        self._create_portfolio()
        self.rule.action_archive()
        self._allocate()
        [exception] = self._get_cockpit()["cards"]["exceptions"]
        self.assertEqual((exception["key"], exception["count"]), ("no_rule", 7))
        self._assert_figures(self._get_cockpit())

    def test_proposals(self):
        self._create_portfolio()
        self._allocate()
        proposals = self._get_cockpit()["cards"]["proposals"]
        self.assertEqual(proposals["count"], 4)
        self.assertEqual(self._read_list(proposals), (4, 2200.0))

    def test_errors_of_the_last_run(self):
        self._create_portfolio()
        self._allocate()
        domain = [("kind", "=", "allocation"), ("company_id", "=", self.company.id)]
        run = self.env["crm.collection.run"].sudo().search(domain)
        run._log_exception("Something is wrong", self._items(self.moves)[:1].id)
        exceptions = {each["key"]: each for each in self._get_cockpit()["cards"]["exceptions"]}
        self.assertEqual(exceptions["run"]["count"], 1)
        self.assertEqual(self._read_list(exceptions["run"]), (1, None))

    def test_approvals_where_they_are(self):
        """The card is there with the model, and counts what waits."""
        approvals = self._get_cockpit_of_open_items()["cards"]["approvals"]
        if "crm.collection.approval" in self.env:
            for figure in approvals.values():
                self.assertEqual(self._read_list(figure), (figure["count"], None))
        else:
            self.assertFalse(approvals)

    def _get_cockpit_of_open_items(self):
        self._create_portfolio()
        self._allocate()
        return self._get_cockpit()

    # === Freshness === #

    def test_fresh_after_the_run(self):
        freshness = self._get_cockpit_of_open_items()["freshness"]
        self.assertEqual(freshness["waiting"], 0)
        self.assertFalse(freshness["is_stale"])
        self.assertTrue(freshness["last_run"])

    def test_stale_on_the_next_day(self):
        self._get_cockpit_of_open_items()
        self._create_overdue(-1, amount=5.0)
        self._move_on(2)
        freshness = self._get_cockpit()["freshness"]
        self.assertTrue(freshness["is_stale"])
        self.assertEqual(freshness["waiting"], 1, "what fell due since has no open item yet")

    def test_changed_open_items_wait_for_the_job(self):
        self._get_cockpit_of_open_items()
        self._items(self.moves[0])._mark_to_evaluate()
        freshness = self._get_cockpit()["freshness"]
        self.assertTrue(freshness["is_stale"])
        self.assertEqual(freshness["waiting"], 1)

    def test_entries_of_today_wait_for_the_job(self):
        self._get_cockpit_of_open_items()
        self.env.cr._now = self.env.cr.now() + timedelta(seconds=5)
        self._create_overdue(50, amount=5.0)
        self.assertEqual(self._get_cockpit()["freshness"]["waiting"], 1)

    def test_empty(self):
        """Before the first item: what to do next, as far as the user may."""
        page = self._get_cockpit()
        self.assertEqual(page["cards"], {})
        actions = [step["action"] for step in page["empty"]]
        self.assertIn("crm_collection.crm_collection_rule_action", actions)
        self.assertNotIn("crm_collection.crm_collection_golive_action", actions)
        self.assertFalse(page["freshness"]["last_run"])
        manager = [step["action"] for step in self._get_cockpit(self.manager)["empty"]]
        self.assertIn("crm_collection.crm_collection_golive_action", manager)

    # === Filters === #

    def test_collector(self):
        self._create_portfolio()
        self._allocate()
        self._items(self.moves[:2]).user_id = self.collector
        page = self._get_cockpit(user_id=self.collector.id)
        now = page["cards"]["overdue"]["now"]
        self.assertEqual((now["count"], now["amount"]), (2, 300.0))
        self._assert_figures(page)
        nobody = self._get_cockpit(user_id=-1)
        self.assertEqual(nobody["cards"]["overdue"]["now"]["count"], 5)
        self._assert_figures(nobody)
        collectors = [option["id"] for option in page["options"]["collectors"]]
        self.assertEqual(collectors, [self.collector.id, -1])

    def test_currency_of_the_open_items(self):
        self._create_portfolio()
        self._create_overdue(5, amount=80.0, currency_id=self.foreign.id)
        self._allocate()
        self._send_letters()
        page = self._get_cockpit(currency_id=self.foreign.id)
        self.assertEqual(page["cards"]["overdue"]["now"]["count"], 1)
        self.assertEqual(page["cards"]["letters"]["total"]["count"], 1)
        self.assertEqual(len(page["options"]["currencies"]), 2)
        self._assert_figures(page)

    def test_nonsense_is_ignored(self):
        self._create_portfolio()
        self._allocate()
        page = self._get_cockpit(period="century", company_id=10**6, user_id="x", books_id=-3)
        self.assertEqual(page["filters"]["period"], "month")
        self.assertFalse(page["filters"]["company_id"])
        self.assertEqual(page["cards"]["overdue"]["now"]["count"], 7)

    # === Access === #

    def test_who_may_look(self):
        self._create_portfolio()
        self._allocate()
        portal = new_test_user(self.env(su=True), "portal_user", groups="base.group_portal")
        for user in (self.outsider, portal):
            with self.assertRaises(AccessError):
                self._get_cockpit(user)
        auditor = new_test_user(
            self.env(su=True),
            "cockpit_auditor",
            groups="account.group_account_readonly",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        page = self._get_cockpit(auditor)
        self.assertEqual(page["cards"]["overdue"]["now"]["count"], 7)
        self.assertFalse(page["freshness"]["can_run"])
        self._assert_figures(page, auditor)

    def test_record_rules_decide(self):
        """A rule of the house on items holds on the cockpit too."""
        self._create_portfolio()
        self._allocate()
        self.env["ir.rule"].sudo().create(
            {
                "name": "Small items only",
                "model_id": self.env["ir.model"]._get_id("crm.collection.item"),
                "domain_force": [("amount_residual", "<", 400)],
            }
        )
        self._pay(self.moves[2], 100.0)
        self._know_the_past()
        page = self._get_cockpit()
        cards = page["cards"]
        self._assert_figures(page)
        self.assertEqual(cards["overdue"]["before"]["amount"], 500.0)
        self.assertEqual(cards["overdue"]["now"]["count"], 3)
        self.assertEqual(sum(each["count"] for each in cards["aging"]), 3)
        self.assertEqual(sum(each["count"] for each in cards["debtors"]["customers"]), 3)


@tagged("post_install", "-at_install")
class TestCockpitCompanies(CockpitCase):
    """Several companies, whose books are in different currencies: never in one sum.

    Seen to fail: with the currency of the books left out of the scope.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.setup_other_company(name="Segunda Ltda", currency_id=cls.foreign.id)[
            "company"
        ]
        cls.third = cls.setup_other_company(
            name="Terceira Ltda", currency_id=cls.company.currency_id.id
        )["company"]
        cls.companies = cls.company | cls.second | cls.third
        cls.collector.company_ids = [Command.set(cls.companies.ids)]

    def setUp(self):
        super().setUp()
        self._create_overdue(5, amount=100.0)
        for company, amount in ((self.second, 900.0), (self.third, 30.0)):
            self._create_in(company, amount)
        self._allocate()

    def _create_in(self, company, amount):
        move = (
            self.env(su=True)["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.customer.id,
                    "company_id": company.id,
                    "invoice_date": TODAY - timedelta(days=40),
                    "invoice_date_due": TODAY - timedelta(days=40),
                    "invoice_payment_term_id": False,
                    "invoice_line_ids": [
                        Command.create({"name": "Service", "price_unit": amount, "tax_ids": []})
                    ],
                }
            )
        )
        move.action_post()
        return move

    def test_books_are_not_added(self):
        page = self._get_cockpit(companies=self.companies)
        self.assertEqual(page["currency_id"], self.company.currency_id.id)
        self.assertEqual(page["cards"]["overdue"]["now"]["amount"], 130.0)
        self.assertEqual(len(page["options"]["books"]), 2)
        self._assert_figures(page, companies=self.companies)
        page = self._get_cockpit(companies=self.companies, books_id=self.foreign.id)
        self.assertEqual(page["currency_id"], self.foreign.id)
        self.assertEqual(page["cards"]["overdue"]["now"]["amount"], 900.0)
        self._assert_figures(page, companies=self.companies)

    def test_one_company(self):
        page = self._get_cockpit(companies=self.companies, company_id=self.third.id)
        self.assertEqual(page["cards"]["overdue"]["now"]["amount"], 30.0)
        page = self._get_cockpit(companies=self.companies, company_id=self.second.id)
        self.assertEqual(page["currency_id"], self.foreign.id)
        self.assertEqual(page["cards"]["overdue"]["now"]["amount"], 900.0)

    def test_only_the_companies_that_are_switched_on(self):
        page = self._get_cockpit(companies=self.company, company_id=self.third.id)
        self.assertEqual(page["cards"]["overdue"]["now"]["amount"], 100.0)
        self.assertEqual(
            [option["id"] for option in page["options"]["companies"]], self.company.ids
        )
        with self.assertRaises(AccessError):
            self._get_cockpit(self.manager, companies=self.companies)

    def test_each_company_has_its_day(self):
        """Where it is tomorrow already, an item that is due today is overdue."""
        self.third.sudo().partner_id.tz = "Pacific/Kiritimati"
        self.company.sudo().partner_id.tz = "Pacific/Honolulu"
        for company in (self.company, self.third):
            move = self._create_in(company, 7.0)
            line = move.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
            line.sudo().date_maturity = TODAY
        with freeze_time(f"{TODAY} 20:00:00"):
            self._allocate()
            page = self._get_cockpit(companies=self.companies)
        self.assertEqual(page["cards"]["overdue"]["now"]["amount"], 137.0)
        self._assert_figures(page, companies=self.companies)

    def test_a_run_of_one_company_does_not_make_the_others_fresh(self):
        domain = Domain("company_id", "=", self.third.id) & Domain("kind", "=", "allocation")
        self.env["crm.collection.run"].sudo().search(domain).unlink()
        freshness = self._get_cockpit(companies=self.companies)["freshness"]
        self.assertTrue(freshness["is_stale"])
        self.assertFalse(freshness["last_run"])
        alone = self._get_cockpit(companies=self.companies, company_id=self.company.id)
        self.assertFalse(alone["freshness"]["is_stale"])
