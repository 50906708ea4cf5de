import logging

import psycopg2

from odoo import api, fields, models

from odoo.addons.crm_collection.models.letters.letter import NO_FAILURE
from odoo.addons.crm_collection.tools.reached import is_not_reached
from odoo.addons.iap.tools.iap_tools import InsufficientCreditError

from .letter import SMS

_logger = logging.getLogger(__name__)

# The gateway has it: it is sent as a mail is that the mail server has taken.
TAKEN_STATES = ("process", "pending", "sent")
# What is the number's, whatever the gateway does.
OF_THE_NUMBER = (
    *("sms_number_missing", "sms_number_format", "sms_country_not_supported"),
    *("sms_blacklist", "sms_optout"),
)


class CrmCollectionLetter(models.Model):
    """Letters by SMS leave one after the other, as those by e-mail do: each is read again, marked
    in a transaction of its own, and handed to the gateway. Core's SMS is made at that moment, so
    that nothing else takes it from the queue.

    Sent is what the gateway took; what it reports later is that it was delivered, or came back.
    """

    _inherit = "crm.collection.letter"

    sms_text = fields.Text(string="SMS", readonly=True, copy=False, help="The words that leave.")
    sms_uuid = fields.Char(
        string="Number of the SMS",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="By which the gateway calls it.",
    )

    # === The queue === #

    def _queue_by(self, channel, template):
        # EXTENDS 'crm_collection'
        if channel != SMS:
            return super()._queue_by(channel, template)
        for letter in self:
            letter._keep_sms_text()
        self.write({**NO_FAILURE, "state": "outgoing", "sms_uuid": False})
        self._wait_for_hours()
        return self._trigger_sms_queue()

    @api.model
    def _trigger_sms_queue(self, moment=None):
        """Have the queue run; whoever asks may not see scheduled actions himself."""
        self.env.ref("sms.ir_cron_sms_scheduler_action").sudo()._trigger(moment)

    def _wait_for_hours(self):
        # EXTENDS 'crm_collection'
        waiting = super()._wait_for_hours()
        for moment in set(waiting.filtered(lambda one: one.channel == SMS).mapped("date_leave")):
            self._trigger_sms_queue(moment)
        return waiting

    def _give_to_carrier(self):
        # EXTENDS 'crm_collection'
        return self._send_sms() if self.channel == SMS else super()._give_to_carrier()

    def _get_reason_unanswered(self):
        # EXTENDS 'crm_collection'
        if self.channel != SMS:
            return super()._get_reason_unanswered()
        return self.env._(
            "Handed to the SMS gateway on %s, and its answer is missing: look for it in the "
            "account of the gateway.",
            self._format_handed_over(),
        )

    def _send_sms(self):
        """Hand it to the gateway, and write down what that says."""
        sms = self.env["sms.sms"].create(
            {
                "number": self.address,
                "body": self.sms_text,
                "partner_id": self.recipient_ids[:1].id,
                "mail_message_id": self.mail_message_id.id,
            }
        )
        self.env["sms.tracker"].create({"sms_uuid": sms.uuid, "collection_letter_id": self.id})
        self.sms_uuid = sms.uuid
        company_sms = sms.with_company(self.company_id)
        try:
            company_sms.send(unlink_failed=True, unlink_sent=True, raise_exception=True)
        except psycopg2.Error:
            raise
        except Exception as error:
            sms.write({"state": "canceled", "to_delete": True})
            return self._note_sms_error(error)
        return self._note_sms_state(sms)

    # === What became of it === #

    def _note_sms_state(self, sms):
        """:param sms: as the gateway answered"""
        if sms.state in TAKEN_STATES:
            return self._set_sent()
        letter = self._in_office_language()
        names = dict(sms._fields["failure_type"]._description_selection(letter.env))
        said = names.get(sms.failure_type) or ""
        reason = letter.env._("The SMS gateway does not take the letter: %s", said)
        if sms.failure_type in OF_THE_NUMBER:
            self._set_problem("failed", reason, fault="address")
            return self.env["crm.collection.run"]._ask("letters", self.company_id)
        return self._set_problem("failed", reason, fault="server", will_retry=True)

    def _note_sms_error(self, error):
        """The gateway did not answer: unless it was not reached at all, nobody knows."""
        _logger.info("Letter %s could not be handed over by SMS: %s", self.id, error)
        if not is_not_reached(error, InsufficientCreditError):
            return self._set_unanswered()
        env = self._in_office_language().env
        reason = env._("The SMS gateway cannot be reached, or the account has no credits.")
        return self._set_not_reached(reason, error)

    def _receive_sms_delivered(self):
        """The gateway says that it was delivered."""
        for letter in self._in_office_language():
            if letter.state == "uncertain":
                letter._set_sent(letter.delivery_started)
            letter._message_log(body=letter.env._("Delivered by SMS: %s", letter.address))

    def _receive_sms_failure(self, said, for_good):
        """The gateway says that a letter it took did not arrive."""
        for letter in self._in_office_language():
            reason = letter.env._("The SMS did not arrive: %s", said)
            if letter.state not in ("sent", "uncertain"):
                letter._message_log(body=reason)
                continue
            letter.date_sent = letter.date_sent or letter.delivery_started
            letter._receive_back(reason, said, for_good)
