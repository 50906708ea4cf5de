from odoo import models


class PaymentTransaction(models.Model):
    """Who pays an order in advance gets no credit: it passes whatever phase he is in. Who pays a
    part of it does for the rest: a stopped order stays a quotation, and its people are told."""

    _inherit = "payment.transaction"

    def _check_amount_and_confirm_order(self):
        """EXTENDS 'sale': the money came, and nothing of that is undone by a refusal."""
        kept = self.browse()
        for transaction in self.filtered(lambda one: len(one.sale_order_ids) == 1):
            order = transaction.sale_order_ids
            if order.state in ("draft", "sent") and order._is_confirmation_amount_reached():
                stops = order._get_credit_stops()
                if order._get_credit_state(stops.get(order)) == "stop":
                    order._leave_quotations(stops)
                    kept |= transaction
        return super(PaymentTransaction, self - kept)._check_amount_and_confirm_order()
