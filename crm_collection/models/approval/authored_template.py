from odoo import api, models

from ..evidence.evidence import LETTER_MODEL


class MailTemplate(models.Model):
    """Who wrote the text of a letter led to what is sent with it: its translations, attachments
    and images, too."""

    _inherit = "mail.template"

    @api.model_create_multi
    def create(self, vals_list):
        """Who makes a letter is its author."""
        templates = super().create(vals_list)
        templates._note_text("created")
        return templates

    def _check_not_approved(self):
        # whoever changes what a letter says, by whatever model, asks this first
        super()._check_not_approved()
        self._note_text("changed")

    def _note_text(self, kind):
        letters = self.filtered(lambda template: template.model == LETTER_MODEL)
        Change = self.env["crm.collection.approval.change"]
        Change._note(Change._get_unnoted(letters), kind)
