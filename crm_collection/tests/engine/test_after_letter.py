import smtplib
from datetime import timedelta

from odoo import fields
from odoo.tests import Form, tagged

from ..common import TODAY
from ..common_approval import CrmCollectionApprovalCommon
from ..common_letters import Session

REFUSED = smtplib.SMTPRecipientsRefused({"adler@customer.example": (550, b"no such user")})
LOST = smtplib.SMTPServerDisconnected("Connection unexpectedly closed")


@tagged("post_install", "-at_install")
class TestAfterLetter(CrmCollectionApprovalCommon):
    """A phase may wait until the last letter about an item is known to have left: nobody gets the
    final notice who did not get the letters before it.

    Seen to fail without that part of the plan: a letter that came back, that is uncertain or waits
    for an address stood in nobody's way.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.phase_third.after_letter = True
        cls.phase_manual.after_letter = True

    def _write_letter(self, days=28, deliver=True, **vals):
        """An item that had its letter of the second phase, which is followed by the third in
        two days."""
        move = self._create_overdue(days, **vals)
        self._allocate()
        self._send_letters()
        if deliver:
            self._deliver()
        item = self._items(move)
        return item, item.letter_line_ids.letter_id.with_user(self.collector)

    def _bounce(self, letter):
        self._come_back(letter)
        self.assertEqual(letter.state, "bounced")

    def _live(self, days):
        """The jobs of the days that follow, and what the mail server takes."""
        for _day in range(days):
            self._move_on(1)
            self._allocate()
            self._send_letters()
            self._deliver()

    def _assert_waits(self, item, phase=None):
        self.assertRecordValues(
            item, [{"phase_id": (phase or self.phase_second).id, "blocker": "after_letter"}]
        )

    def _assert_moved(self, item, phase=None):
        self.assertRecordValues(
            item, [{"phase_id": (phase or self.phase_third).id, "blocker": False}]
        )

    def _get_versions(self, item):
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT xmin::text, ctid::text FROM crm_collection_item WHERE id = %s", [item.id]
        )
        return self.env.cr.fetchall()

    def _facts(self, item):
        item.invalidate_recordset()
        return {fact["label"]: fact["text"] for fact in item.with_user(self.collector)._get_facts()}

    # === What it waits for === #

    def test_letter_that_left(self):
        item, _letter = self._write_letter()
        self._live(2)
        self._assert_moved(item)

    def test_letter_that_came_back(self):
        """GIVEN a letter that came back
        WHEN the days of the final phase have come
        THEN the item stays, says why and is found by it, and nothing is written a second time
        WHEN somebody says that the letter arrived
        THEN the next run moves the item, and the one after it writes nothing.
        """
        item, letter = self._write_letter()
        self._bounce(letter)
        self._live(5)
        self._assert_waits(item)
        before = self._get_versions(item)
        self._allocate()
        self.assertEqual(self._get_versions(item), before)

        letter.action_arrived()
        self._allocate()
        self._assert_moved(item)
        before = self._get_versions(item)
        self._allocate()
        self.assertEqual(self._get_versions(item), before)

    def test_letter_without_address(self):
        """It waits until there is an address, and moves the day after the letter has left."""
        partner = self._create_customer("Nobody", email=False)
        item, letter = self._write_letter(partner=partner)
        self.assertEqual(letter.state, "no_address")
        self._live(3)
        self._assert_waits(item)
        partner.email = "nobody@customer.example"
        self._live(1)
        self.assertEqual(item.letter_line_ids.letter_id.state, "sent")
        self._allocate()
        self._assert_waits(item)
        self._live(1)
        self._assert_moved(item)

    def test_letter_on_the_blacklist(self):
        self.env["mail.blacklist"].sudo()._add("adler@customer.example")
        item, letter = self._write_letter()
        self.assertEqual(letter.state, "blacklisted")
        self._live(3)
        self._assert_waits(item)

    def test_uncertain_letter(self):
        """Nobody knows is no answer."""
        item, letter = self._write_letter(deliver=False)
        self._run_mail_queue(Session(LOST))
        self.assertEqual(letter.state, "uncertain")
        self._live(3)
        self._assert_waits(item)
        letter.action_nobody_knows()
        self._allocate()
        self._assert_waits(item)
        letter.action_arrived()
        self._allocate()
        self._assert_moved(item)

    def test_letter_that_was_refused(self):
        """Whoever cancels the letter lets the item go on."""
        item, letter = self._write_letter(deliver=False)
        self._run_mail_queue(Session(REFUSED))
        self.assertEqual(letter.state, "failed")
        self._live(3)
        self._assert_waits(item)
        letter.action_cancel()
        self._allocate()
        self._assert_moved(item)

    def test_letter_in_the_queue(self):
        """The mail server has not taken it yet: another run of a later day does not either."""
        item, letter = self._write_letter(deliver=False)
        self._move_on(2)
        self._allocate()
        self.assertEqual(letter.state, "outgoing")
        self._assert_waits(item)

    def test_cancelled_letter_is_none(self):
        """The one before it counts."""
        self.rule.step_ids.write({"resend_interval": 1})
        item, letter = self._write_letter()
        self._bounce(letter)
        self._move_on(1)
        self._allocate()
        self._send_letters()
        second = (item.letter_line_ids.letter_id - letter).with_user(self.collector)
        self.assertEqual(second.state, "outgoing")
        second.action_cancel()
        self._move_on(1)
        self._allocate()
        self._assert_waits(item)

    def test_letter_that_follows(self):
        """What came back is over with the next letter that leaves, the day after it."""
        self.rule.step_ids.write({"resend_interval": 4})
        item, letter = self._write_letter()
        self._bounce(letter)
        self._live(4)
        self.assertCountEqual(item.letter_line_ids.letter_id.mapped("state"), ["sent", "bounced"])
        self._assert_waits(item)
        self._live(1)
        self._assert_moved(item)

    def test_never_had_a_letter(self):
        """Who sends none uses phases all the same."""
        self.phase_second.template_id = False
        item, letter = self._write_letter()
        self.assertFalse(letter)
        self._live(2)
        self._assert_moved(item)

    def test_first_seen_late(self):
        move = self._create_overdue(45)
        self._allocate()
        self._assert_moved(self._items(move))

    # === Where it goes meanwhile === #

    def test_step_before(self):
        """GIVEN a letter of the first phase that came back, and no run for weeks
        WHEN the last step is reached
        THEN the item enters the one before it, as where too little is owed.
        """
        item, letter = self._write_letter(9)
        self._bounce(letter)
        self._move_on(25)
        self._allocate()
        self._assert_waits(item, self.phase_second)

    def test_step_before_where_too_little_is_owed(self):
        """The step it falls back to may be one that waits, too."""
        self.rule.step_ids.filtered(lambda step: step.days == 30).amount_min = 500
        self.phase_second.after_letter = True
        item, letter = self._write_letter(9)
        self._bounce(letter)
        self._move_on(25)
        self._allocate()
        self._assert_waits(item, self.phase_first)

    def test_one_at_a_time(self):
        """No step is passed over."""
        self.rule.escalation = "step"
        self.phase_second.after_letter = True
        self.phase_third.after_letter = False
        item, letter = self._write_letter(9)
        self._bounce(letter)
        self._move_on(25)
        self._allocate()
        self._assert_waits(item, self.phase_first)

    def test_no_way_back(self):
        """An item that is there already stays, whatever becomes of its letter."""
        item, _letter = self._write_letter(31)
        self.assertEqual(item.phase_id, self.phase_third)
        self._bounce(item.letter_line_ids.letter_id)
        self._live(2)
        self._assert_moved(item)

    # === People === #

    def test_by_hand(self):
        item, letter = self._write_letter()
        self._bounce(letter)
        self._live(3)
        wizard = (
            self.env["crm.collection.item.maintain"]
            .with_user(self.collector)
            .with_context(active_model=item._name, active_ids=item.ids)
        )
        form = Form(wizard)
        form.phase_id, form.reason = self.phase_third, "They called"
        form.save().action_apply()
        self.env.invalidate_all()
        self.assertEqual(item.phase_id, self.phase_third)
        self._live(1)
        self._assert_moved(item)

    def test_by_hand_it_is_said(self):
        """GIVEN a letter that came back
        WHEN a person is about to move its item into a phase that waits for letters
        THEN the dialog says that the move does not wait, and that this letter is not known to have
        arrived; of a manual phase that alone, and nothing of a phase that does not wait.
        WHEN somebody says that it arrived
        THEN nobody is warned any more.

        Seen to fail without the count, and with a note that every phase has.
        """
        item, letter = self._write_letter()
        self._bounce(letter)
        waits, unheard = "does not wait for it", "not known to have arrived: 1"
        for phase, is_said in (
            (self.phase_third, (True, True)),
            (self.phase_manual, (False, True)),
            (self.phase_first, (False, False)),
        ):
            note = self._get_note(item, phase)
            self.assertEqual((waits in note, unheard in note), is_said, phase.name)
        letter.action_arrived()
        note = self._get_note(item, self.phase_third)
        self.assertEqual((waits in note, "not known" in note), (True, False))
        self.assertFalse(self._get_note(item, self.phase_manual))

    def test_by_hand_letters_that_left_today(self):
        """Of these it is known, though the job goes on tomorrow; what is refused is not counted."""
        item, letter = self._write_letter()
        self.assertEqual(letter.state, "sent")
        self.assertNotIn("not known", self._get_note(item, self.phase_third))
        self._bounce(letter)
        self.env["crm.collection.hold"].create({"item_id": item.id, "reason": "Call"})
        self.assertNotIn("not known", self._get_note(item, self.phase_third))

    def _get_note(self, items, phase):
        """:return: what phase maintenance says of a phase that waits for letters"""
        wizard = self.env["crm.collection.item.maintain"].with_user(self.collector)
        form = Form(wizard.with_context(active_model=items._name, active_ids=items.ids))
        form.phase_id = phase
        return form.arrival_note or ""

    def test_proposal(self):
        """A person decides about manual phases: what he decides about is proposed."""
        item, letter = self._write_letter(58)
        self._bounce(letter)
        self._live(2)
        self.assertEqual(item.proposed_phase_id, self.phase_manual)
        self._assert_moved(item)

    def test_pinned(self):
        item, letter = self._write_letter()
        self._bounce(letter)
        item.with_user(self.collector).pinned = True
        self._live(3)
        self._assert_moved(item, self.phase_second)

    # === What is said of it === #

    def test_letters_to_come_are_waited_for(self):
        """GIVEN a letter that goes again each day, in two days beside an item that goes by post
        WHEN the days of the final phase come
        THEN the item waits until somebody has printed that letter, and said so before.

        Seen to fail where nothing is foreseen after the next letter of each.
        """
        self.phase_third.channel = "post"
        self.rule.step_ids.filtered(lambda step: step.phase_id == self.phase_second).write(
            {"resend_interval": 1}
        )
        self._create_overdue(28)
        item, letter = self._write_letter(27)
        self.assertEqual(letter.state, "sent")
        self.assertEqual(item.date_next_letter, TODAY + timedelta(days=1))
        self.assertNotEqual(item.next_phase_id, self.phase_third)
        self.assertEqual(item.foreseen["waits"], str(TODAY + timedelta(days=3)))
        self._live(3)
        self._assert_waits(item)

    def test_found(self):
        """By its filter, as the collector sees it."""
        item, letter = self._write_letter()
        self._bounce(letter)
        self._live(2)
        found = self.env["crm.collection.item"].with_user(self.collector)
        self.assertEqual(found.search([("blocker", "=", "after_letter")]), item)

    def test_explained(self):
        """Before its day, on it, and when nothing keeps it any more."""
        item, letter = self._write_letter()
        self._bounce(letter)
        facts = self._facts(item)
        self.assertIn("it waits for a letter that arrives", facts["Held back"])
        self.assertIn("Manual from 04/17/2026", facts["Next phase"])
        self._live(2)
        self.assertIn("The last one, of 03/16/2026: Bounced.", self._facts(item)["Held back"])
        letter.action_arrived()
        facts = self._facts(item)
        self.assertNotIn("Held back", facts)
        self.assertIn("Phase 3 on 03/18/2026", facts["Next phase"])

    def test_foreseen(self):
        """GIVEN a letter that came back and goes again in four days
        THEN the item moves on the day after, and says so.
        """
        self.rule.step_ids.write({"resend_interval": 4})
        item, letter = self._write_letter()
        self._bounce(letter)
        item.invalidate_recordset()
        self.assertEqual(
            (item.date_next_step, item.next_phase_id),
            (TODAY + timedelta(days=5), self.phase_third),
        )
        self._live(5)
        self._assert_moved(item)
        self.assertEqual(item.date_phase, TODAY + timedelta(days=5))

    def test_foreseen_where_nothing_is_sent(self):
        """A company that does not send by itself writes no letter that lets the item go."""
        self.rule.step_ids.write({"resend_interval": 4})
        item, letter = self._write_letter()
        self._bounce(letter)
        self.company.collection_auto_send = False
        item.invalidate_recordset()
        self.assertEqual(item.next_phase_id, self.phase_manual)
        self.assertEqual(item.date_expected_letter, TODAY + timedelta(days=4))

    def test_simulated(self):
        item, letter = self._write_letter()
        self._bounce(letter)
        form = Form(self.env["crm.collection.simulate"].with_user(self.collector))
        form.date = fields.Date.add(TODAY, days=2)
        wizard = form.save()
        wizard.action_simulate()
        self.assertFalse(wizard.move_line_ids)
        self.assertEqual(wizard.held_line_ids.mapped("blocker"), ["after_letter"])
        letter.action_arrived()
        wizard.action_simulate()
        self.assertEqual(wizard.move_line_ids.phase_id, self.phase_third)

    # === Approval === #

    def test_request_about_items(self):
        """GIVEN a phase that waits for letters, and whose items need an approval
        WHEN another letter leaves while somebody is asked
        THEN he still is; where it comes back he is not any more, nor asked.
        """
        self.rule.step_ids.write({"resend_interval": 2})
        self._guard(self.phase_third)
        item, _letter = self._write_letter()
        self._live(2)
        request = self._requests()
        self.assertEqual(request.line_ids.item_id, item)
        self.assertEqual(item.letter_line_ids.letter_id.mapped("state"), ["sent", "sent"])
        item.with_user(self.collector).action_release_pin()  # it is looked at again
        self._allocate()
        self.assertEqual(self._requests(), request)
        self._bounce(item.letter_line_ids.letter_id.sorted("id")[-1])
        self._move_on(1)
        self._allocate()
        self.assertFalse(self._requests())
        self._assert_waits(item)

    def test_definition(self):
        """Whether a phase waits is part of what is approved."""
        phase = self.phase_second
        self._guard(phase, "definition")
        phase.with_user(self.manager).action_request_approval()
        phase.with_user(self.approver).action_approve()
        phase.with_user(self.manager).after_letter = True
        self.assertFalse(phase.after_letter)
        request = phase.pending_approval_id
        self.assertEqual(request.proposed_values, {"after_letter": True})
        self.assertIn("Only after a Letter Arrived", request.changes_html)
        phase.with_user(self.approver).action_approve()
        self.assertTrue(phase.after_letter)
