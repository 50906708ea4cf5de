from odoo import fields, models


class MailMail(models.Model):
    """The mail system tells letters what became of them; nobody else does."""

    _inherit = "mail.mail"

    def write(self, vals):
        result = super().write(vals)
        if vals.get("state") in ("cancel", "outgoing"):
            self._update_letters_by_state(vals["state"])
        return result

    def _update_letters_by_state(self, state):
        """Somebody cancelled a mail, or put a failed one back into the queue."""
        letters = self._get_letters()
        if state == "cancel":
            letters.filtered(lambda letter: letter.state in ("outgoing", "failed")).write(
                {"state": "cancelled"}
            )
        else:
            letters.filtered(lambda letter: letter.state not in ("outgoing", "sent")).write(
                {"state": "outgoing", "failure_reason": False, "delivery_started": False}
            )

    def _get_letters(self):
        # mails are the mail system's: whoever sends them has no rights on letters
        return self.env["crm.collection.letter"].sudo().search([("mail_id", "in", self.ids)])

    def _send(self, auto_commit=False, **kwargs):
        """Letters leave one by one, each checked once more and marked before it is handed over."""
        letters = self._get_letters() if not self.env["ir.mail_server"]._disable_send() else None
        if not letters:
            return super()._send(auto_commit=auto_commit, **kwargs)
        by_mail = {letter.mail_id: letter for letter in letters}
        for mail in self:
            letter = by_mail.get(mail)
            if letter is None or mail._prepare_delivery(letter, auto_commit):
                super(MailMail, mail)._send(auto_commit=auto_commit, **kwargs)
        return True

    def _prepare_delivery(self, letter, auto_commit):
        """:return: whether the letter may be handed to the mail server now."""
        if self.state != "outgoing":
            return False
        if letter.delivery_started:
            self._fail_interrupted(letter)
            may_leave = False
        else:
            may_leave = letter._is_still_true()
            if may_leave:
                letter.delivery_started = fields.Datetime.now()
            else:
                letter._withdraw()
        if auto_commit:
            # The mark must survive a kill between the server's answer and the commit: without
            # it the mail queue would send the same letter a second time.
            self.env.cr.commit()  # pylint: disable=invalid-commit
        return may_leave

    def _fail_interrupted(self, letter):
        reason = self.env._(
            "Delivery was interrupted at %s: ask the customer whether it arrived before you try "
            "again.",
            letter.delivery_started,
        )
        self.write({"state": "exception", "failure_reason": reason})
        letter._set_problem("failed", reason)

    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        for letter in self._get_letters():
            if letter.mail_id.state == "sent":
                letter._set_sent()
            elif letter.mail_id.state == "exception":
                reason = failure_reason or letter.mail_id.failure_reason
                letter.delivery_started = False
                letter._set_problem(**letter._get_problem(failure_type, reason))
        return super()._postprocess_sent_message(
            success_pids,
            success_emails,
            failure_reason=failure_reason,
            failure_type=failure_type,
        )
