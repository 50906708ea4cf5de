from datetime import timedelta

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged

from ..common import TODAY
from ..common_letters import CrmCollectionLettersCommon


@tagged("post_install", "-at_install")
class TestSettlementLetters(CrmCollectionLettersCommon):
    """What the ledger says of the letters before a settlement, and of other currencies and
    companies."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.move = cls._create_overdue(12)

    def setUp(self):
        super().setUp()
        self._allocate()
        self.item = self._items(self.move)

    def _rows(self, moves=None):
        items = self._items(moves or self.move)
        return self.env["crm.collection.settlement"].search(
            [("item_id", "in", items.ids)], order="id"
        )

    def _write_letter(self):
        self._send_letters()
        self.assertTrue(self._deliver())

    # === Letters === #

    def test_letters_before(self):
        """Two letters in two phases, the second the item's last."""
        self._write_letter()
        self._move_on(20)
        self._allocate()
        self._write_letter()
        self._move_on(4)
        self._pay(self.move)
        self.assertRecordValues(
            self._rows(),
            [
                {
                    "letter_count": 2,
                    "date_last_letter": TODAY + timedelta(days=20),
                    "days_since_letter": 4,
                    "last_letter_phase_id": self.phase_third.id,
                    "phase_id": self.phase_third.id,
                }
            ],
        )

    def test_letters_that_did_not_arrive(self):
        """Written, queued or bounced is not received."""
        self._send_letters()
        self._pay(self.move, 30)
        self._deliver()
        self._letters().sudo().state = "bounced"
        self._pay(self.move, 30)
        self.assertEqual(self._rows().mapped("letter_count"), [0, 0])
        self.assertEqual(self._rows().mapped("date_last_letter"), [False, False])

    def test_paid_before_the_letter(self):
        """A payment of the day before the letter owes it nothing, however late it is matched."""
        self._move_on(2)
        self._send_letters()
        self._deliver()
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=self.move.ids)
            .create({"payment_date": TODAY + timedelta(days=1)})
        )
        wizard._create_payments()
        self.assertEqual((self._rows().letter_count, self._rows().is_attributed), (0, False))

    def test_day_of_the_letter_is_the_company_s(self):
        """Sent late in the evening in São Paulo: the next day in UTC is not the letter's."""
        self.company.collection_tz = "America/Sao_Paulo"
        with freeze_time(f"{TODAY + timedelta(days=1)} 01:30:00"):
            self._send_letters()
            self._deliver()
            self._pay(self.move)
        row = self._rows()
        self.assertEqual((row.date_last_letter, row.day_recorded), (TODAY, TODAY))

    def test_attribution(self):
        """Settled N-1, N and N+1 days after the letter; the setting decides, at any time.

        Seen to fail with the day after the last counted.
        """
        others = self._create_overdue(12) | self._create_overdue(12)
        self._allocate()
        self._write_letter()
        self._move_on(6)
        for move in (self.move, others[0], others[1]):
            self._pay(move)
            self._move_on(1)
        rows = self._rows(self.move | others)
        self.assertEqual(rows.mapped("days_since_letter"), [6, 7, 8])
        self._assert_attributed(rows, [True, True, False])
        self.company.collection_attribution_days = 6
        self._assert_attributed(rows, [True, False, False])
        self.company.collection_attribution_days = 0
        self._assert_attributed(rows, [False, False, False])

    def _assert_attributed(self, rows, expected):
        """Field, search and group-by agree."""
        self.env.flush_all()
        rows.invalidate_recordset()
        self.assertEqual(rows.mapped("is_attributed"), expected)
        Row = rows.with_user(self.collector)
        domain = [("id", "in", rows.ids)]
        for value in (True, False):
            found = Row.search([*domain, ("is_attributed", "=", value)], order="id")
            self.assertEqual(found.ids, [r.id for r in rows if r.is_attributed == value])
        groups = Row._read_group(domain, ["is_attributed"], ["__count"])
        counts = {value: expected.count(value) for value in set(expected)}
        self.assertEqual(dict(groups), counts)

    def test_returned_payment_takes_the_attribution_back(self):
        self._write_letter()
        self._move_on(2)
        self._pay(self.move)
        self._move_on(30)
        self._receivables(self.move).remove_move_reconcile()
        rows = self._rows()
        self.assertEqual(rows.mapped("amount"), [100, -100])
        self.assertEqual(rows.mapped("is_attributed"), [True, True])
        self.assertEqual(rows.mapped("letter_count"), [1, 1])

    # === Currencies === #

    def test_exchange_difference(self):
        """An item in another currency: money and exchange difference are told apart, and the
        ledger adds up to what accounting says in both currencies."""
        move = self._create_invoice_in(self.foreign, 12, 100)
        self._allocate()
        line = self._receivables(move)
        self.env["res.currency.rate"].create(
            {
                "name": TODAY,
                "rate": 4,
                "currency_id": self.foreign.id,
                "company_id": self.company.id,
            }
        )
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({"currency_id": self.foreign.id, "amount": 40})._create_payments()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({"currency_id": self.foreign.id, "amount": 60})._create_payments()
        self.assertTrue(line.reconciled)
        rows = self._rows(move)
        self.assertIn("exchange", rows.mapped("kind"))
        paid = rows.filtered(lambda row: row.kind == "payment")
        self.assertEqual(paid.mapped("amount_currency"), [40, 60])
        self.assertEqual(sum(rows.mapped("amount_currency")), 100)
        self.assertFalse(
            line.company_currency_id.compare_amounts(sum(rows.mapped("amount")), line.balance)
        )
        self.assertFalse(
            sum(rows.filtered(lambda r: r.kind == "exchange").mapped("amount_currency"))
        )
        line.remove_move_reconcile()
        rows = self._rows(move)
        self.assertFalse(
            line.company_currency_id.round(
                sum(rows.mapped("amount")) - line.balance + line.amount_residual
            )
        )
        self.assertFalse(sum(rows.mapped("amount_currency")))

    # === Companies === #

    def test_companies(self):
        """Each company's settlements are seen by its people alone, on its own days."""
        data = self.setup_other_company(name="Tokyo KK")
        other = data["company"]
        other.collection_tz = "Asia/Tokyo"
        move = (
            self.env["account.move"]
            .with_company(other)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.customer.id,
                    "company_id": other.id,
                    "invoice_date": TODAY - timedelta(days=12),
                    "invoice_date_due": TODAY - timedelta(days=12),
                    "invoice_payment_term_id": False,
                    "invoice_line_ids": [
                        Command.create({"name": "S", "price_unit": 10, "tax_ids": []})
                    ],
                }
            )
        )
        move.action_post()
        self._allocate()
        with freeze_time(f"{TODAY} 15:30:00"):
            self._pay(self.move)
            self.env["account.payment.register"].with_company(other).with_context(
                active_model="account.move", active_ids=move.ids
            ).create({"payment_date": TODAY})._create_payments()
        self.assertEqual(self._rows(move).day_recorded, TODAY + timedelta(days=1))
        self.assertEqual(self._rows().day_recorded, TODAY)
        seen = self.env["crm.collection.settlement"].with_user(self.collector).search([])
        self.assertEqual(seen.company_id, self.company)
        self._receivables(move).remove_move_reconcile()
        self.assertEqual(self._rows(move).mapped("amount"), [10, -10])
