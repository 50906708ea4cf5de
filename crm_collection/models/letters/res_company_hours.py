from pytz import all_timezones_set

from odoo import fields, models
from odoo.fields import Domain

from ..portfolio.clock import get_next_moment

WHOLE_DAY = (0.0, 24.0)
HOUR_FIELDS = {"collection_send_from", "collection_send_to", "collection_tz"}


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

    def write(self, vals):
        """EXTENDS 'base': what waits in the mail queue waits for the hours that there are now"""
        result = super().write(vals)
        if not HOUR_FIELDS.isdisjoint(vals):
            self._follow_collection_hours()
        return result

    def _follow_collection_hours(self):
        """Mails that wait for sending hours get a new moment, or leave. Others wait for something
        else: a mail server, or what a person said."""
        now, mails_sudo = fields.Datetime.now(), self.env["mail.mail"].sudo()
        letters_sudo = self.env["crm.collection.letter"].sudo()
        letters_sudo = letters_sudo.search(
            Domain("company_id", "in", self.ids)
            & Domain("state", "=", "outgoing")
            & Domain("date_leave", ">", now)
        )
        others = Domain("model", "in", self._get_collection_hour_models())
        others &= Domain("record_company_id", "in", self.ids) & Domain("scheduled_date", ">", now)
        mails_sudo = mails_sudo.search(others & Domain("state", "=", "outgoing"))
        moments = set()
        for mail in letters_sudo.mail_id | mails_sudo:
            letter = mail.collection_letter_id
            company = (letter.company_id or mail.record_company_id).sudo()
            partner = (letter.recipient_ids or mail.recipient_ids)[:1]
            moment = company._get_collection_leaving_moment(partner)
            if moment != mail.scheduled_date:
                letter.date_leave = mail.scheduled_date = moment
                moments.add(moment or None)
        for moment in moments:
            mails_sudo._trigger_queue(moment)

    def _get_collection_hour_models(self):
        """:return: the models whose own mails wait for sending hours, beside letters"""
        return []

    def _get_collection_leaving_moment(self, partner, now=None):
        """
        :param now: another moment than this one
        :return: when mail that leaves by itself may be handed over to a contact (naive, in UTC);
            ``False``: now
        """
        self.ensure_one()
        hours = self.collection_send_from, self.collection_send_to
        if hours == WHOLE_DAY:
            return False
        now = now or fields.Datetime.now()
        moment = get_next_moment(self._get_collection_tz_of(partner), now, *hours)
        return moment > now and moment

    def _get_collection_tz_of(self, partner):
        """:return: the time zone of a contact, or of the customer it belongs to, where there is
        one, else the company's"""
        zones = (partner.tz, partner.commercial_partner_id.tz)
        known = (zone for zone in zones if zone in all_timezones_set)
        return next(known, None) or self._get_collection_tz()
