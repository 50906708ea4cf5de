from odoo import api, fields, models


class CrmCollectionOrderRelease(models.TransientModel):
    """Asks why an order is released, and shows what stops it."""

    _name = "crm.collection.order.release"
    _description = "Release an Order"

    order_id = fields.Many2one(comodel_name="sale.order", required=True, readonly=True)
    partner_id = fields.Many2one(related="order_id.partner_id")
    collection_credit_note = fields.Text(related="order_id.collection_credit_note")
    currency_id = fields.Many2one(related="order_id.currency_id")
    amount_total = fields.Monetary(related="order_id.amount_total", string="Released up to")
    can_confirm = fields.Boolean(compute="_compute_can_confirm")
    reason = fields.Text()

    @api.depends("order_id")
    def _compute_can_confirm(self):
        for wizard in self:
            order = wizard.order_id
            wizard.can_confirm = order.state in ("draft", "sent") and order.has_access("write")

    # === Actions === #

    def action_apply(self):
        """Release the order; whoever sells confirms it."""
        self.order_id._release_from_credit_stop(self.reason)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_apply_confirm(self):
        """Release the order and confirm it, for who may do both."""
        self.order_id._release_from_credit_stop(self.reason)
        self.order_id.action_confirm()
        return {"type": "ir.actions.client", "tag": "soft_reload"}
