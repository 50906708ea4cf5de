from odoo import api, models
from odoo.fields import Domain

from ...tools.dates import days_before
from ...tools.search import get_days, get_whole_days
from . import item_queries

# Days count up while due dates count down: a comparison turns round.
MIRRORED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "in": "in"}


class CrmCollectionItem(models.Model):
    """Days overdue, and to the next letter: never stored, counted on the day of each company."""

    _inherit = "crm.collection.item"

    @api.depends("date_maturity", "company_id")
    def _compute_days_overdue(self):
        for company, items in self.grouped("company_id").items():
            today = company._get_collection_today()
            for item in items:
                item.days_overdue = (today - item.date_maturity).days if item.date_maturity else 0

    def _search_days_overdue(self, operator, value):
        if operator not in MIRRORED:
            return NotImplemented
        days = self._get_companies_by_day()
        return self._join_domains(
            {day: self._get_maturity_domain(operator, value, day) for day in days}, days
        )

    def _join_domains(self, domains, days):
        """:param dict domains: {day: the condition of items of companies that have it today}"""
        if len(days) == 1:  # nearly always: the simplest domain is the quickest
            return next(iter(domains.values()))
        return Domain.OR(
            Domain("company_id", "in", companies.ids) & domains[day]
            for day, companies in days.items()
        )

    def _get_maturity_domain(self, operator, value, today):
        """:return: the domain of the due dates so many days before ``today``."""
        if operator == "in":
            dates = [days_before(today, days) for days in get_whole_days(self, value)]
            return Domain("date_maturity", "in", dates)
        days = get_days(self, operator, value)
        return Domain("date_maturity", MIRRORED[operator], days_before(today, days))

    @api.depends("date_next_letter", "company_id")
    def _compute_days_to_letter(self):
        for company, items in self.grouped("company_id").items():
            today = company._get_collection_today()
            for item in items:
                date = item.date_next_letter
                item.days_to_letter = (date - today).days if date else 0

    def _search_days_to_letter(self, operator, value):
        """Items with a next letter alone; those without one where it is said to be not set."""
        if operator not in MIRRORED:
            return NotImplemented
        days = self._get_companies_by_day()
        domains = {day: self._get_letter_domain(operator, value, day) for day in days}
        return self._join_domains(domains, days)

    def _get_letter_domain(self, operator, value, today):
        """:return: the domain of the next letters so many days after ``today``."""
        if operator == "in":
            numbers = [number for number in value if number is not False]
            dates = [days_before(today, -days) for days in get_whole_days(self, numbers)]
            unset = [False] if len(numbers) < len(value) else []
            return Domain("date_next_letter", "in", [*dates, *unset])
        days = get_days(self, operator, value)
        return Domain("date_next_letter", operator, days_before(today, -days))

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr == "days_overdue":
            return item_queries.days_overdue(
                self._field_to_sql(alias, "date_maturity", query),
                self._field_to_sql(alias, "company_id", query),
                self._get_companies_by_day(),
            )
        return super()._field_to_sql(alias, field_expr, query)

    @api.model
    def _get_companies_by_day(self):
        """:return: {day: companies}; on earth it is two days at a time, three for an hour or two"""
        # all companies, also for jobs: what may be seen is the record rules' to say
        companies_sudo = self.env["res.company"].sudo().search([("active", "=", True)])
        return companies_sudo.grouped(lambda company: company._get_collection_today())
