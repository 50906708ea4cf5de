import os
import smtplib
from datetime import timedelta

from freezegun import freeze_time
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo import fields
from odoo.tests import tagged

from ..common import TODAY
from ..common_letters import CrmCollectionLettersCommon, Session

EXAMPLES = int(os.environ.get("CRM_COLLECTION_EXAMPLES", "5"))
REFUSED = smtplib.SMTPRecipientsRefused({"adler@customer.example": (550, b"no such user")})
LATER = smtplib.SMTPDataError(554, b"5.7.1 not from here")
# (days that pass, whether the jobs run, what the mail queue does, what else happens)
DAYS = st.lists(
    st.tuples(
        st.sampled_from([1, 1, 2, 3, 9]),
        st.sampled_from([True, True, False]),
        st.sampled_from(["on", "on", "off", "off", "refused", "later"]),
        st.sampled_from([None, None, None, "pay", "new", "cancel", "bounce", "address"]),
    ),
    min_size=4,
    max_size=12,
)


@tagged("post_install", "-at_install")
class TestLetterRounds(CrmCollectionLettersCommon):
    """A round is a letter that left; a customer has one automatic letter on its way; what waited
    leaves as what is true on its day."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids |= cls.env.ref("base.group_system")
        cls.rule.step_ids.filtered(lambda step: step.days < 30).write(
            {"resend_interval": 3, "resend_max": 1}
        )

    def _queue_letter(self, days=1):
        move = self._create_overdue(days)
        self._allocate()
        self._send_letters()
        return self._items(move), self._letters()[:1]

    def _live(self, days=1, deliver=True):
        self._move_on(days)
        self._allocate()
        self._send_letters()
        messages = []
        if deliver:
            messages = self._deliver() + self._deliver()
        return messages

    def _get_sent(self):
        return self._letters().filtered(lambda letter: letter.state == "sent")

    # === What is no round === #

    def _fail_no_address(self, letter):
        self.customer.email = False
        self._deliver()
        self.assertEqual(letter.state, "no_address")
        self.customer.email = "adler@customer.example"

    def _fail_refused(self, letter):
        self._run_mail_queue(Session(REFUSED))
        self.assertEqual((letter.state, letter.will_retry), ("failed", False))

    def _fail_later(self, letter):
        self._run_mail_queue(Session(LATER))
        self.assertEqual((letter.state, letter.will_retry), ("failed", True))

    def _fail_cancelled(self, letter):
        letter.with_user(self.collector).action_cancel()

    def _fail_mail_cancelled(self, letter):
        self._mails(letter).with_user(self.env.ref("base.user_admin")).cancel()
        self.assertEqual(letter.state, "cancelled")

    def _fail_mail_deleted(self, letter):
        self._mails(letter).unlink()
        self._send_letters()
        self.assertEqual(letter.state, "cancelled")

    def _fail_bounced(self, letter):
        self._deliver()
        self._come_back(letter)
        self.assertEqual(letter.state, "bounced")

    def test_letter_that_reached_nobody_is_no_round(self):
        """GIVEN a first letter that reached nobody, whatever the reason
        WHEN the next ones arrive
        THEN they are the first and the second, and the step's number of repetitions is theirs.
        """
        reasons = ("no_address", "refused", "later", "cancelled", "mail_cancelled")
        for reason in (*reasons, "mail_deleted", "bounced"):
            with self.subTest(reason=reason), self.env.cr.savepoint() as savepoint:
                item, letter = self._queue_letter()
                getattr(self, f"_fail_{reason}")(letter)
                self.assertEqual((item.letter_count, item.allocation_id.letter_count), (0, 0))
                self.assertEqual((letter.round, letter.line_ids.mapped("round")), (0, [0]))
                self.assertFalse(item.date_next_letter and item.date_next_letter < TODAY)
                arrived = []
                with freeze_time(f"{TODAY} 09:00:00") as clock:
                    for day in range(1, 9):
                        clock.move_to(f"{TODAY + timedelta(days=day)} 09:00:00")
                        self._allocate()
                        self._send_letters()
                        before = self._get_sent()
                        if self._deliver() + self._deliver():
                            arrived.append(self._get_sent() - before)
                self.assertEqual([one.round for one in arrived], [1, 2])
                self.assertEqual(item.letter_count, 2)
                self.assertFalse(item.date_next_letter)
                savepoint.close(rollback=True)
                self.env.invalidate_all()

    def test_letter_that_arrived_after_all_is_a_round(self):
        """A bounced letter that a person says arrived, or that goes again, has its round back."""
        item, letter = self._queue_letter()
        self._fail_bounced(letter)
        self.assertEqual((item.letter_count, item.date_next_letter), (0, TODAY + timedelta(3)))
        letter.sudo().state = "sent"
        self.assertEqual((item.letter_count, letter.round), (1, 1))
        letter.sudo().state = "bounced"
        letter.with_user(self.collector).action_retry()
        self.assertEqual(len(self._deliver()), 1)
        self.assertEqual((item.letter_count, letter.round), (1, 1))
        self.assertEqual(item.allocation_id.letter_count, 1)

    def test_bounce_that_comes_after_the_next_letter(self):
        """The next one left as the second: what was counted then stays."""
        item, first = self._queue_letter()
        self._deliver()
        self.assertEqual(len(self._live(3)), 1)
        self._come_back(first)
        self.assertEqual(first.state, "bounced")
        self.assertEqual((item.letter_count, first.round), (2, 1))

    # === One letter a customer === #

    def test_one_letter_waits_in_the_queue(self):
        """GIVEN a letter in the queue, and no quiet days
        WHEN something else of the customer is due
        THEN it waits until the letter has left.
        """
        self._queue_letter()
        other = self._create_overdue(12)
        self._allocate()
        self._send_letters()
        self.assertEqual(len(self._letters()), 1)
        run = self.env["crm.collection.run"].search([("kind", "=", "letters")], limit=1)
        held = run.line_ids.filtered(lambda line: line.kind == "held")
        self.assertRecordValues(held, [{"blocker": "waiting", "count": 1}])
        self.assertEqual(self._items(other).date_expected_letter, TODAY + timedelta(days=1))
        self.assertEqual(len(self._deliver()), 1)
        self._send_letters()
        self.assertEqual(len(self._deliver()), 1)

    def test_letter_by_hand_takes_the_place_of_the_job_s(self):
        item, letter = self._queue_letter()
        self._send_now(item)
        self.assertEqual(letter.state, "cancelled")
        (message,) = self._deliver()
        sent = self._letters() - letter
        self.assertRecordValues(sent, [{"state": "sent", "round": 1, "origin": "manual"}])
        self.assertEqual((item.letter_count, message["To"]), (1, self.customer.email_formatted))

    def test_two_letters_of_one_customer_in_the_queue(self):
        """However they got there (two companies' jobs at once): one leaves, about all that is due,
        the other is taken back; with no quiet days, too."""
        item, _letter = self._queue_letter()
        other = self._create_overdue(12)
        self._allocate()
        letters = self._letters()
        self.env.cr.execute("UPDATE crm_collection_letter SET state = 'sent'")
        self.env.invalidate_all()
        self._send_letters()
        letters.sudo().state = "outgoing"
        self.assertEqual(self._letters().mapped("state"), ["outgoing"] * 2)
        self.assertEqual(len(self._deliver() + self._deliver()), 1)
        self.assertEqual(set(self._letters().mapped("state")), {"sent", "cancelled"})
        self.assertEqual((item | self._items(other)).mapped("letter_count"), [1, 1])

    # === After a standstill === #

    def test_mail_queue_off_for_weeks(self):
        """GIVEN jobs that run, and a mail queue that does not, for a fortnight or a month
        WHEN it works again
        THEN one letter leaves, dated that day, in the phase of that day, the first of it.
        """
        for days, phase in ((14, self.phase_second), (31, self.phase_third)):
            with self.subTest(days=days), self.env.cr.savepoint() as savepoint:
                item, letter = self._queue_letter()
                with freeze_time(f"{TODAY} 09:00:00") as clock:
                    for day in range(1, days + 1):
                        clock.move_to(f"{TODAY + timedelta(days=day)} 09:00:00")
                        self._allocate()
                        self._send_letters()
                    self.assertEqual(len(self._deliver() + self._deliver()), 1)
                    self._send_letters()
                    self.assertFalse(self._deliver())
                self.assertEqual(self._letters(), letter)
                self.assertRecordValues(
                    letter,
                    [
                        {
                            "state": "sent",
                            "date": TODAY + timedelta(days=days),
                            "phase_id": phase.id,
                            "template_id": phase.template_id.id,
                            "round": 1,
                        }
                    ],
                )
                allocations = item.allocation_ids.sorted("id")
                expected = [0] * (len(allocations) - 1) + [1]
                self.assertEqual(allocations.mapped("letter_count"), expected)
                savepoint.close(rollback=True)
                self.env.invalidate_all()

    def test_everything_off_for_weeks(self):
        """The mail queue is back before the jobs are: the letter waits for the allocation."""
        item, letter = self._queue_letter()
        self._move_on(14)
        self.assertFalse(self._deliver() + self._deliver())
        self.assertEqual(letter.state, "to_send")
        self._run_job("ir_cron_crm_collection_letters")
        self.assertEqual(letter.state, "to_send")
        self._allocate()
        self._send_letters()
        self.assertEqual(len(self._deliver()), 1)
        self.assertEqual((letter.state, letter.phase_id), ("sent", self.phase_second))
        self.assertEqual(item.letter_count, 1)

    def test_pile_of_letters_from_before(self):
        """GIVEN two letters of one customer in the queue, as they were written once
        WHEN the queue works again
        THEN one of them leaves, as the first.
        """
        item, _letter = self._queue_letter()
        self.env.flush_all()
        self.env.cr.execute("UPDATE crm_collection_letter SET state = 'sent'")
        self.env.invalidate_all()
        self._live(3, deliver=False)
        self.env.cr.execute("UPDATE crm_collection_letter SET state = 'outgoing'")
        self.env.invalidate_all()
        self.assertEqual(sorted(self._letters().mapped("round")), [1, 2])
        self._live(1)
        self.assertRecordValues(self._get_sent(), [{"round": 1, "date": fields.Date.today()}])
        self.assertEqual(item.letter_count, 1)

    # === Whatever happens === #

    def _act(self, action, day):
        if action == "pay":
            owed = self.env["crm.collection.item"].search([("state", "=", "open")], limit=1)
            if owed:
                self._pay(owed.move_id)
        elif action == "new":
            self._create_entry((TODAY - day).days + 2, no_followup=False)
        elif action == "cancel":
            leaving = self._letters().filtered(lambda one: one.state in ("to_send", "outgoing"))
            leaving.with_user(self.collector).action_cancel()
        elif action == "bounce":
            for last in self._get_sent().sorted("date_sent")[-1:]:
                self._come_back(last)
        elif action == "address":
            self.customer.email = False if self.customer.email else "adler@customer.example"

    def _check(self, history, quiet_days):
        self.company.collection_quiet_days = quiet_days
        self._create_entry(1, no_followup=False)
        self._create_entry(3, no_followup=False)
        day, left = TODAY, []
        for days, jobs, queue, action in [(0, True, "off", None), *history]:
            day += timedelta(days=days)
            with freeze_time(f"{day} 09:00:00"):
                if action:
                    self._act(action, day)
                if jobs:
                    self._allocate()
                    self._send_letters()
                for _time in range(2 if queue != "off" else 0):
                    if queue == "on":
                        left += [day] * len(self._deliver())
                    else:
                        self._run_mail_queue(Session(REFUSED if queue == "refused" else LATER))
                self._check_letters()
        gaps = [(later - earlier).days for earlier, later in zip(left, left[1:], strict=False)]
        self.assertGreaterEqual(min(gaps, default=quiet_days), quiet_days, left)
        self._check_rounds()

    def _check_letters(self):
        letters = self._letters()
        leaving = letters.filtered(lambda one: one.state in ("to_send", "outgoing"))
        self.assertLessEqual(len(leaving), 1)
        for letter in self._get_sent():
            self.assertEqual(letter.date, letter.date_sent.date())
        counted = letters.line_ids.filtered(lambda line: line.round)
        for item in self.env["crm.collection.item"].search([("phase_id", "!=", False)]):
            mine = counted.filtered(lambda line, one=item: line.allocation_id == one.allocation_id)
            self.assertEqual((item.letter_count, item.allocation_id.letter_count), (len(mine),) * 2)

    def _check_rounds(self):
        lines = self._letters().line_ids.filtered(
            lambda line: line.letter_id.date_sent and line.round
        )
        for of_one in lines.grouped("allocation_id").values():
            rounds = of_one.sorted(lambda line: line.letter_id.date_sent).mapped("round")
            self.assertEqual(rounds, list(range(1, len(rounds) + 1)))

    def test_whatever_stands_still(self):
        """GIVEN any days on which jobs run or not, the mail server takes letters, refuses them or
        is not asked, and items are paid, letters cancelled, bounced, addresses lost and found
        THEN one letter of a customer is on its way at most, those that leave keep the quiet days,
        are dated the day they leave, and are the first, second and third of their phase.
        """

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize="CRM_COLLECTION_EXAMPLES" not in os.environ,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )
        @given(history=DAYS, quiet_days=st.sampled_from([1, 1, 2, 5]))
        def check(history, quiet_days):
            savepoint = self.env.cr.savepoint()
            try:
                self._check(history, quiet_days)
            finally:
                savepoint.close(rollback=True)
                self.env.invalidate_all()
                self.customer.invalidate_recordset()

        check()
