from datetime import timedelta
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import escape

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from ...tools.quoted import get_own_words
from ..common_returned import ANSWER, AUTOMATIC_HEADERS, COMPLAINT, EXIM_WARNING, RECEIPT, REPORTS
from ..letters.test_letter_returned import ReturnedCommon

OUTCOMES = {"promise": "promised", "dispute": "dispute"}
ANSWERS_TO = "answers@creditor.example"
OWN_WORDS = "Vamos pagar na sexta."
# How mail programs repeat below an answer what is answered.
PLAIN = {
    "Gmail, Portuguese": """
Em seg., 16 de mar. de 2026 às 10:00, Billing <
billing@creditor.example> escreveu:

> Prezados,
> segue a carta
""",
    "Gmail, Spanish": """
El lun, 16 mar 2026 a las 10:00, Billing (<billing@creditor.example>) escribió:

> Estimados
""",
    "Thunderbird, German": """
Am 16.03.26 um 10:00 schrieb Billing:
> Guten Tag,
>
> Grüße
""",
    "Apple, English": """
> On 16 Mar 2026, at 10:00, Billing <billing@creditor.example> wrote:
>
> Dear Sir
""",
    "Outlook, Portuguese": """
-----Mensagem original-----
De: Billing <billing@creditor.example>
Enviada em: segunda-feira, 16 de março de 2026 10:00
Para: Ann Adler
Assunto: Aviso

Prezados
""",
    "Outlook without a line, German": """
Von: Billing <billing@creditor.example>
Gesendet: Montag, 16. März 2026 10:00
An: Ann Adler
Betreff: Mahnung

Guten Tag
""",
    "A signature": """
-- 
Ann Adler
""",  # noqa: W291
}
HTML = {
    "Gmail": """<br><div class="gmail_quote"><div class="gmail_attr">Em seg. escreveu:</div>
        <blockquote>Prezados</blockquote></div>""",
    "Outlook": """<div style="border-top:solid"><p><b>From:</b> Billing
        &lt;billing@creditor.example&gt;<br><b>Sent:</b> Monday, March 16, 2026 10:00 AM<br>
        <b>To:</b> Ann<br><b>Subject:</b> The letter</p></div><p>Prezados</p>""",
    "Outlook on the web": """<div id="appendonsend"></div><hr>
        <div id="divRplyFwdMsg"><b>De:</b> Billing</div><div>Prezados</div>""",
    "Thunderbird": """<div>Am 16.03.26 um 10:00 schrieb Billing:<br></div>
        <blockquote type="cite">Prezados</blockquote>""",
    "Apple": """<br><div><blockquote type="cite"><div>On 16 Mar 2026, at 10:00, Billing wrote:</div>
        <div>Prezados</div></blockquote></div>""",
}


class TestOwnWords(BaseCase):
    """What a customer wrote himself, told from the mail he answers, whatever program he has.

    Seen to fail with introductions left, and with the source's line ends taken for the text's.
    """

    def test_whatever_the_program(self):
        plain = {
            name: f"<pre>{escape(OWN_WORDS)}\n{escape(text)}</pre>" for name, text in PLAIN.items()
        }
        marked = {name: f"<div><p>{OWN_WORDS}</p>{text}</div>" for name, text in HTML.items()}
        for name, body in {**plain, **marked}.items():
            with self.subTest(name):
                self.assertEqual(get_own_words(body), OWN_WORDS)

    def test_answers_between_the_lines(self):
        body = escape("> When do you pay?\nOn 20/03:\n> And the rest?\nNever.\nInvoice 1: paid\n")
        said = get_own_words(f"<pre>{body}</pre>")
        self.assertIn("Never.\nInvoice 1: paid", said)
        self.assertNotIn("When", said)

    def test_nothing_else_is_taken_away(self):
        text = "We pay:\nInvoice 1: 20/03\nInvoice 2: a@b.example asks\nTotal - 2 - 3: 10:00\nend:"
        self.assertEqual(get_own_words(f"<pre>{text}</pre>"), text)
        self.assertEqual(get_own_words("<pre>&gt; all of it\n&gt; is quoted</pre>")[:5], "> all")

    @settings(max_examples=200, deadline=None, derandomize=True, database=None)
    @given(
        parts=st.lists(
            st.sampled_from([*PLAIN.values(), *HTML.values(), "<!--", "<pre>", "</div>", "\n"])
            | st.text(max_size=20),
            max_size=6,
        )
    )
    @mute_logger("odoo.tools.mail.html_sanitize")
    def test_whatever_is_written(self, parts):
        self.assertIsInstance(get_own_words("".join(parts)), str)


@tagged("post_install", "-at_install")
class TestReply(ReturnedCommon):
    """What customers answer waits on a list until it is answered. All mails go through core's
    gateway.

    Seen to fail: with answers of machines handed over, the letter's collector asked first always,
    dates taken as they are, a day counted too many, the cockpit's figure left out, and everything
    that answers with the state left as it was.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.collection_user_id = cls.collector

    def _answer(self, letter, message_id, mail=ANSWER, **values):
        """The customer answers; the contacts that this made."""
        before = self._contacts()
        self._receive(mail, letter, message_id=message_id, **{"to": ANSWERS_TO, **values})
        return self._contacts() - before

    def _contacts(self):
        return self.env["crm.collection.contact"].search([])

    def _activities(self, contact):
        return contact.sudo().activity_ids

    def _reply(self):
        """:return: a letter, and the customer's answer to it"""
        letter, message_id = self._send()
        contact = self._answer(letter, message_id)
        contact.ensure_one()
        return letter, contact

    def _write(self, letter, **values):
        """The collector writes to the customer from the letter's chatter."""
        posted = letter.with_user(self.collector).message_post(
            **{
                "body": "Which day?",
                "message_type": "comment",
                "subtype_xmlid": "mail.mt_comment",
                "partner_ids": self.customer.ids,
                **values,
            }
        )
        self._end_transaction()
        return posted.sudo()

    # === What becomes of a mail === #

    def test_an_answer_waits_on_the_collectors_list(self):
        letter, message_id = self._send()
        items = letter.line_ids.item_id
        contact = self._answer(letter, message_id, text=f"{OWN_WORDS}\n\n> Dear customer")
        mail = letter.sudo().message_ids[0]
        self.assertRecordValues(
            contact,
            [
                {
                    "partner_id": self.customer.id,
                    "person_id": self.customer.id,
                    "user_id": self.collector.id,
                    "company_id": self.company.id,
                    "channel": "email",
                    "direction": "in",
                    "state": "waiting",
                    "letter_id": letter.id,
                    "item_ids": items.ids,
                    "phase_id": letter.phase_id.id,
                    "message_id": mail.id,
                    "note": OWN_WORDS,
                    "answered_by_id": False,
                }
            ],
        )
        self.assertRecordValues(
            self._activities(contact),
            [{"user_id": self.collector.id, "summary": "Answer the customer"}],
        )
        # fetched twice; and another one in the same thread
        number = mail.message_id.split(".")[1].split("@")[0]
        self.assertFalse(self._answer(letter, message_id, number=number))
        second = self._answer(letter, message_id, text="")
        self.assertEqual(second.note, mail.subject)
        self.assertTrue(self._activities(second))

    def test_what_nobody_wrote_is_no_task(self):
        """Automatic answers, receipts, reports, complaints."""
        letter, message_id = self._send()
        for header in AUTOMATIC_HEADERS:
            self.assertFalse(self._answer(letter, message_id, header=header), header)
        for mail in (RECEIPT, COMPLAINT, EXIM_WARNING, *REPORTS.values()):
            self.assertFalse(self._answer(letter, message_id, mail, to="bounce@creditor.example"))
        self.assertFalse(self._contacts())

    def test_who_wrote(self):
        """Somebody to whom it was forwarded; a contact of the customer; a colleague."""
        letter, message_id = self._send()
        unknown = self._answer(letter, message_id, recipient="lawyer@law.example")
        self.assertFalse(unknown.person_id)
        self.assertIn("lawyer@law.example", unknown.email_from)
        self.assertEqual(unknown.partner_id, self.customer)
        branch = self._contact(self.customer, "other", "branch@customer.example")
        known = self._answer(letter, message_id, recipient="branch@customer.example")
        self.assertRecordValues(known, [{"person_id": branch.id, "partner_id": self.customer.id}])
        self.assertFalse(self._answer(letter, message_id, recipient=self.manager.email))

    def test_an_old_letter(self):
        """GIVEN a letter whose item was paid, whose collector left, and whose customer is another
        collector's
        WHEN the customer answers it
        THEN his present collector has it; where there is none, the manager; never a stranger."""
        letter, message_id = self._send()
        self._pay(letter.line_ids.item_id.move_id)
        self._create_overdue(3)
        self.collector.sudo().active = False
        self.customer.collection_user_id = self.approver
        contact = self._answer(letter, message_id)
        self.assertRecordValues(
            contact, [{"user_id": self.approver.id, "item_ids": [], "letter_id": letter.id}]
        )
        self.customer.collection_user_id = self.outsider
        contact = self._answer(letter, message_id)
        self.assertEqual(contact.user_id, self.manager)

    def test_handed_over_since(self):
        """Items follow their customer's new collector, and so does what the customer writes."""
        letter, message_id = self._send()
        self.customer.collection_user_id = self.approver
        self.assertEqual(self._answer(letter, message_id).user_id, self.approver)
        self.assertEqual(letter.user_id, self.collector)

    def test_dates_of_senders(self):
        """A clock that goes wrong keeps no mail from being read."""
        letter, message_id = self._send()
        now = fields.Datetime.now()
        sent = letter.sudo().mail_message_id.date
        for header, expected in (
            ("Date: Fri, 01 Jan 2100 00:00:00 +0000", now),
            ("Date: Thu, 01 Jan 1970 00:00:00 +0000", sent),
        ):
            contact = self._answer(letter, message_id, header=header)
            self.assertEqual(contact.date, expected)

    def test_other_chatters(self):
        """What a collector wrote from the letter and from an item, and a statement; not what else
        comes to the customer."""
        letter, _message_id = self._send()
        note = self._write(letter, subtype_xmlid="mail.mt_note")
        self.assertEqual(self._answer(letter, note.message_id).letter_id, letter)
        item = letter.line_ids.item_id
        written = self._write(item)
        contact = self._answer(letter, written.message_id)
        self.assertRecordValues(contact, [{"letter_id": False, "item_ids": item.ids}])
        other = self.customer.sudo().message_post(body="Hi", partner_ids=self.customer.ids)
        self.assertFalse(self._answer(letter, other.message_id))
        Wizard = self.env["crm.collection.statement.send"].with_user(self.collector)
        with patch.object(type(Wizard), "_render_pdf", lambda wizard: b"%PDF"):
            Wizard.create({"partner_id": self.customer.id}).action_send()
        self._end_transaction()
        statement = self.customer.sudo().message_ids[0]
        contact = self._answer(letter, statement.message_id)
        self.assertRecordValues(
            contact,
            [{"letter_id": False, "user_id": self.collector.id, "company_id": self.company.id}],
        )
        # an answer from the customer's own chatter
        action = contact.with_user(self.collector).action_answer()
        self._send_composer(action)
        self.assertEqual(contact.state, "done")

    # === How it is answered === #

    def _send_composer(self, action, user=None, **values):
        Composer = self.env["mail.compose.message"].with_user(user or self.collector)
        composer = Composer.with_context(**action["context"]).create(
            {"body": "<p>Thank you</p>", **values}
        )
        composer._action_send_mail()
        self._end_transaction()
        return composer

    def _assert_answered(self, contact, user=None, **values):
        self.assertRecordValues(
            contact,
            [
                {
                    "state": "done",
                    "answered_by_id": (user or self.collector).id,
                    "date_answered": fields.Datetime.now(),
                    **values,
                }
            ],
        )
        self.assertFalse(self._activities(contact))

    def test_promise_and_dispute(self):
        """The dialog on what is open of the letter, filled in; applied, the mail is answered."""
        letter, message_id = self._send()
        self._pay(self._create_overdue(9))
        self._create_overdue(2)
        self._allocate()
        for kind in ("promise", "dispute"):
            contact = self._answer(letter, message_id)
            action = getattr(contact.with_user(self.collector), f"action_{kind}")()
            context = action["context"]
            self.assertEqual(context["active_ids"], letter.line_ids.item_id.ids)
            Wizard = self.env["crm.collection.item.hold"].with_user(self.collector)
            wizard = Wizard.with_context(**context).create({})
            self.assertEqual((wizard.kind, wizard.reason), (kind, "We pay on Friday."))
            wizard.date_until = fields.Date.today() + timedelta(days=4)
            wizard.action_apply()
            outcome = self.env.ref(f"crm_collection.outcome_{OUTCOMES[kind]}")
            self.assertEqual(contact.hold_ids.kind, kind)
            self.assertEqual(contact.hold_ids.item_id, letter.line_ids.item_id)
            self._assert_answered(contact, outcome_id=outcome.id, is_reached=True)
            contact.hold_ids.with_user(self.collector).action_lift("Over")
        with self.assertRaises(UserError):
            contact.with_user(self.collector).action_promise()
        contact = self._answer(letter, message_id)
        self._pay(self._items(self.env["account.move"].search([])).move_id)
        with self.assertRaises(UserError):
            contact.with_user(self.collector).action_promise()

    def test_holds_of_another_customer(self):
        _letter, contact = self._reply()
        other = self._create_overdue(5, partner=self._create_customer("Other AG"))
        self._allocate()
        context = contact.with_user(self.collector).action_dispute()["context"]
        context |= {"active_ids": self._items(other).ids}
        Wizard = self.env["crm.collection.item.hold"].with_user(self.collector)
        with self.assertRaises(UserError):
            Wizard.with_context(**context).create({}).action_apply()

    def test_answer(self):
        """By the composer, to who wrote, also where he is nobody's contact."""
        letter, contact = self._reply()
        action = contact.with_user(self.collector).action_answer()
        self.assertEqual(contact.state, "waiting")
        self._send_composer(action)
        answer = letter.sudo().message_ids[0]
        self.assertEqual(answer.partner_ids, self.customer)
        self.assertEqual(answer.parent_id, contact.sudo().message_id)
        self._assert_answered(contact)
        message_id = letter.sudo().mail_message_id.message_id
        unknown = self._answer(letter, message_id, recipient="lawyer@law.example")
        action = unknown.with_user(self.collector).action_answer()
        self._send_composer(action)
        self.assertEqual(letter.sudo().message_ids[0].partner_ids.email, "lawyer@law.example")
        self._assert_answered(unknown)

    def test_what_is_written_from_the_chatter_answers(self):
        """To the customer, by whoever it is, when it goes; a note to colleagues does not, nor what
        goes to others, nor an absent colleague's automatic answer."""
        letter, contact = self._reply()
        other = self._create_customer("Lawyer LLP")
        self._write(letter, partner_ids=self.manager.partner_id.ids, subtype_xmlid="mail.mt_note")
        self._write(letter, partner_ids=other.ids)
        letter.sudo().message_post(
            body="Away",
            message_type="out_of_office",
            author_id=self.collector.partner_id.id,
            partner_ids=self.customer.ids,
        )
        self.assertEqual(contact.state, "waiting")
        later = self.env.cr.now() + timedelta(hours=1)
        self._write(letter, scheduled_date=str(later))
        self.assertEqual(contact.state, "waiting")
        self.env["mail.message.schedule"].sudo().search([]).force_send()
        self._assert_answered(contact)
        # a colleague's own mail program
        second = self._answer(letter, contact.sudo().message_id.message_id)
        self._answer(letter, second.sudo().message_id.message_id, recipient=self.manager.email)
        self._assert_answered(second, self.manager)

    def test_not_about_this(self):
        letter, contact = self._reply()
        self._answer(letter, letter.sudo().mail_message_id.message_id)
        contacts = self._contacts()
        for user in (self.outsider, self._create_user("reader", None)):
            with self.assertRaises(AccessError):
                contacts.with_user(user).action_not_about_this()
        contacts.with_user(self.collector).action_not_about_this()
        for one in contacts:
            self._assert_answered(one, outcome_id=False)
        with self.assertRaises(UserError):
            contact.with_user(self.collector).action_not_about_this()

    # === The list === #

    def test_days_waiting(self):
        """By the company's calendar; sorted and searched as they are shown."""
        self.company.collection_tz = "Pacific/Auckland"  # 13 hours ahead: it is 22:00
        Contact = self.env["crm.collection.contact"]
        letter, first = self._reply()
        self._move_on(3)
        second = self._answer(letter, letter.sudo().mail_message_id.message_id)
        self.env.invalidate_all()
        self.assertEqual((first | second).mapped("days_waiting"), [3, 0])
        both = [("id", "in", (first | second).ids)]
        for operator, value, expected in (
            *((">", 2, first), (">", 3, Contact), (">=", 3, first), ("<", 3, second)),
            *(
                ("<=", 0, second),
                ("=", 3, first),
                ("!=", 3, second),
                ("in", [0, 3], first | second),
            ),
        ):
            found = Contact.search([*both, ("days_waiting", operator, value)])
            self.assertEqual(found, expected, f"{operator} {value}")
        ordered = Contact.search(both, order="days_waiting desc")
        self.assertEqual(list(ordered), [first, second])
        second.with_user(self.collector).action_not_about_this()
        self.assertEqual(second.days_waiting, 0)
        groups = Contact._read_group(both, [], ["days_waiting:max"])
        self.assertEqual(groups, [(3,)])

    def test_the_cockpit_counts_them(self):
        _letter, contact = self._reply()
        cockpit = self.env["crm.collection.cockpit"].with_user(self.collector)
        [figure] = [
            one for one in cockpit.get_cockpit()["cards"]["exceptions"] if one["key"] == "reply"
        ]
        found = contact.search(figure["action"]["domain"])
        self.assertEqual((figure["count"], found), (1, contact))
