from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from ..common import TODAY
from ..common_cockpit import CockpitCase


@tagged("post_install", "-at_install")
class TestCockpit(CockpitCase):
    """The cockpit against what accounting says, counted item by item, and against its lists.

    Seen to fail: with the due domain a day off; with `state = 'settled'` left out of
    `_get_items_of_then`; with the collector's filter left out of `covers`; with `_is_known` always
    true.
    """

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
        pages = {each["page_company_id"] for each in debtors["customers"]}
        self.assertEqual(pages, {self.company.id})

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
