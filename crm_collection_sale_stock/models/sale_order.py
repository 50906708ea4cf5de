from odoo import api, models
from odoo.exceptions import UserError


class SaleOrder(models.Model):
    """A confirmed order whose deliveries wait: it is released as a quotation is."""

    _inherit = "sale.order"

    # === Compute methods === #

    @api.depends("picking_ids.state", "picking_ids.picking_type_id", "invoice_ids.payment_state")
    def _compute_collection_credit(self):
        # EXTENDS 'crm_collection_sale': more that it depends on
        super()._compute_collection_credit()

    # === What stands in the way === #

    def _get_waiting_stops(self):
        # EXTENDS 'crm_collection_sale': confirmed ones, for their deliveries
        waiting = self.filtered(lambda one: one.state == "sale" and one._is_being_delivered())
        return super()._get_waiting_stops() | waiting._get_delivery_stops()

    def _get_delivery_stops(self):
        """:return: {order: :class:`~odoo.addons.crm_collection_sale.models.item.CreditStop`} of
        those whose customer is in a phase that warns of deliveries or stops them"""
        return self._get_credit_stops("delivery_policy")

    def _is_being_delivered(self):
        return any(picking.is_awaited_delivery for picking in self.sudo().picking_ids)

    def _get_stopped(self, stops):
        """:param stops: of :meth:`_get_delivery_stops`"""
        return self.filtered(lambda one: one._get_credit_state(stops.get(one)) == "stop")

    def _get_strictest_credit(self, stops):
        """Of orders that are delivered together.

        :return: what counts for all of them, and the order by which it does, if there is one
        """
        found = {order._get_credit_state(stops.get(order)): order for order in self}
        for state in ("stop", "warn", "released"):
            if state in found:
                return state, found[state]
        return "free", self.browse()

    def _refuse_delivery(self, stops):
        """:raise UserError: in words, where there are any of them"""
        if self:
            raise UserError(self._describe_delivery_refusal(stops))

    def _describe_delivery_refusal(self, stops):
        return self._describe_stopped(
            stops, self.env._("The phase stops deliveries until the order is released or paid.")
        )
