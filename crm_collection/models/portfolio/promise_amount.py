from odoo import fields, models

from . import promise_queries


class CrmCollectionHold(models.Model):
    """How much a promise is about, so that promises can be added up: one that names no amount is
    about all that was owed when it was made."""

    _inherit = "crm.collection.hold"

    amount_promised = fields.Monetary(
        compute="_compute_amount_promised",
        aggregator="sum",
        help="Of promises: the promised amount; where none is named, what the items owed when the "
        "promise was made.",
    )

    def _compute_amount_promised(self):
        self._flush_money()
        amounts = dict(self.env.execute_query(promise_queries.amounts_promised(self.ids)))
        for hold in self:
            hold.amount_promised = amounts.get(hold.id) or 0.0

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr == "amount_promised":
            return promise_queries.amount_promised(self._field_to_sql(alias, "id", query))
        return super()._field_to_sql(alias, field_expr, query)
