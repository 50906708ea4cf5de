"""What collectors, approvers and customers do, by what each has before him: dialogs, buttons, the
gateway for mail, the page behind a letter's link."""

from email.message import EmailMessage
from email.utils import formataddr

from odoo.fields import Command

from odoo.addons.crm_collection.models.desk.contact_page import PageAnswer

from .customers import CUSTOMERS
from .people import DOMAIN

RETURNED = """Return-Path: <>
From: MAILER-DAEMON@{server} (Mail Delivery System)
To: retorno@{domain}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="returned"
Message-Id: <returned-{number}@{server}>

--returned
Content-Type: text/plain; charset=us-ascii

<{email}>: host {server} said: 550 5.1.1 User unknown

--returned
Content-Type: message/delivery-status

Reporting-MTA: dns; {server}

Final-Recipient: rfc822; {email}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--returned
Content-Type: message/rfc822

From: cobranca@{domain}
To: {email}
Message-Id: {message_id}

--returned--
"""


class Desk:
    """:param books: who the customers are, and which day it is"""

    def __init__(self, office, books, rules):
        self.office = office
        self.env = office.env
        self.books = books
        self.rules = rules

    def _get_items(self, key):
        domain = [("partner_id", "=", self.books.partner_ids[key]), ("state", "=", "open")]
        items = self.env["crm.collection.item"].search(domain, order="date_maturity, id")
        return items.filtered(lambda item: item.phase_id)

    def _get_letter(self, key):
        """:return: the last letter that left to a customer"""
        domain = [("partner_id", "=", self.books.partner_ids[key]), ("state", "=", "sent")]
        return self.env["crm.collection.letter"].search(domain, order="id desc", limit=1)

    def _open(self, login, model, records, **context):
        active = {"active_model": records._name, "active_ids": records.ids}
        return self.office.of(login, model, **active, **context)

    # === Collectors === #

    def call(self, login, key, outcome, note, until=None, amount=0.0):
        """Log a call with a customer, and what came of it."""
        customer = self.books.get_customer(key)
        vals = {"outcome_id": self.env.ref(f"crm_collection.outcome_{outcome}").id, "note": note}
        if until is not None:
            # the call may come later than planned, after days on which nobody works
            today = self.office.company._get_collection_today()
            vals |= {"date_until": max(self.books.get_day(until), today), "amount": amount}
        self._finish_planned(login, customer)
        self._open(login, "crm.collection.contact.log", customer).create(vals).action_log()

    def _finish_planned(self, login, customer):
        """What the last call left to do is done with this one."""
        domain = [("partner_id", "=", customer.id)]
        contacts = self.office.of(login, "crm.collection.contact").search(domain)
        contacts.activity_ids.filtered(lambda one: not one.automated).action_feedback()

    def plan(self, login, key, reason, parts, first):
        """A customer pays all that he owes in monthly parts."""
        items = self._get_items(key)
        wizards = self._open(login, "crm.collection.item.hold", items)
        wizard = wizards.create(
            {
                "kind": "promise",
                "reason": reason,
                "part_count": parts,
                "amount": sum(items.mapped("amount_residual")),
                "date_first": self.books.get_day(first),
                "every": "month",
                "item_ids": [Command.set(items.ids)],
            }
        )
        wizard.action_apply()

    def dispute(self, login, key, reason, why, due, amount=0.0):
        """A customer disputes what was due first."""
        item = self._get_items(key)[:1]
        wizards = self._open(login, "crm.collection.item.hold", item)
        cause = self.env.ref(f"crm_collection.dispute_reason_{why}")
        wizard = wizards.create(
            {
                "kind": "dispute",
                "reason": reason,
                "amount": amount,
                "dispute_reason_id": cause.id,
                "owner_id": self.office.user_ids[login],
                "date_due": self.books.get_day(due),
                "date_until": self.books.get_day(due + 30),
                "item_ids": [Command.set(item.ids)],
            }
        )
        wizard.action_apply()

    def ask_for_legal(self, login, key, reason):
        """Phase maintenance of what the rule proposes for the legal phase."""
        items = self._get_items(key).filtered("proposed_phase_id")
        wizards = self._open(login, "crm.collection.item.maintain", items)
        phase = self.rules.get_phase("phase_legal")
        wizards.create({"phase_id": phase.id, "reason": reason}).action_apply()

    def decide(self, login, key, decision, reason):
        """:param decision: ``approve`` or ``refuse``"""
        domain = [("partner_id", "=", self.books.partner_ids[key]), ("state", "=", "pending")]
        request = self.office.of(login, "crm.collection.approval").search(domain, limit=1)
        getattr(request, f"action_{decision}")(reason)

    def print_letters(self, login, is_posted=True):
        """Print what goes by post, and take it there."""
        letters = self.office.of(login, "crm.collection.letter").search(
            [("state", "=", "to_print")]
        )
        if not letters:
            return
        letters.action_print_batch()
        if is_posted:
            posting = self.office.of(login, "crm.collection.batch.post")
            posting.create({"batch_id": letters.batch_id.id}).action_post()

    # === Customers === #

    def reply(self, key, text, name=None):
        """A customer answers the last letter by mail."""
        customer, letter = CUSTOMERS[key], self._get_letter(key)
        message = EmailMessage()
        message["From"] = formataddr((name or customer.contact or customer.name, customer.email))
        message["To"] = f"respostas@{DOMAIN}"
        message["Subject"] = f"RE: {letter.mail_message_id.subject}"
        message["Message-Id"] = f"<resposta-{letter.id}@{customer.email.partition('@')[2]}>"
        message["In-Reply-To"] = message["References"] = letter.mail_message_id.message_id
        message.set_content(text)
        self.env["mail.thread"].message_process(False, message.as_bytes())

    def come_back(self, key):
        """The last letter to a customer comes back: there is no such address."""
        email, letter = CUSTOMERS[key].email, self._get_letter(key)
        mail = RETURNED.format(
            email=email,
            server=f"mx.{email.partition('@')[2]}",
            domain=DOMAIN,
            number=letter.id,
            message_id=letter.mail_message_id.message_id,
        )
        self.env["mail.thread"].message_process(False, mail)

    def answer(self, key, kind, text, day=None):
        """A customer answers on the page behind the link of the last letter."""
        day = day is not None and self.books.get_day(day)
        answer = PageAnswer(kind=kind, text=text, day=day or None)
        contacts = self.env["crm.collection.contact"].with_context(lang="pt_BR")
        contacts._receive_page_answer(self._get_letter(key), answer)
