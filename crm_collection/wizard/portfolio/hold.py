from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.arguments import check_one


class CrmCollectionItemHold(models.TransientModel):
    """A hold of several open items: one for each that was chosen, and nothing else of their
    customers is held."""

    _name = "crm.collection.item.hold"
    _inherit = "crm.collection.item.selection"
    _description = "Hold Open Items"

    kind = fields.Selection(
        selection=lambda self: self._selection_kind(), required=True, default="block"
    )
    reason = fields.Char(required=True)
    date_until = fields.Date(
        string="Until",
        default=lambda self: self._default_date_until(),
        help="Last day of the hold, or the day the payment is promised for. Empty: until lifted.",
    )
    item_count = fields.Integer(compute="_compute_totals", compute_sudo=False)
    other_count = fields.Integer(
        string="Other Open Items",
        compute="_compute_totals",
        compute_sudo=False,
        help="What their customers owe besides: it is not held.",
    )

    @api.model
    def _default_date_until(self):
        """:return: the last day that who may not hold without an end may choose"""
        offered = self.env["crm.collection.hold"]._get_offered("block", self.env.company)
        return offered.get("date_until")

    @api.model
    def _selection_kind(self):
        return self.env["crm.collection.hold"]._fields["kind"]._description_selection(self.env)

    @api.depends("item_ids")
    def _compute_totals(self):
        for wizard in self:
            items = wizard._get_items()
            wizard.item_count = len(items)
            wizard.other_count = items.search_count(
                [
                    ("partner_id", "in", items.partner_id.ids),
                    ("company_id", "in", items.company_id.ids),
                    ("state", "=", "open"),
                    ("id", "not in", items.ids),
                ]
            )

    def action_apply(self):
        """Hold each of the items."""
        check_one(self)
        items = self._get_items()
        if not items:
            raise UserError(self.env._("There is no open item to hold."))
        self._hold_items(items)
        return {"type": "ir.actions.act_window_close"}

    def _hold_items(self, items):
        """:return: the holds, one for each of the items"""
        return self.env["crm.collection.hold"].create(
            [
                {
                    "item_id": item.id,
                    "kind": self.kind,
                    "reason": self.reason,
                    "date_until": self.date_until,
                }
                for item in items
            ]
        )
