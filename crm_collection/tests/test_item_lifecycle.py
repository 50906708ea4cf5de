from datetime import timedelta

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import TODAY
from .engine_common import CrmCollectionEngineCommon


@tagged("post_install", "-at_install")
class TestItemEntries(CrmCollectionEngineCommon):
    """A title follows its entry: draft, cancelled, deleted, due date, customer, follow-up."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.move = cls._create_overdue(12)
        cls.other = cls._create_customer("Berg AG")

    def setUp(self):
        super().setUp()
        self._allocate()
        self.item = self._items(self.move)

    # === Draft, cancelled, deleted === #

    def test_reset_to_draft_and_repost(self):
        move = self._as_bookkeeper(self.move)
        move.button_draft()
        self.assertRecordValues(self.item, [{"state": "cancelled", "phase_id": False}])
        self._assert_stays(self.move, [(self.phase_second, "cancelled")])
        self.assertEqual(self.item.allocation_ids.amount_settled, 0)
        self._allocate()
        self.assertEqual(self.item.state, "cancelled")
        move.action_post()
        self.assertEqual(self.item.state, "open")
        self._allocate()
        self._assert_stays(
            self.move, [(self.phase_second, "cancelled"), (self.phase_second, False)]
        )
        self.assertEqual(self._items(self.move), self.item)

    def test_reposted_with_another_number(self):
        """The title is called what its document is called; the old stay what it was called then.

        Seen to fail with the name written once.
        """
        move = self._as_bookkeeper(self.move)
        old = move.name
        move.button_draft()
        move.name = "FAT/2026/7777"
        move.action_post()
        self._allocate()
        self.assertEqual(self.item.name, "FAT/2026/7777")
        stays = self.item.allocation_ids.sorted("id")
        self.assertEqual(stays.mapped("name"), [old, "FAT/2026/7777"])

    def test_reposted_with_fewer_installments(self):
        """Seen to fail with the name written once."""
        move = self._as_bookkeeper(self._create_overdue(40, terms=(0, 10, 20), amount=300))
        self._allocate()
        numbers = lambda: sorted(  # noqa: E731
            item.name.split()[-1] for item in self._items(move) if item.state == "open"
        )
        self.assertEqual(numbers(), ["1/3", "2/3", "3/3"])
        move.button_draft()
        move.invoice_payment_term_id = self._create_terms((0, 10))
        move.action_post()
        self._allocate()
        self.assertEqual(numbers(), ["1/2", "2/2"])

    def test_reposted_with_another_amount(self):
        """GIVEN an invoice corrected in draft
        WHEN it is posted again
        THEN the title owes the new amount, and the old stay still says the old one.
        """
        move = self._as_bookkeeper(self.move)
        move.button_draft()
        move.invoice_line_ids.price_unit = 80
        move.action_post()
        self._allocate()
        items = self._items(self.move).filtered(lambda item: item.state == "open")
        self.assertEqual(items.amount_residual, 80)
        self._assert_phase(self.move, self.phase_second)
        stays = self.env["crm.collection.allocation"].search([("name", "=", self.move.name)])
        self.assertEqual(stays.sorted("id").mapped("amount_in"), [100, 80])

    def test_partly_paid_reset_and_reposted(self):
        """What was paid before stays paid, if accounting keeps the match."""
        self._register_payment(self.move, 30)
        move = self._as_bookkeeper(self.move)
        move.button_draft()
        self.assertEqual(self.item.state, "cancelled")
        move.action_post()
        self._allocate()
        line = self._receivables(self.move)
        self.assertRecordValues(
            self._items(self.move),
            [{"state": "open", "line_id": line.id, "amount_residual": line.amount_residual}],
        )

    def test_reposted_with_other_installments(self):
        """New installments are new titles; the history of the old ones stays."""
        move = self._as_bookkeeper(self.move)
        move.button_draft()
        move.invoice_payment_term_id = self._create_terms((0, 5))
        move.action_post()
        self._allocate()
        items = self.env["crm.collection.item"].search([("partner_id", "=", self.customer.id)])
        open_items = items.filtered(lambda item: item.state == "open")
        self.assertEqual(sum(open_items.mapped("amount_residual")), 100)
        self.assertEqual(len(open_items), 2)
        stays = items.allocation_ids.sorted("id")
        self.assertEqual(stays[0].reason_out, "cancelled")
        self.assertEqual(stays.mapped("phase_id"), self.phase_second | self.phase_first)

    def test_cancel(self):
        move = self._as_bookkeeper(self.move)
        move.button_draft()
        move.button_cancel()
        self._allocate()
        self.assertEqual(self.item.state, "cancelled")
        self._assert_stays(self.move, [(self.phase_second, "cancelled")])

    def test_delete_draft(self):
        """P4: a deleted invoice leaves its history, with number, customer and amounts."""
        name = self.move.name
        move = self._as_bookkeeper(self.move)
        move.button_draft()
        move.with_context(force_delete=True).unlink()
        self.assertRecordValues(
            self.item,
            [
                {
                    "state": "cancelled",
                    "name": name,
                    "line_id": False,
                    "move_id": False,
                    "partner_id": self.customer.id,
                    "phase_id": False,
                }
            ],
        )
        self.assertRecordValues(
            self.item.allocation_ids,
            [
                {
                    "name": name,
                    "partner_name": "Adler GmbH",
                    "amount_in": 100,
                    "reason_out": "cancelled",
                }
            ],
        )
        self._allocate()
        self.assertEqual(self.item.state, "cancelled")

    # === Due date === #

    def test_due_date_earlier(self):
        """An earlier due date moves the title on with the next run."""
        self._as_bookkeeper(self.move).invoice_date_due = TODAY - timedelta(days=31)
        self.assertEqual(self.item.date_maturity, TODAY - timedelta(days=31))
        self._allocate()
        self._assert_stays(self.move, [(self.phase_second, "moved"), (self.phase_third, False)])

    def test_due_date_later(self):
        """GIVEN a title in its phase
        WHEN the customer is given more time
        THEN it leaves the phase, and is collected again when the new date has passed.
        """
        due = TODAY + timedelta(days=20)
        self._as_bookkeeper(self.move).invoice_date_due = due
        self.assertRecordValues(
            self.item, [{"date_maturity": due, "phase_id": False, "date_next_letter": False}]
        )
        self._assert_stays(self.move, [(self.phase_second, "released")])
        self._allocate()
        self._assert_phase(self.move, self.no_phase)
        self.assertEqual(self.item.blocker, "not_due")
        self.assertFalse(self.item.to_evaluate)
        self._move_on(21)
        self._allocate()
        self._assert_stays(self.move, [(self.phase_second, "released"), (self.phase_first, False)])

    def test_due_date_a_little_later(self):
        """GIVEN a customer who was written to about a title 12 days late
        WHEN its due date is put right by two days, so that the phase is the same
        THEN the stay goes on, and the same letter is not due again.
        """
        self._send_letters()
        self._as_bookkeeper(self.move).invoice_date_due = TODAY - timedelta(days=10)
        self._allocate()
        self._assert_stays(self.move, [(self.phase_second, False)])
        self.assertFalse(self.item.date_next_letter)
        self.assertEqual(self.item.date_maturity, TODAY - timedelta(days=10))
        self._as_bookkeeper(self.move).invoice_date_due = TODAY - timedelta(days=9)
        self._allocate()
        self._assert_stays(self.move, [(self.phase_second, "released"), (self.phase_first, False)])

    def test_due_date_on_the_day_of_its_company(self):
        """GIVEN a user whose active company is where it is tomorrow already
        WHEN he gives a title of another company so much more time that its phase is reached
        tomorrow
        THEN it leaves the phase: where its company is, it is today.

        Seen to fail with the day of the active company.
        """
        other = self.setup_other_company(name="Kiritimati Ltd")["company"]
        other.sudo().partner_id.tz = "Pacific/Kiritimati"
        self.company.partner_id.tz = "Pacific/Honolulu"
        today = self.company._get_collection_today()
        days = self.rule.step_ids.filtered(lambda step: step.phase_id == self.phase_second).days
        self.assertNotEqual(today, other._get_collection_today())
        self.bookkeeper.sudo().company_ids |= other
        move = self._as_bookkeeper(self.move).with_context(
            allowed_company_ids=(other | self.company).ids
        )
        move.invoice_date_due = today - timedelta(days=days)
        self._assert_stays(self.move, [(self.phase_second, False)])
        move.invoice_date_due = today - timedelta(days=days - 1)
        self._assert_stays(self.move, [(self.phase_second, "released")])

    def test_due_date_of_one_installment(self):
        move = self._create_overdue(35, amount=300.0, terms=(0, 5))
        self._allocate()
        first, second = self._items(move)
        self._as_bookkeeper(second.line_id).date_maturity = TODAY + timedelta(days=5)
        self.assertEqual(first.phase_id, self.phase_third)
        self.assertFalse(second.phase_id)

    # === Customer === #

    def test_change_of_customer(self):
        """The stay of the one customer ends; the other's begins, under his rule."""
        own = self._create_rule({1: self.phase_third}, sequence=2000)
        self.other.collection_rule_id = own
        move = self._as_bookkeeper(self.move)
        move.button_draft()
        move.partner_id = self.other
        move.action_post()
        self._allocate()
        item = self._items(self.move).filtered(lambda item: item.state == "open")
        self.assertRecordValues(
            item,
            [{"partner_id": self.other.id, "rule_id": own.id, "phase_id": self.phase_third.id}],
        )
        stays = self.env["crm.collection.allocation"].search([("name", "=", self.move.name)])
        self.assertRecordValues(
            stays.sorted("id"),
            [
                {"partner_id": self.customer.id, "partner_name": "Adler GmbH"},
                {"partner_id": self.other.id, "partner_name": "Berg AG"},
            ],
        )

    def test_change_of_customer_of_a_posted_entry(self):
        entry = self._create_entry(12, no_followup=False)
        self._allocate()
        self._as_bookkeeper(self._receivables(entry)).partner_id = self.other
        item = self._items(entry)
        self.assertRecordValues(item, [{"partner_id": self.other.id, "phase_id": False}])
        self._allocate()
        self._assert_stays(entry, [(self.phase_second, "released"), (self.phase_second, False)])

    def test_customer_merged(self):
        """P4: merging customers loses no history, no hold and no letter, whichever remains.

        Seen to fail with a unique key on customer and title in the history: the merge deletes
        the rows that clash.
        """
        self.other.email = self.customer.email
        other_move = self._create_overdue(12, partner=self.other)
        hold = (
            self.env["crm.collection.hold"]
            .with_user(self.collector)
            .create({"partner_id": self.customer.id, "reason": "Promised", "date_from": TODAY})
        )
        self._allocate()
        stays = self.env["crm.collection.allocation"].search([])
        before = {stay.id: (stay.name, stay.partner_name, stay.amount_in) for stay in stays}
        self._merge(self.customer, self.other)
        self.assertFalse(self.customer.exists())
        stays = self.env["crm.collection.allocation"].search([])
        after = {stay.id: (stay.name, stay.partner_name, stay.amount_in) for stay in stays}
        self.assertEqual(after, before)
        self.assertEqual(stays.partner_id, self.other)
        items = self._items(self.move | other_move)
        self.assertEqual(items.partner_id, self.other)
        self.assertEqual(items.mapped("state"), ["open", "open"])
        # neither title was released: the same debt, the same stays
        self.assertFalse(stays.filtered("date_out"))
        self.assertEqual(hold.partner_id, self.other)
        self.assertTrue(all(items.mapped("is_held")))
        self._allocate()
        self._assert_stays(self.move, [(self.phase_second, False)])
        self._assert_stays(other_move, [(self.phase_second, False)])

    def _merge(self, source, destination):
        self.env["base.partner.merge.automatic.wizard"].with_user(self.bookkeeper).create(
            {
                "state": "selection",
                "partner_ids": [Command.set((source | destination).ids)],
                "dst_partner_id": destination.id,
            }
        ).action_merge()
        self.env.invalidate_all()

    def test_archived_customer(self):
        """What is owed does not go away with the customer's card."""
        self.customer.action_archive()
        self._move_on(18)
        self._allocate()
        self._assert_phase(self.move, self.phase_third)

    def test_contact_is_invoiced(self):
        contact = self._create_customer("Office", parent_id=self.customer.id, is_company=False)
        move = self._create_overdue(12, partner=contact)
        self._allocate()
        self.assertEqual(self._items(move).partner_id, self.customer)

    def test_without_customer(self):
        """GIVEN an entry nobody is named on
        WHEN the customer is filled in
        THEN collection begins.
        """
        entry = self._create_entry(12, no_followup=False, partner_id=False)
        self._allocate()
        item = self._items(entry)
        self.assertRecordValues(item, [{"partner_id": False, "blocker": "no_partner"}])
        self._as_bookkeeper(item.line_id).partner_id = self.other
        self._allocate()
        self.assertRecordValues(
            item,
            [
                {
                    "partner_id": self.other.id,
                    "blocker": False,
                    "phase_id": self.phase_second.id,
                }
            ],
        )

    # === Follow-up and blocked === #

    def test_no_followup_toggled(self):
        """Left out of follow-up the title stays where it is; taken back it goes on."""
        move = self._as_bookkeeper(self.move)
        move.no_followup = True
        self.assertTrue(self.item.no_followup)
        self._move_on(18)
        self._allocate()
        self.assertRecordValues(
            self.item, [{"phase_id": self.phase_second.id, "blocker": "no_followup"}]
        )
        move.no_followup = False
        self._allocate()
        self.assertRecordValues(self.item, [{"phase_id": self.phase_third.id, "blocker": False}])

    def test_collect_anyway(self):
        """An opening balance is left out by accounting, and taken in without writing there."""
        entry = self._create_entry(12)
        self.assertTrue(self._receivables(entry).no_followup)
        self._allocate()
        item = self._items(entry).with_user(self.collector)
        self.assertEqual(item.blocker, "no_followup")
        before = self._accounting_checksum()
        item.action_take_in()
        self._allocate()
        self._assert_phase(entry, self.phase_second)
        self.assertFalse(item.blocker)
        item.action_leave_out()
        self._move_on(18)
        self._allocate()
        self._assert_phase(entry, self.phase_second)
        self.assertEqual(item.blocker, "no_followup")
        self.assertEqual(self._accounting_checksum(), before)

    def test_blocked_invoice(self):
        """An invoice blocked for payment does not move, and goes on when it is not any more."""
        self.move.action_toggle_block_payment()
        self._move_on(18)
        self._allocate()
        self.assertRecordValues(
            self.item, [{"phase_id": self.phase_second.id, "blocker": "blocked"}]
        )
        self.move.action_toggle_block_payment()
        self._allocate()
        self._assert_phase(self.move, self.phase_third)

    def test_debit_note(self):
        """A debit note is an invoice of its own: a title of its own."""
        note = self._create_overdue(
            3, amount=15, invoice_origin=self.move.name, ref=f"Interest on {self.move.name}"
        )
        self._allocate()
        self._assert_phase(note, self.phase_first)
        self._assert_phase(self.move, self.phase_second)

    def test_title_with_history_is_not_deleted(self):
        with self.assertRaises(UserError):
            self.item.sudo().unlink()
