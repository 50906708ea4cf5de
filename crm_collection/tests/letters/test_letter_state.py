import smtplib

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..common_letters import CrmCollectionLettersCommon, Session

FUSE = "odoo.addons.crm_collection.models.letters.fuse"

BOUNCE = """Return-Path: <>
From: MAILER-DAEMON@mx.customer.example
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce.{number}@mx.customer.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: text/plain; charset=utf-8

This is the mail system. Your message could not be delivered.

--part
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.customer.example

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--part
Content-Type: message/rfc822

From: billing@creditor.example
To: {recipient}
Subject: The letter
Message-ID: {message_id}

The letter
--part--
"""

REPLY = """Return-Path: <{sender}>
From: Ann Adler <{sender}>
To: {to}
Subject: Re: The letter
Message-ID: <reply.1@customer.example>
In-Reply-To: {message_id}
References: {message_id}
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

We pay on Friday.
"""


@tagged("post_install", "-at_install")
class TestLetterState(CrmCollectionLettersCommon):
    """P9: a letter is what the mail system says it is, and what did not arrive is on somebody's
    list. The network is all that is replaced; a real server is in `tests/test_delivery.py`.

    Seen to fail: with `_set_sent` called in `_queue`; with `_postprocess_sent_message` not
    overridden; with the activity left out of `_set_problem`; with `_sweep_outgoing` left out of
    the job.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.domain = cls.env(su=True)["mail.alias.domain"].create(
            {"name": "creditor.example", "bounce_alias": "bounce", "catchall_alias": "answers"}
        )
        cls.company.sudo().alias_domain_id = cls.domain

    def _issue(self, partner=None):
        """:return: a letter in the mail queue."""
        self._create_overdue(5, partner=partner)
        self._allocate()
        self._send_letters()
        return self._letters(partner)

    def _send(self, partner=None):
        letter = self._issue(partner)
        (message,) = self._deliver()
        return letter, message

    def _assert_problem(self, letter, state, user=None):
        self.assertEqual(letter.state, state)
        self.assertTrue(letter.failure_reason)
        activities = self._problems(letter)
        self.assertRecordValues(activities, [{"user_id": (user or self.manager).id}])

    def test_reasons_are_in_the_language_of_who_reads_them(self):
        """The job, the mail queue and the incoming mail run in nobody's language."""
        self.env["res.lang"].sudo()._activate_lang("pt_BR")
        self.manager.sudo().lang = "pt_BR"
        self.company.sudo().collection_manager_id = self.manager
        nobody = self._issue(self._create_customer("Nobody", email=False))
        self.assertEqual(nobody.failure_reason, "O cliente não tem endereço de e-mail.")
        self.assertEqual(self._problems(nobody).summary, "A carta não chegou")
        returned = self._send()[0]
        self._come_back(returned)
        reason = "Devolvida pelo servidor de adler@customer.example."
        self.assertIn(reason, returned.failure_reason)
        self.manager.sudo().lang = "en_US"
        again = self._send(self._create_customer("Again", email="again@customer.example"))[0]
        self._come_back(again)
        self.assertEqual(self._problems(again).summary, "The letter did not arrive")

    # === Sent === #

    def test_sent_only_when_the_server_took_it(self):
        letter = self._issue()
        self.assertRecordValues(letter, [{"state": "outgoing", "date_sent": False}])
        self._send_letters()
        self.assertEqual(letter.state, "outgoing")
        accepted = self._run_mail_queue(Session())
        self.assertEqual(len(accepted), 1)
        self.assertEqual(letter.state, "sent")
        self.assertTrue(letter.date_sent)
        self.assertFalse(self._problems(letter))

    def test_recipient_refused_for_good(self):
        letter = self._issue()
        answer = b"<adler@customer.example>: no such user"
        error = smtplib.SMTPRecipientsRefused({"adler@customer.example": (550, answer)})
        self.assertFalse(self._run_mail_queue(Session(error)))
        self._assert_problem(letter, "failed")
        self.assertIn("no such user", letter.failure_detail)
        self.assertIn("no such address: ", self._problems(letter).note)
        self.assertRecordValues(letter, [{"fault": "address", "will_retry": False}])
        self._send_letters()
        self.assertFalse(self._run_mail_queue(Session()))
        self.assertEqual(letter.state, "failed")

    def test_server_refuses_the_message(self):
        letter = self._issue()
        error = smtplib.SMTPDataError(554, b"message refused")
        self.assertFalse(self._run_mail_queue(Session(error)))
        self._assert_problem(letter, "failed")
        self.assertRecordValues(letter, [{"fault": "server", "will_retry": True}])

    @mute_logger(FUSE)
    def test_server_asks_to_try_later(self):
        """Greylisting, a full mailbox: the letter waits in the queue, longer each time, and is on
        nobody's list; where it does not help, the next run tries again.
        """
        errors = [
            smtplib.SMTPRecipientsRefused({"adler@customer.example": (450, b"greylisted")}),
            smtplib.SMTPDataError(452, b"insufficient storage"),
            smtplib.SMTPSenderRefused(451, b"try later", "billing@creditor.example"),
        ]
        letter = self._issue()
        for tries, error in enumerate(errors, start=1):
            with self.subTest(error=error):
                self.assertFalse(self._run_mail_queue(Session(error)))
                self.assertRecordValues(letter, [{"state": "outgoing", "delivery_tries": tries}])
                self.assertFalse(self._problems(letter))
                self._wait_for(letter)
        self.assertEqual(len(self._run_mail_queue(Session())), 1)
        self.assertRecordValues(letter, [{"state": "sent", "delivery_tries": 0}])

    @mute_logger(FUSE)
    def test_server_asks_to_try_later_for_an_hour(self):
        letter = self._issue()
        error = smtplib.SMTPRecipientsRefused({"adler@customer.example": (450, b"greylisted")})
        for _time in range(6):
            self._run_mail_queue(Session(error))
            self._wait_for(letter)
        self.assertEqual(letter.state, "failed")
        self.assertTrue(letter.failure_reason)
        self.assertTrue(letter.will_retry)
        fuse = self.env["crm.collection.fuse"].sudo().search([])
        self.assertRecordValues(fuse._get_alarms(), [{"user_id": self.manager.id}])
        self.assertFalse(self._problems(letter), "beside the alarm")

    def _wait_for(self, letter):
        """Its time has come, and that of its server."""
        self._mails(letter).filtered(lambda mail: mail.state == "outgoing").scheduled_date = False
        self.env["crm.collection.fuse"].search([]).with_user(self.collector).action_try_now()

    def test_queue_goes_on_while_letters_leave(self):
        """Core's queue delivers one batch and waits for an hour."""
        for number in range(3):
            self._issue(self._create_customer(f"Many{number}"))
        self.env["ir.config_parameter"].sudo().set_param("mail.mail.queue.batch.size", "1")
        queue = self.env.ref("mail.ir_cron_mail_scheduler_action")
        triggers = self.env["ir.cron.trigger"].sudo().search([("cron_id", "=", queue.id)])
        for left in (2, 1, 0):
            triggers.unlink()
            self.assertEqual(len(self._run_mail_queue(Session())), 1)
            triggers = self.env["ir.cron.trigger"].sudo().search([("cron_id", "=", queue.id)])
            self.assertEqual(bool(triggers), bool(left))

    def test_one_refused_does_not_stop_the_others(self):
        other = self._create_customer("Beier KG")
        first, second = self._issue(), self._issue(other)

        class Picky(Session):
            def send_message(self, message, smtp_from, smtp_to_list):
                if "adler@customer.example" in smtp_to_list:
                    raise smtplib.SMTPRecipientsRefused({smtp_to_list[0]: (550, b"no")})
                super().send_message(message, smtp_from, smtp_to_list)

        self.assertEqual(len(self._run_mail_queue(Picky())), 1)
        self.assertEqual((first | second).mapped("state"), ["failed", "sent"])

    def test_other_mail_that_left_meanwhile(self):
        """GIVEN two mails of others behind a letter in the queue
        WHEN one of them leaves from elsewhere, and is deleted, while the letter is handed over
        THEN the other one leaves with this queue.

        Seen to fail without looking again whether it is there: the queue ended.
        """
        letter = self._issue()
        gone, kept = (
            self.env["mail.mail"]
            .sudo()
            .create(
                [
                    {"subject": name, "email_to": f"{name}@others.example"}
                    for name in ("gone", "kept")
                ]
            )
        )

        class Slow(Session):
            def send_message(self, message, smtp_from, smtp_to_list):
                gone.exists().unlink()
                super().send_message(message, smtp_from, smtp_to_list)

        sent = self._run_mail_queue(Slow())
        self.assertEqual(letter.state, "sent")
        self.assertEqual(sent[-1]["Subject"], kept.subject)

    def test_connection_lost_while_handing_over(self):
        """No answer: nobody knows whether it left. It is not sent again by itself, and says so
        at once; the next one leaves over a connection of its own."""
        other = self._create_customer("Beier KG")
        first, second = self._issue(), self._issue(other)

        class Once(Session):
            def send_message(self, message, smtp_from, smtp_to_list):
                if len(self.connections) == 1:
                    raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
                super().send_message(message, smtp_from, smtp_to_list)

        self.assertEqual(len(self._run_mail_queue(Once())), 1)
        self._assert_problem(first, "uncertain")
        self.assertIn("answer is missing", first.failure_reason)
        self._send_letters()
        self.assertFalse(self._run_mail_queue(Session()))
        self.assertEqual((first | second).mapped("state"), ["uncertain", "sent"])

    def test_server_hangs_up_between_letters(self):
        """A limit of messages per session: what was not handed over leaves over the next one."""
        partners = [self._create_customer(f"Many{number}") for number in range(3)]
        letters = self.env["crm.collection.letter"]
        for partner in partners:
            letters |= self._issue(partner)
        sent = self._run_mail_queue(Session(hang_up_after=1))
        self.assertEqual(letters.mapped("state"), ["sent"] * 3)
        self.assertEqual(len({message["To"] for message in sent}), len(sent))

    # === Cancelled, deleted === #

    def test_mail_cancelled_by_somebody(self):
        letter = self._issue()
        self._mails(letter).with_user(self.env.ref("base.user_admin")).cancel()
        self._assert_problem(letter, "cancelled")
        self.assertFalse(self._deliver())
        self._send_letters()
        self.assertFalse(self._deliver())

    def test_mail_deleted_by_somebody(self):
        letter = self._issue()
        self._mails(letter).unlink()
        self._send_letters()
        self._assert_problem(letter, "cancelled")
        self.assertFalse(self._deliver())
        self.assertEqual(letter.line_count, 1)

    def test_sent_mail_deleted_later(self):
        """Cleaning up old mails does not change what happened."""
        letter, _message = self._send()
        self._mails(letter).unlink()
        self._send_letters()
        self.assertEqual(letter.state, "sent")

    def test_template_that_deletes_its_mails(self):
        """A template with auto-delete keeps the mail of a letter: bounces must find it."""
        self.phase_first.template_id.sudo().auto_delete = True
        letter, _message = self._send()
        self.assertEqual(letter.state, "sent")
        self.assertTrue(letter.sudo().mail_id)
        self.assertTrue(letter.sudo().mail_message_id)

    def test_mail_settled_behind_our_back(self):
        """The sweep of the job settles letters whose mail was written without our hook."""
        letters = self.env["crm.collection.letter"]
        states = {"sent": "sent", "exception": "failed", "cancel": "cancelled"}
        for number, state in enumerate(states):
            letter = self._issue(self._create_customer(f"Swept{number}"))
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE mail_mail SET state = %s, failure_reason = %s WHERE id = %s",
                [state, "550 5.1.1 no such user", self._mails(letter).id],
            )
            letters |= letter
        self.env.invalidate_all()
        self._send_letters()
        self.assertEqual(letters.mapped("state"), list(states.values()))

    def test_failed_mail_put_back_by_an_administrator(self):
        letter = self._issue()
        error = smtplib.SMTPDataError(554, b"message refused")
        self._run_mail_queue(Session(error))
        self._mails(letter).with_user(self.env.ref("base.user_admin")).action_retry()
        self.assertEqual(letter.state, "outgoing")
        self.assertEqual(len(self._run_mail_queue(Session())), 1)
        self.assertEqual(letter.state, "sent")

    # === Bounced === #

    def test_bounce_through_the_gateway(self):
        letter, message = self._send()
        self._receive(
            BOUNCE,
            to="bounce@creditor.example",
            recipient="adler@customer.example",
            message_id=message["Message-Id"],
            number=1,
        )
        self._assert_problem(letter, "bounced")
        self.assertIn("adler@customer.example", letter.failure_reason)
        self._send_letters()
        self.assertFalse(self._deliver())

    def test_bounce_of_something_else_in_the_chatter(self):
        """The collector wrote to a third party from the letter's chatter, and that bounced: the
        letter itself arrived."""
        letter, _message = self._send()
        lawyer = self.env["res.partner"].create({"name": "Lawyer", "email": "lawyer@law.example"})
        posted = letter.with_user(self.collector).message_post(
            body="What do you think?", partner_ids=lawyer.ids
        )
        self._receive(
            BOUNCE,
            to="bounce@creditor.example",
            recipient="lawyer@law.example",
            message_id=posted.sudo().message_id,
            number=2,
        )
        self.assertEqual(letter.state, "sent")

    def test_bounced_letter_is_sent_to_the_corrected_address(self):
        letter, _message = self._send()
        self._come_back(letter)
        self.customer.email = "new@customer.example"
        letter.with_user(self.collector).action_retry()
        (message,) = self._deliver()
        self.assertIn("new@customer.example", message["To"])
        self.assertEqual(letter.state, "sent")
        self.assertFalse(self._problems(letter))

    def test_bounced_letter_is_evidence(self):
        """GIVEN a letter that came back, about what is paid or was asked for again since
        WHEN somebody tries it again
        THEN he is told to send a new one; what was sent, and its lines, stay as they were.

        Seen to fail without `_check_still_true`.
        """
        letter, _message = self._send()
        self._come_back(letter)
        shown = ["allocation_id", "amount_residual", "round"]
        before = letter.line_ids.read(shown)
        self._pay(self._items_of(letter).move_id)
        with self.assertRaises(UserError):
            letter.with_user(self.collector).action_retry()
        self.assertEqual(letter.state, "bounced")
        self.assertTrue(letter.date_sent)
        self.assertEqual(letter.line_ids.read(shown), before)

    def test_bounced_letter_paid_while_it_goes_again(self):
        """Seen to fail with the lines of what was sent given back."""
        letter, _message = self._send()
        self._come_back(letter)
        letter.with_user(self.collector).action_retry()
        self._pay(self._items_of(letter).move_id)
        self.assertFalse(self._deliver())
        self.assertEqual((letter.state, len(letter.line_ids)), ("cancelled", 1))
        self.assertEqual(letter.line_ids.allocation_id.letter_count, 0)

    # === Addresses === #

    def test_sender_missing_is_tried_again(self):
        """It is not the address's fault: once the company has one, the letter leaves.

        Seen to fail with the server's faults tried again alone.
        """
        letter = self._issue()
        letter.sudo()._set_failed("The sender has no address.", "mail_from_missing")
        self.assertEqual((letter.state, letter.will_retry), ("failed", True))
        self._send_letters()
        self.assertEqual(len(self._deliver()), 1)
        self.assertEqual(letter.state, "sent")

    def test_second_address_is_blacklisted(self):
        """Who asked for no more mail gets none, whatever place his address has in the field.

        Seen to fail with core's `is_blacklisted`, which looks at the first.
        """
        self.env["mail.blacklist"].sudo()._add("two@customer.example")
        self.customer.email = "adler@customer.example, two@customer.example"
        letter = self._issue()
        self._assert_problem(letter, "blacklisted")
        self.env["mail.blacklist"].sudo()._remove("two@customer.example")
        self._send_letters()
        self._deliver()
        self.assertEqual(letter.state, "sent")

    def test_no_address_then_one(self):
        self.customer.email = False
        letter = self._issue()
        self._assert_problem(letter, "no_address")
        self.assertFalse(self._deliver())
        self._move_on(1)
        self._send_letters()
        self.assertEqual(letter.state, "no_address")
        self.customer.email = "adler@customer.example"
        self._send_letters()
        self.assertEqual(len(self._deliver()), 1)
        self.assertEqual(letter.state, "sent")
        self.assertEqual(self._letters(), letter)
        self.assertFalse(self._problems(letter))

    def test_invalid_address_is_no_address(self):
        self.customer.email = "not an address"
        self._assert_problem(self._issue(), "no_address")

    def test_letters_do_not_pile_up_without_an_address(self):
        """One letter waits for the address, however many items become due meanwhile; then there
        is one letter about the rest."""
        self.customer.email = False
        self._issue()
        for _day in range(4):
            self._move_on(1)
            self._create_overdue(0)
            self._allocate()
            self._send_letters()
        self.assertEqual(len(self._letters()), 1)
        self.customer.email = "adler@customer.example"
        self._send_letters()
        self.assertEqual(len(self._deliver()), 1)
        self._move_on(1)
        self._allocate()
        self._send_letters()
        self.assertEqual(len(self._deliver()), 1)
        self.assertEqual(self._letters().mapped("state"), ["sent", "sent"])

    def test_waiting_letter_paid_meanwhile(self):
        self.customer.email = False
        letter = self._issue()
        self._pay(self._items_of(letter).move_id)
        self.customer.email = "adler@customer.example"
        self._send_letters()
        self.assertFalse(self._deliver())
        self.assertEqual(letter.state, "cancelled")
        self.assertFalse(self._problems(letter))

    def test_blacklisted(self):
        blacklist = self.env["mail.blacklist"].sudo()
        blacklist._add("adler@customer.example")
        letter = self._issue()
        self._assert_problem(letter, "blacklisted")
        blacklist._remove("adler@customer.example")
        self._send_letters()
        self.assertEqual(len(self._deliver()), 1)
        self.assertEqual(letter.state, "sent")

    def test_blacklisted_contact_is_passed_over(self):
        self._contact(self.customer, "collection", "payables@customer.example")
        self.env["mail.blacklist"].sudo()._add("payables@customer.example")
        self._issue()
        (message,) = self._deliver()
        self.assertIn("adler@customer.example", message["To"])

    def test_blacklisted_while_in_the_queue(self):
        letter = self._issue()
        self.env["mail.blacklist"].sudo()._add("adler@customer.example")
        self.assertFalse(self._deliver())
        self._assert_problem(letter, "blacklisted")

    def test_address_corrected_while_in_the_queue(self):
        letter = self._issue()
        self._contact(self.customer, "collection", "payables@customer.example")
        self.assertFalse(self._deliver())
        (message,) = self._deliver()
        self.assertIn("payables@customer.example", message["To"])
        self.assertIn("payables@customer.example", letter.email_to)

    # === Whose list === #

    def test_problems_land_on_the_collector(self):
        self.customer.collection_user_id = self.collector
        self.customer.email = False
        letter = self._issue()
        self._assert_problem(letter, "no_address", self.collector)

    def test_collector_who_does_not_work_in_collections(self):
        """The salesperson stands in as collector but cannot open letters: the manager gets it."""
        salesperson = new_test_user(
            self.env(su=True), "salesperson", groups="base.group_user", email="s@creditor.example"
        )
        self.customer.user_id = salesperson
        self.customer.email = False
        letter = self._issue()
        self._assert_problem(letter, "no_address", self.manager)

    def test_archived_collector(self):
        self.customer.collection_user_id = self.collector
        self.customer.email = False
        self._create_overdue(5)
        self._allocate()
        self.collector.sudo().active = False
        self._send_letters()
        self._assert_problem(self._letters(), "no_address", self.manager)

    def test_no_manager_is_named(self):
        """Somebody who configures collections gets it, never nobody."""
        self.company.collection_manager_id = False
        self.customer.email = False
        letter = self._issue()
        self.assertTrue(
            self._problems(letter).user_id.has_group("crm_collection.group_crm_collection_manager")
        )

    def test_collector_marks_his_problem_done(self):
        self.customer.collection_user_id = self.collector
        self.customer.email = False
        letter = self._issue()
        activity = self._problems(letter).with_user(self.collector)
        activity.action_feedback(feedback="Called them")
        self.assertFalse(self._problems(letter).filtered("active"))

    # === Answers === #

    def _answer(self, message):
        self._receive(
            REPLY,
            sender="ann@customer.example",
            to=message["Reply-To"] or message["From"],
            message_id=message["Message-Id"],
        )

    def test_answer_reaches_the_chatter_and_the_collector(self):
        self.customer.collection_user_id = self.collector
        letter, message = self._send()
        self.assertIn("answers@creditor.example", message["Reply-To"])
        self._answer(message)
        answer = letter.message_ids[0]
        self.assertIn("We pay on Friday", answer.body)
        self.assertIn(self.collector.partner_id, answer.notified_partner_ids)
        self.assertEqual(letter.state, "sent")

    def test_answer_without_collector_reaches_the_manager(self):
        letter, message = self._send()
        self._answer(message)
        self.assertIn(self.manager.partner_id, letter.message_ids[0].notified_partner_ids)

    def test_customer_does_not_follow_his_letter(self):
        """What the collector notes in the chatter stays inside."""
        self.customer.collection_user_id = self.collector
        letter, message = self._send()
        self._answer(message)
        self.assertNotIn(self.customer, letter.message_partner_ids)
        note = letter.with_user(self.collector).message_post(body="Do not believe it")
        self.assertNotIn(self.customer, note.notified_partner_ids)

    # === Helpers === #

    def _receive(self, text, **values):
        self.env["mail.thread"].sudo().message_process(False, text.format(**values))
        self.env.invalidate_all()

    def _items_of(self, letter):
        return letter.line_ids.item_id
