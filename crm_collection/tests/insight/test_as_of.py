from odoo import fields
from odoo.tests import tagged

from ..common_cockpit import CockpitCase
from ..common_figures import CrmCollectionFiguresCommon

DAY = fields.Date.to_date("2026-04-30")


@tagged("post_install", "-at_install")
class TestAsOfADay(CockpitCase, CrmCollectionFiguresCommon):
    """Cockpit, aging and indicator ask one owner what was owed on a day: they agree, on a day
    before an undone payment too. They say what is matched now.

    Seen to fail: with the cockpit leaving out that an invoice was entered later (it then said
    2,630 for that day).
    """

    def _live(self):
        """Payments of April that come back in May, and an invoice that is entered in May with a
        due date of March; then it is 31 May, a month after the end of April."""
        paid, part, again = (
            self._create_overdue(10, amount=amount) for amount in (1000.0, 700.0, 500.0)
        )
        self._create_overdue(-50, amount=90.0)  # due on 5 May
        self._allocate()
        self._move_on(25)  # 10 April
        self._pay(paid)
        self._pay(part, 200.0)
        self._pay(again)
        self._move_on(28)  # 8 May
        self._receivables(paid | again).remove_move_reconcile()
        self._create_overdue(10, amount=630.0, invoice_date=fields.Date.today())
        self._allocate()
        self._pay(again, 400.0)
        self._pay(part, 50.0)
        self._move_on(23)  # 31 May
        self._allocate()

    def test_the_three_agree_before_an_undone_payment(self):
        self._live()
        overdue = self._get_cockpit()["cards"]["overdue"]
        self.assertEqual(overdue["day"], fields.Date.to_string(DAY))
        aging = self._aging(DAY).search([("days_overdue", ">", 0)])
        indicator = self.env["crm.collection.indicator"].search([("date", "=", DAY)])
        self.assertEqual(
            (overdue["before"]["amount"], sum(aging.mapped("amount")), indicator.overdue),
            (2000.0, 2000.0, 2000.0),
        )
        self.assertEqual(overdue["before"]["count"], len(aging))

    def test_the_way_from_then_to_now(self):
        """What lies between the two days adds up, and every figure is that of its list."""
        self._live()
        page = self._get_cockpit()
        overdue = page["cards"]["overdue"]
        figures = {
            key: (overdue[key]["count"], overdue[key]["amount"])
            for key in ("before", "settled", "new", "now")
        }
        self.assertEqual(
            figures,
            {
                # what came back in May was not paid, as matched now
                "before": (3, 1000.0 + 500.0 + 500.0),
                "settled": (2, 50.0 + 400.0),
                # due since, entered since
                "new": (2, 90.0 + 630.0),
                "now": (5, 450.0 + 90.0 + 630.0 + 1000.0 + 100.0),
            },
        )
        self._assert_figures(page)
