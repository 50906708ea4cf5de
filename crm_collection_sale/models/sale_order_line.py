from odoo import api, models

# What changes how much an order comes to.
AMOUNT_FIELDS = {
    *("order_id", "product_id", "product_uom_id", "product_uom_qty", "price_unit"),
    *("technical_price_unit", "discount", "tax_ids"),
}


class SaleOrderLine(models.Model):
    """Lines by which a confirmed order grows: see ``sale.order._check_growth``."""

    _inherit = "sale.order.line"

    @api.model_create_multi
    def create(self, vals_list):
        """EXTENDS 'sale'

        :raise UserError: a confirmed order would grow, and the phase stops orders
        """
        orders = self.env["sale.order"].browse(
            {vals["order_id"] for vals in vals_list if vals.get("order_id")}
        )
        before = orders._get_confirmed_amounts()
        lines = super().create(vals_list)
        orders._check_growth(before)
        return lines

    def write(self, vals):
        """EXTENDS 'sale': as :meth:`create`"""
        if AMOUNT_FIELDS.isdisjoint(vals):
            return super().write(vals)
        orders = self.order_id | self.order_id.browse(vals.get("order_id") or [])
        before = orders._get_confirmed_amounts()
        result = super().write(vals)
        orders._check_growth(before)
        return result

    def unlink(self):
        """EXTENDS 'sale': a discount may be a line; as :meth:`create`"""
        orders = self.order_id
        before = orders._get_confirmed_amounts()
        result = super().unlink()
        orders._check_growth(before)
        return result
