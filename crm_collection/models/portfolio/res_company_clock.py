from odoo import fields, models

from odoo.addons.base.models.res_partner import _tz_get

from .clock import get_moment, get_usual_zone


class ResCompany(models.Model):
    """The company's clock: whose day it is, whoever asks and wherever the server is."""

    _inherit = "res.company"

    collection_tz = fields.Selection(
        selection=_tz_get,
        string="Time Zone of Collections",
        compute="_compute_collection_tz",
        store=True,
        readonly=False,
        help="What is overdue, due for a letter, promised or held until a day goes by the clock of "
        "this zone, whoever looks. Without one it is UTC's.",
    )
    collection_hour = fields.Float(
        string="Hour of Allocation",
        default=5.0,
        aggregator=None,
        help="When the allocation job starts for the company, by the clock of its time zone.",
    )
    collection_letters_hour = fields.Float(
        string="Hour of Letters",
        default=6.0,
        aggregator=None,
        help="When the letters job starts for the company, by the clock of its time zone. It waits "
        "for the allocation of the day.",
    )

    _collection_hours_of_day = models.Constraint(
        "CHECK(collection_hour >= 0 AND collection_letters_hour < 24)",
        "The hours of the jobs are from 00:00 to 23:59.",
    )
    _collection_hours_ascending = models.Constraint(
        "CHECK(collection_hour <= collection_letters_hour)",
        "The letters of a day come after its allocation.",
    )

    def _compute_collection_tz(self):
        """Offered where there is none, and never changed by itself after that."""
        for company in self:
            company.collection_tz = company.collection_tz or company._get_usual_collection_tz()

    def _get_usual_collection_tz(self):
        """:return: the time zone that is offered: the country's, else that of the company above
        it, of its working hours or of who sets it up; ``False`` where nobody says"""
        self.ensure_one()
        company_sudo = self.sudo()  # its contact and its calendar need not be seen
        country = company_sudo.partner_id.country_id or company_sudo.account_fiscal_country_id
        calendar_tz = company_sudo.resource_calendar_id.tz
        return (
            get_usual_zone(country.code)
            or company_sudo.parent_id.collection_tz
            or (calendar_tz != "UTC" and calendar_tz)  # what calendars have that nobody looked at
            or self.env.user.tz
            or False
        )

    def _get_collection_tz(self):
        """:return: the name of the company's time zone"""
        self.ensure_one()
        # it may be asked for by portal users; the same in SQL: :func:`.payment_queries._company`
        return self.sudo().collection_tz or "UTC"

    def _get_collection_today(self):
        """:return: today's date where the company is"""
        return self._get_collection_day(fields.Datetime.now())

    def _get_collection_day(self, moment):
        """:return: the date of a moment (naive, in UTC) where the company is"""
        here = self.with_context(tz=self._get_collection_tz())
        return fields.Datetime.context_timestamp(here, moment).date()

    def _get_collection_midnight(self, day):
        """:return: when a day begins where the company is, naive, in UTC"""
        return get_moment(self._get_collection_tz(), day)

    def _get_collection_start(self, kind, day):
        """:return: when a job, ``allocation`` or ``letters``, starts on a day, naive, in UTC"""
        hours = self.collection_hour if kind == "allocation" else self.collection_letters_hour
        return get_moment(self._get_collection_tz(), day, hours)
