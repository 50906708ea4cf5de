from datetime import timedelta

from odoo import api, models
from odoo.fields import Domain

from ..portfolio import promise_queries
from . import reminder_queries


class CrmCollectionEngine(models.AbstractModel):
    """Reminders of promises that are to come are contacts that customers will have had."""

    _inherit = "crm.collection.engine"

    @api.model
    def _get_reminders_to_come(self, companies, first, last=None, partner_ids=None):
        reminders = super()._get_reminders_to_come(companies, first, last, partner_ids)
        for company in companies:
            if company.collection_promise_remind and company._is_collection_sending():
                days = self._get_reminded_on(company, partner_ids)
                reminders += [
                    (company, day, partner_id)
                    for day, partner_id in days
                    if day >= first and (last is None or day <= last)
                ]
        return reminders

    def _get_reminded_on(self, company, partner_ids):
        """:return: list of (day, customer's id): of each promise the next reminder, if what is
        paid by then stays as it is. What is missed breaks the promise; then no more is to come."""
        today = company._get_collection_today()
        Hold = self.env["crm.collection.hold"].sudo()
        Hold._flush_money()
        query = reminder_queries.promised_days(company.id, today, partner_ids)
        reminded, seen = [], set()
        for promised, hold_ids in self.env.execute_query(query):
            query = promise_queries.to_remind(company.id, promised, hold_ids)
            asked = {hold_id for hold_id, _amount in self.env.execute_query(query)} - seen
            seen |= asked
            day = self._get_reminding_day(company, promised)
            if day == today and self._is_reminded_today(company):
                continue
            reminded += [
                (day, hold.customer_id.id)
                for hold in Hold.browse(sorted(asked))
                if hold.date_reminded != promised and hold.customer_id
            ]
        return reminded

    def _get_reminding_day(self, company, promised):
        """:return: the last day before one that is promised on which letters leave"""
        day = promised - timedelta(days=1)
        working_days = company._get_collection_letter_days()
        if working_days:
            while not working_days.is_working(day):
                day -= timedelta(days=1)
        return day

    def _is_reminded_today(self, company):
        """Whether the letters job has been at it: who promised something since is not reminded
        today any more."""
        today = company._get_collection_today()
        domain = Domain("kind", "=", "letters") & Domain("company_id", "=", company.id)
        domain &= Domain("date", "=", today) & Domain("state", "=", "done")
        return bool(self.env["crm.collection.run"].sudo().search_count(domain, limit=1))
