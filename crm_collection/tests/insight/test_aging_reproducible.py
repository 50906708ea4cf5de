from datetime import datetime, timedelta
from random import Random

from odoo.tests import tagged

from ..common import TODAY
from ..common_figures import CrmCollectionFiguresCommon

DAYS = 20


@tagged("post_install", "-at_install")
class TestAgingReproducible(CrmCollectionFiguresCommon):
    """What the aging of a day says on that day it says for ever, as known then, and as matched now
    it says what accounting says."""

    def _move_on(self, days):
        """Accounting's own notes of when something was made follow the day, too."""
        super()._move_on(days)
        self.env.cr._now = datetime.now()
        self.addCleanup(setattr, self.env.cr, "_now", None)

    def _picture(self, day=None, matching="then"):
        """:return: {item: (amount, in currency, bucket, phase)} on a day"""
        return {
            open_item.line_id.id: (
                open_item.amount,
                open_item.amount_currency,
                open_item.bucket,
                open_item.phase_id.name,
            )
            for open_item in self._aging(day)
            .with_context(crm_collection_aging_matching=matching)
            .search([])
        }

    def _assert_agrees_with_accounting(self):
        """Today's amounts are the residuals, item by item, in both currencies."""
        lines = self.env["account.move.line"].search(
            [
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("balance", ">", 0),
                ("reconciled", "=", False),
                ("company_id", "=", self.company.id),
            ]
        )
        self.assertEqual(
            {line_id: row[:2] for line_id, row in self._picture(matching="now").items()},
            {line.id: (line.amount_residual, line.amount_residual_currency) for line in lines},
        )

    def test_days_lived_through(self):
        """Three weeks of invoices, payments in parts, credit notes, returned payments, the job."""
        for number, days in enumerate((3, 6, 10, 15), start=1):
            self.company[f"collection_aging_days_{number}"] = days
        random = Random(4)
        moves, pictures = self.env["account.move"], {}
        for number in range(DAYS):
            self._move_on(bool(number))
            moves |= self._live(random, moves)
            self._allocate()
            pictures[TODAY + timedelta(days=number)] = self._picture()
        self.assertTrue(self._count_reversals() >= 3, "they are too tame to test anything")
        self._assert_agrees_with_accounting()
        self._move_on(400)
        for day, picture in pictures.items():
            with self.subTest(day=day):
                self.assertEqual(self._picture(day), picture)

    def _live(self, random, moves):
        """A day: an invoice, and a payment or a return of one among those in collection; of
        others no ledger is kept."""
        today = self.company._get_collection_today()
        due = today + timedelta(days=random.randint(0, 5))
        move = self._invoice(today, due, random.randint(100, 90000) / 100)
        moves = moves.filtered("collection_item_ids")
        open_moves = moves.filtered("amount_residual")
        if open_moves:
            chosen = random.choice(open_moves)
            if random.random() < 0.3:
                credit = self._create_credit_today(chosen.amount_residual / 2)
                self._receivables(chosen | credit).reconcile()
            else:
                share = random.choice([1, 0.5])
                self._pay(chosen, round(chosen.amount_residual * share, 2))
        paid = moves.filtered(lambda paid: paid.amount_residual < paid.amount_total)
        if paid and random.random() < 0.4:
            self._receivables(random.choice(paid)).remove_move_reconcile()
        return move

    def _create_credit_today(self, amount):
        today = self.company._get_collection_today()
        return self._create_credit(round(amount, 2), days=(TODAY - today).days)

    def _count_reversals(self):
        return self.env["crm.collection.settlement"].search_count([("reversal_of_id", "!=", False)])

    def test_foreign_currency(self):
        """An exchange difference is money in one currency alone."""
        rates = [("2016-01-01", 2.0), ("2026-02-01", 1.6), ("2026-03-01", 2.5)]
        rates.append(("2026-03-10", 1.25))
        euro = self.setup_other_currency("EUR", rates=rates)
        moves = self.env["account.move"]
        for issued in ("2026-01-15", "2026-02-15"):
            for paid, amount in (
                (None, 0),
                ("2026-03-02", 40),
                ("2026-03-02", 100),
                ("2026-03-10", 40),
                ("2026-03-10", 100),
            ):
                move = self._invoice(issued, "2026-02-20", 100, currency_id=euro.id)
                if paid:
                    self._pay_on(move, paid, amount)
                moves |= move
        self._assert_agrees_with_accounting()
        before = self._aging("2026-02-28").search([("move_id", "in", moves.ids)])
        self.assertEqual(before.mapped("amount_currency"), [100.0] * 10)
        self.assertEqual(sorted(before.mapped("amount")), [50.0] * 5 + [62.5] * 5)
        after = self._aging(TODAY).search([("move_id", "in", moves.ids)])
        self.assertEqual(sorted(after.mapped("amount_currency")), [60] * 4 + [100] * 2)

    def test_paid_in_the_currency_of_the_company(self):
        """An item in one currency, its payment in another."""
        rates = [("2016-01-01", 2.0), ("2026-03-01", 2.5), ("2026-03-10", 1.25)]
        euro = self.setup_other_currency("EUR", rates=rates)
        moves = self.env["account.move"]
        for day, amount in (("2026-03-02", 50), ("2026-03-02", 20), ("2026-03-10", 50)):
            move = self._invoice("2026-01-15", "2026-02-20", 100, currency_id=euro.id)
            payment = self.env["account.payment"].create(
                {
                    "partner_id": self.customer.id,
                    "payment_type": "inbound",
                    "amount": amount,
                    "date": day,
                    "currency_id": self.company.currency_id.id,
                }
            )
            payment.action_post()
            self._receivables(move | payment.move_id).reconcile()
            moves |= move
        self._assert_agrees_with_accounting()
        before = self._aging("2026-02-28").search([("move_id", "in", moves.ids)])
        self.assertEqual(before.mapped("amount_currency"), [100.0] * 3)
        self.assertEqual(before.mapped("amount"), [50.0] * 3)

    def test_installments_and_entries(self):
        """Each installment is an item, and so is an entry that is no invoice."""
        move = self._create_overdue(40, amount=100, terms=(0, 30))
        receivable = self.company_data["default_account_receivable"]
        income = self.company_data["default_account_revenue"]
        entry = self.env["account.move"].create(
            {
                "date": TODAY,
                "line_ids": [
                    (
                        0,
                        0,
                        {"account_id": receivable.id, "partner_id": self.customer.id, "debit": 30},
                    ),
                    (0, 0, {"account_id": income.id, "credit": 30}),
                ],
            }
        )
        entry.action_post()
        self._assert_agrees_with_accounting()
        self.assertEqual(
            [(open_item.days_overdue, open_item.amount) for open_item in self._aging().search([])],
            [(40, 50), (10, 50), (0, 30)],
        )
        self.assertEqual(len(move.line_ids & self._aging().search([]).line_id), 2)

    def test_totals_by_currency(self):
        euro = self.setup_other_currency("EUR", rates=[("2016-01-01", 2.0)])
        self._create_overdue(12, amount=100)
        self._create_overdue(12, amount=50, currency_id=euro.id)
        groups = self._aging()._read_group(
            [], ["company_id", "currency_id"], ["amount:sum", "amount_currency:sum"]
        )
        self.assertEqual(
            {(company, currency): amounts for company, currency, *amounts in groups},
            {(self.company, self.company.currency_id): [100, 100], (self.company, euro): [25, 50]},
        )
