import operator as operators

from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.dates import days_before
from ...tools.search import get_days, get_whole_days
from . import contact_queries

COMPARED = {
    **{">": operators.gt, ">=": operators.ge, "<": operators.lt, "<=": operators.le},
    "in": None,
}
CENTURY = 36_525  # days: nobody waits longer


class CrmCollectionContact(models.Model):
    """How long a customer has waited for an answer: never stored, counted on the day of each
    company."""

    _inherit = "crm.collection.contact"

    days_waiting = fields.Integer(
        compute="_compute_days_waiting",
        search="_search_days_waiting",
        aggregator="max",
        help="Since the customer wrote, as long as nobody has answered.",
    )

    @api.depends("state", "date", "company_id")
    def _compute_days_waiting(self):
        for contact in self:
            contact.days_waiting = 0
            if contact.state == "waiting":
                company = contact.company_id
                written = company._get_collection_day(contact.date)
                contact.days_waiting = (company._get_collection_today() - written).days

    def _search_days_waiting(self, operator, value):
        if operator not in COMPARED:
            return NotImplemented
        if operator == "in":
            numbers = get_whole_days(self, value)
            is_none = 0 in numbers
        else:
            numbers = [get_days(self, operator, value)]
            is_none = COMPARED[operator](0, numbers[0])
        numbers = [max(min(number, CENTURY), -CENTURY) for number in numbers]
        written = Domain.OR(
            Domain("company_id", "in", companies.ids)
            & Domain.OR(
                self._get_written_domain(operator, days_before(today, number), companies[0])
                for number in numbers
            )
            for (_zone, today), companies in self._get_companies_by_zone().items()
        )
        waiting = Domain("state", "=", "waiting")
        return (waiting & written) | (~waiting if is_none else Domain.FALSE)

    @api.model
    def _get_written_domain(self, operator, day, company):
        """:return: the domain of what was written so many days ago, by the company's clock

        :param str operator: how the days that have passed compare; the dates compare the other way
        :param date day: so many days ago
        """
        begin = company._get_collection_midnight(day)
        end = company._get_collection_midnight(days_before(day, -1))
        return {
            ">": Domain("date", "<", begin),
            ">=": Domain("date", "<", end),
            "<": Domain("date", ">=", end),
            "<=": Domain("date", ">=", begin),
            "in": Domain("date", ">=", begin) & Domain("date", "<", end),
        }[operator]

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr == "days_waiting":
            return contact_queries.days_waiting(
                *(
                    self._field_to_sql(alias, fname, query)
                    for fname in ("state", "date", "company_id")
                ),
                self._get_companies_by_zone(),
            )
        return super()._field_to_sql(alias, field_expr, query)

    @api.model
    def _get_companies_by_zone(self):
        """:return: {(time zone, its day): companies}"""
        # all companies, also for jobs: what may be seen is the record rules' to say
        companies_sudo = self.env["res.company"].sudo().search([("active", "=", True)])
        return companies_sudo.grouped(
            lambda company: (company._get_collection_tz(), company._get_collection_today())
        )
