from odoo import api, models

HOLD = "crm.collection.hold"


class MailMail(models.Model):
    """Reminders of promises are checked when they are handed to the mail server."""

    _inherit = "mail.mail"

    @api.model
    def _get_checked_models(self):
        return super()._get_checked_models() | {HOLD}

    def _explain_untrue(self):
        if self.model == HOLD:
            return self.env._("What it reminds of is paid, over, or not promised any more.")
        return super()._explain_untrue()
