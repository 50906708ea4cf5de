from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...models.portfolio.clock import get_moment
from ...tools.arguments import check_one
from ...tools.done import get_done
from ...tools.public_holidays import get_library, get_public_holidays

YEARS = (1990, 2100)


class CrmCollectionHolidays(models.TransientModel):
    """Fetch Public Holidays: those of a country in a year, as time off for everybody in the
    company's working hours. Working hours are an administrator's."""

    _name = "crm.collection.holidays"
    _description = "Fetch Public Holidays"

    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        default=lambda self: self.env.company,
        domain="[('id', 'in', allowed_company_ids)]",
    )
    calendar_id = fields.Many2one(
        related="company_id.resource_calendar_id", string="Into the Working Hours"
    )
    country_id = fields.Many2one(
        comodel_name="res.country",
        compute="_compute_country_id",
        store=True,
        readonly=False,
    )
    state_id = fields.Many2one(
        comodel_name="res.country.state",
        compute="_compute_state_id",
        store=True,
        readonly=False,
        domain="[('country_id', '=', country_id)]",
    )
    year = fields.Integer(required=True, default=lambda self: self._default_year())
    problem = fields.Char(compute="_compute_days")
    new_days = fields.Text(string="To Be Added", compute="_compute_days")
    known_days = fields.Text(string="There Already", compute="_compute_days")

    @api.model
    def _default_year(self):
        return self.env.company._get_collection_today().year

    # === Compute methods === #

    @api.depends("company_id")
    def _compute_country_id(self):
        for wizard in self:
            company = wizard.company_id
            wizard.country_id = company.country_id or company.account_fiscal_country_id

    @api.depends("company_id", "country_id")
    def _compute_state_id(self):
        for wizard in self:
            state = wizard.company_id.state_id
            wizard.state_id = state if state.country_id == wizard.country_id else False

    @api.depends("company_id", "country_id", "state_id", "year")
    def _compute_days(self):
        for wizard in self:
            days, wizard.problem = wizard._find()
            closed = wizard.company_id._get_collection_closed_days()
            wizard.new_days = wizard._tell({day: days[day] for day in days if day not in closed})
            wizard.known_days = wizard._tell({day: days[day] for day in days if day in closed})

    # === Actions === #

    def action_add(self):
        """Add those that are not there yet.

        :raise UserError: there are none, or nobody knows which there are
        """
        check_one(self).check_access("write")
        days, problem = self._find()
        closed = self.company_id._get_collection_closed_days()
        new = {day: name for day, name in days.items() if day not in closed}
        if not new:
            raise UserError(problem or self.env._("All of them are there already."))
        self.env["resource.calendar.leaves"].create(
            [self._prepare_leave(day, name) for day, name in new.items()]
        )
        return get_done(
            self.env._("%(count)s public holidays of %(year)s", count=len(new), year=self.year)
        )

    # === Business methods === #

    def _find(self):
        """:return: ({day: name}, what keeps one from knowing them, or is to be known of them)"""
        if not get_library():
            return {}, self.env._(
                "The Python library holidays is not installed on the server. An administrator of "
                "the server installs it with: pip install holidays"
            )
        if not YEARS[0] <= self.year <= YEARS[1]:
            first, last = YEARS
            return {}, self.env._("The year is from %(first)s to %(last)s.", first=first, last=last)
        country, state = self.country_id, self.state_id
        if not country:
            return {}, self.env._("Choose the country.")
        found = get_public_holidays(country.code, state.code, self.year, self.env.lang)
        if not found:
            return {}, self.env._(
                "The public holidays of %s are not known. Add them to the working hours by hand.",
                country.name,
            )
        days, is_known = found
        if state and not is_known:
            return days, self.env._("Those of %s alone are not known.", state.name)
        return days, False

    def _tell(self, days):
        return "\n".join(
            f"{format_date(self.env, day, date_format='EEE, d MMM y')}: {name}"
            for day, name in days.items()
        )

    def _prepare_leave(self, day, name):
        """A day off for everybody, from midnight to midnight where the working hours are."""
        company = self.company_id
        zone = company._get_collection_calendar_tz()
        return {
            "name": name,
            "calendar_id": self.calendar_id.id,
            "company_id": company.id,
            "resource_id": False,
            "time_type": "leave",
            "date_from": get_moment(zone, day),
            "date_to": get_moment(zone, day + timedelta(days=1)) - timedelta(seconds=1),
        }
