from odoo import api, models

from ..evidence.evidence import LETTER_MODEL


class MailMail(models.Model):
    """What this module mails to customers beside letters is checked once more when it is handed to
    the mail server, as letters are: in a copy of the database it stays in the queue, and what is
    not true any more does not leave."""

    _inherit = "mail.mail"

    def _send(self, auto_commit=False, **kwargs):
        # EXTENDS 'mail'
        checked = self.sudo().filtered(lambda mail: mail._is_checked())
        kept = checked.filtered(lambda mail: not mail._may_leave()).sudo(self.env.su)
        return super(MailMail, self - kept)._send(auto_commit=auto_commit, **kwargs)

    @api.model
    def _get_checked_models(self):
        """:return: the models whose mails are checked, with ``_is_mail_true`` and what it says of
        a mail that is not (``_explain_untrue``)"""
        return {LETTER_MODEL}

    def _is_checked(self):
        """Letters have a check of their own, and what people write from a chatter is theirs: a
        notification."""
        is_own = self.model in self._get_checked_models() and not self.is_notification
        return is_own and not self.collection_letter_id

    def _may_leave(self):
        """:return: whether the mail leaves; one that is not true any more is cancelled"""
        document = self.env[self.model].sudo().browse(self.res_id).exists()
        if document and not document.company_id._is_collection_live():
            return False
        if document and document._is_mail_true(self):
            return True
        self.write({"state": "cancel", "failure_reason": self._explain_untrue()})
        return False

    def _explain_untrue(self):
        return self.env._("What it says is not true any more.")
