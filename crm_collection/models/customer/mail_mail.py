from odoo import models
from odoo.fields import Domain

HOLD = "crm.collection.hold"


class MailMail(models.Model):
    """Reminders of promises are checked once more when they are handed to the mail server, as
    letters are: in a copy of the database they stay in the queue, and one that is not true any
    more does not leave."""

    _inherit = "mail.mail"

    def _send(self, auto_commit=False, **kwargs):
        # EXTENDS 'mail'
        reminders = self.sudo().filtered(
            # what people write from the chatter of a hold are notifications
            lambda mail: mail.model == HOLD and not mail.is_notification
        )
        kept = reminders.filtered(lambda mail: not mail._may_remind()).sudo(self.env.su)
        return super(MailMail, self - kept)._send(auto_commit=auto_commit, **kwargs)

    def _may_remind(self):
        """:return: whether the reminder leaves; one that is not true any more is cancelled"""
        hold = self.env[HOLD].sudo().browse(self.res_id).exists()
        if hold and not hold.company_id._is_collection_live():
            return False
        of_hold = Domain("model", "=", HOLD) & Domain("res_id", "=", self.res_id)
        last = self.search(
            of_hold & Domain("is_notification", "=", False), limit=1, order="id desc"
        )
        if hold and self == last and hold._is_reminder_true():
            return True
        reason = self.env._("What it reminds of is paid, over, or not promised any more.")
        self.write({"state": "cancel", "failure_reason": reason})
        return False
