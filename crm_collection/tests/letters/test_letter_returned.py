import email
import email.policy
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import BaseCase, new_test_user, tagged
from odoo.tools import mute_logger

from ...tools.returned import read_returned
from ..common_letters import CrmCollectionLettersCommon
from ..common_returned import (
    ANSWER,
    AUTOMATIC_HEADERS,
    BARE,
    COMPLAINT,
    EXIM_WARNING,
    IN_WORDS,
    PERSONAL_HEADERS,
    QMAIL_BARE,
    RECEIPT,
    REPORTS,
    THREADED,
    VARIABLE_PATH,
    write_mail,
)

ADLER = "adler@customer.example"
FIRST_DELIVERED = """Final-Recipient: rfc822; first@customer.example
Action: delivered
Status: 2.0.0

Final-Recipient:"""
SILENT_ACTIONS = ("delayed", "delivered", "relayed", "expanded")
EVERY_MAIL = (
    *REPORTS.values(),
    *IN_WORDS.values(),
    *(BARE, QMAIL_BARE, VARIABLE_PATH, THREADED, EXIM_WARNING, COMPLAINT, RECEIPT, ANSWER),
)


def parse(text):
    return email.message_from_bytes(text.encode(), policy=email.policy.SMTP)


@tagged("post_install", "-at_install")
class TestReadReturned(BaseCase):
    """What a mail says, told from the mail alone."""

    @settings(max_examples=150, deadline=None, derandomize=True, database=None)
    @given(
        text=st.sampled_from([*REPORTS.values(), BARE]),
        action=st.sampled_from(["failed", *SILENT_ACTIONS]),
        cased=st.sampled_from([str.lower, str.upper, str.title]),
        status=st.tuples(st.sampled_from("245"), st.integers(0, 7), st.integers(0, 20)),
        local=st.from_regex(r"[a-z][a-z0-9.+_-]{0,10}[a-z0-9]", fullmatch=True),
        windows=st.booleans(),
    )
    def test_a_report_says_what_was_written(self, text, action, cased, status, local, windows):
        """Whatever server wrote it, in whatever case and line ends."""
        recipient = f"{local}@customer.example"
        status = ".".join(str(part) for part in status)
        written = write_mail(text, recipient=recipient, action=cased(action), status=status)
        if windows:
            written = written.replace("\n", "\r\n")
        returned = read_returned(parse(written))
        self.assertEqual(returned.kind, "report")
        [said] = returned.recipients
        self.assertIn(recipient, said.addresses)
        self.assertEqual((said.action, said.status), (action, status))
        self.assertEqual(bool(returned.get_failed()), action == "failed")
        if text != BARE:
            self.assertIn("<nobody@nowhere.example>", returned.message_ids)

    def test_whatever_comes_in_can_be_read(self):
        """Mails that break off, lack lines or are mixed up: something is said of each, or not."""
        random.seed(15)
        for number in range(600):
            lines = write_mail(random.choice(EVERY_MAIL), recipient=ADLER).splitlines(True)
            for _time in range(random.randint(1, 5)):
                place = random.randrange(len(lines))
                if number % 3:
                    del lines[place]
                else:
                    lines[place] = random.choice(lines)[: random.randint(0, 30)] + "\n"
                lines = lines or ["\n"]
            read_returned(parse("".join(lines)))

    def test_what_somebody_forwards_is_not_what_he_says(self):
        """A customer's answer to which a report about another mail is attached."""
        attached = write_mail(REPORTS["postfix"], recipient=ADLER)
        answer = email.message.EmailMessage(policy=email.policy.SMTP)
        answer["From"], answer["To"] = ADLER, "answers@creditor.example"
        answer.set_content("Look what I got.")
        answer.add_attachment(parse(attached))
        self.assertIsNone(read_returned(parse(answer.as_string())))
        self.assertIsNone(
            read_returned(parse(f"From: postmaster@customer.example\nTo: {ADLER}\n\nWe pay."))
        )


class ReturnedCommon(CrmCollectionLettersCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.domain = cls.env(su=True)["mail.alias.domain"].create(
            {"name": "creditor.example", "bounce_alias": "bounce", "catchall_alias": "answers"}
        )
        cls.company.sudo().alias_domain_id = cls.domain
        cls.numbers = iter(range(1, 1000))

    def _send(self, partner=None, days=5):
        """:return: a letter that left, and the Message-Id of its mail"""
        self._create_overdue(days, partner=partner)
        self._allocate()
        self._send_letters()
        [message] = self._deliver()
        return self._letters(partner)[:1], message["Message-Id"]

    def _receive(self, mail, letter=None, **values):
        """The gateway takes in a mail, as from the incoming mail server."""
        number = next(self.numbers)
        values.setdefault("recipient", ADLER)
        values.setdefault("number", number)
        if letter:
            values.setdefault("subject", letter.sudo().mail_message_id.subject)
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            self.env["mail.thread"].sudo().message_process(False, write_mail(mail, **values))
        self._end_transaction()

    def _forget(self, letter):
        """The letter as it was before anything came back."""
        letter.sudo().returned_ids.unlink()
        letter.sudo().state = "sent"

    def _notes(self, letter):
        return " ".join(letter.sudo().message_ids.mapped("body"))

    def _address(self, text=ADLER):
        return self.env["crm.collection.address"].search([("email", "=", text)])


@tagged("post_install", "-at_install")
class TestLetterReturned(ReturnedCommon):
    """P9: what comes back is read as it was meant. All mails go through core's gateway.

    Seen to fail, all of them, without the hooks into the gateway, with core alone reading reports.
    """

    # === What a report says === #

    def test_what_does_not_fail_is_a_note(self):
        """A delay, a delivery, a relay and a list of each server, and a warning in plain words."""
        letter, message_id = self._send()
        for name, text in REPORTS.items():
            for action in SILENT_ACTIONS:
                with self.subTest(server=name, action=action):
                    before = len(letter.message_ids)
                    status, code = ("4.4.1", "421") if action == "delayed" else ("2.0.0", "250")
                    values = {"action": action, "status": status, "code": code}
                    self._receive(text, letter, message_id=message_id, **values)
                    self.assertEqual(len(letter.message_ids), before + 1)
        self._receive(EXIM_WARNING, letter, message_id=message_id)
        self.assertIn("goes on trying", letter.sudo().message_ids[0].body)
        self.assertEqual(letter.state, "sent")
        self.assertFalse(letter.failure_reason)
        self.assertFalse(self._problems(letter))
        self.assertEqual(self.customer.message_bounce, 0)
        self.assertFalse(self._address())

    def test_other_mails_of_the_customer(self):
        """Core counts against contact and notification what failed, and nothing else; of several
        addresses that which failed."""
        posted = self.customer.sudo().message_post(body="Hello", partner_ids=self.customer.ids)
        values = {"message_id": posted.message_id, "status": "4.4.1", "code": "421"}
        self._receive(REPORTS["postfix"], action="delayed", **values)
        self.assertEqual(self.customer.message_bounce, 0)
        self.assertNotEqual(posted.notification_ids.notification_status, "bounce")
        report = REPORTS["postfix"].replace("Final-Recipient:", FIRST_DELIVERED, 1)
        self._receive(report, **values)
        self.assertEqual(self.customer.message_bounce, 1)
        self.assertEqual(posted.notification_ids.notification_status, "bounce")

    def test_addresses_learn_from_other_mails(self):
        """An invoice's mail that was refused for good counts against an address of letters, and
        is no letter's; nor is what the collector wrote to others from the letter's chatter."""
        letter, _message_id = self._send()
        invoice = letter.line_ids.item_id.move_id
        posted = invoice.sudo().message_post(body="Hello", partner_ids=self.customer.ids)
        self._receive(REPORTS["postfix"], message_id=posted.message_id)
        self._receive(REPORTS["gmail"], message_id=posted.message_id, recipient="x@law.example")
        posted = letter.with_user(self.collector).message_post(body="Well?")
        self._receive(REPORTS["gmail"], message_id=posted.sudo().message_id)
        self.assertEqual(letter.state, "sent")
        self.assertNotIn("sent again", self._notes(letter))
        self.assertRecordValues(self._address(), [{"returned_count": 2, "state": "bounced"}])
        self.assertFalse(self._address("x@law.example"))

    def test_failures_of_all_servers(self):
        """Each marks the letter, says why, and may be set back by a person; told once more, it
        changes nothing."""
        letter, message_id = self._send()
        for name, text in (REPORTS | IN_WORDS).items():
            with self.subTest(server=name):
                self._receive(text, letter, message_id=message_id, words=f"no such user, {name}")
                self.assertEqual(letter.state, "bounced")
                self.assertIn("5.1.1", letter.failure_reason)
                self.assertEqual(self._problems(letter).user_id, self.manager)
                self.assertEqual(self.customer.message_bounce, 1)
                letter.with_user(self.collector).action_arrived()
                self.assertEqual(letter.state, "sent")
                self.assertFalse(self._problems(letter))
                self.assertFalse(letter.failure_reason)
                self._receive(text, letter, message_id=message_id)
                self.assertEqual(letter.state, "sent")
                self._forget(letter)
                self.customer.message_bounce = 0
        self.assertIn(self.collector.name, self._notes(letter))
        with self.assertRaises(AccessError):
            letter.with_user(self.outsider).action_arrived()

    def test_the_address_it_went_on_to(self):
        """The customer forwards his mail, and that fails: it did not arrive."""
        letter, message_id = self._send()
        for text in REPORTS.values():
            self._receive(text, letter, message_id=message_id, final="brown@elsewhere.example")
            self.assertEqual(letter.state, "bounced")
            self._forget(letter)

    def test_late_report_about_the_first_mail(self):
        """GIVEN a letter that came back and was sent again to another address
        WHEN a report about its first mail comes in
        THEN the letter stays sent."""
        letter, first_id = self._send()
        self._receive(REPORTS["postfix"], letter, message_id=first_id, status="4.4.1", code="421")
        self.assertEqual(letter.state, "bounced")
        self.customer.email = "new@customer.example"
        letter.with_user(self.collector).action_retry()
        self._receive(REPORTS["exchange"], letter, message_id=first_id)
        self.assertEqual(letter.state, "outgoing")
        [message] = self._deliver()
        self.assertNotEqual(message["Message-Id"], first_id)
        self._receive(REPORTS["gmail"], letter, message_id=first_id, action="delayed")
        self._receive(REPORTS["sendmail"], letter, message_id=first_id)
        self.assertEqual(letter.state, "sent")
        self.assertIn("was sent again since", self._notes(letter))
        self._receive(
            REPORTS["postfix"],
            letter,
            message_id=message["Message-Id"],
            recipient="new@customer.example",
        )
        self.assertEqual(letter.state, "bounced")

    def test_one_of_two_addresses(self):
        """It arrived at the other; where both fail, it did not."""
        self.customer.email = "adler@customer.example, second@customer.example"
        letter, message_id = self._send()
        self._receive(REPORTS["postfix"], letter, message_id=message_id)
        self.assertEqual(letter.state, "sent")
        self.assertIn("does not work", self._problems(letter).summary)
        self._receive(
            REPORTS["gmail"], letter, message_id=message_id, recipient="second@customer.example"
        )
        self.assertEqual(letter.state, "bounced")

    # === Without the mail === #

    def test_without_the_mail(self):
        """Found by the address and the day where no other mail can be meant, by the return path,
        and by what it is an answer to."""
        letter, message_id = self._send()
        for number, text in enumerate((BARE, QMAIL_BARE, VARIABLE_PATH, THREADED)):
            with self.subTest(number=number):
                self._receive(text, letter, message_id=message_id)
                self.assertEqual(letter.state, "bounced")
                self._forget(letter)

    def test_without_the_mail_and_ambiguous(self):
        """Another mail went to the same address: a person finds out, and the letters stay."""
        letter, _message_id = self._send()
        self.customer.sudo().with_context(mail_notify_force_send=False).message_post(
            body="Your invoice", partner_ids=self.customer.ids
        )
        self._receive(BARE, letter)
        self.assertEqual(letter.state, "sent")
        self.assertIn("find out", self._problems(letter).summary)
        self.assertEqual(self._address().returned_count, 1)

    def test_another_mail_of_another_document(self):
        """A report about an invoice's mail, or about a mail nobody knows, is no letter's."""
        letter, _message_id = self._send()
        other = self.customer.sudo().message_post(body="Something else")
        self._receive(REPORTS["postfix"], message_id=other.message_id)
        self._receive(REPORTS["postfix"], message_id="<of-somebody@else.example>")
        self.assertEqual(letter.state, "sent")
        self.assertFalse(self._problems(letter))
        # a server on its way gave it another Message-Id: its subject says which it was
        self._receive(REPORTS["postfix"], letter, message_id="<relay@relay.example>")
        self.assertEqual(letter.state, "bounced")

    # === Complaints, receipts, answers === #

    def test_complaint(self):
        """The letter arrived, and no other one goes to this address until somebody says so."""
        letter, message_id = self._send()
        for feedback in ("not-spam", "auth-failure"):
            self._receive(COMPLAINT, letter, message_id=message_id, feedback=feedback)
        self.assertFalse(self._address())
        self._receive(COMPLAINT, letter, message_id=message_id)
        self.assertEqual(letter.state, "sent")
        self.assertEqual(self._address().state, "complained")
        self.assertIn("spam", self._problems(letter).summary)
        self.assertEqual(self.customer.message_bounce, 0)
        # a month later, and without the mail
        other, _message_id = self._send(self._create_customer("Old Ltd"))
        self._move_on(30)
        bare = COMPLAINT.replace("Message-ID: {message_id}", "").replace("Subject: {subject}", "")
        self._receive(bare, recipient="old@customer.example")
        self.assertEqual(self._address("old@customer.example").state, "complained")
        self.assertEqual(other.state, "sent")

    def test_automatic_answers(self):
        """They are told apart by their headers, at the address for answers and at the return path;
        nobody is told. What a person writes reaches the collector."""
        self.customer.collection_user_id = self.collector
        letter, message_id = self._send()
        for to in ("answers@creditor.example", "bounce@creditor.example"):
            for header in AUTOMATIC_HEADERS:
                with self.subTest(header=header, to=to):
                    values = {"message_id": message_id, "header": header, "to": to}
                    self._receive(ANSWER, letter, **values, text="I am on holiday")
                    note = letter.sudo().message_ids[0]
                    self.assertIn("Automatic answer", note.body)
                    self.assertIn("on holiday", note.body)
                    self.assertTrue(note.subtype_id.internal)
                    self.assertFalse(note.notified_partner_ids)
        self._receive(RECEIPT, letter, message_id=message_id)
        self.assertEqual(letter.state, "sent")
        self.assertFalse(self._problems(letter))
        for header in PERSONAL_HEADERS:
            with self.subTest(header=header):
                values = {"message_id": message_id, "header": header}
                self._receive(ANSWER, letter, to="answers@creditor.example", **values)
                answer = letter.sudo().message_ids[0]
                self.assertNotIn("Automatic answer", answer.body)
                self.assertIn(self.collector.partner_id, answer.notified_partner_ids)


@tagged("post_install", "-at_install")
class TestReturnedAddress(ReturnedCommon):
    """An address from which mail came back is not written to for ever."""

    def _bounce(self, number=1, **values):
        """The address refuses the mail of so many letters, one each day."""
        for _time in range(number):
            customer = self._create_customer("Adler Branch", email=ADLER)
            letter, message_id = self._send(customer)
            self._receive(REPORTS["postfix"], letter, message_id=message_id, **values)
            self.assertEqual(letter.state, "bounced")
        return self._address()

    def test_only_refusals_for_good_count(self):
        """Not what was not delivered in time, nor what is the mail's fault."""
        self.assertFalse(self._bounce(2, status="4.4.7", code="421"))
        self.assertFalse(self._bounce(status="5.7.1", words="blocked by our list"))
        self.assertFalse(self._bounce(status="5.2.2", words="mailbox full"))
        self.assertEqual(self._bounce().returned_count, 1)
        self.assertEqual(self._bounce().state, "bounced")

    def test_next_contact_gets_the_letter(self):
        """GIVEN a collection contact whose address refused as many mails as the company says
        WHEN the next letter goes
        THEN the customer itself gets it, the letter says why, and after a person lifted it the
        contact does again."""
        self._contact(self.customer, "collection", ADLER)
        self.customer.email = "office@customer.example"
        self._bounce(1)
        letter, _message_id = self._send()
        self.assertIn(ADLER, letter.email_to)
        address = self._bounce(1)
        self.assertEqual(address.state, "bounced")
        other = self._create_customer("Adler Sister", email="sister@customer.example")
        self._contact(other, "invoice", ADLER)
        letter, _message_id = self._send(other)
        self.assertIn("sister@customer.example", letter.email_to)
        self.assertIn(ADLER, letter.passed_over)
        for user in (self.outsider, self.manager, self.collector):
            if user == self.outsider:
                with self.assertRaises(AccessError):
                    address.with_user(user).action_use_again()
            else:
                with self.assertRaises(AccessError):
                    address.with_user(user).write({"state": "used"})
        address.with_user(self.collector).action_use_again()
        self.assertRecordValues(
            address, [{"state": "used", "returned_count": 0, "lifted_by_id": self.collector.id}]
        )
        self.assertEqual(letter._get_recipients()[0].email, ADLER)

    def test_nobody_left_to_write_to(self):
        """The letter waits on somebody's list, says why, and leaves when the address is used
        again; the same letter in the queue is taken back."""
        address = self._bounce()
        self._create_overdue(5)
        self._allocate()
        self._send_letters()
        letter = self._letters()
        address.sudo().write({"state": "bounced"})
        self.assertFalse(self._deliver())
        self.assertEqual(letter.state, "no_address")
        self.assertIn(ADLER, letter.failure_reason)
        self.assertTrue(self._problems(letter))
        address.with_user(self.collector).action_use_again()
        self._send_letters()
        [message] = self._deliver()
        self.assertIn(ADLER, message["To"])
        self.assertEqual(letter.state, "sent")

    def test_what_arrived_counts_no_more(self):
        address = self._bounce(2)
        self.assertEqual(address.state, "bounced")
        address.returned_ids[0].letter_id.with_user(self.collector).action_arrived()
        self.assertRecordValues(address, [{"state": "used", "returned_count": 1}])

    def test_another_company(self):
        """Nobody reads the addresses of a company that is not his, and it learns for itself."""
        other = self.env["res.company"].sudo().create({"name": "Other"})
        stranger = new_test_user(
            self.env(su=True),
            "stranger",
            groups="crm_collection.group_crm_collection_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self._bounce(2)
        models = ("crm.collection.address", "crm.collection.returned")
        for model in models:
            self.assertFalse(self.env[model].with_user(stranger).search_count([]))
            self.assertTrue(self.env[model].with_user(self.collector).search_count([]))
        refused = self.env["crm.collection.address"]._get_refused
        self.assertTrue(refused(self.company, [ADLER]))
        self.assertFalse(refused(other, [ADLER]))
