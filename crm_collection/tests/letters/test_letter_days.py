from datetime import datetime, timedelta

from odoo.fields import Command, Domain
from odoo.tests import tagged

from ..common import TODAY
from ..common_letters import CrmCollectionLettersCommon

FRIDAY, SATURDAY, SUNDAY, MONDAY, TUESDAY = (TODAY + timedelta(days=n) for n in range(4, 9))


@tagged("post_install", "-at_install")
class TestLetterDays(CrmCollectionLettersCommon):
    """Letters that leave by themselves wait for working days; a person's do not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.collection_letters_workday = True
        cls.calendar = cls.company.resource_calendar_id
        cls.calendar.tz = "UTC"

    def _close(self, first, days=1):
        start = datetime(first.year, first.month, first.day)
        end = start + timedelta(days=days, seconds=-1)
        Leave = self.env["resource.calendar.leaves"].sudo()
        return Leave.create({"calendar_id": self.calendar.id, "date_from": start, "date_to": end})

    def _go_to(self, day):
        self._move_on((day - self.company._get_collection_today()).days)

    def _say(self, item):
        item.invalidate_recordset()
        return {fact["label"]: fact["text"] for fact in item._get_facts()}.get("Next letter")

    def _simulate(self, day):
        """:return: how many letters leave on a day, and what they wait for"""
        wizard = self.env["crm.collection.simulate"].with_user(self.collector)
        wizard = wizard.create({"date": day})
        wizard.action_simulate()
        return wizard.letter_count, wizard.bank_note

    def _get_run(self):
        domain = Domain("kind", "=", "letters") & Domain("company_id", "=", self.company.id)
        return self.env["crm.collection.run"].search(domain, limit=1)

    def test_weekend_and_holiday(self):
        """GIVEN a holiday on Monday, a letter due on Saturday, and one left in the queue on Friday
        WHEN the jobs run each day
        THEN nothing leaves before Tuesday, as item, simulation, run and status say, but a letter
        by hand; on Tuesday both leave, and what waited is dated Tuesday.
        """
        self._close(MONDAY)
        queued, other, third = (self._create_customer(name) for name in ("Queued", "Other", "Third"))
        self._go_to(FRIDAY)
        self._create_overdue(5, partner=queued)
        self._allocate()
        self._send_letters()
        self.assertEqual(self._letters(queued).state, "outgoing")
        moves = [self._create_overdue(-4, partner=one) for one in (other, third)]
        self.assertEqual(self._simulate(SATURDAY)[0], 0)
        self.assertIn("no working day", self._simulate(SATURDAY)[1])
        self.assertEqual(self._simulate(TUESDAY)[0], 2)
        self.assertFalse(self._simulate(TUESDAY)[1])
        for day in (SATURDAY, SUNDAY, MONDAY):
            self._go_to(day)
            self._allocate()
            self._send_letters()
            self.assertFalse(self._deliver())
            self.assertFalse(self._letters(other))
        self.assertEqual(self._letters(queued).state, "to_send")
        run = self._get_run()
        self.assertEqual(run.state, "waiting")
        self.assertIn("no working day", run.line_ids.message)
        status = self.env["crm.collection.status"].with_user(self.collector).get_status()
        for key in ("workday", "letters_run"):
            [check] = [one for one in status["checks"] if one["key"] == key]
            self.assertEqual(check["level"], "ok")
            self.assertIn("24 March 2026", check["message"])
        item, by_hand = (self._items(move) for move in moves)
        self.assertEqual(item.date_expected_letter, TUESDAY)
        self.assertIn("working days", self._say(item))
        self._send_now(by_hand)
        self.assertEqual(len(self._deliver()), 1)
        self._go_to(TUESDAY)
        self._allocate()
        self._send_letters()
        self.assertEqual(len(self._deliver()), 2)
        self.assertRecordValues(
            self._letters(queued) | self._letters(other),
            [{"state": "sent", "date": TUESDAY}] * 2,
        )
        self.assertEqual(self._get_run().state, "done")

    def test_reminders_are_not_dropped(self):
        """GIVEN reminders of what is due on a Sunday, and of a promise for Monday
        THEN the first leaves on Monday, as it says, and the other one on Friday.
        """
        self.company.collection_promise_remind = True
        reminder = self.env["crm.collection.phase"].create(
            {"name": "Reminder", "sequence": 1, "template_id": self.phase_first.template_id.id}
        )
        self._create_rule({-1: reminder}, sequence=1)
        due = self._create_overdue(-6)
        promising = self._create_customer("Promising")
        self._create_overdue(3, partner=promising)
        self._allocate()
        promise = self._hold(
            promising, kind="promise", amount=100.0, date_until=MONDAY, date_from=TODAY
        )
        self._go_to(FRIDAY)
        self._allocate()
        self._send_letters()
        self.assertEqual(promise.date_reminded, MONDAY)
        self._send_letters()
        mails = self.env["mail.mail"].sudo().search([("model", "=", promise._name)])
        self.assertEqual(len(mails.filtered(lambda mail: mail.res_id == promise.id)), 1)
        self._go_to(SATURDAY)
        for _time in range(2):
            self._allocate()
            self._send_letters()
            self.assertEqual(self._items(due).date_expected_letter, MONDAY)
        self._go_to(MONDAY)
        self._allocate()
        self._send_letters()
        self.assertEqual(self._letters().phase_id, reminder)

    def test_calendar_without_hours_or_closed_for_good(self):
        """Without hours it is Monday to Friday; where no working day comes, every day is one:
        nothing is held back for ever."""
        self.calendar.attendance_ids = [Command.clear()]
        is_letter_day = self.company._is_collection_letter_day
        self.assertEqual([is_letter_day(day) for day in (FRIDAY, SATURDAY)], [True, False])
        self._close(SATURDAY, days=2000)
        self.assertTrue(is_letter_day(SATURDAY))
