from odoo import models

from ...models.letters.mail_template import LETTER_MODEL


class MailComposeMessage(models.TransientModel):
    """The composer writes what its user says; it sends no collection letters."""

    _inherit = "mail.compose.message"

    def _action_send_mail(self, auto_commit=False):
        # EXTENDS 'mail'
        self._check_no_letter()
        self._take_company_addresses()
        return super()._action_send_mail(auto_commit=auto_commit)

    def _action_schedule_message(self):
        # EXTENDS 'mail'
        self._check_no_letter()
        return super()._action_schedule_message()

    def _check_no_letter(self):
        """:raise AccessError: the template of a collection letter is sent"""
        letters = self.template_id.filtered(lambda template: template.model == LETTER_MODEL)
        if letters:
            letters.sudo(False)._check_engine()

    def _take_company_addresses(self):
        """What is mailed about this module's records is from who mails it, or from whom the
        template says, and answers go to the company."""
        names = self.env["crm.collection.thread"]._get_chatters()
        for composer in self.filtered(lambda one: one.model in names and not one.env.su):
            sender = composer.template_id.email_from or composer.env.user.email_formatted
            composer.write({"email_from": sender, "reply_to": False, "reply_to_force_new": False})
