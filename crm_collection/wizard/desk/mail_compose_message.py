from odoo import models


class MailComposeMessage(models.TransientModel):
    """What is written to a customer answers his mail, also in his own chatter, to which the mails
    about statements come."""

    _inherit = "mail.compose.message"

    def _action_send_mail_comment(self, res_ids):
        # EXTENDS 'mail'
        messages = super()._action_send_mail_comment(res_ids)
        if self.model == "res.partner" and not self.scheduled_date:
            for message in messages:
                self.env["crm.collection.contact"]._answer_by(message, message.partner_ids)
        return messages
