from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from .working_days import FORTNIGHT, get_holidays, get_hours, get_working_days

WHOLE_DAY = (0.0, 24.0)


class ResCompany(models.Model):
    """What moves to the next working day of the company's calendar, with its public holidays: due
    dates, and letters that leave by themselves."""

    _inherit = "res.company"

    collection_charges_workday = fields.Boolean(
        string="Late Charges from the Next Working Day",
        compute="_compute_collection_charges_workday",
        store=True,
        readonly=False,
        help="A due date that is no working day of the company moves to the next one: fine and "
        "interest count from there. On for companies in Brazil.",
    )
    collection_phases_workday = fields.Boolean(
        string="Phases from the Next Working Day",
        help="The days of the sending rules count from the next working day, too, where the due "
        "date is none.",
    )

    collection_letters_workday = fields.Boolean(
        string="Letters on Working Days Only",
        help="Letters that leave by themselves are decided and sent on working days of the company "
        "alone; what is due on another day leaves on the next one. What a person sends leaves at "
        "once.",
    )

    def _compute_collection_charges_workday(self):
        brazil = self.env.ref("base.br", raise_if_not_found=False)
        for company in self:
            countries = company.account_fiscal_country_id | company.partner_id.country_id
            company.collection_charges_workday = bool(brazil) and brazil in countries

    def _get_collection_charge_days(self):
        """:return: the :class:`~.working_days.WorkingDays` that fine and interest count from;
        none where they count from the due date"""
        return self._get_collection_working_days() if self.collection_charges_workday else None

    def _get_collection_phase_days(self):
        """:return: as :meth:`_get_collection_charge_days`, of what rules count from"""
        return self._get_collection_working_days() if self.collection_phases_workday else None

    def _get_collection_letter_days(self):
        """:return: as :meth:`_get_collection_charge_days`, of the days on which letters leave by
        themselves; none where every day is one"""
        return self._get_collection_working_days() if self.collection_letters_workday else None

    def _get_collection_due_days(self):
        """:return: as :meth:`_get_collection_charge_days`, of the day up to which a reminder before
        the due date leaves: where letters wait for working days it leaves on the one the due date
        moves to, too, or it would be dropped"""
        counts = self.collection_phases_workday or self.collection_letters_workday
        return self._get_collection_working_days() if counts else None

    def _get_collection_charge_days_by_company(self):
        """:return: {company's id: its working days}, of those where charges count from them"""
        days = {company.id: company._get_collection_charge_days() for company in self}
        return {company_id: of_company for company_id, of_company in days.items() if of_company}

    @api.model
    def _get_collection_due_days_by_company(self):
        """:return: {company's id: its working days}, of all that have any (see
        :meth:`_get_collection_due_days`)"""
        companies_sudo = self.sudo().with_context(active_test=False)
        counts = Domain("collection_phases_workday", "=", True)
        counts |= Domain("collection_letters_workday", "=", True)
        return {
            company.id: company._get_collection_working_days()
            for company in companies_sudo.search(counts)
        }

    def _get_collection_working_days(self):
        """:return: the :class:`~.working_days.WorkingDays` of the company: the hours of its
        calendar, less what is closed for everybody"""
        self.ensure_one()
        hours = get_hours(self.sudo().resource_calendar_id)  # whoever is written to or looks
        return get_working_days(hours, self._get_collection_leaves(hours))

    def _get_collection_closed_days(self):
        """:return: the days that are off for everybody, whether they would be working days or
        not: all their hours, or the whole of one that has none"""
        hours = get_hours(self.sudo().resource_calendar_id)
        every = {number: hours.get(number) or [WHOLE_DAY] for number in range(FORTNIGHT)}
        return set(self._get_collection_leaves(every))

    def _get_collection_calendar_tz(self):
        """:return: the time zone of the company's working hours"""
        return self.sudo().resource_calendar_id.tz or self._get_collection_tz()

    def _get_collection_leaves(self, hours):
        """:return: the days of which what is closed for everybody covers all these hours (see
        :func:`.working_days.get_holidays`)"""
        calendar_sudo = self.sudo().resource_calendar_id
        # of the calendar, or of all calendars of the company or one above it; nobody's own
        of_all = Domain("calendar_id", "=", False) & Domain(
            "company_id", "in", [False, *self.sudo().parent_ids.ids]
        )
        domain = Domain("resource_id", "=", False) & Domain("time_type", "=", "leave")
        if calendar_sudo:
            of_all |= Domain("calendar_id", "=", calendar_sudo.id)
        leaves_sudo = self.env["resource.calendar.leaves"].sudo().search(domain & of_all)
        periods = leaves_sudo.mapped(lambda leave: (leave.date_from, leave.date_to))
        return get_holidays(hours, periods, self._get_collection_calendar_tz())

    def _is_collection_letter_day(self, day):
        """:return: whether letters leave by themselves on a day"""
        working_days = self._get_collection_letter_days()
        return working_days is None or working_days.is_working(day)

    def _get_collection_next_letter_day(self, day):
        """:return: the first day from this one on on which letters leave by themselves"""
        working_days = self._get_collection_letter_days()
        return working_days.get_next(day) if working_days else day

    def _explain_collection_workday(self, day):
        """:return: why no letter leaves by itself on a day, in words; nothing where they do"""
        working_days = self._get_collection_letter_days()
        if working_days is None or working_days.is_working(day):
            return ""
        return self.env._(
            "No letter leaves by itself on %(day)s, which is no working day of %(company)s. What "
            "is due leaves on %(next)s.",
            day=format_date(self.env, day, date_format="EEEE, d MMMM y"),
            company=self.name,
            next=format_date(self.env, working_days.get_next(day), date_format="EEEE, d MMMM y"),
        )

    def _get_collection_workday(self, days):
        """:return: the day so many days after today, where the company is, or the next working
        day"""
        day = self._get_collection_today() + timedelta(days=days)
        return self._get_collection_working_days().get_next(day)
