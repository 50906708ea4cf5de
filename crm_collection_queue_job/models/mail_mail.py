from odoo import api, fields, models
from odoo.fields import Domain

BLOCK = 50  # mails of a job, by their numbers


class MailMail(models.Model):
    """Letters in the mail queue are handed over by jobs of the queue.

    Each is locked, read again and marked before it is handed to a mail server, as without them;
    Odoo's own job, every hour, takes what they left.
    """

    _inherit = "mail.mail"

    @api.model
    def _trigger_queue(self, moment=None):
        # EXTENDS 'crm_collection': what leaves later is the scheduler's to begin
        if moment is not None or not self._hand_over_letters():
            super()._trigger_queue(moment)

    @api.model
    def _hand_over_letters(self):
        """:return: whether all letters that may leave now are in the queue"""
        queued = self.env["crm.collection.queued"]
        is_due = Domain("scheduled_date", "=", False)
        is_due |= Domain("scheduled_date", "<=", fields.Datetime.now())
        letters_sudo = self.sudo().search(self._get_queued_domain() & is_due)
        blocks = sorted({mail_id // BLOCK for mail_id in letters_sudo.ids})
        return all(
            [
                queued._hand_over(self._name, "_send_in_queue", f"mails:{block}", block)
                for block in blocks
            ]
        )

    @api.model
    def _get_queued_domain(self):
        return Domain("collection_letter_id", "!=", False) & Domain("state", "=", "outgoing")

    @api.model
    def _send_in_queue(self, block):
        """Hand over the letters of a block that are still in the mail queue."""
        mails = self.search(
            self._get_queued_domain()
            & Domain("id", ">=", block * BLOCK)
            & Domain("id", "<", (block + 1) * BLOCK)
        )
        if mails:
            self.process_email_queue(mails.ids)
