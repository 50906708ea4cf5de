from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import RedirectWarning, UserError

from .sale_order import RELEASERS


class SaleOrder(models.Model):
    """What becomes of a quotation that is confirmed although its customer is in collection.

    Asked where the state is written, so that no way leads past it. A phase that warns lets it be
    confirmed, and the chatter says so. One that stops refuses it, in words; where there is nobody
    to read them, because the customer confirmed it himself or a job did, it stays a quotation, and
    its people are told.
    """

    _inherit = "sale.order"

    # === ORM overrides === #

    @api.model_create_multi
    def create(self, vals_list):
        """An order that is made as a confirmed one is looked at, too."""
        orders = super().create(vals_list)
        orders.filtered(lambda one: one.state == "sale")._check_credit_stops()
        return orders

    def write(self, vals):
        """EXTENDS 'sale': whatever confirms an order writes its state.

        :raise UserError: its customer is in a phase that stops orders
        """
        if vals.get("state") != "sale":
            return super().write(vals)
        confirmed = self.filtered(lambda one: one.state != "sale")
        result = super().write(vals)
        confirmed._check_credit_stops()
        return result

    # === Actions === #

    def action_confirm(self):
        """EXTENDS 'sale': see the class.

        :raise UserError: a customer is in a phase that stops orders
        :raise RedirectWarning: the same, for who may release the order
        """
        stops = self._get_credit_stops()
        states = {order: order._get_credit_state(stop) for order, stop in stops.items()}
        stopped = self.filtered(lambda one: states.get(one) == "stop")
        orders = self
        if stopped and self._is_confirmed_unattended():
            stopped._leave_quotations(stops)
            orders -= stopped
        elif len(stopped) == 1 and self.env.user.has_group(RELEASERS) and not self.env.su:
            action = stopped._get_release_action()
            raise RedirectWarning(stopped._describe_refusal(stops), action, self.env._("Release…"))
        else:
            stopped._refuse_confirmation(stops)
        result = super(SaleOrder, orders).action_confirm() if orders or not self else True
        for order in orders.filtered(lambda one: states.get(one) in ("warn", "released")):
            order._note_confirmed(stops[order])
        return result

    # === Business methods === #

    def _check_credit_stops(self):
        """:raise UserError: see :meth:`action_confirm`"""
        stops = self._get_credit_stops()
        stopped = self.filtered(lambda one: one._get_credit_state(stops.get(one)) == "stop")
        stopped._refuse_confirmation(stops)

    def _is_confirmed_unattended(self):
        """Whether nobody reads why not: the customer confirms it himself, or a job does."""
        return self.env.user.share or self.env.uid == SUPERUSER_ID

    def _refuse_confirmation(self, stops):
        """:raise UserError: in words, where there are any of them"""
        if self:
            raise UserError(self._describe_refusal(stops))

    def _describe_refusal(self, stops):
        return self._describe_stopped(
            stops,
            self.env._("The phase stops orders until they are released or paid in advance."),
        )

    def _leave_quotations(self, stops):
        """They stay what they are, and whoever sells and who may release them is told."""
        for order in self.with_user(SUPERUSER_ID):
            lang = order.user_id.lang or order.company_id._get_collection_lang()
            told = order.with_context(lang=lang)
            told.message_post(
                body=told.env._(
                    "It was confirmed online or by a job, and stays a quotation: %(why)s The phase "
                    "stops orders until they are released or paid in advance.",
                    why=told._describe_credit_phase(stops[order]),
                ),
                partner_ids=order.user_id.partner_id.ids,
            )
            order._ask_release(stops[order])

    def _note_confirmed(self, stop):
        """In the chatter, without sums: others than who may see them read it."""
        self.message_post(
            body=self.env._("Confirmed: %s", self._describe_credit_phase(stop)),
            subtype_xmlid="mail.mt_note",
        )
