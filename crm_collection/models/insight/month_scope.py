from collections import defaultdict

from dateutil.relativedelta import relativedelta

from odoo import fields
from odoo.fields import Domain
from odoo.tools import date_utils

MONTHS = 13  # to choose from: this one and those of the year before


class MonthScope:
    """A month of companies that keep their books in one currency, beside the month before.

    A month that is not over lasts to the company's day, and the one before it to the same day, or
    to its own last one; of a month that is over both are whole.

    :ivar dict today: {company id: its day}
    :ivar date current: the first day of this month, by the day of the first company
    :ivar date month: the first day of the month that is asked about
    """

    def __init__(self, companies, month=None):
        self.companies = companies
        self.today = {company.id: company._get_collection_today() for company in companies}
        self.current = date_utils.start_of(self.today[companies[:1].id], "month")
        self.month = month if month in self.get_months() else self.current

    def get_months(self):
        """:return: the first days of the months to choose from, the newest first"""
        return [self.current - relativedelta(months=number) for number in range(MONTHS)]

    def get_bounds(self, company, is_before=False):
        """:return: the first and the last day of the month, or of the one before, in a company"""
        today, last = self.today[company.id], date_utils.end_of(self.month, "month")
        if not is_before:
            return self.month, min(today, last)
        end = today - relativedelta(months=1)
        before = self.month - relativedelta(days=1)
        return date_utils.start_of(before, "month"), before if today > last else end

    def get_days(self, fname, is_before=False):
        """The month as a condition on a day of a model, each company by its own day."""
        companies = defaultdict(list)
        for company in self.companies:
            companies[self.get_bounds(company, is_before)].append(company.id)
        return Domain.OR(
            Domain("company_id", "in", ids)
            & Domain(fname, ">=", fields.Date.to_string(first))
            & Domain(fname, "<=", fields.Date.to_string(last))
            for (first, last), ids in companies.items()
        )

    def get_moments(self, fname, is_before=False):
        """The same on a moment, each company by its own clock."""
        companies = defaultdict(list)
        for company in self.companies:
            first, last = self.get_bounds(company, is_before)
            ends = (first, last + relativedelta(days=1))
            moments = tuple(company._get_collection_midnight(day) for day in ends)
            companies[moments].append(company.id)
        return Domain.OR(
            Domain("company_id", "in", ids)
            & Domain(fname, ">=", fields.Datetime.to_string(start))
            & Domain(fname, "<", fields.Datetime.to_string(end))
            for (start, end), ids in companies.items()
        )
