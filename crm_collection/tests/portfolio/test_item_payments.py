from datetime import timedelta

from odoo.tests import tagged

from ..common import TODAY
from ..common_engine import CrmCollectionEngineCommon


@tagged("post_install", "-at_install")
class TestItemPayments(CrmCollectionEngineCommon):
    """An item follows what is matched with it, at once: the bookkeeper needs no job for it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.move = cls._create_overdue(12)

    def setUp(self):
        super().setUp()
        self._allocate()
        self.item = self._items(self.move)

    def _assert_settled(self, amount=100.0, day=TODAY):
        self.assertRecordValues(
            self.item,
            [
                {
                    "state": "settled",
                    "amount_residual": 0,
                    "phase_id": False,
                    "step_id": False,
                    "date_phase": False,
                    "date_next_letter": False,
                    "blocker": False,
                }
            ],
        )
        self.assertRecordValues(
            self.item.allocation_ids.sorted("id")[-1],
            [
                {
                    "phase_id": self.phase_second.id,
                    "reason_out": "settled",
                    "day_out": day,
                    "amount_settled": amount,
                    "date_settled": day,
                }
            ],
        )

    def test_partial_payment(self):
        """What is left is what is asked for; the allocation goes on."""
        self._register_payment(self.move, 30)
        self.assertRecordValues(
            self.item,
            [{"state": "open", "amount_residual": 70, "amount_residual_currency": 70}],
        )
        self._assert_allocations(self.move, [(self.phase_second, False)])
        self._allocate()
        self._assert_phase(self.move, self.phase_second)

    def test_full_payment(self):
        self._register_payment(self.move)
        self._assert_settled()
        allocation = self.item.allocation_ids
        self.assertEqual(allocation.user_out_id, self.bookkeeper)

    def test_payments_over_several_days(self):
        """What was paid while the item was in its phase is settled in that phase."""
        self._register_payment(self.move, 30)
        self._move_on(3)
        self._register_payment(self.move)
        self._assert_settled(100, TODAY + timedelta(days=3))

    def test_paid_in_two_phases(self):
        """Each allocation has what was paid in it, not what was paid before."""
        self._register_payment(self.move, 30)
        self._move_on(18)
        self._allocate()
        self._register_payment(self.move)
        allocations = self.item.allocation_ids.sorted("id")
        self.assertEqual(allocations.mapped("amount_in"), [100, 70])
        self.assertEqual(allocations.mapped("amount_settled"), [30, 70])
        self.assertEqual(allocations.mapped("reason_out"), ["moved", "settled"])

    def test_one_installment_of_several(self):
        move = self._create_overdue(35, amount=300.0, terms=(0, 10))
        self._allocate()
        first, second = self._items(move)
        self._register_payment(first.line_id, first.amount_residual)
        self.assertEqual((first.state, second.state), ("settled", "open"))
        self.assertEqual(second.amount_residual, 150)

    def test_returned_payment(self):
        """P4: a returned payment reopens the item as a new allocation; nothing is rewritten.

        Seen to fail with the phase kept when an item is reopened.
        """
        self._register_payment(self.move)
        settled = self.item.allocation_ids
        fields = settled._fields.items()
        written = [name for name, field in fields if field.column_type and field.store]
        before = settled.read(written)
        self.assertEqual(settled.amount_settled, 100)
        self._move_on(2)
        self._unmatch(self.move)
        self.assertRecordValues(
            self.item,
            [{"state": "open", "amount_residual": 100, "phase_id": False, "to_evaluate": True}],
        )
        self._allocate()
        self._assert_allocations(
            self.move, [(self.phase_second, "settled"), (self.phase_second, False)]
        )
        self.assertEqual(settled.read(written), before)
        self.assertEqual(settled.amount_settled, 0)  # the ledger tells what is left of it
        allocation = self.item.allocation_id
        self.assertEqual((allocation.day_in, allocation.days_in), (TODAY + timedelta(days=2), 14))
        self.assertEqual(self.item.date_next_letter, TODAY + timedelta(days=2))

    def test_returned_in_part(self):
        self._register_payment(self.move, 60)
        self._register_payment(self.move, 40)
        line = self._receivables(self.move)
        line.matched_credit_ids.filtered(lambda partial: partial.amount == 40).with_user(
            self.bookkeeper
        ).unlink()
        self.assertRecordValues(self.item, [{"state": "open", "amount_residual": 40}])
        self._allocate()
        self.assertEqual(self.item.allocation_id.amount_in, 40)

    def test_paid_and_returned_before_any_run(self):
        self._register_payment(self.move)
        self._unmatch(self.move)
        self._allocate()
        self._assert_phase(self.move, self.phase_second)
        self.assertEqual(
            len(self.item.allocation_ids.filtered(lambda allocation: not allocation.date_out)), 1
        )

    def test_payment_taken_back(self):
        """Resetting a payment to draft keeps its match in accounting, cancelling it does not."""
        payment = self._as_bookkeeper(self._register_payment(self.move))
        payment.action_draft()
        self.assertEqual(self.item.state == "settled", self._receivables(self.move).reconciled)
        payment.action_cancel()
        self.assertEqual(self.item.state == "settled", self._receivables(self.move).reconciled)
        payment.action_draft()
        payment.unlink()
        self.assertFalse(self._receivables(self.move).reconciled)
        self.assertEqual(self.item.state, "open")

    def test_credit_note_matched(self):
        credit = self._create_credit(100)
        lines = self._receivables(self.move | credit)
        self._as_bookkeeper(lines).reconcile()
        self._assert_settled()

    def test_credit_note_from_the_invoice(self):
        """Odoo's own reversal settles the item."""
        wizard = (
            self.env["account.move.reversal"]
            .with_user(self.bookkeeper)
            .with_context(active_model="account.move", active_ids=self.move.ids)
            .create({"journal_id": self.move.journal_id.id, "reason": "Goods came back"})
        )
        wizard.modify_moves()
        self._assert_settled()
        self.assertEqual(self.move.payment_state, "reversed")

    def test_unmatched_credit_changes_nothing(self):
        """Nothing is netted in the portfolio: the item is owed until it is matched."""
        self._create_credit(500)
        self._allocate()
        self.assertRecordValues(self.item, [{"state": "open", "amount_residual": 100}])

    def test_write_off(self):
        """A payment with the rest written off settles the item."""
        wizard = (
            self.env["account.payment.register"]
            .with_user(self.bookkeeper)
            .with_context(active_model="account.move", active_ids=self.move.ids)
            .create(
                {
                    "amount": 95,
                    "payment_difference_handling": "reconcile",
                    "writeoff_account_id": self.company_data["default_account_expense"].id,
                }
            )
        )
        wizard._create_payments()
        self._assert_settled()

    def test_other_account(self):
        """An item reclassified to an account that is not receivable is no open item any more."""
        account = self.env["account.account"].create(
            {"name": "Bad debt", "code": "199777", "account_type": "asset_current"}
        )
        entry = self._create_entry(12, no_followup=False)
        self._allocate()
        line = self._receivables(entry)
        line.write({"account_id": account.id, "date_maturity": False})
        self.assertEqual(self._items(entry).state, "cancelled")
        self._assert_allocations(entry, [(self.phase_second, "cancelled")])

    def test_loaded_by_sql(self):
        """What the hooks did not see, the job sweeps: settled, reopened, cancelled.

        Seen to fail with the sweep taken out of the job.
        """
        others = self._create_overdue(12) | self._create_overdue(12)
        self._allocate()
        self._register_payment(others[0])
        self._move_on(1)
        self._set_by_sql(self.move, amount_residual=0, amount_residual_currency=0, reconciled=True)
        self._set_by_sql(
            others[0], amount_residual=100, amount_residual_currency=100, reconciled=False
        )
        others[0].payment_state = "not_paid"
        self._set_by_sql(others[1], parent_state="cancel")
        self._allocate()
        self.assertEqual(
            [self._items(move).state for move in self.move | others],
            ["settled", "open", "cancelled"],
        )
        self._assert_phase(others[0], self.phase_second)
        self.assertRecordValues(
            self._get_run(), [{"item_settled": 1, "item_reopened": 1, "item_cancelled": 1}]
        )

    def _set_by_sql(self, move, **values):
        self.env.flush_all()
        columns = ", ".join(f"{name} = %s" for name in values)
        self.env.cr.execute(
            f"UPDATE account_move_line SET {columns} WHERE id = %s",
            [*values.values(), self._receivables(move).id],
        )
        self.env.invalidate_all()
