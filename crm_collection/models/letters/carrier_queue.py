import logging

import psycopg2

from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.retry import in_transaction, start_anew

_logger = logging.getLogger(__name__)


class CrmCollectionLetter(models.Model):
    """Letters that leave by themselves by another channel than e-mail: one after the other, as
    those by e-mail do. Each is read again, marked in a transaction of its own, and handed over.

    A module that adds a carrier calls :meth:`_run_carrier` from the scheduled action that is its
    queue, and says what it does in :meth:`_give_to_carrier`.
    """

    _inherit = "crm.collection.letter"

    # === To add a carrier, override these === #

    def _give_to_carrier(self):
        """Hand a letter over that is marked, and write down what the carrier says: it is ``sent``
        when that took it, and not before."""
        raise NotImplementedError(self.channel)

    def _is_carried(self):
        """:return: whether a letter that waits may still go by the carrier it waits for"""
        return True

    def _get_reason_unanswered(self):
        """:return: what is said of a letter that was handed over, and nobody knows whether it left;
        in the language of the letter's environment"""
        return self.env._(
            "Handed over on %s, and the answer is missing.", self._format_handed_over()
        )

    # === The queue === #

    @api.model
    def _run_carrier(self, channel):
        """Hand over the letters whose time has come, each in transactions of its own."""
        now = fields.Datetime.now()
        is_due = Domain("date_leave", "=", False) | Domain("date_leave", "<=", now)
        is_queued = Domain("channel", "=", channel) & Domain("state", "=", "outgoing")
        for letter_id in self.sudo().search(is_queued & is_due, order="id").ids:
            letter_sudo = self.sudo().browse(letter_id)
            try:
                if in_transaction(self.env, letter_sudo._mark_carried, channel):
                    in_transaction(self.env, letter_sudo._give_to_carrier, retried=())
            except psycopg2.Error:
                # marked and not answered for: the next time nobody knows
                start_anew(self.env)
                _logger.exception("Letter %s could not be handed over by %s", letter_id, channel)

    def _mark_carried(self, channel):
        """Read the letter again, and mark it as handed over.

        :return: whether it may leave
        """
        if not self.try_lock_for_update() or (self.state, self.channel) != ("outgoing", channel):
            return False
        if self.delivery_started:
            self._set_unanswered()
        elif self._wait_for_hours():
            pass
        elif not (self._is_carried() and self._is_still_true()):
            self._withdraw()
        else:
            self.delivery_started = fields.Datetime.now()
            return True
        return False

    def _set_unanswered(self):
        letter = self._in_office_language()
        self.nobody_knows = False
        self._set_problem("uncertain", letter._get_reason_unanswered())

    def _set_not_reached(self, reason, error):
        """Nothing was handed over: it is tried again.

        :param str reason: what is said of it
        """
        self.delivery_started = False
        self._set_problem(
            "failed", reason, fault="server", will_retry=True, failure_detail=str(error)[:500]
        )
