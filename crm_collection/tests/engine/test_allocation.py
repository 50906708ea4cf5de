from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from ..common import TODAY
from ..common_engine import CrmCollectionEngineCommon


@tagged("post_install", "-at_install")
class TestAllocation(CrmCollectionEngineCommon):
    """Which item enters which phase, on which day."""

    def test_boundary_days(self):
        """An item enters a phase on the day of its step, not the day before."""
        expected = {
            0: self.no_phase,
            1: self.phase_first,
            2: self.phase_first,
            9: self.phase_first,
            10: self.phase_second,
            11: self.phase_second,
            29: self.phase_second,
            30: self.phase_third,
            31: self.phase_third,
            59: self.phase_third,
        }
        moves = {days: self._create_overdue(days) for days in expected}
        self._allocate()
        for days, phase in expected.items():
            with self.subTest(days=days):
                self._assert_phase(moves[days], phase)

    def test_a_step_on_the_due_date(self):
        """Day 0 is the due date itself: neither the day before it nor the day after."""
        self.rule.step_ids.filtered(lambda step: step.days == 1).days = 0
        moves = {days: self._create_overdue(days) for days in (-1, 0, 1)}
        self._allocate()
        self.assertFalse(self._items(moves[-1]))
        self._assert_phase(moves[0], self.phase_first)
        self._assert_phase(moves[1], self.phase_first)

    def test_allocation_keeps_the_moment(self):
        move = self._create_overdue(12, amount=250.0)
        self._allocate()
        item = self._items(move)
        self.assertRecordValues(
            item.allocation_ids,
            [
                {
                    "phase_id": self.phase_second.id,
                    "rule_id": self.rule.id,
                    "step_id": self.rule.step_ids.filtered(lambda step: step.days == 10).id,
                    "origin": "automatic",
                    "user_id": self.env.ref("base.user_root").id,
                    "day_in": TODAY,
                    "days_in": 12,
                    "amount_in": 250.0,
                    "amount_in_currency": 250.0,
                    "company_id": self.company.id,
                    "partner_id": self.customer.id,
                    "partner_name": "Adler GmbH",
                    "name": move.name,
                    "date_out": False,
                }
            ],
        )

    def test_every_installment_by_its_own_due_date(self):
        move = self._create_overdue(35, amount=300.0, terms=(0, 30, 60))
        self._allocate()
        items = self._items(move)
        self.assertRecordValues(
            items,
            [
                {"name": f"{move.name} 1/3", "phase_id": self.phase_third.id, "days_overdue": 35},
                {"name": f"{move.name} 2/3", "phase_id": self.phase_first.id, "days_overdue": 5},
            ],
        )

    def test_the_third_installment_comes_when_it_is_due(self):
        """The names of installments say which of how many, whenever they come in."""
        move = self._create_overdue(35, amount=300.0, terms=(0, 30, 60))
        self._allocate()
        self._move_on(26)
        self._allocate()
        self.assertRecordValues(
            self._items(move),
            [
                {"name": f"{move.name} 1/3", "phase_id": self.phase_third.id},
                {"name": f"{move.name} 2/3", "phase_id": self.phase_third.id},
                {"name": f"{move.name} 3/3", "phase_id": self.phase_first.id},
            ],
        )

    def test_next_day_moves_on(self):
        """GIVEN an item in its phase
        WHEN the day of the next step comes
        THEN the allocation ends as moved, the next begins, and the letters start anew.
        """
        move = self._create_overdue(9)
        self._allocate()
        self._send_letters()
        self.assertEqual(self._items(move).letter_count, 1)
        self._move_on(1)
        self._allocate()
        self._assert_allocations(move, [(self.phase_first, "moved"), (self.phase_second, False)])
        first, second = self._items(move).allocation_ids.sorted("id")
        self.assertEqual((first.day_in, first.day_out), (TODAY, TODAY + timedelta(days=1)))
        self.assertEqual((first.days_stay, first.letter_count), (1, 1))
        self.assertEqual((second.day_in, second.days_in), (TODAY + timedelta(days=1), 10))
        item = self._items(move)
        self.assertEqual(item.allocation_id, second)
        self.assertEqual(item.letter_count, 0)
        self.assertEqual(item.date_phase, TODAY + timedelta(days=1))
        self.assertEqual(item.date_next_letter, TODAY + timedelta(days=1))

    def test_phase_without_letter_sets_no_letter_date(self):
        self.phase_first.template_id = False
        move = self._create_overdue(5)
        self._allocate()
        self._assert_phase(move, self.phase_first)
        self.assertFalse(self._items(move).date_next_letter)

    # === What is an item === #

    def test_only_what_is_posted_receivable_and_owed(self):
        """Drafts, cancelled entries, what we owe, what is paid and unmatched credits are no
        items."""
        draft = self._create_overdue(20).copy({"invoice_date": TODAY - timedelta(days=20)})
        cancelled = self._create_overdue(20)
        cancelled.button_draft()
        cancelled.button_cancel()
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.customer.id,
                "invoice_date": TODAY - timedelta(days=20),
                "invoice_date_due": TODAY - timedelta(days=20),
                "invoice_payment_term_id": False,
                "invoice_line_ids": [
                    Command.create({"name": "S", "price_unit": 10, "tax_ids": []})
                ],
            }
        )
        bill.action_post()
        credit = self._create_credit(50, days=20)
        paid = self._create_overdue(20)
        payment = self._register_payment(paid)
        self._allocate()
        none = draft | cancelled | bill | credit | paid | payment.move_id
        self.assertFalse(self._items(none))

    def test_any_posted_entry_may_be_a_open_item(self):
        """Invoices, debit notes, opening balances and customer receipts alike."""
        invoice = self._create_overdue(5)
        entry = self._create_entry(5, no_followup=False)
        receipt = self._create_overdue(5, move_type="out_receipt")
        self._allocate()
        for move in (invoice, entry, receipt):
            self._assert_phase(move, self.phase_first)
            self.assertEqual(self._items(move).amount_residual, 100)

    def test_archived_account(self):
        """What is owed on an account that is not used any more is owed still.

        Seen to fail with the archived accounts left out.
        """
        move = self._create_overdue(12)
        self._receivables(move).account_id.sudo().active = False
        self._allocate()
        self._assert_phase(move, self.phase_second)

    def test_without_a_due_date_the_date_counts(self):
        """Miscellaneous items need not have a due date."""
        move = self._create_entry(12, no_followup=False, date_maturity=False)
        self.assertFalse(self._receivables(move).date_maturity)
        self._allocate()
        self.assertRecordValues(
            self._items(move),
            [{"phase_id": self.phase_second.id, "date_maturity": TODAY - timedelta(days=12)}],
        )

    def test_portfolio_is_complete(self):
        """What is overdue is an item even where nothing can be done about it, and says why."""
        expected = {
            "no_partner": self._create_entry(20, no_followup=False, partner_id=False),
            "no_followup": self._create_entry(20),
            "blocked": self._create_overdue(20),
            "hold": self._create_overdue(20),
            False: self._create_overdue(20),
        }
        expected["blocked"].action_toggle_block_payment()
        self.env["crm.collection.hold"].with_user(self.collector).create(
            {"move_id": expected["hold"].id, "reason": "Goods came back"}
        )
        self._allocate()
        for blocker, move in expected.items():
            with self.subTest(blocker=blocker):
                self.assertEqual(self._items(move).blocker, blocker)
                self._assert_phase(move, self.no_phase if blocker else self.phase_second)
                self.assertEqual(self._items(move).amount_residual, 100)

    def test_collector_comes_from_the_customer(self):
        """The customer's collector, else its salesperson."""
        other = self._create_customer("Berg AG", user_id=self.manager.id)
        self.customer.write({"user_id": self.manager.id, "collection_user_id": self.collector.id})
        moves = self._create_overdue(5), self._create_overdue(5, partner=other)
        self._allocate()
        self.assertEqual(self._items(moves[0]).user_id, self.collector)
        self.assertEqual(self._items(moves[1]).user_id, self.manager)

    # === Activities === #

    def test_activity_of_a_step(self):
        """Entering a step with a follow-up activity is a task, once, of the user of the step or
        else the collector: see ``tests/desk/test_tasks.py``."""
        steps = self.rule.step_ids.sorted("days")
        steps[1].activity_type_id = self.env.ref("mail.mail_activity_data_call")
        self.customer.collection_user_id = self.collector
        move = self._create_overdue(12)
        self._create_overdue(5)
        self._allocate()
        self._move_on(1)
        self._allocate()
        self.assertRecordValues(
            self._items(move).allocation_id.task_id.activity_ids,
            [{"user_id": self.collector.id, "summary": self.phase_second.name}],
        )
        self.assertEqual(
            self.env["mail.activity"].search_count([("res_model", "=", "crm.collection.task")]),
            1,
        )

    def test_activity_is_in_the_language_of_who_does_it(self):
        self.env["res.lang"].sudo()._activate_lang("pt_BR")
        self.phase_second.sudo().with_context(lang="pt_BR").name = "Segundo aviso"
        self.rule.step_ids.activity_type_id = self.env.ref("mail.mail_activity_data_call")
        self.customer.collection_user_id = self.collector
        self.collector.sudo().lang = "pt_BR"
        move = self._create_overdue(12)
        self._allocate()
        activity = self._items(move).allocation_id.task_id.activity_ids
        self.assertEqual(activity.summary, "Segundo aviso")

    def test_activity_that_cannot_be_scheduled(self):
        """GIVEN items of two customers that enter a step with an activity, and one cannot have it
        WHEN the job runs
        THEN both move, the other has its task, and the run says what went wrong
        WHEN it can be
        THEN the next run makes it.
        """
        self.rule.step_ids.activity_type_id = self.env.ref("mail.mail_activity_data_call")
        berg = self._create_customer("Berg AG", collection_user_id=self.collector.id)
        self.customer.collection_user_id = self.collector
        bad, good = self._create_overdue(12), self._create_overdue(12, partner=berg)
        create = self.registry["mail.activity"].create

        def refuse(model, vals_list):
            tasks = model.env["crm.collection.task"].browse(vals["res_id"] for vals in vals_list)
            if bad in tasks.allocation_ids.item_id.move_id:
                raise UserError("No activity for this one.")
            return create(model, vals_list)

        with patch.object(self.registry["mail.activity"], "create", refuse):
            self._allocate()
        self._assert_phase(bad | good, self.phase_second)
        self.assertFalse(self._items(bad).allocation_id.task_id)
        self.assertEqual(len(self._items(good).allocation_id.task_id.activity_ids), 1)
        run = self._get_run()
        self.assertEqual(run.exception_count, 1)
        line = run.line_ids.filtered(lambda line: line.kind == "exception")
        self.assertEqual(line.item_id, self._items(bad))
        self.assertIn("No activity for this one.", line.message)
        self._move_on(1)
        self._allocate()
        self.assertEqual(len(self._items(bad).allocation_id.task_id.activity_ids), 1)
