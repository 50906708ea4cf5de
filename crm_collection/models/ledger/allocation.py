from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.arguments import get_day
from ...tools.search import get_number
from . import allocation_queries

# In a context: only what is dated in this period counts as settled
FROM_KEY = "crm_collection_settled_from"
TO_KEY = "crm_collection_settled_to"
OPERATORS = ("in", "<", ">", "<=", ">=")


class CrmCollectionAllocation(models.Model):
    """What was settled while the item was in the phase is asked of the ledger: also of one
    that goes on, with exchange differences, and without what was returned."""

    _inherit = "crm.collection.allocation"

    settlement_ids = fields.One2many(
        comodel_name="crm.collection.settlement", inverse_name="allocation_id", readonly=True
    )
    amount_settled = fields.Monetary(
        string="Settled in Phase",
        currency_field="company_currency_id",
        compute="_compute_amount_settled",
        search="_search_amount_settled",
        aggregator="sum",
        help="What was paid, credited, written off or exchanged while the item was in the phase, "
        "less what was returned: the sum of its settlements.",
    )

    @api.depends("settlement_ids")
    @api.depends_context(FROM_KEY, TO_KEY)
    def _compute_amount_settled(self):
        amounts = dict(
            self.env.execute_query(
                allocation_queries.settled_of(self.ids, *self._get_settled_period())
            )
        )
        for allocation in self:
            allocation.amount_settled = amounts.get(allocation.id, 0.0)

    def _search_amount_settled(self, operator, value):
        if operator not in OPERATORS:
            return NotImplemented

        numbers = [get_number(self, one) for one in (value if operator == "in" else [value])]

        def to_sql(model, alias, query):
            amount = model._field_to_sql(alias, "amount_settled", query)
            return allocation_queries.compares(amount, operator, numbers)

        return Domain.custom(to_sql=to_sql)

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr != "amount_settled" or query is None:
            return super()._field_to_sql(alias, field_expr, query)
        self._check_field_access(self._fields[field_expr], "read")
        return allocation_queries.joined_amount(query, alias, *self._get_settled_period())

    @api.model
    def _get_settled_period(self):
        """:return: the first and the last day of what is asked for, ``None`` without one"""
        days = (self.env.context.get(key) for key in (FROM_KEY, TO_KEY))
        return tuple(get_day(self.env, day) for day in days)
