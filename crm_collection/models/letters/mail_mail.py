from odoo import api, fields, models

from ...tools import smtp_answer
from ..evidence.evidence import LETTER_MODEL
from .letter import NO_FAILURE

# What a letter's mail says, and to whom, beside its message.
CONTENT_FIELDS = {
    *("attachment_ids", "body_html", "email_cc", "email_to", "headers", "recipient_ids"),
    *("references", "auto_delete", "collection_letter_id"),
}
# Whose message it is, and whether that is deleted with it.
MESSAGE_FIELDS = {"mail_message_id", "is_notification"}


class MailMail(models.Model):
    """The mail system tells letters what became of them; nobody else does. How they leave is in
    :mod:`.mail_queue`."""

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
            vals_list = [self._get_own_words(vals) for vals in vals_list]
        mails = super().create(vals_list)
        if Message._is_bound():
            mails._check_outside()
        return mails

    @api.model
    def _get_own_words(self, vals):
        """:return: what a mail may say of itself; one for a message that is there already has
        from that where answers go"""
        if vals.get("mail_message_id"):
            return {key: value for key, value in vals.items() if key != "reply_to" or value}
        if not vals.keys() >= {"model", "body"}:
            vals = self.default_get(["model", "body"]) | vals
        return self.env["mail.message"]._get_own_words([vals], "email_outgoing")[0]

    def _check_outside(self):
        """:raise AccessError: a mail of one of this module's records goes to somebody outside, and
        whoever made it may not write there; looked at afterwards: a default may have said whom"""
        Thread = self.env["crm.collection.thread"]
        names = Thread._get_chatters()
        for mail in self:
            if (
                mail.model in names
                and not Thread._may_write_outside()
                and (
                    mail.email_to
                    or mail.email_cc
                    or any(mail.recipient_ids.mapped("partner_share"))
                )
            ):
                Thread._refuse_outside()

    def write(self, vals):
        """:raise AccessError: what a letter says is changed while it waits in the queue"""
        Message = self.env["mail.message"]
        if MESSAGE_FIELDS & vals.keys():
            taken = Message.browse(vals.get("mail_message_id") or [])
            (self.mail_message_id | taken)._check_no_evidence()
        if CONTENT_FIELDS & vals.keys() and Message._is_bound():
            now = self.env.cr.now()
            written = self.filtered(lambda mail: mail.create_date != now)
            if written._get_own_letters():
                Message._refuse_change()
        result = super().write(vals)
        if vals.get("state") in ("cancel", "outgoing"):
            self._update_letters_by_state(vals["state"])
        return result

    def _update_letters_by_state(self, state):
        """Somebody cancelled a mail, or put a failed one back into the queue."""
        letters = self._get_own_letters()
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
            ).write({**NO_FAILURE, "state": "outgoing", "delivery_started": False})

    def _get_letters(self):
        """:return: the letters whose latest mail is among these."""
        # mails are the mail system's: whoever sends them has no rights on letters
        return self.env["crm.collection.letter"].sudo().search([("mail_id", "in", self.ids)])

    def _get_own_letters(self):
        """:return: likewise, without asking for what are no letters' mails: every mail that is
        written comes here"""
        mails = self.sudo().filtered(lambda mail: mail.model == LETTER_MODEL).sudo(self.env.su)
        return mails._get_letters() if mails else self.env[LETTER_MODEL].sudo()

    # === Delivery === #

    def _prepare_delivery(self, letter):
        """:return: whether the letter may be handed to the mail server now."""
        if letter.state != "outgoing":
            # replaced by a newer mail, cancelled, sent already, or waiting for an answer
            self.state = {"sent": "sent", "uncertain": "exception"}.get(letter.state, "cancel")
        elif letter.delivery_started:
            self._note_interrupted(letter)
        elif letter._wait_for_hours():
            return False
        elif not letter._is_still_true():
            letter._withdraw()
        else:
            letter.delivery_started = fields.Datetime.now()
            return True
        return False

    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        if failure_type == "mail_smtp":
            self._keep_in_queue()
        for letter in self._get_own_letters():
            mail = letter.mail_id
            if mail.state == "sent":
                letter._set_sent()
            elif mail.state == "exception":
                reason = failure_reason or mail.failure_reason
                answer = smtp_answer.judge(reason, failure_type)
                is_later = answer.kind == "later" and not answer.is_open
                if not (is_later and mail._put_off(letter, reason)):
                    letter._set_failed(reason, failure_type)
        return super()._postprocess_sent_message(
            success_pids,
            success_emails,
            failure_reason=failure_reason,
            failure_type=failure_type,
        )
