from odoo import SUPERUSER_ID, api, models, tools
from odoo.exceptions import AccessError
from odoo.tools.mail import email_normalize, formataddr

USER_GROUP = "crm_collection.group_crm_collection_user"
# What nobody stands behind who could be told: mail that came in, and answers of a machine.
UNATTENDED_TYPES = ("email", "out_of_office")

# The parameters by which `sms`, where it is installed, is told telephone numbers.
NUMBERS = ("sms_numbers", "sms_pid_to_number")


class CrmCollectionThread(models.AbstractModel):
    """The chatter of this module's records: who writes to customers from there.

    What is on record is told in the system's name by the system alone; that it is told whatever a
    caller says is :mod:`.guarded`'s to see to.

    Whoever may read a record notes what colleagues are to know, where its model says so. What
    reaches anybody outside is written by collection users alone, whichever way it is posted, and
    in the company's name: its address is the sender's, and answers come to it.
    """

    _name = "crm.collection.thread"
    _inherit = "mail.thread"
    _description = "Collection Chatter"

    @api.model
    @tools.ormcache()
    def _get_chatters(self):
        """:return: the names of the models with such a chatter, a set that is made once"""
        return frozenset(self.pool.descendants([self._name], "_inherit")) - {self._name}

    @api.model
    def _is_evidence_chatter(self):
        return self._name in self.env["crm.collection.evidence"]._get_evidence_chatters()

    def _get_allowed_message_params(self):
        # EXTENDS 'mail': what the web client posts is a comment
        allowed = super()._get_allowed_message_params()
        return allowed - {"message_type"} if self._is_evidence_chatter() else allowed

    # === Who writes outside === #

    @api.model
    def _may_write_outside(self):
        """Whether whoever acts may write to customers from a chatter of this module."""
        return self.env.uid == SUPERUSER_ID or self.env.user.has_group(USER_GROUP)

    @api.model
    def _refuse_outside(self):
        raise AccessError(
            self.env._(
                "This would reach somebody outside of the company. Only collection users write to "
                "customers from here: log a note, or tag colleagues only."
            )
        )

    # === Who is told === #

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        """EXTENDS 'mail': followers, those who are named and bare addresses all come together
        here, for messages of every kind.

        :raise AccessError: one of them is outside, and who posts may not write there
        """
        recipients = super()._notify_get_recipients(message, msg_vals=msg_vals, **kwargs)
        outside = [one for one in recipients if self._is_outside(one)]
        if not outside or self._may_post_outside(message):
            return recipients
        kind = (msg_vals or {}).get("message_type") or message.sudo().message_type
        by_person = self.env.uid != SUPERUSER_ID and (not self.env.su or kind == "comment")
        if by_person and kind not in UNATTENDED_TYPES:
            self._refuse_outside()
        return [one for one in recipients if one not in outside]

    def _notify_thread(self, message, msg_vals=False, **kwargs):
        """EXTENDS 'mail': numbers for text messages are no recipients of core's.

        :raise AccessError: some are given, and who posts may not write outside
        """
        if any(kwargs.get(name) for name in NUMBERS) and not self._may_post_outside(message):
            self._refuse_outside()
        return super()._notify_thread(message, msg_vals=msg_vals, **kwargs)

    def _may_post_outside(self, message):
        """Whether who posts, and who wrote what is posted later, may write to customers."""
        author = message.sudo().create_uid
        return self._may_write_outside() and self.with_user(author)._may_write_outside()

    @api.model
    def _is_outside(self, recipient):
        """:param dict recipient: as core finds it: a user of the company, or anybody else"""
        return bool(recipient["share"] or not recipient["id"])

    def _message_get_suggested_recipients_batch(self, **kwargs):
        # EXTENDS 'mail': nobody is suggested to whom one may not write
        suggested = super()._message_get_suggested_recipients_batch(**kwargs)
        if self._may_write_outside():
            return suggested
        ids = {one["partner_id"] for ones in suggested.values() for one in ones}
        partners_sudo = self.env["res.partner"].sudo().browse(filter(None, ids))
        inside = set(partners_sudo.filtered(lambda partner: not partner.partner_share).ids)
        return {
            res_id: [one for one in ones if one["partner_id"] in inside]
            for res_id, ones in suggested.items()
        }

    # === In whose name === #

    def _notify_by_email_get_base_mail_values(
        self, message, recipients_data, additional_values=None
    ):
        # EXTENDS 'mail': what goes outside comes from the company, whatever the caller said
        values = super()._notify_by_email_get_base_mail_values(
            message, recipients_data, additional_values=additional_values
        )
        if any(self._is_outside(one) for one in recipients_data):
            values |= self._get_company_addresses(message.sudo().author_id)
        return values

    def _get_company_addresses(self, author):
        """:return: sender and reply-to of what ``author`` writes to customers"""
        self.ensure_one()
        email = self._get_company_emails()[self.id] or author.email_normalized
        sender = formataddr((author.name, email)) if email else author.email_formatted
        reply_to = self._notify_get_reply_to(default=sender, author_id=author.id)[self.id]
        return {"email_from": sender, "reply_to": reply_to}

    def _get_company_emails(self):
        """:return: {id: the address of the record's company}"""
        companies = self.sudo()._mail_get_companies(default=self.env.company)
        return {res_id: email_normalize(one.email) or False for res_id, one in companies.items()}

    def _notify_get_reply_to(self, default=None, author_id=False):
        # EXTENDS 'mail': where there is no address for answers they come to the company, and not
        # to what the caller says. Letters say themselves: `_notify_get_reply_to_batch`.
        if not self.ids:
            return super()._notify_get_reply_to(default=default, author_id=author_id)
        emails = self._get_company_emails()
        return self._notify_get_reply_to_batch(
            defaults={res_id: email or default for res_id, email in emails.items()},
            author_ids=dict.fromkeys(self.ids, author_id),
        )
