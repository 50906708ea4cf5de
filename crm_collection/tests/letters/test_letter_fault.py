import smtplib

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from ...tools.smtp_answer import has_address, judge
from ..common_letters import CrmCollectionLettersCommon, Session

BROKEN = "{{ object.nothing_like_it }}"


def refuse(code, words, address="adler@customer.example"):
    return smtplib.SMTPRecipientsRefused({address: (code, words.encode())})


def write(error):
    """An exception as the mail system keeps it."""
    return f"Mail delivery failed via SMTP server 'x'.\n{type(error).__name__}: {error}"


@tagged("post_install", "-at_install")
class TestSmtpAnswer(BaseCase):
    """Whose fault an answer is, by its codes, by when it came, and by its words where those are
    all there is.
    """

    def test_answers(self):
        data, sender = smtplib.SMTPDataError, smtplib.SMTPSenderRefused
        cases = (
            (refuse(550, "5.1.1 <a@b.example>: no such user"), "address", "unknown"),
            (refuse(550, "No Such User Here"), "address", "unknown"),
            (refuse(553, "5.1.3 bad address"), "address", "unknown"),
            (refuse(552, "5.2.2 mailbox full"), "address", "full"),
            (refuse(552, "mailbox full"), "address", "full"),
            (refuse(550, "5.4.4 Host not found"), "address", "unknown"),
            (refuse(554, "5.2.1 mailbox disabled"), "address", "unknown"),
            (refuse(552, "exceeded storage allocation"), "server", "size"),
            (refuse(552, "5.3.4 message too big"), "server", "size"),
            (refuse(550, "5.7.1 relaying denied"), "server", "policy"),
            (refuse(550, "relay not permitted"), "server", "policy"),
            (refuse(553, "not in my list of allowed rcpthosts (#5.7.1)"), "server", "policy"),
            (refuse(550, "sender address rejected: domain not found"), "server", "policy"),
            (refuse(554, "Client host [10.5.1.1] blocked using a list"), "server", "policy"),
            (refuse(452, "4.2.2 mailbox full"), "server", "later"),
            (refuse(450, "4.1.1 no such user yet"), "server", "later"),
            (data(554, b"message refused"), "server", "refused"),
            (data(550, b"5.6.0 content"), "server", "refused"),
            (sender(553, b"5.1.8 no such domain", "a@b.example"), "server", "sender"),
            (sender(552, b"message size exceeds limit", "a@b.example"), "server", "size"),
            (smtplib.SMTPAuthenticationError(535, b"5.7.8 no"), "server", "login"),
            (OSError("connection refused"), "server", "refused"),
        )
        for error, fault, kind in cases:
            with self.subTest(error=error):
                answer = judge(write(error))
                self.assertEqual((answer.fault, answer.kind), (fault, kind))
                self.assertFalse(answer.is_open)
        self.assertEqual(judge("", "mail_from_missing")[:2], ("server", "sender"))
        self.assertEqual(judge("", "mail_email_invalid")[:2], ("address", "invalid"))
        self.assertTrue(judge(write(data(-1, b"what"))).is_open)
        self.assertTrue(judge(write(data(250, b"ok"))).is_open)

    @settings(max_examples=150, deadline=None)
    @given(
        st.sampled_from([421, 450, 451, 452, 550, 551, 552, 553, 554]),
        st.sampled_from([None, 1, 3, 5, 6, 7]),
        st.text(max_size=40),
    )
    def test_any_words(self, code, subject, words):
        """Whatever a server says, the enhanced status decides where there is one; what is asked
        to be tried later is; and the same answer is the same, whoever it is about."""
        if subject:
            words = f"{str(code)[0]}.{subject}.0 {words}"
        answer = judge(write(refuse(code, words)))
        self.assertEqual(answer.code, code)
        self.assertIn(str(code), answer.describe())
        if code < 500 or subject in (3, 5, 6, 7):
            self.assertEqual(answer.fault, "server")
        again = judge(write(refuse(code, words, "beier@other.example")))
        self.assertTrue(answer.is_same(again))
        self.assertTrue(answer.is_same(judge(answer.describe())))

    def test_addresses(self):
        good = (
            *("adler@customer.example", "Adler <a.b+c@x.example>", '"A, B" <a@x.example>'),
            *("a@bücher.example", "nonsense, a@x.example", " a @ x.example"),
        )
        bad = (
            *(False, "not an address", "not an address@customer.example", "adler@", "@x.example"),
            *("a@b", "a..b@x.example", "é@x.example", "a@x.example.", "a@customer,example"),
            *("a@@x.example", "a@-x.example", "a@10.0.0.1"),
        )
        self.assertEqual([text for text in good if not has_address(text)], [])
        self.assertEqual([text for text in bad if has_address(text)], [])


@tagged("post_install", "-at_install")
class TestLetterFault(CrmCollectionLettersCommon):
    """Our text, our mail server, their address: told apart on the letter, in what is done about
    it, and by whom.
    """

    def _queue_letters(self, *partners):
        for partner in partners:
            self._create_overdue(5, partner=partner)
        self._allocate()
        self._send_letters()
        return self._letters(partners[0]).union(*map(self._letters, partners))

    # === Their address === #

    def test_address_is_corrected(self):
        """The letter waits for another address, not for a person or a day."""
        letter = self._queue_letters(self.customer)
        self._run_mail_queue(Session(refuse(550, "5.1.1 no such user")))
        self.assertRecordValues(letter, [{"state": "failed", "fault": "address"}])
        self.assertIn("adler@customer.example", letter.failure_reason)
        self.assertEqual(letter.failure_detail, "550 5.1.1 no such user")
        self.customer.name = "Adler & Sons"  # another name is no other address
        self._send_letters()
        self.assertEqual(letter.state, "failed")
        self.customer.email = "new@customer.example"
        self._send_letters()
        (message,) = self._run_mail_queue(Session())
        self.assertIn("new@customer.example", message["To"])
        self.assertRecordValues(
            letter, [{"state": "sent", "fault": False, "failure_detail": False}]
        )
        self.assertFalse(self._problems(letter))

    def test_no_address_at_all(self):
        """What is none does not leave, and says so; corrected, the letter does."""
        self.customer.email = "not an address@customer.example"
        letter = self._queue_letters(self.customer)
        self.assertIn("not an address@customer.example", letter.failure_reason)
        for wrong in ("adler@customer", "ädler@customer.example"):
            self.customer.email = wrong
            self._send_letters()
            self.assertRecordValues(letter, [{"state": "no_address", "fault": "address"}])
        self.assertFalse(self._run_mail_queue(Session()))
        self.customer.email = "adler@customer.example"
        self._send_letters()
        self.assertEqual(len(self._run_mail_queue(Session())), 1)
        self.assertEqual(letter.state, "sent")

    # === Our mail server === #

    def test_same_answer_for_all(self):
        """Full, says the server of three mailboxes in a row: the full one is ours. They are tried
        again; of one customer alone it would be his."""
        letters = self._queue_letters(
            *(self._create_customer(f"Full{number}") for number in range(3))
        )
        error = refuse(552, "5.2.2 over quota")
        self._run_mail_queue(Session(error))
        self.assertEqual(letters.mapped("fault"), ["server"] * 3)
        self.assertEqual(letters.mapped("will_retry"), [True] * 3)
        self.assertEqual(len(set(letters.mapped("failure_reason"))), 1)
        self.assertEqual(letters.mapped("failure_detail"), ["552 5.2.2 over quota"] * 3)
        self._send_letters()
        self.assertEqual(len(self._run_mail_queue(Session())), 3)
        single = self._queue_letters(self._create_customer("Single"))
        self._run_mail_queue(Session(error))
        self.assertEqual(single.fault, "address")

    def test_one_matter_is_told_once(self):
        """However many letters the mail server refuses; what is about one customer, for each."""
        letters = self._queue_letters(*(self._create_customer(f"Many{n}") for n in range(3)))
        error = refuse(554, "5.7.1 not from here")
        self._run_mail_queue(Session(error))
        self.assertEqual(letters.mapped("fault"), ["server"] * 3)
        fuse = self.env["crm.collection.fuse"].with_user(self.collector).search([])
        for session in (Session(error), Session()):
            self.assertEqual(len(fuse._get_alarms()), 1)
            self.assertFalse(self._problems(letters), "beside the alarm")
            self._send_letters()
            fuse.action_try_now()
            self._run_mail_queue(session)
        self.assertEqual(letters.mapped("state"), ["sent"] * 3)
        self.assertFalse(fuse._get_alarms())

    # === Our text === #

    def test_text_is_mended(self):
        """Who may change the text is told, once, which one it is; the letters leave when it is
        mended, whether in place or by another one for the phase."""
        template = self.phase_first.template_id.sudo()
        subject = template.subject
        self._plant_text(template, subject=BROKEN)
        letters = self._queue_letters(self.customer, self._create_customer("Beier KG"))
        self.assertEqual(letters.mapped("fault"), ["text"] * 2)
        letter = letters[0]
        for name in (template.name, self.phase_first.name):
            self.assertIn(name, letter.failure_reason)
        for text in (letter.failure_reason, letter.failure_detail):
            self.assertNotIn("Traceback", text)
            self.assertNotIn(".py", text)
        self.assertIn("nothing_like_it", letter.failure_detail)
        self.assertRecordValues(self._problems(letters), [{"user_id": self.manager.id}])
        runs = self.env["crm.collection.run"].search([("kind", "=", "letters")])
        before = runs.exception_count
        self._send_letters()  # nothing changed: nothing is tried
        self.assertEqual(runs.exception_count, before)
        template.subject = subject
        self._send_letters()
        self.assertEqual(letters.mapped("state"), ["outgoing"] * 2)
        self.assertEqual(len(self._run_mail_queue(Session())), 2)
        self.assertFalse(self._problems(letters))

    @mute_logger("odoo.addons.mail.models.mail_render_mixin")
    def test_broken_text_is_described_in_the_managers_language(self):
        """What is wrong with a part of it is said to who mends it, not to the customer."""
        self.manager.sudo().lang = "pt_BR"
        self._plant_text(self.phase_first.template_id, subject=BROKEN)
        letter = self._queue_letters(self.customer)
        self.assertEqual(letter.fault, "text")
        self.assertIn("não está entre os valores que as cartas oferecem", letter.failure_detail)
        self.assertNotIn("Error", letter.failure_detail)

    @mute_logger("odoo.addons.mail.models.mail_render_mixin")
    def test_another_text_for_the_phase(self):
        template = self.phase_first.template_id.sudo()
        mended = template.copy({"subject": "Please pay"})
        self._plant_text(template, subject=BROKEN)
        letter = self._queue_letters(self.customer)
        self.assertEqual(letter.fault, "text")
        self.phase_first.sudo().template_id = mended
        self._send_letters()
        (message,) = self._run_mail_queue(Session())
        self.assertEqual(message["Subject"], "Please pay")
        self.assertEqual(letter.template_id, mended)

    def test_full_disk_is_not_the_text(self):
        letter = self._queue_letters(self.customer)
        letter.sudo()._set_unwritable(OSError(28, "No space left on device", "/srv/files/ab/abc"))
        self.assertRecordValues(
            letter, [{"fault": "server", "failure_detail": "OSError: No space left on device"}]
        )
