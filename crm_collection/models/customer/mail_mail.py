from odoo import api, models

HOLD = "crm.collection.hold"
THANKS = "crm.collection.thanks"


class MailMail(models.Model):
    """Reminders of promises, and thanks, are checked when they are handed to the mail server."""

    _inherit = "mail.mail"

    @api.model
    def _get_checked_models(self):
        return super()._get_checked_models() | {HOLD, THANKS}

    def _explain_untrue(self):
        if self.model == HOLD:
            return self.env._("What it reminds of is paid, over, or not promised any more.")
        return super()._explain_untrue()
