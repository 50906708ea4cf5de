from odoo import fields, models

from ...tools.arguments import check_one
from . import group_queries, queries

OUTCOMES = [
    ("settled", "Settled"),
    ("stayed", "Same Phase"),
    ("forward", "Moved on"),
    ("backward", "Moved back"),
    ("left", "Cancelled or Released"),
]


class CrmCollectionRollRate(models.Model):
    """Roll rates: where the items that were in a phase when a month began are at its end.

    A row for each item and month; of the month that runs, where the item is today. Read only;
    the company rule applies.
    """

    _name = "crm.collection.roll.rate"
    _description = "Collection Roll Rate"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "name"
    _depends = {
        "crm.collection.allocation": [
            "item_id",
            "company_id",
            "phase_id",
            "day_in",
            "day_out",
            "reason_out",
            "amount_in",
        ],
        "crm.collection.phase": ["sequence"],
    }

    allocation_id = fields.Many2one(comodel_name="crm.collection.allocation", readonly=True)
    item_id = fields.Many2one(
        comodel_name="crm.collection.item", string="Open Item in Collection", readonly=True
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    partner_id = fields.Many2one(comodel_name="res.partner", string="Customer", readonly=True)
    name = fields.Char(string="Open Item", readonly=True)
    partner_name = fields.Char(string="Customer's Name", readonly=True)
    rule_id = fields.Many2one(comodel_name="crm.collection.rule", readonly=True)
    date = fields.Date(string="Month", readonly=True, help="The first day of the month.")
    is_over = fields.Boolean(string="Month Is Over", readonly=True)
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase", string="Phase at the Beginning", readonly=True
    )
    phase_to_id = fields.Many2one(
        comodel_name="crm.collection.phase", string="Phase at the End", readonly=True
    )
    outcome = fields.Selection(selection=OUTCOMES, readonly=True)
    destination = fields.Char(
        string="Where It Went",
        readonly=True,
        help="The phase at the end of the month, or how the item left collection.",
    )
    destination_rank = fields.Integer(readonly=True, aggregator=None)
    amount = fields.Monetary(
        string="Owed on Entry", currency_field="company_currency_id", readonly=True
    )
    rate_settled = fields.Float(
        string="Settled (%)", digits=(16, 1), aggregator="avg", readonly=True
    )
    rate_stayed = fields.Float(
        string="Same Phase (%)", digits=(16, 1), aggregator="avg", readonly=True
    )
    rate_forward = fields.Float(
        string="Moved on (%)", digits=(16, 1), aggregator="avg", readonly=True
    )
    rate_backward = fields.Float(
        string="Moved back (%)", digits=(16, 1), aggregator="avg", readonly=True
    )
    rate_left = fields.Float(
        string="Cancelled or Released (%)", digits=(16, 1), aggregator="avg", readonly=True
    )

    @property
    def _table_query(self):
        return queries.roll_rates(
            self.env["res.company"]._get_collection_days(),
            self.env.lang or "en_US",
            dict(self._fields["outcome"]._description_selection(self.env)),
        )

    def _read_group_orderby(self, order, groupby_terms, query):
        """Destinations in the phases' order and what left last, not by the alphabet."""
        terms = dict(groupby_terms)
        if "destination" in terms:
            rank = self._field_to_sql(self._table, "destination_rank", query)
            terms["destination"] = group_queries.order_by_rank(terms["destination"], rank)
        result = super()._read_group_orderby(order, terms, query)
        terms.pop("destination", None)
        groupby_terms.update(terms)
        return result

    def action_open_allocation(self):
        """The allocation the item was in when the month began."""
        check_one(self)
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.collection.allocation",
            "res_id": self.allocation_id.id,
            "view_mode": "form",
        }
