from odoo import models
from odoo.exceptions import UserError

# What says in the context that an order is compared as a whole. An object of its own: no caller
# from outside can pass it.
COMPARED = object()
KEY = "crm_collection_sale_compared"


class SaleOrder(models.Model):
    """What becomes of an order that is confirmed and grows, although its customer is in collection.

    More credit is asked for, as with a new order: a phase that stops orders refuses it, unless a
    release covers what the order comes to. What is added goes on a quotation of its own, which can
    be released. Where a job makes it grow, and where the phase only warns, the chatter says so.
    """

    _inherit = "sale.order"

    def write(self, vals):
        """EXTENDS 'sale': lines that are written together are compared together.

        :raise UserError: a confirmed order would grow, and the phase stops orders
        """
        if "order_line" not in vals:
            return super().write(vals)
        before = self._get_confirmed_amounts()
        compared = self.with_context(**{KEY: COMPARED})
        result = super(SaleOrder, compared).write(vals)
        self._check_growth(before)
        return result

    def _get_confirmed_amounts(self):
        """:return: {order: what it comes to} of those that are confirmed, unless all of the order
        is compared already"""
        if self.env.context.get(KEY) is COMPARED:
            return {}
        return {order: order.amount_total for order in self if order.state == "sale"}

    def _check_growth(self, before):
        """:param dict before: of :meth:`_get_confirmed_amounts`
        :raise UserError: see the class
        """
        grown = self.browse(order.id for order, amount in before.items() if order._grew(amount))
        stops = grown._get_credit_stops() if grown else {}
        states = {order: order._get_credit_state(stop) for order, stop in stops.items()}
        stopped = grown.filtered(lambda one: states.get(one) == "stop")
        if stopped and not (self.env.su or self._is_confirmed_unattended()):
            raise UserError(stopped._describe_growth_refused(stops))
        for order in grown.filtered(lambda one: states.get(one, "free") != "free"):
            order._note_growth(before[order], stops[order])

    def _grew(self, amount):
        is_more = self.currency_id.compare_amounts(self.amount_total, amount) > 0
        return self.state == "sale" and is_more

    def _describe_growth_refused(self, stops):
        return self._describe_stopped(
            stops,
            self.env._(
                "The phase stops orders, and what is added to one. Put it on a quotation of "
                "its own, which can be released."
            ),
        )

    def _note_growth(self, amount, stop):
        """In the chatter, without what the customer owes: others than who may see that read it."""
        self.sudo().message_post(
            body=self.env._(
                "Grown from %(before)s to %(now)s: %(why)s",
                before=self.currency_id.format(amount),
                now=self.currency_id.format(self.amount_total),
                why=self._describe_credit_phase(stop),
            ),
            subtype_xmlid="mail.mt_note",
        )
