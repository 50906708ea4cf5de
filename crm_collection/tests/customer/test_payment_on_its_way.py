from datetime import timedelta

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import SQL

from ...models.engine import plan_queries
from ...models.portfolio import payment_queries
from ..common import TODAY
from ..common_engine import COLLECTION_TABLES
from ..common_portal import CrmCollectionOnItsWayCommon


@tagged("post_install", "-at_install")
class TestPaymentOnItsWay(CrmCollectionOnItsWayCommon):
    """An online payment that the provider has not confirmed yet: what it pays is not asked for,
    for the days the company says, and job, letters, explanation, simulation, portal and statement
    say the same.

    Seen to fail: the portal said "Payment in progress" while the letter asked for the money.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls._create_provider()
        cls._set(cls.provider, code="test")  # its money comes, unlike that of "none"
        cls.move = cls._create_overdue(9)

    @classmethod
    def _set(cls, record, **values):
        """What a provider's own code would write."""
        cls.env.flush_all()
        for fname, value in values.items():
            cls.env.cr.execute(
                SQL(
                    "UPDATE %s SET %s = %s WHERE id = %s",
                    SQL.identifier(record._table),
                    SQL.identifier(fname),
                    value,
                    record.id,
                )
            )
        cls.env.invalidate_all()

    def _pay_online(self, moves=None, amount=100.0, state="pending", days_ago=0, **values):
        moves = moves or self.move
        payment_sudo = self.env["payment.transaction"].sudo()
        payment_sudo = payment_sudo.create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.provider.payment_method_ids.id,
                "reference": f"T{payment_sudo.search_count([])}",
                "amount": amount,
                "currency_id": self.company.currency_id.id,
                "partner_id": self.customer.id,
                "invoice_ids": [Command.set(moves.ids)],
                "operation": "online_redirect",
                **values,
            }
        )
        changed = f"{TODAY - timedelta(days=days_ago)} 09:00:00"
        self._set(payment_sudo, state=state, last_state_change=changed)
        return payment_sudo

    def test_nothing_is_asked_for_while_it_is_on_its_way(self):
        for state in ("pending", "authorized"):
            with self.subTest(state):
                move = self._create_overdue(9, partner=self._create_customer(state))
                self._pay_online(move, state=state)
                self._allocate()
                self.assertEqual(self._items(move).blocker, "processing")
                self._send_letters()
                self.assertFalse(self._letters(move.partner_id))
                self.assertEqual(self._get_answers(move), [True])

    def test_it_is_waited_for_so_many_days(self):
        """GIVEN a payment that is never heard of again
        WHEN the company's days after its last change are over
        THEN its items are asked for again by themselves, on the day that was said.

        A day less or more shows with `>` for `>=` or the last day left out.
        """
        self._allocate()
        self._pay_online()
        self._allocate()
        item = self._items(self.move)
        step = item._foresee()[item.id]["step"]
        self.assertEqual(step, (TODAY + timedelta(days=5), self._step(10).id))
        self.assertIn("until 03/20/2026", self._facts(item)["Held back"])
        for days, expected in ((4, True), (1, False)):
            self._move_on(days)
            self._allocate()
            self.assertEqual(self._get_answers(), [expected])
        self.assertEqual(item.phase_id, self.phase_second)
        self._send_letters()
        self.assertTrue(self._letters())

    def _step(self, days):
        return self.rule.step_ids.filtered(lambda step: step.days == days)

    def test_days_are_the_companys(self):
        """None: nothing is held back. They are counted on the company's clock."""
        self._allocate()
        payment = self._pay_online()
        for days, expected in ((0, False), (1, True)):
            self.company.collection_processing_days = days
            self._allocate()
            self.assertEqual(self._get_answers(), [expected], days)
        self._set(payment, last_state_change=f"{TODAY} 02:00:00")
        self.company.collection_tz = "America/Sao_Paulo"  # where it is yesterday
        self._allocate()
        self.assertEqual(self._get_answers(), [False])

    def test_time_zone_is_the_companys(self):
        """The clock of the SQL is that of the company's own method."""
        for zone in (False, "Asia/Kolkata"):
            self.company.collection_tz = zone
            self.env.flush_all()
            [(_days, tz)] = self.env.execute_query(payment_queries._company(self.company.id))
            self.assertEqual(tz, self.company._get_collection_tz())

    def test_what_the_payment_pays(self):
        """What was due first, in full; what is paid in part is asked for as before."""
        cases = {
            (30.0,): [False, False, False],
            (100.0,): [True, False, False],
            (199.99,): [True, False, False],
            (100.0, 100.0): [True, True, False],
            (150.0, 150.0): [True, True, True],
            (300.0,): [True, True, True],
        }
        for amounts, expected in cases.items():
            with self.subTest(amounts=amounts):
                move = self._create_overdue(40, terms=(0, 10, 20), amount=300)
                self._allocate()
                for amount in amounts:
                    self._pay_online(move, amount)
                self._allocate()
                self.assertEqual(self._get_answers(move), expected)

    def test_one_of_two_payments_is_over(self):
        move = self._create_overdue(40, terms=(0, 10), amount=200)
        self._allocate()
        self._pay_online(move, 100.0, days_ago=3)
        self._pay_online(move, 100.0)
        for days, expected in ((0, [True, True]), (2, [True, False]), (3, [False, False])):
            self._move_on(days)
            self._allocate()
            self.assertEqual(self._get_answers(move), expected)

    def test_several_invoices_are_paid_together(self):
        """The oldest first, whichever invoice it is of."""
        late = self._create_overdue(30, amount=60)
        self._allocate()
        self._pay_online(self.move | late, 100.0)
        self._allocate()
        self.assertEqual((self._get_answers(late), self._get_answers()), ([True], [False]))

    def test_discount_for_early_payment(self):
        """What pays an invoice with its discount pays all of it."""
        self._allocate()
        line = self._receivables(self.move)
        self._set(line, discount_date=TODAY, discount_amount_currency=98.0)
        self._pay_online(amount=98.0)
        self._allocate()
        self.assertEqual(self._get_answers(), [True])

    def test_money_that_does_not_come_holds_nothing_back(self):
        cases = {
            "draft": {"state": "draft"},
            "cancelled": {"state": "cancel"},
            "error": {"state": "error"},
            "refund": {"operation": "refund", "amount": -100.0},
            "other currency": {"currency_id": self.foreign.id},
        }
        self._allocate()
        for case, values in cases.items():
            with self.subTest(case):
                payment = self._pay_online(**values)
                self._allocate()
                self.assertEqual(self._get_answers(), [False])
                self._set(payment, state="cancel")
        self._set(self.provider, code="none")
        self._pay_online()
        self._allocate()
        self.assertEqual(self._get_answers(), [False])

    def test_money_that_was_captured_is_not_on_its_way(self):
        """The part of an authorized payment that was given up does not come."""
        self._allocate()
        payment = self._pay_online(state="authorized")
        part = self._pay_online(amount=40.0, source_transaction_id=payment.id, state="cancel")
        self._set(part, is_post_processed=True)
        self._allocate()
        self.assertEqual(self._get_answers(), [False])

    def test_confirmed_payment(self):
        """Confirmed, and not yet posted: the money is there. Then the item is settled."""
        self._allocate()
        payment = self._pay_online()
        self._set(payment, state="done")
        self._allocate()
        self.assertEqual(self._get_answers(), [True])
        payment._post_process()
        self.env.invalidate_all()
        self.assertEqual(self._items(self.move).state, "settled")

    def test_cancelled_payment(self):
        self._allocate()
        payment = self._pay_online()
        self._allocate()
        payment._set_canceled()
        self._allocate()
        self.assertEqual(self._get_answers(), [False])
        self._send_letters()
        self.assertTrue(self._letters())

    def test_invoice_in_payment(self):
        self._allocate()
        self.move.payment_state = "in_payment"
        self._items(self.move)._mark_to_evaluate()
        self._allocate()
        item = self._items(self.move)
        self.assertEqual(item.blocker, "processing")
        self.assertEqual(self._facts(item)["Held back"], "Payment on its way.")

    def test_letter_that_waits_is_checked_again(self):
        """The customer pays online after his letter was written, and after it was queued."""
        self._allocate()
        letter = self._decide()
        self.assertEqual(letter.state, "to_send")
        payment = self._pay_online()
        letter._issue()
        self.assertEqual(letter.state, "cancelled")
        payment._set_canceled()
        letter = self._decide()
        letter._issue()
        self.assertEqual(letter.state, "outgoing")
        self._pay_online()
        self._deliver()
        self.assertEqual(letter.state, "cancelled")

    def test_run_in_which_nothing_changed_writes_nothing(self):
        """And one after a payment began, or ended, does."""
        self._allocate()
        company, rules = self.company, self.env["crm.collection.engine"]._get_rules(self.company)

        def get_fingerprint():
            self.env.flush_all()
            query = plan_queries.fingerprint(company.id, TODAY, rules)
            return self.env.execute_query(query)[0][0]

        before = get_fingerprint()
        payment = self._pay_online()
        waiting = get_fingerprint()
        self.assertNotEqual(waiting, before)
        self._allocate()
        versions = self._get_versions()
        self._allocate()
        self.assertEqual(self._get_versions(), versions)
        self.company.collection_processing_days = 0
        self.assertEqual(get_fingerprint(), before)
        self.company.collection_processing_days = 5
        self._set(payment, amount=10)
        self.assertNotEqual(get_fingerprint(), waiting)

    def _get_versions(self):
        self.env.flush_all()
        return [
            self.env.execute_query(
                SQL("SELECT ctid::text, id FROM %s ORDER BY id", SQL.identifier(table))
            )
            for table in COLLECTION_TABLES
        ]
