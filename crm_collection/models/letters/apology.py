from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..evidence.evidence import WRITING

TEMPLATE = "crm_collection.mail_template_apology"
# For how long an apology can be taken back.
WAIT = timedelta(minutes=10)


class CrmCollectionLetter(models.Model):
    """The customer is told that a letter was sent in error: by a mail that waits a while, so that
    it can be taken back, and is checked when it is handed over, as letters are."""

    _inherit = "crm.collection.letter"

    apology_mail_id = fields.Many2one(
        comodel_name="mail.mail",
        string="Apology",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
    )
    date_apology = fields.Datetime(
        string="Apology Leaves on", readonly=True, copy=False, help="The mail to the customer."
    )

    def _apologize(self, subject, body):
        """Queue the mail that says sorry; it leaves when it cannot be taken back any more.

        :raise UserError: there is nobody to write to, or this is a copy of the database
        """
        self._check_user()
        self._check_live()
        recipient, problem = self._get_recipients()
        if problem:
            raise UserError(
                self.env._(
                    "There is nobody to apologize to: the customer has no e-mail address that is "
                    "used. Call, or correct the address."
                )
            )
        letter_sudo = self.sudo()  # the engine's mails; the right was checked
        moment = fields.Datetime.now() + WAIT
        template_sudo = letter_sudo.env.ref(TEMPLATE)
        mails = template_sudo.with_context(crm_collection_writing=WRITING).send_mail_batch(
            letter_sudo.ids,
            email_values={
                **letter_sudo._get_writing_company(),
                "subject": subject,
                "body_html": body,
                "recipient_ids": [Command.set(recipient.ids)],
                "auto_delete": False,
                "scheduled_date": moment,
                "is_notification": False,
                "message_type": "email_outgoing",
            },
            email_layout_xmlid="crm_collection.mail_layout",
        )
        if not mails.reply_to:
            mails.reply_to = letter_sudo._get_reply_to(mails)[self.id]
        letter_sudo.write({"apology_mail_id": mails.id, "date_apology": moment})
        mails._trigger_queue(moment)

    def _stop_apology(self):
        """:raise UserError: it has left"""
        super()._stop_apology()
        if not self.date_apology:
            return
        mail = self.apology_mail_id
        waits = mail.state in ("outgoing", "exception", "cancel")
        if not waits or not mail.try_lock_for_update():
            raise UserError(self.env._("The customer has been told of the error: the mark stays."))
        mail.cancel()
        self.date_apology = False

    def _is_mail_true(self, mail):
        """Whether a mail about the letter, which is not the letter, may leave: an apology for
        what was an error."""
        return mail != self.apology_mail_id or self.is_reversed
