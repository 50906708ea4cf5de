from odoo import models


class StockMove(models.Model):
    """Whatever delivers, moves what is delivered."""

    _inherit = "stock.move"

    def _action_done(self, cancel_backorder=False):
        """EXTENDS 'stock'

        :raise UserError: a customer is in a phase that stops deliveries
        """
        waiting = self.filtered(lambda move: move.state not in ("done", "cancel"))
        leaving = waiting.filtered("picking_id.is_awaited_delivery")
        orders_by_picking = {
            picking: moves.sudo().sale_line_id.order_id or picking.sudo().sale_id
            for picking, moves in leaving.grouped("picking_id").items()
        }
        orders_sudo = self.env["sale.order"].sudo().union(*orders_by_picking.values())
        stops = orders_sudo._get_delivery_stops()
        orders_sudo._get_stopped(stops)._refuse_delivery(stops)
        told = orders_sudo.filtered(lambda one: one._get_credit_state(stops.get(one)) != "free")
        result = super()._action_done(cancel_backorder=cancel_backorder)
        for picking, delivered_sudo in orders_by_picking.items():
            for order_sudo in delivered_sudo & told:
                picking._note_delivered(order_sudo, stops[order_sudo])
        return result
