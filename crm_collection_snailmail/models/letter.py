from odoo import models

from odoo.addons.crm_collection.models.letters.address import POST
from odoo.addons.crm_collection.models.letters.letter import NO_FAILURE

CRON = "snailmail.snailmail_print"


class CrmCollectionLetter(models.Model):
    """The channel *post* of companies that have their letters posted: these leave by themselves.
    How, is in :mod:`.letter_snailmail`."""

    _inherit = "crm.collection.letter"

    def _is_snail(self):
        """Whether the letter's company has its letters by post posted by the service."""
        return self.company_id.sudo().collection_snailmail

    def _get_state_by(self, channel):
        # EXTENDS 'crm_collection'
        if channel == POST and self._is_snail():
            return "outgoing"
        return super()._get_state_by(channel)

    def _get_postal_address(self, partner):
        # EXTENDS 'crm_collection': the service posts nothing without postal code and country
        if self._is_snail() and not self.env["snailmail.letter"]._is_valid_address(partner):
            return False
        return super()._get_postal_address(partner)

    def _queue_by(self, channel, template):
        # EXTENDS 'crm_collection'
        snails = self.filtered(lambda letter: channel == POST and letter._is_snail())
        snails._queue_snails()
        if others := self - snails:
            super(CrmCollectionLetter, others)._queue_by(channel, template)

    def _queue_snails(self):
        """What they say is put on paper: the PDF that is posted, and the message on record."""
        if not self:
            return
        written = self._put_on_paper()
        written.write({**NO_FAILURE, "state": "outgoing", "batch_id": False, "snail_number": False})
        written.activity_unlink(["mail.mail_activity_data_todo"])
        written._wait_for_hours()
        self._trigger_snails()

    def _trigger_snails(self, moment=None):
        """Have the queue run; whoever asks may not see scheduled actions himself."""
        self.env.ref(CRON).sudo()._trigger(moment)

    def _wait_for_hours(self):
        # EXTENDS 'crm_collection'
        waiting = super()._wait_for_hours()
        by_post = waiting.filtered(lambda letter: letter.channel == POST)
        for moment in set(by_post.mapped("date_leave")):
            self._trigger_snails(moment)
        return waiting
