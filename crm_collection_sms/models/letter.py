from odoo import api, models
from odoo.tools.mail import plaintext2html

from odoo.addons.crm_collection.models.evidence.evidence import WRITING

from .mail_template import TEXT

SMS = "sms"


class CrmCollectionLetter(models.Model):
    """The channel SMS: to whom, with which words. How it leaves is in :mod:`.letter_queue`."""

    _inherit = "crm.collection.letter"

    @api.model
    def _get_channels(self):
        # EXTENDS 'crm_collection'
        return {**super()._get_channels(), SMS: self.env._("SMS")}

    def _get_recipient_by(self, channel):
        # EXTENDS 'crm_collection'
        return self._get_sms_recipient() if channel == SMS else super()._get_recipient_by(channel)

    def _get_address_by(self, channel, partner):
        # EXTENDS 'crm_collection'
        if channel == SMS:
            return partner.phone_sanitized
        return super()._get_address_by(channel, partner)

    def _get_sms_recipient(self):
        """:return: (the first of those it may go to with a number that is used, ``False``), or
        (nobody, the state that says why)"""
        nobody, problem = self.env["res.partner"], "no_address"
        for partner in self._get_contacts():
            number = partner.phone_sanitized
            if not number or self._is_refused_by(number) or self._is_tried(SMS, number):
                continue
            if not partner.sudo().phone_sanitized_blacklisted:
                return partner, False
            problem = "blacklisted"
        return nobody, problem

    def _get_sms_text(self):
        """:return: the words, in the language of the letter, filled in and never run"""
        letter = self.with_context(lang=self._get_lang())
        text = letter.template_id.sudo()[TEXT]
        if not text:
            return letter._get_standard_sms_text()
        rendered = letter.template_id.sudo()._render_field(
            TEXT, letter._ids, set_lang=letter.env.lang
        )
        return str(rendered[self.id]).strip()

    def _get_standard_sms_text(self):
        company = self.company_id
        text = self.env._(
            "%(company)s: please pay %(amount)s by %(day)s. Questions: %(contact)s",
            company=company.name,
            amount=self.totals_label,
            day=self.deadline_label,
            contact=self._get_sender()["phone"] or self.sender_email,
        )
        return " ".join(text.split())

    def _keep_sms_text(self):
        """What leaves stays on record: the message in the letter's history."""
        text = self._get_sms_text()
        message = self.with_context(crm_collection_writing=WRITING)._message_log(
            body=plaintext2html(text),
            author_id=(self._get_signing_user() or self.company_id).partner_id.id,
            message_type="sms",
        )
        self.write({"mail_id": False, "mail_message_id": message.id, "sms_text": text})
