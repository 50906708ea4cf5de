from odoo import api, fields, models
from odoo.fields import Command, Domain

from ...tools.quoted import get_own_words

TODO = "mail.mail_activity_data_todo"
MAX_NOTE = 10_000  # characters of what a customer wrote: the mail itself has the rest


class CrmCollectionContact(models.Model):
    """What a customer answers by mail waits on his collector's list until somebody answers.

    The gateway hands over what people wrote (:mod:`.mail_thread`); what it is about says the
    document in whose chatter it arrived (``_get_reply_about``).
    """

    _inherit = "crm.collection.contact"

    email_from = fields.Char(
        string="From",
        compute="_compute_email_from",
        search="_search_email_from",
        compute_sudo=True,
        help="The address of who wrote, whether or not it is a contact's.",
    )

    # one mail is one contact, however often it is fetched
    _message_uniq = models.UniqueIndex(
        "(message_id) WHERE message_id IS NOT NULL", "A mail is one contact."
    )

    @api.depends("message_id")  # not on what a message is: whoever posts one would pay
    def _compute_email_from(self):
        for contact in self:
            contact.email_from = contact.message_id.email_from

    @api.model
    def _search_email_from(self, operator, value):
        messages_sudo = self.env["mail.message"].sudo()
        return Domain("message_id", "in", messages_sudo._search([("email_from", operator, value)]))

    @api.model
    def _receive_reply(self, thread, message, answered):
        """Put a customer's mail on somebody's list.

        :param thread: the document in whose chatter it arrived
        :param message: the mail there
        :param answered: the messages it refers to
        :return: the contact, or none: a colleague wrote it, or it is not about collections
        """
        author = message.author_id
        about = {} if author and not author.partner_share else thread._get_reply_about(answered)
        customer = about.get("partner")
        user = customer and self._get_reply_user(about)
        if not user:
            return self.browse()
        contact = self.create(
            {
                "company_id": about["company"].id,
                "partner_id": customer.id,
                "person_id": author.id,
                "user_id": user.id,
                "date": self._get_written(message, answered),
                **{"channel": "email", "direction": "in", "state": "waiting"},
                "item_ids": [Command.set(about["items"].ids)],
                "note": get_own_words(message.body)[:MAX_NOTE] or message.subject,
                "letter_id": about["letter"].id,
                "message_id": message.id,
            }
        )
        contact._put_on_list()
        return contact

    @api.model
    def _get_reply_user(self, about):
        """:return: the first who works in collections there of those whose customer it is, the
        collection manager and other managers; or nobody"""
        company = about["company"]
        letter = self.env["crm.collection.letter"].new({"company_id": company.id})
        customer = about["partner"].with_company(company)
        asked = about["users"] | customer._get_collection_collector()
        return asked.filtered(letter._is_workable_by)[:1] or letter._get_responsible()

    @api.model
    def _get_written(self, message, answered):
        """:return: when it was written, as far as that can be true: clocks of senders go wrong,
        and nobody answers before he is written to"""
        now = fields.Datetime.now()
        first = min([date for date in answered.mapped("date") if date] or [now])
        return max(min(message.date or now, now), min(first, now))

    def _get_reply_about(self, answered):
        # EXTENDS 'crm.collection.thread': what somebody wrote from here is about the same
        self.ensure_one()
        return {
            "company": self.company_id,
            "partner": self.partner_id,
            "items": self.item_ids.filtered(lambda item: item.state == "open"),
            "letter": self.letter_id,
            "users": self.user_id,
        }

    def _put_on_list(self):
        self.ensure_one()
        company = self.company_id
        env = self.with_context(lang=company._get_collection_lang()).env
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            TODO,
            date_deadline=company._get_collection_today(),
            summary=env._("Answer the customer"),
            user_id=self.user_id.id,
        )
