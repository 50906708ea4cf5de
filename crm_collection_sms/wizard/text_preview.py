from odoo import api, fields, models

from ..models.mail_template import TEXT


class CrmCollectionTextPreview(models.TransientModel):
    """What the text says as SMS, too, typed or saved."""

    _inherit = "crm.collection.text.preview"

    typed_sms = fields.Text()
    letter_sms = fields.Text(string="As SMS", compute="_compute_letter", compute_sudo=False)

    @api.depends("typed_sms")
    def _compute_letter(self):
        # EXTENDS 'crm_collection': where it is typed
        return super()._compute_letter()

    def _prepare_typed(self):
        # EXTENDS 'crm_collection'
        return {**super()._prepare_typed(), TEXT: self.typed_sms}

    @api.model
    def _get_shown_names(self):
        # EXTENDS 'crm_collection'
        return (*super()._get_shown_names(), "letter_sms")

    def _show_letter(self, letter):
        # EXTENDS 'crm_collection'
        return {**super()._show_letter(letter), "letter_sms": letter._get_sms_text()}
