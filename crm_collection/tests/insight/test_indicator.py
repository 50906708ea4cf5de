from calendar import monthrange
from datetime import date, timedelta
from random import Random

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from ..common import TODAY
from ..common_figures import CrmCollectionFiguresCommon

FIGURES = ("dso", "dso_best", "days_delinquent", "cei", "overdue_share")


class Ledger:
    """The indicators from a plain list of items, one day at a time, with loops and no SQL.

    :param open_items: (date, due, amount, [(date, amount paid), ...])
    """

    def __init__(self, open_items):
        self.open_items = open_items

    def owed(self, day, is_overdue=False):
        return sum(
            amount - sum(paid for paid_on, paid in payments if paid_on <= day)
            for issued, due, amount, payments in self.open_items
            if issued <= day and (not is_overdue or due < day)
        )

    def sales(self, first, last):
        return sum(row[2] for row in self.open_items if first <= row[0] <= last)

    def count_back(self, day):
        rest, days, last = self.owed(day), 0, day
        while rest > 1e-9:
            first = last.replace(day=1)
            sold, number = self.sales(first, last), (last - first).days + 1
            if not sold and first < min(row[0] for row in self.open_items):
                break
            days += number if rest >= sold else number * rest / sold
            rest -= min(rest, sold)
            last = first - timedelta(days=1)
        return days

    def figures(self, day):
        """:return: {indicator: value}, as the month of ``day`` has it by then"""
        first = day.replace(day=1)
        before = first - timedelta(days=1)
        quarter = add_months(first, -2)
        quarter = max(quarter, min(row[0] for row in self.open_items).replace(day=1))
        sold, days = self.sales(quarter, day), (day - quarter).days + 1
        owed, overdue = self.owed(day), self.owed(day, is_overdue=True)
        base = self.owed(before) + self.sales(first, day)
        return {
            "dso": self.count_back(day),
            "dso_best": (owed - overdue) * days / sold if sold else 0,
            "days_delinquent": overdue * days / sold if sold else 0,
            "cei": 100 * (base - owed) / (base - owed + overdue) if base - owed + overdue else 0,
            "overdue_share": 100 * overdue / owed if owed else 0,
        }


def add_months(first, number):
    month = first.year * 12 + first.month - 1 + number
    return date(month // 12, month % 12 + 1, 1)


@tagged("post_install", "-at_install")
class TestIndicator(CrmCollectionFiguresCommon):
    """Indicators of a small company: known by hand, and worked out again without SQL."""

    def _indicators(self, user=None):
        """:return: {day: row}"""
        self.env.invalidate_all()
        rows = self.env["crm.collection.indicator"].with_user(user or self.collector).search([])
        return {row.date: row for row in rows}

    # === By hand === #

    def test_dso_counts_back(self):
        """160 of March and 140 of the 280 of February: 16 days, and half of 28."""
        self._pay_on(self._invoice("2026-01-05", "2026-02-05", 310), "2026-02-10")
        paid = self._invoice("2026-02-03", "2026-03-05", 140)
        self._pay_on(paid, "2026-03-05")
        self._invoice("2026-02-10", "2026-03-12", 140)
        self._invoice("2026-03-02", "2026-04-01", 160)
        rows = self._indicators()
        self.assertEqual(list(rows), [TODAY, date(2026, 2, 28), date(2026, 1, 31)])
        today = rows[TODAY]
        self.assertTrue(today.is_current)
        self.assertEqual((today.receivables, today.overdue, today.sales), (300, 140, 160))
        self.assertAlmostEqual(today.dso, 16 + 28 / 2)
        # the whole of January's sales were owed
        self.assertAlmostEqual(rows[date(2026, 1, 31)].dso, 31)

    def test_cei(self):
        """580 could be collected; 280 are not due yet, so 300 were due and 280 of them came."""
        self._invoice("2026-01-05", "2026-02-05", 20)
        paid = self._invoice("2026-01-05", "2026-02-05", 280)
        self._pay_on(paid, "2026-02-10")
        self._invoice("2026-02-10", "2026-03-12", 280)
        february = self._indicators()[date(2026, 2, 28)]
        self.assertEqual((february.receivables_from, february.sales), (300, 280))
        self.assertEqual((february.receivables, february.not_due), (300, 280))
        self.assertAlmostEqual(february.cei, 100 * 280 / 300)

    def test_days_delinquent(self):
        """Of 900 sold in 90 days 100 are overdue, ten days' worth, and 200 not due."""
        self._invoice("2025-12-05", "2026-01-05", 100)
        paid = self._invoice("2026-01-05", "2026-02-05", 600)
        self._pay_on(paid, "2026-02-05")
        self._invoice("2026-02-05", "2026-03-05", 200)
        february = self._indicators()[date(2026, 2, 28)]
        self.assertEqual((february.quarter_sales, february.quarter_days), (900, 90))
        self.assertAlmostEqual(february.days_delinquent, 10)
        self.assertAlmostEqual(february.dso_best, 20)
        self.assertAlmostEqual(february.overdue_share, 100 / 3)

    def test_credit_notes_are_no_sales(self):
        self._invoice("2026-02-05", "2026-03-05", 500)
        self._create_credit(200, days=30)  # in February
        february = self._indicators()[date(2026, 2, 28)]
        self.assertEqual((february.sales, february.receivables), (300, 500))

    def test_an_opening_balance_is_no_sale(self):
        """Without a sale there is no figure; with one, all days since it count."""
        receivable = self.company_data["default_account_receivable"]
        income = self.company_data["default_account_revenue"]
        entry = self.env["account.move"].create(
            {
                "date": "2026-02-05",
                "line_ids": [
                    Command.create({"account_id": receivable.id, "debit": 900}),
                    Command.create({"account_id": income.id, "credit": 900}),
                ],
            }
        )
        entry.action_post()
        february = self._indicators()[date(2026, 2, 28)]
        self.assertEqual(february.receivables, 900)
        self.assertFalse(february.has_dso)
        self.assertFalse(february.dso or february.dso_best or february.days_delinquent)
        self._invoice("2026-02-20", "2026-03-20", 10)
        february = self._indicators()[date(2026, 2, 28)]
        self.assertTrue(february.has_dso)
        self.assertEqual(february.dso, 28)

    def test_promises(self):
        """Two of three were kept; one for next month and a dispute are not counted."""
        self._allocate()
        for until, amount in (("2026-03-18", 10), ("2026-03-19", 20), ("2026-03-20", 30)):
            move = self._create_overdue(5, amount=amount)
            self._allocate()
            self._hold_promise(move, until)
            if amount != 30:
                self._pay(move)
        self._hold_promise(self._create_overdue(5, amount=40), "2026-04-10")
        self._move_on(6)
        self._allocate()
        row = self._indicators()[TODAY + timedelta(days=6)]
        self.assertEqual((row.promise_kept_count, row.promise_broken_count), (2, 1))
        self.assertAlmostEqual(row.promise_kept_rate, 200 / 3)

    def _hold_promise(self, move, until):
        return (
            self.env["crm.collection.hold"]
            .with_user(self.collector)
            .with_company(self.company)
            .create(
                {
                    "kind": "promise",
                    "move_id": move.id,
                    "reason": "Promised on the phone",
                    "date_until": until,
                    "amount": move.amount_total,
                }
            )
        )

    # === Worked out again === #

    def test_against_loops(self):
        """A year of invoices, some never paid, some in parts: every month, every indicator."""
        random = Random(7)
        open_items, first = [], date(2025, 3, 20)
        for number in range(40):
            issued = first + timedelta(days=9 * number - random.randint(0, 3))
            due = issued + timedelta(days=random.choice([0, 15, 30, 45]))
            amount = random.randint(1000, 90000) / 100
            move, payments = self._invoice(issued, due, amount), []
            for share in random.choice([(), (1,), (0.5,), (0.25, 0.75)]):
                part = (
                    round(amount * share, 2)
                    if share < 0.75
                    else round(amount - sum(paid for _day, paid in payments), 2)
                )
                day = due + timedelta(days=random.randint(-10, 80) + 40 * len(payments))
                if day <= TODAY:
                    self._pay_on(move, max(day, issued), part)
                    payments.append((max(day, issued), part))
            open_items.append((issued, due, amount, payments))
        ledger, rows = Ledger(open_items), self._indicators()
        self.assertEqual(len(rows), 13)
        for day, row in rows.items():
            self.assertIn(day.day, (monthrange(day.year, day.month)[1], TODAY.day))
            for name, value in ledger.figures(day).items():
                with self.subTest(day=day, name=name):
                    self.assertAlmostEqual(row[name], value, 6)

    def test_agrees_with_the_aging(self):
        """A returned payment too: receivables and overdue are those of the aging of the day."""
        returned = self._invoice("2026-01-10", "2026-02-01", 100)
        self._allocate()
        self._pay_on(returned, "2026-02-20")
        part = self._invoice("2026-02-10", "2026-04-01", 80)
        self._pay_on(part, "2026-03-10", 30)
        self._move_on(20)
        self._receivables(returned).remove_move_reconcile()
        for day, row in self._indicators().items():
            open_items = self._aging(day).search([])
            overdue = open_items.filtered(lambda open_item: open_item.days_overdue > 0)
            with self.subTest(day=day):
                self.assertEqual(row.receivables, sum(open_items.mapped("amount")))
                self.assertEqual(row.overdue, sum(overdue.mapped("amount")))
        # as matched now: what came back was not paid on that day
        self.assertEqual(self._indicators()[date(2026, 2, 28)].receivables, 180)

    # === Rights === #

    def test_who_reads_it(self):
        self._create_overdue(12)
        with self.assertRaises(AccessError):
            self._indicators(user=self.outsider)
        self.outsider.sudo().group_ids += self.env.ref("account.group_account_readonly")
        self.assertTrue(self._indicators(user=self.outsider))
        other = self.env["res.company"].sudo().create({"name": "Elsewhere"})
        self.outsider.sudo().write(
            {"company_id": other.id, "company_ids": [Command.set(other.ids)]}
        )
        self.assertFalse(self._indicators(user=self.outsider))
