import smtplib

from odoo import fields
from odoo.tests import tagged
from odoo.tools import format_datetime, html2plaintext, mute_logger

from ..common_letters import CrmCollectionLettersCommon, Session

FUSE = "odoo.addons.crm_collection.models.letters.fuse"
REFUSED = OSError("connection refused")
LOST = smtplib.SMTPServerDisconnected("Connection unexpectedly closed")


@tagged("post_install", "-at_install")
class TestLetterFuse(CrmCollectionLettersCommon):
    """A mail server that takes no letters is left alone, and tried again with one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partners = [cls._create_customer(f"Many{number}") for number in range(6)]
        for partner in cls.partners:
            cls._create_overdue(5, partner=partner)

    def setUp(self):
        super().setUp()
        self._allocate()
        self._send_letters()
        self.letters = self.env["crm.collection.letter"].search(
            [("partner_id", "in", [partner.id for partner in self.partners])], order="id"
        )
        # mails that others have left in the queue need connections, too
        others = [("state", "=", "outgoing"), ("collection_letter_id", "=", False)]
        self.env["mail.mail"].sudo().search(others).cancel()
        self.enterContext(mute_logger(FUSE))

    def _get_states(self):
        return self.letters.mapped("state")

    def _get_fuse(self):
        return self.env["crm.collection.fuse"].with_user(self.collector).search([])

    def _get_alarms(self):
        domain = [("res_model", "=", "crm.collection.fuse")]
        return self.env["mail.activity"].sudo().search(domain)

    def _try_now(self):
        self._get_fuse().action_try_now()

    def test_no_server_answers(self):
        """GIVEN a server that refuses the connection, or the login
        WHEN the queue comes to the letters
        THEN they stay in it and are on nobody's list, the server is left alone, and one activity
        tells the manager, until it works again.
        """
        session = Session()
        self._run_mail_queue(session, cannot_connect=REFUSED)
        self.assertEqual(self._get_states(), ["outgoing"] * 6)
        self.assertFalse(self._problems(self.letters))
        self.assertEqual(len(session.connections), 3)
        fuse = self._get_fuse()
        self.assertRecordValues(
            fuse, [{"state": "open", "failures": 3, "reason": "connection refused"}]
        )
        self.assertRecordValues(self._get_alarms(), [{"user_id": self.manager.id}])
        self.assertIn("connection refused", self._get_alarms().note)
        checks = self.env["crm.collection.status"].with_user(self.collector).get_status()["checks"]
        check = {one["key"]: one for one in checks}["mail_accepted"]
        self.assertEqual(check["level"], "danger")
        self.assertIn("connection refused", check["message"])
        self._run_mail_queue(session, cannot_connect=REFUSED)
        self.assertEqual(len(session.connections), 3, "not before its time")
        self._try_now()
        self._run_mail_queue(session, cannot_connect=REFUSED)
        self.assertEqual(len(session.connections), 4)
        self.assertEqual(len(self._get_alarms()), 1)
        self._try_now()
        self.assertEqual(len(self._run_mail_queue(Session())), 6)
        self.assertEqual(self._get_states(), ["sent"] * 6)
        self.assertFalse(self._get_alarms())
        self.assertRecordValues(fuse, [{"state": "closed", "failures": 0}])

    def test_connection_lost_each_time(self):
        """Three letters that nobody knows of, and no more; then one at each attempt."""
        self._run_mail_queue(Session(LOST))
        self.assertEqual(self._get_states().count("outgoing"), 3)
        self.assertEqual(len(self._get_alarms()), 1)
        self._run_mail_queue(Session(LOST))
        self.assertEqual(self._get_states().count("outgoing"), 3)
        self._try_now()
        self._run_mail_queue(Session(LOST))
        self.assertEqual(self._get_states().count("outgoing"), 2)
        self._try_now()
        self.assertEqual(len(self._run_mail_queue(Session())), 2)
        self.assertFalse(self._get_alarms())

    def test_server_refuses_for_the_moment(self):
        """No letter is refused for it, nor on somebody's list."""
        error = smtplib.SMTPSenderRefused(421, b"too many connections", "billing@creditor.example")
        self._run_mail_queue(Session(error))
        self.assertEqual(self._get_states(), ["outgoing"] * 6)
        self.assertEqual(len(self._get_alarms()), 1)
        self.assertFalse(self._problems(self.letters))

    def test_who_reads_the_alarm(self):
        """GIVEN a manager with a time zone, a mail server that refuses our sender, and a job that
        has a clock of its own
        WHEN the server is stopped
        THEN the alarm says since when by the manager's clock, and what the server says without
        the program around it; collectors see it, too.
        """
        self.env.user.sudo().tz = "Asia/Tokyo"
        self.manager.sudo().tz = "America/Sao_Paulo"
        self._run_mail_queue(Session(smtplib.SMTPSenderRefused(550, b"5.7.1 blocked", "us@here")))
        fuse = self._get_fuse()
        self.assertRecordValues(fuse, [{"state": "open", "reason": "550 5.7.1 blocked"}])
        since = format_datetime(
            self.env(context={"lang": self.manager.lang}),
            fuse.date_open,
            tz="America/Sao_Paulo",
            dt_format="short",
        )
        self.assertIn(since, html2plaintext(self._get_alarms().note))
        self.assertEqual(fuse.activity_ids.ids, self._get_alarms().ids)

    def test_one_task_for_one_cause(self):
        """GIVEN a mail server that refuses our sender
        WHEN it is stopped after three letters
        THEN the manager has it on his list, and no letter is on anybody's beside that.

        Seen to fail: the first letter stayed on the collector's list.
        """
        self._run_mail_queue(Session(smtplib.SMTPSenderRefused(550, b"5.7.1 blocked", "us@here")))
        failed = self.letters.filtered(lambda letter: letter.state == "failed")
        self.assertEqual(set(failed.mapped("fault")), {"server"})
        self.assertEqual(len(self._get_alarms()), 1)
        self.assertFalse(self._problems(self.letters))
        failed[0].sudo()._put_on_list()
        self.assertFalse(self._problems(self.letters))

    def test_refused_addresses_are_no_outage(self):
        error = smtplib.SMTPRecipientsRefused({"one@customer.example": (550, b"no such user")})
        self._run_mail_queue(Session(error))
        self.assertEqual(self._get_states(), ["failed"] * 6)
        self.assertFalse(self._get_alarms())

    def test_pauses_grow_within_the_hour(self):
        """The queue is started again at the time of each attempt."""
        self._run_mail_queue(Session(), cannot_connect=REFUSED)
        fuse_sudo = self._get_fuse().sudo()
        minutes = []
        for _time in range(6):
            pause = fuse_sudo.date_next_try - fields.Datetime.now()
            minutes.append(round(pause.total_seconds() / 60))
            queue = self.env.ref("mail.ir_cron_mail_scheduler_action")
            domain = [("cron_id", "=", queue.id), ("call_at", "=", fuse_sudo.date_next_try)]
            self.assertTrue(self.env["ir.cron.trigger"].sudo().search_count(domain))
            self._try_now()
            self._run_mail_queue(Session(), cannot_connect=REFUSED)
        self.assertEqual(minutes, [1, 2, 5, 10, 20, 60])
