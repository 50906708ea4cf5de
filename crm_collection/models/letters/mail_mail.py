import smtplib

from odoo import api, fields, models, modules
from odoo.fields import Domain

from ..evidence.evidence import WRITING
from .letter import NO_FAILURE

# What a letter's mail says, and to whom, beside its message.
CONTENT_FIELDS = {
    *("attachment_ids", "body_html", "email_cc", "email_to", "headers", "recipient_ids"),
    *("references", "auto_delete", "collection_letter_id"),
}
# Whose message it is, and whether that is deleted with it.
MESSAGE_FIELDS = {"mail_message_id", "is_notification"}


class MailMail(models.Model):
    """The mail system tells letters what became of them; nobody else does.

    Letters leave through the mail queue alone, one by one: each is checked once more, and marked
    in a transaction of its own before it is handed to the mail server. A process killed after the
    server's answer leaves the mark, and the letter is not sent a second time.
    """

    _inherit = "mail.mail"
    _allow_sudo_commands = False  # what is made as superuser reaches no other mail's fields

    collection_letter_id = fields.Many2one(
        comodel_name="crm.collection.letter",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
        help="The letter this mail was made for; only its latest mail may leave.",
    )

    @api.model
    def default_get(self, fields):
        """A mail is made for a message that is given, never for one from somebody's defaults."""
        defaults = super().default_get(fields)
        defaults.pop("mail_message_id", None)
        return defaults

    @api.model_create_multi
    def create(self, vals_list):
        """:raise AccessError: a mail that is no notification takes over what is on record, and
        would take it along when it is deleted"""
        Message = self.env["mail.message"]
        for vals in vals_list:
            if vals.get("mail_message_id") and not vals.get("is_notification", True):
                Message.browse(vals["mail_message_id"])._check_no_evidence()
        if Message._is_bound():
            defaults = self.default_get(["model", "body"])
            vals_list = [
                vals
                if vals.get("mail_message_id")
                else Message._get_own_words(defaults | vals, "email_outgoing")
                for vals in vals_list
            ]
        return super().create(vals_list)

    def write(self, vals):
        """:raise AccessError: what a letter says is changed while it waits in the queue"""
        Message = self.env["mail.message"]
        if MESSAGE_FIELDS & vals.keys():
            taken = Message.browse(vals.get("mail_message_id") or [])
            (self.mail_message_id | taken)._check_no_evidence()
        if CONTENT_FIELDS & vals.keys() and Message._is_bound():
            now = self.env.cr.now()
            written = self.filtered(lambda mail: mail.create_date != now)
            if written._get_letters():
                Message._refuse_change()
        result = super().write(vals)
        if vals.get("state") in ("cancel", "outgoing"):
            self._update_letters_by_state(vals["state"])
        return result

    def _update_letters_by_state(self, state):
        """Somebody cancelled a mail, or put a failed one back into the queue."""
        letters = self._get_letters()
        if state == "cancel":
            stopped = letters.filtered(lambda letter: letter.state in ("outgoing", "failed"))
            interrupted = stopped.filtered(lambda letter: letter._may_have_left())
            interrupted._set_interrupted()
            stopped -= interrupted
            stopped._set_problem(
                "cancelled", self.env._("Its mail was cancelled by %s.", self.env.user.name)
            )
        else:
            letters.filtered(
                lambda letter: letter.state not in ("outgoing", "sent", "uncertain")
            ).write(
                {**NO_FAILURE, "state": "outgoing", "delivery_started": False}
            )

    def _get_letters(self):
        """:return: the letters whose latest mail is among these."""
        # mails are the mail system's: whoever sends them has no rights on letters
        return self.env["crm.collection.letter"].sudo().search([("mail_id", "in", self.ids)])

    # === Delivery === #

    @api.model
    def process_email_queue(self, email_ids=(), batch_size=1000):
        """Core delivers one batch an hour; while letters leave, the queue goes on."""
        before = self._count_queued_letters()
        result = super().process_email_queue(email_ids, batch_size)
        if before and 0 < self._count_queued_letters() < before:
            self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()
        return result

    def _count_queued_letters(self):
        domain = Domain("collection_letter_id", "!=", False) & Domain("state", "=", "outgoing")
        return self.sudo().search_count(domain & Domain("scheduled_date", "=", False))

    def _send(self, auto_commit=False, **kwargs):
        # the mail system writes on the message what it was sent as, in whoever's name it sends
        self = self.with_context(crm_collection_writing=WRITING)  # noqa: PLW0642
        of_letters = self.sudo().filtered("collection_letter_id").sudo(self.env.su)
        if not of_letters or self.env["ir.mail_server"]._disable_send():
            return super()._send(auto_commit=auto_commit, **kwargs)
        for mail in self:
            if mail not in of_letters:
                super(MailMail, mail)._send(auto_commit=auto_commit, **kwargs)
            elif auto_commit or modules.module.current_test:
                mail._send_letter(auto_commit, kwargs)
            else:  # this transaction may be run again, the mail queue's is not
                self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()
        return True

    def _send_letter(self, auto_commit, kwargs):
        letter = self._get_letters()
        self._check_session(kwargs.get("smtp_session"))
        may_leave = self.state == "outgoing" and self._prepare_delivery(letter)
        self._commit_if(auto_commit)
        if not may_leave:
            return
        try:
            # an administrator who sends the queue need not be allowed to read its attachments
            super(MailMail, self.sudo())._send(auto_commit=auto_commit, **kwargs)
        except smtplib.SMTPServerDisconnected:
            letter._set_interrupted()
            self._commit_if(auto_commit)
            raise

    def _commit_if(self, auto_commit):
        if auto_commit:
            self.env.cr.commit()  # pylint: disable=invalid-commit

    def _check_session(self, smtp_session):
        """A server that hung up since the last message has not seen this one: it stays in the
        queue, unmarked, and the queue starts anew."""
        if not smtp_session:
            return
        try:
            code = smtp_session.noop()[0]
        except smtplib.SMTPException:
            code = -1
        if code != 250:
            self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()
            raise smtplib.SMTPServerDisconnected(self.env._("The mail server ended the session."))

    def _prepare_delivery(self, letter):
        """:return: whether the letter may be handed to the mail server now."""
        if letter.state != "outgoing":
            # replaced by a newer mail, cancelled, sent already, or waiting for an answer
            self.state = {"sent": "sent", "uncertain": "exception"}.get(letter.state, "cancel")
        elif letter.delivery_started:
            letter._set_interrupted()
            self.write({"state": "exception", "failure_reason": letter.failure_reason})
        elif not letter._is_still_true():
            letter._withdraw()
        else:
            letter.delivery_started = fields.Datetime.now()
            return True
        return False

    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        for letter in self._get_letters():
            if letter.mail_id.state == "sent":
                letter._set_sent()
            elif letter.mail_id.state == "exception":
                letter._set_failed(failure_reason or letter.mail_id.failure_reason, failure_type)
        return super()._postprocess_sent_message(
            success_pids,
            success_emails,
            failure_reason=failure_reason,
            failure_type=failure_type,
        )
