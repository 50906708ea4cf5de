from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import Form, tagged

from ..common import TODAY
from ..common_approval import CrmCollectionApprovalCommon


@tagged("post_install", "-at_install")
class TestLetterAsked(CrmCollectionApprovalCommon):
    """A letter a person asks for goes, whatever the rule's minimum says to the job.

    Seen to fail with the minimum a condition of every letter: the item was moved, nothing was
    sent, and nobody was told.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule.amount_min = 60.0

    def _small(self, amount=9.0):
        move = self._create_overdue(5, amount=amount)
        self._allocate()
        item = self._items(move)
        self.assertRecordValues(item, [{"phase_id": False, "blocker": "below_minimum"}])
        return item

    def _facts(self, item):
        item.invalidate_recordset()
        return {fact["label"]: fact["text"] for fact in item._get_facts()}

    def _simulate(self, days=0):
        form = Form(self.env["crm.collection.simulate"].with_user(self.collector))
        form.date = fields.Date.today() + timedelta(days=days)
        wizard = form.save()
        wizard.action_simulate()
        return wizard

    def _check_goes(self, item):
        """Explanation, simulation, job, queue and the last check before delivery say the same."""
        self.assertIn("With the next run", self._facts(item)["Next letter"])
        self.assertEqual(self._simulate().letter_line_ids.partner_id, item.partner_id)
        self._allocate()
        self._send_letters()
        letter = item.letter_line_ids.letter_id
        self.assertEqual(letter.state, "outgoing")
        self._deliver()
        self.assertEqual(letter.state, "sent")

    def test_by_phase_maintenance(self):
        item = self._small()
        wizard = (
            self.env["crm.collection.item.maintain"]
            .with_user(self.collector)
            .with_context(active_model=item._name, active_ids=item.ids)
            .create({"phase_id": self.phase_second.id, "reason": "He has to know"})
        )
        self.assertIn("next run", wizard.letter_note)
        wizard.action_apply()
        self._check_goes(item)

    def test_by_dragging_the_card(self):
        item = self._small()
        item.with_user(self.collector).phase_id = self.phase_first
        self._check_goes(item)

    def test_by_an_approved_request(self):
        self._guard(self.phase_second)
        item = self._small()
        item.with_user(self.collector)._maintain(self.phase_second, "He has to know")
        self._say(self._requests(), "approve")
        self.assertEqual(item.allocation_id.origin, "approval")
        self._check_goes(item)

    def test_by_hand_of_what_the_job_put_there(self):
        """Paid below the minimum in its phase: the job is silent, a person need not be."""
        move = self._create_overdue(5)
        self._allocate()
        self._pay(move, 60.0)
        self._send_letters()
        self.assertFalse(self._letters())
        self._send_now(self._items(move))
        self._deliver()
        self.assertEqual(self._letters().state, "sent")

    def test_again_and_again(self):
        """The letter goes again as the step says, as any other of the phase."""
        self.rule.step_ids.filtered(lambda step: step.days == 10).resend_interval = 3
        item = self._small()
        item.with_user(self.collector)._maintain(self.phase_second, "He has to know")
        self._check_goes(item)
        self.assertEqual(item.date_next_letter, TODAY + timedelta(days=3))
        self._move_on(3)
        self._allocate()
        self._send_letters()
        self.assertEqual(item.letter_count, 2)

    def test_what_may_never_be_asked_for(self):
        """A hold, an open credit and a phase that is not approved stand in a person's way."""
        for name in ("hold", "credit", "approval"):
            with self.subTest(name):
                self.customer = self._create_customer(name)
                item = self._small()
                item.with_user(self.collector)._maintain(self.phase_second, "He has to know")
                if name == "hold":
                    self._hold(item)
                elif name == "credit":
                    self._create_credit(9.0)
                else:
                    self._put_under_approval(self.phase_second)
                self._allocate()
                self._send_letters()
                self.assertFalse(self._letters())

    def test_request_of_the_job_is_no_wish_of_a_person(self):
        """GIVEN an item the job had asked about, in its phase by approval
        WHEN it is paid below the minimum before its letter has left
        THEN none leaves, as of any other item the job put where it is.
        """
        self._guard(self.phase_first)
        move = self._create_overdue(5)
        self._allocate()
        self._say(self._requests(), "approve")
        self.assertEqual(self._items(move).phase_id, self.phase_first)
        self._pay(move, 60.0)
        self._allocate()
        self._send_letters()
        self.assertFalse(self._letters())

    def test_silent_entries_are_refused(self):
        """What no letter is written about is not put into a phase for one, and says why."""
        for state, reason in (("blocked", "invoice"), ("in_payment", "on its way")):
            with self.subTest(state):
                item = self._small()
                item.move_id.payment_state = state
                result = item.with_user(self.collector)._maintain(self.phase_second, "Try")
                self.assertIn(reason, result["refused"][item.id])

    def test_phase_without_a_letter_is_said(self):
        """Nobody waits for a letter that there is none of."""
        item = self._small()
        self.phase_second.template_id = False
        wizard = (
            self.env["crm.collection.item.maintain"]
            .with_user(self.collector)
            .with_context(active_model=item._name, active_ids=item.ids)
            .create({"phase_id": self.phase_second.id, "reason": "Moved"})
        )
        self.assertIn("no letter", wizard.letter_note)


@tagged("post_install", "-at_install")
class TestLetterPutOff(CrmCollectionApprovalCommon):
    """The date of the next letter is one on which a run would send it: on item, list and customer.

    Seen to fail with the date left as it stands, whatever became of rule and step.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first_step = cls.rule.step_ids.filtered(lambda step: step.days == 1)
        cls.first_step.write({"resend_interval": 3, "resend_max": 5})

    def _written(self, days=2):
        """An item that had its first letter and waits for the second."""
        move = self._create_overdue(days)
        self._allocate()
        self._send_letters()
        self._deliver()
        item = self._items(move)
        self.assertEqual(item.date_next_letter, TODAY + timedelta(days=3))
        return item

    def _check_dates(self, item, date):
        self._allocate()
        self.assertEqual(item.date_next_letter, date)
        self.env.flush_all()
        customer = self.env["crm.collection.customer"].search(
            [("partner_id", "=", item.partner_id.id)]
        )
        self.assertEqual(customer.date_next_letter, date)
        versions = self._get_rows(item)
        self._allocate()
        self._send_letters()
        self.assertEqual(self._get_rows(item), versions, "a run with nothing changed")

    def _get_rows(self, item):
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT xmin::text, record.* FROM crm_collection_item record WHERE id = %s", item.ids
        )
        return self.env.cr.fetchall()

    def test_rule_archived_and_in_force_again(self):
        item = self._written()
        date = item.date_next_letter
        self.rule.action_archive()
        self._check_dates(item, False)
        self.rule.action_unarchive()
        self._check_dates(item, date)

    def test_first_letter_of_a_rule_that_is_archived(self):
        """Of a letter that has not left yet, too."""
        self.company.collection_auto_send = False
        move = self._create_overdue(2)
        self._allocate()
        item = self._items(move)
        self.assertEqual(item.date_next_letter, TODAY)
        self.rule.action_archive()
        self._check_dates(item, False)
        self.rule.action_unarchive()
        self._check_dates(item, TODAY)

    def test_rule_without_the_phase(self):
        item = self._written()
        date = item.date_next_letter
        item.partner_id.collection_rule_id = self._create_rule(
            {20: self.phase_third}, sequence=99, name="Other"
        )
        self._check_dates(item, False)
        item.partner_id.collection_rule_id = False
        self._check_dates(item, date)

    def test_step_without_a_letter_and_with_one_again(self):
        item = self._written()
        date, template = item.date_next_letter, self.phase_first.template_id
        self.phase_first.template_id = False
        self._check_dates(item, False)
        self.phase_first.template_id = template
        self._check_dates(item, date)

    def test_paid_below_the_minimum_and_returned(self):
        item = self._written()
        date = item.date_next_letter
        self.rule.amount_min = 50.0
        payment = self._pay(item.move_id, 60.0)
        self._check_dates(item, False)
        payment.move_id.line_ids.remove_move_reconcile()
        self._check_dates(item, date)

    def test_left_out_and_taken_in(self):
        item = self._written()
        date = item.date_next_letter
        item.line_id.no_followup = True
        self._check_dates(item, False)
        item.with_user(self.collector).action_take_in()
        self._check_dates(item, date)

    def test_fewer_times_and_more_again(self):
        item = self._written()
        date = item.date_next_letter
        self.first_step.resend_max = 1
        self._check_dates(item, date)
        self._move_on(3)
        self._allocate()
        self._send_letters()
        self.assertEqual(item.letter_count, 2)
        self._check_dates(item, False)
        self.first_step.resend_max = 5
        self._check_dates(item, TODAY + timedelta(days=6))

    def test_reminder_is_over_with_the_due_date(self):
        """GIVEN a reminder before the due date that goes again after three days
        THEN the one after the last is not announced, and one that could not leave in time stands
        no longer when its day has passed.
        """
        reminder = self.env["crm.collection.phase"].create(
            {"name": "Reminder", "sequence": 1, "template_id": self.phase_first.template_id.id}
        )
        (self.rule.step_ids - self.first_step).unlink()
        self.first_step.days = 40
        self.rule.step_ids = [
            Command.create({"days": -5, "phase_id": reminder.id, "resend_interval": 3})
        ]
        move = self._create_overdue(-4)
        self._allocate()
        item = self._items(move)
        self.assertEqual(item.phase_id, reminder)
        self._send_letters()
        self._deliver()
        self.assertEqual(item.date_next_letter, TODAY + timedelta(days=3))
        hold = self._hold(item)
        self._move_on(3)
        hold.action_lift("Over")
        self._allocate()
        self._send_letters()
        self.assertEqual(item.letter_count, 2)
        self.assertFalse(item.date_next_letter, "it would come two days late")
        self.company.collection_auto_send = False
        late = self._create_overdue(-4, partner=self._create_customer("Late"))
        self._allocate()
        late = self._items(late)
        self.assertEqual(late.date_next_letter, fields.Date.today())
        self._move_on(2)
        self._check_dates(late, False)

    def test_put_by_hand_it_stays(self):
        """The letter a person asked for goes without a rule: its date stands."""
        item = self._written()
        item.with_user(self.collector)._maintain(self.phase_second, "Go")
        self.company.collection_auto_send = False
        self.rule.action_archive()
        self._check_dates(item, TODAY)

    def test_silenced_it_does_not_come_back(self):
        item = self._written()
        self.rule.action_archive()
        self._check_dates(item, False)
        item.with_user(self.collector)._silence(resends=True)
        self.rule.action_unarchive()
        self._check_dates(item, False)
