from datetime import timedelta

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from ..common import TODAY
from ..common_engine import CrmCollectionEngineCommon


@tagged("post_install", "-at_install")
class TestItemEntries(CrmCollectionEngineCommon):
    """An item follows its entry: draft, cancelled, deleted, due date, customer, follow-up."""

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
        self._assert_allocations(self.move, [(self.phase_second, "cancelled")])
        self.assertEqual(self.item.allocation_ids.amount_settled, 0)
        self._allocate()
        self.assertEqual(self.item.state, "cancelled")
        move.action_post()
        self.assertEqual(self.item.state, "open")
        self._allocate()
        self._assert_allocations(
            self.move, [(self.phase_second, "cancelled"), (self.phase_second, False)]
        )
        self.assertEqual(self._items(self.move), self.item)

    def test_reposted_with_another_number(self):
        """The item is called what its document is called; the old allocation what it was called
        then.

        Seen to fail with the name written once.
        """
        move = self._as_bookkeeper(self.move)
        old = move.name
        move.button_draft()
        move.name = "FAT/2026/7777"
        move.action_post()
        self._allocate()
        self.assertEqual(self.item.name, "FAT/2026/7777")
        allocations = self.item.allocation_ids.sorted("id")
        self.assertEqual(allocations.mapped("name"), [old, "FAT/2026/7777"])

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
        THEN the item owes the new amount, and the old allocation still says the old one.
        """
        move = self._as_bookkeeper(self.move)
        move.button_draft()
        move.invoice_line_ids.price_unit = 80
        move.action_post()
        self._allocate()
        items = self._items(self.move).filtered(lambda item: item.state == "open")
        self.assertEqual(items.amount_residual, 80)
        self._assert_phase(self.move, self.phase_second)
        allocations = self.env["crm.collection.allocation"].search([("name", "=", self.move.name)])
        self.assertEqual(allocations.sorted("id").mapped("amount_in"), [100, 80])

    def _repost(self, move, **vals):
        move = self._as_bookkeeper(move)
        move.button_draft()
        if vals:
            move.write(vals)
        move.action_post()

    def test_reposted_where_it_was_placed(self):
        """GIVEN items a person has placed, and old debt gone live in a phase without its letter
        WHEN their entries are reset to draft and posted again as they were, one of them partly
        paid meanwhile
        THEN they are in their phases again at once, for the same reason, pinned as they were,
        and get no letter they had or were not to get: only the one that was due still.

        Seen to fail with items posted again left to the days.
        """
        silent, paid, due, said, queued = moves = [self._create_overdue(12) for _i in range(5)]
        self._allocate()
        for move, phase, letter, pin, origin in (
            (silent, self.phase_first, False, True, "opening"),
            (paid, self.phase_first, False, True, "manual"),
            (due, self.phase_third, True, False, "manual"),
            (said, self.phase_third, True, False, "manual"),
            (queued, self.phase_third, True, False, "manual"),
        ):
            self._items(move)._maintain(phase, "My decision", letter, pin, origin)
        self._register_payment(paid, 30)
        Letter_sudo = self.env["crm.collection.letter"].sudo()
        for move in (said, queued):
            Letter_sudo._create_due(
                self.company, TODAY, self._items(move).ids, "manual", force=True
            )._issue()
            if move == said:
                self._deliver()
        before = self._letters() - self._letters()[:1]
        self.assertEqual(before.line_ids.item_id, self._items(said))
        self._end_transaction()
        for move in moves:
            self._repost(move)
        self._check_placed(silent, self.phase_first, "opening", pinned=True)
        self._check_placed(paid, self.phase_first, "manual", pinned=True)
        self._check_placed(due, self.phase_third, "manual", date_next_letter=TODAY)
        self._check_placed(said, self.phase_third, "manual", letter_count=1)
        self._check_placed(queued, self.phase_third, "manual", date_next_letter=TODAY)
        self._allocate()
        self._deliver()  # what waited in the queue is taken back: it asked for what is no more
        self._send_letters()
        news = self._letters() - before
        self.assertEqual(news.line_ids.item_id, self._items(self.move | due | queued))
        self._repost(silent)
        self._check_placed(silent, self.phase_first, "opening", pinned=True)

    def _check_placed(self, move, phase, origin, **vals):
        """The item is in ``phase`` by a new allocation that says what the one before said."""
        item = self._items(move)
        vals = {"pinned": False, "date_next_letter": False, "letter_count": 0} | vals
        self.assertRecordValues(item, [{"state": "open", "phase_id": phase.id, **vals}])
        before, now = item.allocation_ids.sorted("id")[-2:]
        self.assertEqual(before.reason_out, "cancelled")
        self.assertRecordValues(
            now,
            [
                {
                    "phase_id": phase.id,
                    "origin": origin,
                    "reason": "My decision",
                    "reason_out": False,
                    "amount_in": item.amount_residual,
                }
            ],
        )

    def test_reposted_with_a_change_where_it_was_placed(self):
        """Another customer, due date, number or amount is another debt: nobody has placed it.

        Seen to fail with none of these compared.
        """
        line = self.move.invoice_line_ids
        for name, vals in {
            "customer": {"partner_id": self.other.id},
            "date": {"invoice_date_due": TODAY - timedelta(days=13)},
            "number": {"name": "FAT/2026/7777"},
            "amount": {"invoice_line_ids": [Command.update(line.id, {"price_unit": 80})]},
        }.items():
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                self.item._maintain(self.phase_first.browse(), "Out")
                self.item._maintain(self.phase_first, "Mine", send_letter=False, pin=True)
                self._repost(self.move, **vals)
                item = self._items(self.move).filtered(lambda item: item.state == "open")
                self.assertRecordValues(item, [{"phase_id": False, "pinned": False}])
                self._allocate()
                self.assertEqual(item.phase_id, self.phase_second)
                self.assertEqual(item.date_next_letter, TODAY)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_reposted_out_of_every_phase(self):
        """Taken out of every phase and pinned there it is left alone, posted again or not.

        Seen to fail with the pin lost.
        """
        self.item._maintain(self.no_phase, "Lawyer has it", pin=True)
        self._repost(self.move)
        self._allocate()
        self.assertRecordValues(self.item, [{"phase_id": False, "pinned": True}])
        self._repost(
            self.move,
            invoice_line_ids=[Command.update(self.move.invoice_line_ids.id, {"price_unit": 80})],
        )
        self._allocate()
        self.assertRecordValues(self.item, [{"phase_id": self.phase_second.id, "pinned": False}])

    def test_reposted_into_a_phase_that_may_not_act_any_more(self):
        """Nothing unapproved acts: the days decide, and the pin is no more.

        Seen to fail without a look at the phase.
        """
        self.item._maintain(self.phase_third, "Mine", pin=True)
        self.phase_third.action_archive()
        self._repost(self.move)
        self._allocate()
        self.assertRecordValues(self.item, [{"phase_id": self.phase_second.id, "pinned": False}])

    def test_partly_paid_reset_and_reposted(self):
        """What was paid before allocations paid, if accounting keeps the match."""
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
        """New installments are new items; the history of the old ones stays."""
        move = self._as_bookkeeper(self.move)
        move.button_draft()
        move.invoice_payment_term_id = self._create_terms((0, 5))
        move.action_post()
        self._allocate()
        items = self.env["crm.collection.item"].search([("partner_id", "=", self.customer.id)])
        open_items = items.filtered(lambda item: item.state == "open")
        self.assertEqual(sum(open_items.mapped("amount_residual")), 100)
        self.assertEqual(len(open_items), 2)
        allocations = items.allocation_ids.sorted("id")
        self.assertEqual(allocations[0].reason_out, "cancelled")
        self.assertEqual(allocations.mapped("phase_id"), self.phase_second | self.phase_first)

    def test_cancel(self):
        move = self._as_bookkeeper(self.move)
        move.button_draft()
        move.button_cancel()
        self._allocate()
        self.assertEqual(self.item.state, "cancelled")
        self._assert_allocations(self.move, [(self.phase_second, "cancelled")])

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
        """An earlier due date moves the item on with the next run."""
        self._as_bookkeeper(self.move).invoice_date_due = TODAY - timedelta(days=31)
        self.assertEqual(self.item.date_maturity, TODAY - timedelta(days=31))
        self._allocate()
        self._assert_allocations(
            self.move, [(self.phase_second, "moved"), (self.phase_third, False)]
        )

    def test_due_date_later(self):
        """GIVEN an item in its phase
        WHEN the customer is given more time
        THEN it leaves the phase, and is collected again when the new date has passed.
        """
        due = TODAY + timedelta(days=20)
        self._as_bookkeeper(self.move).invoice_date_due = due
        self.assertRecordValues(
            self.item, [{"date_maturity": due, "phase_id": False, "date_next_letter": False}]
        )
        self._assert_allocations(self.move, [(self.phase_second, "released")])
        self._allocate()
        self._assert_phase(self.move, self.no_phase)
        self.assertEqual(self.item.blocker, "not_due")
        self.assertFalse(self.item.to_evaluate)
        self._move_on(21)
        self._allocate()
        self._assert_allocations(
            self.move, [(self.phase_second, "released"), (self.phase_first, False)]
        )

    def test_due_date_a_little_later(self):
        """GIVEN a customer who was written to about an item 12 days late
        WHEN its due date is put right by two days, so that the phase is the same
        THEN the allocation goes on, and the same letter is not due again.
        """
        self._send_letters()
        self._as_bookkeeper(self.move).invoice_date_due = TODAY - timedelta(days=10)
        self._allocate()
        self._assert_allocations(self.move, [(self.phase_second, False)])
        self.assertFalse(self.item.date_next_letter)
        self.assertEqual(self.item.date_maturity, TODAY - timedelta(days=10))
        self._as_bookkeeper(self.move).invoice_date_due = TODAY - timedelta(days=9)
        self._allocate()
        self._assert_allocations(
            self.move, [(self.phase_second, "released"), (self.phase_first, False)]
        )

    def test_due_date_later_where_it_was_placed(self):
        """GIVEN overdue items a person has placed: ahead of their days, pinned, or in a phase
        that is none of the rule's
        WHEN each is given a day more
        THEN all allocation where they were put, and no milder letter follows the one they had; no
        longer overdue, they leave.

        Seen to fail with every later due date that does not reach the step taken for a release.
        """
        outside = self._create_phases(1)[0]
        placed = {
            "ahead": (self.phase_third, False),
            "pinned": (self.phase_second, True),
            "outside": (outside, False),
        }
        moves = {name: self._create_overdue(10) for name in placed}
        self._allocate()
        for name, (phase, pin) in placed.items():
            item = self._items(moves[name])
            if item.phase_id == phase:
                item._maintain(self.no_phase, "Out")
            item._maintain(phase, "My decision", pin=pin)
        self._send_letters()
        self._deliver()
        letters = self._letters()
        for move in moves.values():
            self._as_bookkeeper(move).invoice_date_due = TODAY - timedelta(days=9)
        self._allocate()
        self._send_letters()
        for name, (phase, pin) in placed.items():
            with self.subTest(name):
                self.assertRecordValues(
                    self._items(moves[name]),
                    [{"phase_id": phase.id, "pinned": pin, "letter_count": 1}],
                )
                self._as_bookkeeper(moves[name]).invoice_date_due = TODAY
                self.assertFalse(self._items(moves[name]).phase_id)
        self.assertEqual(self._letters(), letters)

    def test_due_date_later_before_it(self):
        """A reminder before the due date is still right as long as its day has come."""
        rule = self._create_rule({-10: self.phase_first, 5: self.phase_second}, sequence=1)
        self.customer.collection_rule_id = rule
        move = self._create_overdue(-2)
        self._allocate()
        self._assert_phase(move, self.phase_first)
        for days in (10, 11):
            self._as_bookkeeper(move).invoice_date_due = TODAY + timedelta(days=days)
            self._assert_phase(move, self.phase_first if days == 10 else self.no_phase)

    def test_due_date_on_the_day_of_its_company(self):
        """GIVEN a user whose active company is where it is tomorrow already
        WHEN he gives an item of another company so much more time that its phase is reached
        tomorrow
        THEN it leaves the phase: where its company is, it is today.

        Seen to fail with the day of the active company.
        """
        other = self.setup_other_company(name="Kiritimati Ltd")["company"]
        other.sudo().collection_tz = "Pacific/Kiritimati"
        self.company.collection_tz = "Pacific/Honolulu"
        today = self.company._get_collection_today()
        days = self.rule.step_ids.filtered(lambda step: step.phase_id == self.phase_second).days
        self.assertNotEqual(today, other._get_collection_today())
        self.bookkeeper.sudo().company_ids |= other
        move = self._as_bookkeeper(self.move).with_context(
            allowed_company_ids=(other | self.company).ids
        )
        move.invoice_date_due = today - timedelta(days=days)
        self._assert_allocations(self.move, [(self.phase_second, False)])
        move.invoice_date_due = today - timedelta(days=days - 1)
        self._assert_allocations(self.move, [(self.phase_second, "released")])

    def test_due_date_of_one_installment(self):
        move = self._create_overdue(35, amount=300.0, terms=(0, 5))
        self._allocate()
        first, second = self._items(move)
        self._as_bookkeeper(second.line_id).date_maturity = TODAY + timedelta(days=5)
        self.assertEqual(first.phase_id, self.phase_third)
        self.assertFalse(second.phase_id)

    # === Customer === #

    def test_change_of_customer(self):
        """The allocation of the one customer ends; the other's begins, under his rule."""
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
        allocations = self.env["crm.collection.allocation"].search([("name", "=", self.move.name)])
        self.assertRecordValues(
            allocations.sorted("id"),
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
        self._assert_allocations(
            entry, [(self.phase_second, "released"), (self.phase_second, False)]
        )

    def test_customer_merged(self):
        """P4: merging customers loses no history, no hold and no letter, whichever remains.

        Seen to fail with a unique key on customer and item in the history: the merge deletes
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
        allocations = self.env["crm.collection.allocation"].search([])
        before = {
            allocation.id: (allocation.name, allocation.partner_name, allocation.amount_in)
            for allocation in allocations
        }
        self._merge(self.customer, self.other)
        self.assertFalse(self.customer.exists())
        allocations = self.env["crm.collection.allocation"].search([])
        after = {
            allocation.id: (allocation.name, allocation.partner_name, allocation.amount_in)
            for allocation in allocations
        }
        self.assertEqual(after, before)
        self.assertEqual(allocations.partner_id, self.other)
        items = self._items(self.move | other_move)
        self.assertEqual(items.partner_id, self.other)
        self.assertEqual(items.mapped("state"), ["open", "open"])
        # neither item was released: the same debt, the same stays
        self.assertFalse(allocations.filtered("date_out"))
        self.assertEqual(hold.partner_id, self.other)
        self.assertTrue(all(items.mapped("is_held")))
        self._allocate()
        self._assert_allocations(self.move, [(self.phase_second, False)])
        self._assert_allocations(other_move, [(self.phase_second, False)])

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
        """Left out of follow-up the item stays where it is; taken back it goes on."""
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
        """A debit note is an invoice of its own: an item of its own."""
        note = self._create_overdue(
            3, amount=15, invoice_origin=self.move.name, ref=f"Interest on {self.move.name}"
        )
        self._allocate()
        self._assert_phase(note, self.phase_first)
        self._assert_phase(self.move, self.phase_second)

    def test_open_item_with_history_is_not_deleted(self):
        with self.assertRaises(UserError):
            self.item.sudo().unlink()
