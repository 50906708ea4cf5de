from datetime import date, timedelta
from typing import NamedTuple

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import LazyTranslate, format_date
from odoo.tools.mimetypes import guess_mimetype

from ...tools.text import get_file_name

_lt = LazyTranslate(__name__)

PAGE_KINDS = [
    ("paid", "I have paid"),
    ("promise", "I will pay"),
    ("parts", "I want to pay in parts"),
    ("wrong", "Something is wrong"),
    ("address", "This is not for me"),
]
# What keeps letters waiting, and as which kind of hold.
HOLDS = {"paid": "block", "promise": "promise", "parts": "block", "wrong": "dispute"}
REASONS = {
    "paid": _lt("The customer says that he has paid"),
    "promise": _lt("The customer promises to pay"),
    "parts": _lt("The customer asks to pay in parts"),
    "wrong": _lt("The customer says that something is wrong"),
}
# Whoever has the link can write: so much, so often, and nothing that a browser would run.
MAX_TEXT = 2000  # characters
MAX_FILES, MAX_BYTES = 3, 5 * 1024 * 1024  # for each file
FILE_TYPES = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}
PER_LETTER, PER_CUSTOMER = 5, 10  # answers within a day
# Letters wait for what is said of an open item once within so many days.
AGAIN = timedelta(days=30)


class PageAnswer(NamedTuple):
    """What somebody says on the page of a letter, as he sent it.

    ``kind`` is one of :data:`PAGE_KINDS`, ``day`` when he paid or will pay, ``item_ids`` what is
    wrong (empty: all of it), ``files`` are ``(name, content)``.
    """

    kind: str
    text: str = ""
    day: date | None = None
    item_ids: tuple = ()
    files: tuple = ()


class CrmCollectionContact(models.Model):
    """What a customer answers on the page of a letter, without a mail: it waits on his collector's
    list as his mails do, and letters about it wait for a short time.

    Whoever has the letter's link may write. So nothing of it is believed: it names open items of
    the letter alone, holds back for no longer than the company says, and once within a month.
    """

    _inherit = "crm.collection.contact"

    channel = fields.Selection(
        selection_add=[("page", "Letter's Page")], ondelete={"page": "set default"}
    )
    page_kind = fields.Selection(selection=PAGE_KINDS, string="What He Says", readonly=True)

    # === Receiving === #

    @api.model
    def _receive_page_answer(self, letter, answer):
        """Take an answer from the page of a letter.

        :param letter: one whose link was genuine and works
        :param PageAnswer answer: not looked at yet
        :return: the contact
        :raise UserError: in words for who wrote it: it cannot be taken like this
        """
        letter = letter.with_user(SUPERUSER_ID).with_context(lang=self.env.lang)
        contacts = self.with_env(letter.env)
        letter.lock_for_update()  # who counts answers sees those of others
        contacts._check_page_answer(letter, answer)
        items = contacts._get_page_items(letter)
        named = items.filtered(lambda item: item.id in answer.item_ids) or items
        about = {"company": letter.company_id, "partner": letter.partner_id}
        user = contacts._get_reply_user({**about, "users": letter.user_id})
        if not user:
            raise UserError(contacts.env._("Nobody reads this here. Please write an e-mail."))
        told = contacts.with_context(lang=letter.company_id._get_collection_lang())
        contact = told.create(
            {
                "company_id": letter.company_id.id,
                "partner_id": letter.partner_id.id,
                "person_id": letter.recipient_ids[:1].id,
                "user_id": user.id,
                **{"channel": "page", "direction": "in", "state": "waiting"},
                "item_ids": [Command.set(named.ids)],
                "note": told._describe_page_answer(answer),
                "page_kind": answer.kind,
                "letter_id": letter.id,
            }
        )
        contact._keep_page_files(answer.files)
        contact._hold_for_page_answer(answer)
        contact._put_on_list()
        return contact

    def _describe_page_answer(self, answer):
        """:return: what was said, in the words of the company's people"""
        label = dict(self._fields["page_kind"]._description_selection(self.env))[answer.kind]
        day = format_date(self.env, answer.day) if answer.day else ""
        return "\n".join(filter(None, (f"{label} {day}".strip(), answer.text.strip())))

    def _keep_page_files(self, files):
        self.env["ir.attachment"].create(
            [
                {
                    "name": get_file_name(name.rpartition(".")[0] or name)
                    + FILE_TYPES[guess_mimetype(content)],
                    "raw": content,
                    "mimetype": guess_mimetype(content),
                    "res_model": self._name,
                    "res_id": self.id,
                }
                for name, content in files
            ]
        )

    # === Holding === #

    def _hold_for_page_answer(self, answer):
        """Have letters about it wait, where the company has them wait for such an answer."""
        company = self.company_id
        kind, days = HOLDS.get(answer.kind), company.collection_page_wait_days
        items = self._get_page_holdable(self.item_ids)
        if not kind or not items or (kind != "promise" and not days):
            return
        today = company._get_collection_today()
        until = answer.day if kind == "promise" else today + timedelta(days=days)
        hold = self.env["crm.collection.hold"].create(
            {
                "kind": kind,
                "company_id": company.id,
                "item_ids": [Command.set(items.ids)],
                "reason": str(REASONS[answer.kind]),
                "date_until": until,
                "user_id": self.user_id.id,
            }
        )
        self._write_evidence({"hold_ids": [Command.set(hold.ids)]})

    @api.model
    def _get_page_holdable(self, items):
        """:return: those that are not held already, and for which no letter has waited because of
        such an answer within the last month"""
        lately = self.search(
            Domain("channel", "=", "page")
            & Domain("hold_ids", "!=", False)
            & Domain("item_ids", "in", items.ids)
            & Domain("date", ">", fields.Datetime.now() - AGAIN)
        )
        waited = lately.hold_ids.item_id | lately.hold_ids.item_ids
        return items.filtered(lambda item: item not in waited and not item.is_held)

    # === Checking === #

    @api.model
    def _get_page_items(self, letter):
        """:return: what is still open of the letter, its customer's, and its company's"""
        return letter.line_ids.item_id.filtered(
            lambda item: (
                item.state == "open"
                and item.partner_id == letter.partner_id
                and item.company_id == letter.company_id
            )
        )

    @api.model
    def _get_page_offered(self, letter):
        """:return: list of ``(kind, label)`` of what may be answered on the page of a letter"""
        company = letter.company_id
        if not company.collection_page_answers or not self._get_page_items(letter):
            return []
        return [
            (kind, label)
            for kind, label in self._fields["page_kind"]._description_selection(self.env)
            if kind != "promise" or self._get_page_last_day(letter)
        ]

    @api.model
    def _get_page_last_day(self, letter):
        """:return: the last day a customer may promise on the page, or nothing: he may not, or has
        within the last month"""
        company = letter.company_id
        if not company.collection_page_promise_days:
            return None
        if not self._get_page_holdable(self._get_page_items(letter)):
            return None
        days = timedelta(days=company.collection_page_promise_days)
        return company._get_collection_today() + days

    def _check_page_answer(self, letter, answer):
        """:raise UserError: what is wrong with an answer, for who wrote it"""
        if answer.kind not in dict(self._get_page_offered(letter)):
            raise UserError(self.env._("This cannot be answered here any more."))
        if self._is_page_full(letter):
            raise UserError(
                self.env._("We have several answers of today already. Please write an e-mail.")
            )
        if len(answer.text) > MAX_TEXT:
            raise UserError(self.env._("Please write no more than %s characters.", MAX_TEXT))
        if answer.kind == "wrong" and not answer.text.strip():
            raise UserError(self.env._("Please write what is wrong."))
        self._check_page_day(letter, answer)
        self._check_page_files(answer.files)

    def _is_page_full(self, letter):
        today = Domain("channel", "=", "page") & Domain(
            "date", ">", fields.Datetime.now() - timedelta(days=1)
        )
        of_letter = self.search_count(today & Domain("letter_id", "=", letter.id))
        of_customer = self.search_count(today & Domain("partner_id", "=", letter.partner_id.id))
        return of_letter >= PER_LETTER or of_customer >= PER_CUSTOMER

    def _check_page_day(self, letter, answer):
        today = letter.company_id._get_collection_today()
        if answer.kind == "paid" and not (
            answer.day and today - timedelta(days=366) <= answer.day <= today
        ):
            raise UserError(self.env._("Please say on which day you paid."))
        last = self._get_page_last_day(letter)
        if answer.kind == "promise" and not (answer.day and today <= answer.day <= last):
            raise UserError(
                self.env._("Please choose a day until %s.", format_date(self.env, last))
            )

    def _check_page_files(self, files):
        if len(files) > MAX_FILES:
            raise UserError(self.env._("Please send no more than %s files.", MAX_FILES))
        for _name, content in files:
            if len(content) > MAX_BYTES:
                raise UserError(self.env._("Please send files of no more than 5 MB."))
            if guess_mimetype(content) not in FILE_TYPES:
                raise UserError(self.env._("Please send PDF files or pictures (PNG, JPEG)."))

    # === Answering === #

    def _is_forged(self):
        # EXTENDS 'crm.collection.contact': the page alone makes these
        return super()._is_forged() or bool(self.page_kind or self.channel == "page")

    @api.model
    def _get_chatter_domain(self, message):
        # EXTENDS 'crm.collection.contact'
        domain = super()._get_chatter_domain(message)
        if message.model == "crm.collection.letter":
            domain |= Domain("channel", "=", "page") & Domain("letter_id", "=", message.res_id)
        return domain

    def action_note_answer(self):
        """The collector has read what was said on a page, and there is nothing to say to it."""
        self._check_waiting()
        self._set_answered()

    def action_take_back(self):
        """:raise UserError: the customer said it on a page"""
        if self.filtered("page_kind"):
            raise UserError(self.env._("What a customer wrote stays on record."))
        return super().action_take_back()

    def action_answer(self):
        """What came from a letter's page is answered in the letter's chatter."""
        if len(self) != 1 or not self.page_kind:
            return super().action_answer()
        self._check_waiting()
        letter = self.letter_id
        person = self.person_id or letter.recipient_ids[:1] or self.partner_id
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Answer"),
            "res_model": "mail.compose.message",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_composition_mode": "comment",
                "default_model": letter._name,
                "default_res_ids": letter.ids,
                "default_subject": letter._get_sent_subject(),
                "default_partner_ids": person.ids,
                "default_subtype_xmlid": "mail.mt_comment",
            },
        }
