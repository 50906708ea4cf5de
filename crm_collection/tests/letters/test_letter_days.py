from datetime import datetime, time, timedelta

from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo.fields import Command, Domain
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import TODAY
from ..common_letters import CrmCollectionLettersCommon

FRIDAY, SATURDAY, SUNDAY, MONDAY, TUESDAY = (TODAY + timedelta(days=n) for n in range(4, 9))


@tagged("post_install", "-at_install")
class TestLetterDays(CrmCollectionLettersCommon):
    """Letters that leave by themselves wait for working days; a person's do not.

    Seen to fail, of the hours: with letters not put off where they are issued and where they are
    handed over, by the company's clock alone, a person's too, without waking the queue, not asked
    of the days to come, not followed when they change, and without each constraint.
    """

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
        names = ("Queued", "Other", "Third")
        queued, other, third = (self._create_customer(name) for name in names)
        self._go_to(FRIDAY)
        self._create_overdue(0, partner=queued)
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
        for key, said in (("workday", "24 March 2026"), ("letters_run", "next working day")):
            [check] = [one for one in status["checks"] if one["key"] == key]
            self.assertEqual(check["level"], "ok")
            self.assertIn(said, check["message"])
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

    def test_sending_hours(self):
        """GIVEN sending hours from nine to six, customers in Lisbon, São Paulo and nowhere known,
        and a letter by hand
        WHEN the job writes their letters at six in the morning in Lisbon
        THEN the one by hand leaves; the others wait in the queue, with a reason, and the queue is
        woken when the hours begin where each of them is: of the company where it is not known.
        One that is looked at too early is put off again; one that waits for the next day is
        decided anew.
        """
        self.company.write(
            {"collection_tz": "Europe/Lisbon", "collection_send_from": 9, "collection_send_to": 18}
        )
        zones = {"Lisbon": "Europe/Lisbon", "Paulo": "America/Sao_Paulo", "Nowhere": False}
        customers = [self._create_customer(name, tz=zone) for name, zone in zones.items()]
        by_hand = self._create_customer("Hand", tz="America/Sao_Paulo")
        moves = [self._create_overdue(5, partner=one) for one in (*customers, by_hand)]
        scheduler = self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()
        triggers = self.env["ir.cron.trigger"].sudo()
        with freeze_time(f"{TODAY} 06:00:00"):
            self._allocate()
            self._send_now(self._items(moves[-1]))
            self._send_letters()
            self.assertTrue(all(self._letters(one).date_leave for one in customers))
            self.assertEqual(self._letters(by_hand).state, "outgoing")
            self.assertFalse(self._letters(by_hand).leave_note)
            self.assertEqual(len(self._deliver()), 1)
        letters = [self._letters(one) for one in customers]
        hours = [9, 12, 9]  # in March Lisbon is where UTC is
        for letter, hour in zip(letters, hours, strict=True):
            moment = datetime.combine(TODAY, time(hour))
            self.assertRecordValues(letter, [{"state": "outgoing", "date_leave": moment}])
            self.assertEqual(letter.sudo().mail_id.scheduled_date, moment)
            domain = Domain("cron_id", "=", scheduler.id) & Domain("call_at", "=", moment)
            self.assertTrue(triggers.search_count(domain))
        with freeze_time(f"{TODAY} 08:59:00"):
            self.assertFalse(self._deliver())
            self.assertIn("9:00", letters[1].with_user(self.collector).leave_note)
            self.assertIn("America/Sao_Paulo", letters[1].leave_note)
        with freeze_time(f"{TODAY} 09:00:00"):
            self.assertEqual(len(self._deliver()), 2)
            self.assertEqual([letter.state for letter in letters], ["sent", "outgoing", "sent"])
        tomorrow = TODAY + timedelta(days=1)
        with freeze_time(f"{tomorrow} 12:00:00"):
            self.assertFalse(self._deliver())  # decided anew, and queued again
            self.assertEqual(len(self._deliver()), 1)
        self.assertRecordValues(letters[1], [{"state": "sent", "date": tomorrow}])

    def test_hours_are_hours(self):
        """They end after they begin, and after the letters of a day are decided."""
        for vals in (
            {"collection_send_from": 9, "collection_send_to": 9},
            {"collection_send_to": 25},
            {"collection_send_from": -1},
            {"collection_letters_hour": 18, "collection_send_to": 18},
        ):
            with (
                self.subTest(**vals),
                mute_logger("odoo.sql_db"),
                self.assertRaises(CheckViolation),
                self.env.cr.savepoint(),
            ):
                self.company.write(vals)
                self.env.flush_all()

    def test_calendar_without_hours_or_closed_for_good(self):
        """Without hours it is Monday to Friday; where no working day comes, every day is one:
        nothing is held back for ever."""
        self.calendar.attendance_ids = [Command.clear()]
        is_letter_day = self.company._is_collection_letter_day
        self.assertEqual([is_letter_day(day) for day in (FRIDAY, SATURDAY)], [True, False])
        self._close(SATURDAY, days=2000)
        self.assertTrue(is_letter_day(SATURDAY))

    def test_hours_of_another_day_are_foreseen(self):
        """GIVEN hours until noon, a customer in Tokyo, where it is three when letters are written,
        and a letter in the queue on a Friday
        THEN he and the items say that it leaves on Tuesday: on Saturday it is closed here, on
        Monday it is written in his afternoon. So it does.
        WHEN the hours are changed meanwhile THEN what waits goes by those there are.
        """
        self.company.write({"collection_send_from": 9, "collection_send_to": 12})
        tokyo = self._create_customer("Tokyo", tz="Asia/Tokyo")
        self._go_to(FRIDAY)
        move = self._create_overdue(1, partner=tokyo)
        with freeze_time(f"{FRIDAY} 06:00:00"):
            self._allocate()
            self.assertEqual(self._items(move).date_expected_letter, TUESDAY)
            self._send_letters()
            self.assertFalse(self._deliver())
            letter, item = self._letters(tokyo), self._items(move)
            self.assertEqual(letter.date_leave, datetime.combine(SATURDAY, time()))
            self._say(item)
            self.assertEqual(item.date_expected_letter, TUESDAY)
            self.company.collection_send_to = 18
            self.assertFalse(letter.date_leave)
            self.assertFalse(letter.sudo().mail_id.scheduled_date)
            self._say(item)
            self.assertNotEqual(item.date_expected_letter, TUESDAY, "It leaves today.")
            self.company.collection_send_to = 12
            self.assertFalse(self._deliver())
        with freeze_time(f"{SATURDAY} 00:30:00"):
            self.assertFalse(self._deliver())
        self.assertEqual(letter.state, "to_send")
        with freeze_time(f"{MONDAY} 06:00:00"):
            self._allocate()
            self._send_letters()
            self._say(item)
            self.assertEqual(item.date_expected_letter, TUESDAY)
            self.assertFalse(self._deliver())
        with freeze_time(f"{TUESDAY} 00:30:00"):
            self.assertFalse(self._deliver())  # decided anew, and queued again
            self.assertEqual(len(self._deliver()), 1)
        self.assertRecordValues(letter, [{"state": "sent", "date": TUESDAY}])

    def test_simulation_of_a_day_is_what_the_day_does(self):
        """GIVEN working days and hours until noon, and customers in Tokyo, where it is three when
        letters are written, in Lisbon, reached by post alone, and not reached
        WHEN each day is simulated the evening before and in its first minutes
        THEN letter by letter and channel by channel it is what the day then writes, or decides
        anew, with the day on which that leaves.

        Seen to fail with what is written alone, with what waits as it is, and without the working
        days that it waits for.
        """
        self.company.write({"collection_send_from": 9, "collection_send_to": 12})
        self.company.collection_second_channel = "post"
        names = {"Tokyo": {"tz": "Asia/Tokyo"}, "Lisbon": {}, "Nobody": {"email": False}}
        names["Posted"] = {"email": False, "street": "1 Road", "city": "Lisbon"}
        for index, (name, vals) in enumerate(names.items()):
            for due in (-3, -5 - index % 2):  # late on Friday, and during the weekend or on Monday
                self._create_overdue(due, partner=self._create_customer(name, **vals))
        self._go_to(FRIDAY)
        wanted, done = [], []
        for day in (FRIDAY + timedelta(days=number) for number in range(6)):
            evening = datetime.combine(day, time(23)) - timedelta(days=1)
            with freeze_time(evening):
                said = self._get_simulated(day)
            with freeze_time(f"{day} 00:10:00"):
                self.assertEqual(self._get_simulated(day), said, day)
            for hour in ("00:30", "00:40", "06:00", "10:00"):
                with freeze_time(f"{day} {hour}:00"):
                    if hour == "06:00":
                        self._allocate()
                        self._send_letters()
                    self._deliver()
            wanted.append(said)
            written = self.env["crm.collection.letter"].search([("date", "=", day)])
            done.append([(one, one.partner_id, one.phase_id, one.channel, day) for one in written])
        for said, was in zip(wanted, done, strict=True):
            left = {  # of what left, on which day it did
                (*what, letter.date if letter.state == "sent" else day)
                for letter, *what, day in was
            }
            self.assertEqual(said, left)
        self.assertGreater(len(set().union(*wanted)), 6)

    def _get_simulated(self, day):
        wizard = self.env["crm.collection.simulate"].with_user(self.collector)
        wizard = wizard.create({"date": day})
        wizard.action_simulate()
        return {
            (line.partner_id, line.phase_id, line.channel, line.date_leave or day)
            for line in wizard.letter_line_ids
        }
