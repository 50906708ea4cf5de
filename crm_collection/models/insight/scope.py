from collections import defaultdict

from dateutil.relativedelta import relativedelta

from odoo import fields
from odoo.fields import Domain
from odoo.tools import date_utils

PERIODS = ("week", "month", "last_month", "quarter", "year")
# The day of the aging, in a context, and which of the two answers is asked for
DATE_KEY = "crm_collection_aging_date"
MATCHING_KEY = "crm_collection_aging_matching"
NOBODY = -1  # the filter on items without a collector


class CockpitScope:
    """What the cockpit is asked about: companies that keep their books in one currency, a
    period, and optionally the currency and the collector of the items.

    :ivar company_id: the one that was chosen, if one was
    :ivar dict today: {company id: its day}
    :ivar date day: the day of the first company, which period and "a month ago" hang on
    """

    def __init__(self, companies, period, company_id=False, currency_id=False, user_id=False):
        self.companies = companies
        self.company_id = company_id
        self.currency = companies[:1].currency_id
        self.currency_id = currency_id
        self.user_id = user_id
        self.today = {company.id: company._get_collection_today() for company in companies}
        self.day = self.today[companies[:1].id]
        self.period = period
        self.start, self.end = self._get_bounds()
        self.month_ago = self.day - relativedelta(months=1)

    def _get_bounds(self):
        if self.period == "last_month":
            end = date_utils.start_of(self.day, "month") - relativedelta(days=1)
            return date_utils.start_of(end, "month"), end
        return date_utils.start_of(self.day, self.period), self.day

    def get_domain(self, currency="currency_id", user="user_id"):
        """The filters as conditions on a model.

        :param currency: where the model has the items' currency, ``None`` where it has none
        :param user: where it has the collector
        """
        domain = Domain("company_id", "in", self.companies.ids)
        if self.currency_id and currency:
            domain &= Domain(currency, "=", self.currency_id)
        if self.user_id and user:
            domain &= Domain(user, "=", False if self.user_id == NOBODY else self.user_id)
        return domain

    def get_open_item_domain(self):
        """The filters on items, of those that are open."""
        return self.get_domain() & Domain("state", "=", "open")

    def get_due_domain(self, first=None, last=None):
        """Items that are so many days overdue, each company by its own day.

        :param first: days at least
        :param last: days at most
        """
        companies = defaultdict(list)
        for company_id, today in self.today.items():
            companies[today].append(company_id)
        return Domain.OR(
            Domain("company_id", "in", company_ids) & self._get_range(today, first, last)
            for today, company_ids in companies.items()
        )

    def _get_range(self, today, first, last):
        domain = Domain.TRUE
        if first is not None:
            day = fields.Date.to_string(today - relativedelta(days=first))
            domain &= Domain("date_maturity", "<=", day)
        if last is not None:
            day = fields.Date.to_string(today - relativedelta(days=last))
            domain &= Domain("date_maturity", ">=", day)
        return domain

    def covers(self, open_item):
        """Whether a row of items is one of the scope."""
        return (
            open_item.company_id in self.today
            and (not self.currency_id or open_item.currency_id == self.currency_id)
            and (not self.user_id or (open_item.user_id or NOBODY) == self.user_id)
        )

    def get_days(self, open_item):
        """:return: days overdue of a row of items"""
        return (self.today[open_item.company_id] - open_item.date_maturity).days
