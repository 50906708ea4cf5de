from datetime import timedelta

from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..common import TODAY
from ..common_letters import CrmCollectionLettersCommon


@tagged("post_install", "-at_install")
class TestLetterBranches(CrmCollectionLettersCommon):
    """A root and its branches are one creditor: accounting reconciles across them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch, cls.sister = (
            cls.env["res.company"]
            .sudo()
            .create({"name": name, "parent_id": cls.company.id, "collection_auto_send": True})
            for name in ("Branch", "Sister")
        )
        cls.family = cls.company | cls.branch | cls.sister
        cls.family.sudo().write({"collection_quiet_days": 0})
        cls.env.user.sudo().company_ids |= cls.family
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": cls.family.ids})
        cls.branch_user = new_test_user(
            cls.env(su=True),
            "branch_user",
            groups="crm_collection.group_crm_collection_user",
            company_id=cls.branch.id,
            company_ids=[Command.set(cls.branch.ids)],
        )

    def _create_in(self, company, days, **vals):
        return self._create_overdue(days, company_id=company.id, **vals)

    def _create_credit_in(self, company, amount):
        return (
            self.env["account.move"]
            .create(
                {
                    "move_type": "out_refund",
                    "company_id": company.id,
                    "partner_id": self.customer.id,
                    "invoice_date": "2026-03-16",
                    "invoice_line_ids": [
                        Command.create({"name": "Credit", "price_unit": amount, "tax_ids": []})
                    ],
                }
            )
            .action_post()
        )

    def test_credits_pay_across_the_family(self):
        """GIVEN an invoice of a branch, and a credit of the root or of a sister that pays it
        WHEN letters are written
        THEN there is none: accounting matches the two.

        Seen to fail with the credits of the invoice's own company.
        """
        for creditor in (self.company, self.sister):
            with self.subTest(creditor=creditor.name):
                savepoint = self.env.cr.savepoint()
                self._create_in(self.branch, 5)
                self._create_credit_in(creditor, 100.0)
                self._allocate()
                self._send_letters()
                self.assertFalse(self._letters())
                savepoint.close(rollback=True)
                self.env.invalidate_all()

    def test_credit_pays_what_was_due_first_in_the_family(self):
        """Seen to fail with the credit taken off in the letter of each company."""
        first = self._create_in(self.sister, 8)
        self._create_in(self.branch, 5)
        self._create_credit_in(self.company, 130.0)
        self._allocate()
        self._send_letters()
        (group,) = self._letters()._get_groups()
        self.assertEqual(group["to_pay"], 70.0)
        self.assertFalse(self._items(first).letter_count)

    def test_letter_without_address_is_foreseen(self):
        """GIVEN a customer without an address, with items of root and branch that are due tomorrow
        THEN each says that its letter, which is about both, will reach nobody; and so it is.

        Seen to fail with what the second company decides, for which the letter waits.
        """
        self.customer.email = False
        moves = self._create_in(self.company, 0) | self._create_in(self.branch, 0)
        self._allocate()
        items = self._items(moves)
        self.assertEqual(len(items), 2)
        tomorrow = TODAY + timedelta(days=1)
        for item in items:
            expected = [str(tomorrow), self.phase_first.id, "no_address"]
            self.assertEqual(item.foreseen.get("letter"), expected, item.company_id.name)
        self._move_on(1)
        self._allocate()
        self._send_letters()
        letter = self._letters()
        self.assertEqual((letter.state, letter.date), ("no_address", tomorrow))
        self.assertEqual(letter.line_ids.item_id, items)

    def test_charges_are_the_items_companys(self):
        """GIVEN a fine of 2 % in the root, of 10 % in a branch and none in a sister, which counts
        from working days
        WHEN one letter is about items of all
        THEN each is charged what its company says, and the simulation said so.

        Seen to fail with the settings of the company that writes.
        """
        self.company.collection_fine_percent = 2
        self.branch.sudo().collection_fine_percent = 10
        self.sister.sudo().write(
            {"collection_interest_percent": 30, "collection_charges_workday": True}
        )
        moves = self._create_in(self.company, 1) | self._create_in(self.branch, 1)
        moves |= self._create_in(self.sister, 1)  # due on a Sunday: counted from Monday
        moves |= self._create_in(self.sister, 6)
        self._allocate()
        simulated = self._simulate_letter(self.sister)
        self._send_letters()
        lines = self._letters().line_ids
        charges = {line.item_id.move_id: line.amount_fine + line.amount_interest for line in lines}
        self.assertEqual([charges[move] for move in moves], [2.0, 10.0, 0.0, 6.0])
        self.assertRecordValues(
            simulated,
            [{"count": 4, "amount": 400.0, "charges": 18.0, "credit": 0.0, "asked": 418.0}],
        )
        self.assertEqual(self._letters().amount_asked, simulated.asked)

    def test_letters_wait_for_the_allocation_of_the_family(self):
        """GIVEN a branch that was not allocated today
        WHEN the letters job runs
        THEN the others' letters wait, too: they are about what is due there.

        Seen to fail with the run's company asked for alone.
        """
        self._create_in(self.company, 5)
        self._allocate()
        self.env["crm.collection.run"].sudo().search(
            [("kind", "=", "allocation"), ("company_id", "=", self.branch.id)]
        ).unlink()
        self._run_job("ir_cron_crm_collection_letters")
        self.assertFalse(self._letters())
        self._allocate()
        self._run_job("ir_cron_crm_collection_letters")
        self.assertTrue(self._letters())

    def test_foreseen_with_the_family(self):
        """GIVEN quiet days, an item of a branch that enters its next phase in five days, and one
        of the root that has its letter two days before
        WHEN each day the jobs run
        THEN the letter comes when the item said it would: after the quiet days of the other's.

        Seen to fail with the letters of the item's own company alone, and with its holds alone.
        """
        self.family.sudo().write({"collection_quiet_days": 4})
        own, other = self._create_in(self.branch, 5), self._create_in(self.company, -2)
        held = self._create_in(self.sister, -1)
        self._hold_in(self.sister, held)
        self._allocate()
        self._send_letters()
        self._deliver()
        item = self._items(own)
        self._move_on(1)
        self._allocate()
        expected = item.date_expected_letter
        self.assertEqual(expected, TODAY + timedelta(days=8))
        for _number in range(8):
            self._send_letters()
            self._deliver()
            self._move_on(1)
            self._allocate()
            item.invalidate_recordset()
        self._send_letters()
        written = item.letter_line_ids.sorted("id").mapped("date")
        self.assertEqual(written, [TODAY, expected])
        dates = self._items(other).letter_line_ids.mapped("date")
        self.assertEqual(dates, [TODAY + timedelta(days=4)])

    def test_nobody_writes_for_another_alone(self):
        """GIVEN a root whose letters leave on working days, today is none, and a branch whose
        item is due for one and held
        WHEN its letter is foreseen, and the jobs run
        THEN the root's item has it on the next working day: the branch, which writes today, has
        nothing of its own to write about; a letter that waited for it comes to nothing.

        Seen to fail with all that is due in the family foreseen for the branch, too; and where a
        letter that is decided anew may be about that alone.
        """
        self._close_today(self.company)
        held = self._create_in(self.branch, 5)
        own = self._create_in(self.company, 5)
        self._allocate()
        self._hold_in(self.branch, held)
        item = self._items(own)
        expected = TODAY + timedelta(days=1)
        self.assertEqual(item.date_expected_letter, expected)
        self._send_letters()
        self.assertFalse(self._letters())
        self._move_on(1)
        self._allocate()
        self._send_letters()
        letter = self._letters()
        self.assertRecordValues(letter, [{"company_id": self.company.id, "date": expected}])
        self.assertEqual(letter.line_ids.item_id, item)

    def _close_today(self, company):
        company.sudo().collection_letters_workday = True
        self.env["resource.calendar.leaves"].sudo().create(
            {
                "calendar_id": company.resource_calendar_id.id,
                "company_id": company.id,
                "date_from": f"{TODAY} 00:00:00",
                "date_to": f"{TODAY} 23:59:59",
            }
        )

    def _hold_in(self, company, move):
        self.env["crm.collection.hold"].create(
            {"reason": "Asked", "move_id": move.id, "company_id": company.id}
        )

    def _simulate_letter(self, company, days=0):
        wizard = (
            self.env["crm.collection.simulate"]
            .with_company(company)
            .create({"company_id": company.id, "date": TODAY + timedelta(days=days)})
        )
        wizard.action_simulate()
        return wizard.letter_line_ids

    def test_simulated_with_the_family(self):
        """GIVEN nothing in any phase yet
        WHEN the day is simulated on which items of a root and its branch get their letter
        THEN both are in it, as the jobs write it that day.

        Seen to fail with the others as they are today.
        """
        self._create_in(self.branch, -3)
        self._create_in(self.company, -2)
        simulated = self._simulate_letter(self.branch, days=5)
        self.assertRecordValues(simulated, [{"count": 2, "amount": 200.0}])
        self._move_on(5)
        self._allocate()
        self._send_letters()
        self.assertEqual(self._letters().line_count, 2)

    def test_simulated_letter_knows_the_family(self):
        """Seen to fail with the items of the simulated company alone beside all credits."""
        self._create_in(self.sister, 8)
        self._create_in(self.branch, 5)
        self._create_credit_in(self.company, 100.0)
        self._allocate()
        Wizard = self.env["crm.collection.simulate"].with_company(self.branch)
        wizard = Wizard.create({"date": self.branch._get_collection_today()})
        self.assertEqual(wizard.company_id, self.branch)
        wizard.action_simulate()
        letter = wizard.line_ids.filtered(lambda line: line.kind == "letter")
        self.assertRecordValues(letter, [{"count": 1, "amount": 100.0}])

    def test_one_letter(self):
        """GIVEN items of a root and of its branches
        WHEN the letters job runs, and again
        THEN the customer gets one letter about all of them, each line is its company's, and
        another run writes none.

        Seen to fail with the items of the run's company in the letter alone.
        """
        moves = self._create_in(self.branch, 5)
        moves |= self._create_in(self.company, 5) | self._create_in(self.sister, 6)
        self._allocate()
        self._send_letters()
        letter = self._letters()
        self.assertEqual(len(letter), 1)
        self.assertEqual(letter.line_ids.item_id.move_id, moves)
        for line in letter.line_ids:
            self.assertEqual(line.company_id, line.item_id.company_id)
        self._send_letters()
        self.assertEqual(self._letters(), letter)
        self.assertEqual(len(self._deliver()), 1)
        self.assertEqual(letter.state, "sent")

    def test_branch_that_does_not_send(self):
        """A branch whose letters a person sends keeps its items out of the others' letters."""
        self.branch.sudo().collection_auto_send = False
        own = self._create_in(self.branch, 5)
        other = self._create_in(self.company, 5)
        self._allocate()
        self._send_letters()
        self.assertEqual(self._letters().line_ids.item_id, self._items(other))
        self.assertFalse(self._items(own).letter_count)

    def test_quiet_days_of_the_family(self):
        """Seen to fail with the letters of the run's company asked for alone."""
        self.family.sudo().write({"collection_quiet_days": 3})
        self._create_in(self.branch, 5)
        self._allocate()
        self._send_letters()
        self._deliver()
        self._create_in(self.company, 5)
        self._allocate()
        self._send_letters()
        self.assertEqual(self._letters().company_id, self.branch)

    def test_who_waited_for_a_letter_may_write(self):
        """GIVEN a letter of a branch that waits in the queue since yesterday, and what the root has
        due meanwhile, of which it writes no second letter
        WHEN what the branch's letter is about is held, and it is decided anew
        THEN it is cancelled, and the root's job is asked for, which writes today; before, the root
        would have written tomorrow.

        Seen to fail with nobody asked.
        """
        held = self._create_in(self.branch, 5)
        self._allocate()
        self._send_letters()
        waits = self._letters()
        self._move_on(1)
        own = self._create_in(self.company, 5)
        self._allocate()
        self._send_letters()
        waits.sudo().write({"date": TODAY, "state": "outgoing"})
        self.assertEqual((waits.company_id, self._letters()), (self.branch, waits))
        self._hold_in(self.branch, held)
        asks = self.env["crm.collection.run.ask"].sudo()
        wanted = [("kind", "=", "letters"), ("company_id", "=", self.company.id)]
        self.assertFalse(asks.search(wanted))
        self.assertFalse(self._deliver())
        self.assertEqual(waits.state, "cancelled")
        self.assertEqual(len(asks.search(wanted)), 1)
        self._send_letters()
        self.assertEqual((self._letters() - waits).line_ids.item_id, self._items(own))

    def test_holds_are_the_companys(self):
        """A hold of the root does not keep back what the branch asks for."""
        own = self._create_in(self.branch, 5)
        self._create_in(self.company, 5)
        self.env["crm.collection.hold"].create(
            {"reason": "Asked", "partner_id": self.customer.id, "company_id": self.company.id}
        )
        self._allocate()
        self._send_letters()
        self.assertEqual(self._letters().line_ids.item_id, self._items(own))

    def test_who_sees_one_branch(self):
        """GIVEN a letter of a branch with items of the root, too
        WHEN somebody who sees this branch alone opens it and its items
        THEN he is refused nothing, and sees the lines of his company.
        """
        own = self._create_in(self.branch, 5)
        self._create_in(self.company, 5)
        self._create_credit_in(self.sister, 30.0)
        self._allocate()
        items = self._items(own)
        letters_sudo = (
            self.env["crm.collection.letter"]
            .sudo()
            ._create_due(self.branch, self.branch._get_collection_today())
        )
        letters_sudo._issue()
        self.env.invalidate_all()
        as_user = letters_sudo.with_user(self.branch_user).with_context(
            allowed_company_ids=self.branch.ids
        )
        as_user.web_read({"line_ids": {"fields": {"name": {}}}, "titles_html": {}})
        self.assertEqual(as_user.line_ids.item_id, items)
        as_user.env.invalidate_all()
        items = items.with_user(self.branch_user).with_context(allowed_company_ids=self.branch.ids)
        self.assertTrue(items.explanation)

    def test_manual_letter_of_a_family(self):
        """Items of a root and a branch chosen together are one letter to one customer."""
        moves = self._create_in(self.branch, 5) | self._create_in(self.company, 5)
        self._allocate()
        items = self._items(moves)
        self._send_now(items, self.env.user)
        self.assertEqual(self._letters().line_ids.item_id, items)
        self.assertEqual(self._letters().company_id, self.company)
