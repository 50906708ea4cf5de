from pytz import all_timezones_set

from odoo import fields, models

from ..portfolio.clock import get_next_moment

WHOLE_DAY = (0.0, 24.0)


class ResCompany(models.Model):
    """When mail that leaves by itself is handed to the mail server: within hours of the day, by the
    clock of whoever gets it where that is known, else by the company's."""

    _inherit = "res.company"

    collection_send_from = fields.Float(
        string="Letters Leave from",
        default=WHOLE_DAY[0],
        aggregator=None,
        help="Letters that leave by themselves wait in the mail queue for the sending hours, by "
        "the clock of the customer's contact where it has a time zone, else of the company. What a "
        "person sends leaves at once.",
    )
    collection_send_to = fields.Float(
        string="Letters Leave until",
        default=WHOLE_DAY[1],
        aggregator=None,
        help="24:00 is the end of the day. From 00:00 to 24:00 letters leave at any hour.",
    )

    _collection_send_hours_of_day = models.Constraint(
        "CHECK(collection_send_from >= 0 AND collection_send_from < collection_send_to"
        " AND collection_send_to <= 24)",
        "The sending hours are from 00:00 to 24:00, and end after they begin.",
    )
    _collection_send_hours_after_letters = models.Constraint(
        "CHECK(collection_letters_hour < collection_send_to)",
        "The sending hours end after the hour of the letters job, or no letter would leave on its "
        "day.",
    )

    def _get_collection_leaving_moment(self, partner):
        """:return: when mail that leaves by itself may be handed over to a contact (naive, in UTC);
        ``False``: now"""
        self.ensure_one()
        hours = self.collection_send_from, self.collection_send_to
        if hours == WHOLE_DAY:
            return False
        now = fields.Datetime.now()
        moment = get_next_moment(self._get_collection_tz_of(partner), now, *hours)
        return moment > now and moment

    def _get_collection_tz_of(self, partner):
        """:return: the time zone of a contact, or of the customer it belongs to, where there is
        one, else the company's"""
        zones = (partner.tz, partner.commercial_partner_id.tz)
        known = (zone for zone in zones if zone in all_timezones_set)
        return next(known, None) or self._get_collection_tz()
