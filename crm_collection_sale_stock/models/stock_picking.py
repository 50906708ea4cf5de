from odoo import api, fields, models
from odoo.exceptions import RedirectWarning, UserError
from odoo.fields import Domain

from odoo.addons.crm_collection.tools.arguments import check_one
from odoo.addons.crm_collection_sale.models.sale_order import EMPLOYEES, RELEASERS


class StockPicking(models.Model):
    """What a delivery says of its customer's collection, to whoever delivers.

    Only what leaves for the customer waits; it may be picked and packed before. Of orders that
    are delivered together each must be free.
    """

    _inherit = "stock.picking"

    collection_credit = fields.Selection(
        selection=[
            ("free", "Free"),
            ("warn", "Warned of"),
            ("stop", "Stopped"),
            ("released", "Released"),
        ],
        string="Collection",
        compute="_compute_collection_credit",
        search="_search_collection_credit",
        groups=EMPLOYEES,
        help="Whether the collection phase of the customer lets the delivery be validated.",
    )
    collection_credit_note = fields.Text(
        string="Collection of the Customer", compute="_compute_collection_credit", groups=EMPLOYEES
    )
    can_release_credit = fields.Boolean(compute="_compute_can_release_credit", groups=EMPLOYEES)
    is_awaited_delivery = fields.Boolean(compute="_compute_is_awaited_delivery", groups=EMPLOYEES)

    # === Compute methods === #

    @api.depends("state", "picking_type_id")
    def _compute_is_awaited_delivery(self):
        for picking in self:
            is_over = picking.state in ("done", "cancel")
            picking.is_awaited_delivery = picking.picking_type_code == "outgoing" and not is_over

    @api.depends(
        *("is_awaited_delivery", "sale_id", "move_ids.sale_line_id"),
        *("sale_id.collection_release_ids", "sale_id.amount_total"),
    )
    @api.depends_context("uid", "lang")
    def _compute_collection_credit(self):
        waiting = self.filtered("is_awaited_delivery")
        stops = waiting._get_delivered_orders()._get_delivery_stops()
        for picking in self:
            orders_sudo = (picking & waiting)._get_delivered_orders()
            state, order_sudo = orders_sudo._get_strictest_credit(stops)
            picking.collection_credit = state
            picking.collection_credit_note = (
                order_sudo._describe_credit_stop(stops[order_sudo]) if order_sudo else False
            )

    def _search_collection_credit(self, operator, value):
        """What waits for customers in phases that say something of it is looked at one by one."""
        if operator != "in":
            return NotImplemented
        order_ids = self._search_orders_in_collection().ids
        looked_at = self.search(
            Domain("state", "not in", ("done", "cancel"))
            & Domain("picking_type_id.code", "=", "outgoing")
            & (
                Domain("sale_id", "in", order_ids)
                | Domain("move_ids.sale_line_id.order_id", "in", order_ids)
            )
        )
        fitting = looked_at.filtered(lambda one: one.collection_credit in value)
        found = Domain("id", "in", fitting.ids)
        return found | Domain("id", "not in", looked_at.ids) if "free" in value else found

    @api.model
    def _search_orders_in_collection(self):
        """:return: confirmed orders, in sudo, of customers with items in phases that warn of
        deliveries or stop them"""
        Item_sudo = self.env["crm.collection.item"].sudo()
        domain = Domain("state", "=", "open") & Domain("phase_id.delivery_policy", "!=", "none")
        debtors = [partner.id for (partner,) in Item_sudo._read_group(domain, ["partner_id"])]
        return (
            self.env["sale.order"]
            .sudo()
            .search(
                Domain("state", "=", "sale")
                & (
                    Domain("partner_id.commercial_partner_id", "in", debtors)
                    | Domain("partner_invoice_id.commercial_partner_id", "in", debtors)
                )
            )
        )

    @api.depends_context("uid")
    def _compute_can_release_credit(self):
        self.can_release_credit = self.env.user.has_group(RELEASERS)

    # === Actions === #

    def button_validate(self):
        """EXTENDS 'stock': see the class.

        :raise UserError: a customer is in a phase that stops deliveries
        :raise RedirectWarning: the same, for who may release the order
        """
        orders_sudo = self.filtered("is_awaited_delivery")._get_delivered_orders()
        stops = orders_sudo._get_delivery_stops()
        stopped_sudo = orders_sudo._get_stopped(stops)
        if len(stopped_sudo) == 1 and self.env.user.has_group(RELEASERS) and not self.env.su:
            action = stopped_sudo._get_release_action()
            told = stopped_sudo._describe_delivery_refusal(stops)
            raise RedirectWarning(told, action, self.env._("Release…"))
        stopped_sudo._refuse_delivery(stops)
        return super().button_validate()

    def action_release_credit(self):
        """The dialog in which the order is released.

        :raise AccessError: for who may not release orders
        """
        return check_one(self)._get_stopped_order().action_release_credit()

    def action_ask_credit_release(self):
        """Put the release on the list of who may decide it.

        :raise UserError: nothing stops the delivery, or there is nobody who may
        """
        return check_one(self)._get_stopped_order().action_ask_credit_release()

    def action_open_collection_customer(self):
        """The page of the customer who owes, in the company of the delivery."""
        picking = check_one(self)
        orders_sudo = picking._get_delivered_orders()
        _state, order_sudo = orders_sudo._get_strictest_credit(orders_sudo._get_delivery_stops())
        if not order_sudo:
            raise UserError(self.env._("Nothing stops %s (any more).", picking.name))
        return order_sudo.sudo(False).action_open_collection_customer()

    # === Business methods === #

    def _get_delivered_orders(self):
        """:return: the orders that are delivered, in sudo: of whoever sold them"""
        self_sudo = self.sudo()
        return self_sudo.move_ids.sale_line_id.order_id | self_sudo.sale_id

    def _get_stopped_order(self):
        """:return: the first order that stops the delivery
        :raise UserError: none does
        """
        self.check_access("read")
        orders_sudo = self._get_delivered_orders()
        stopped_sudo = orders_sudo._get_stopped(orders_sudo._get_delivery_stops())
        if not self.is_awaited_delivery or not stopped_sudo:
            raise UserError(self.env._("Nothing stops %s (any more).", self.name))
        return stopped_sudo[0].sudo(False)

    def _note_delivered(self, order, stop):
        """In the chatter, without sums: others than who may see them read it."""
        self.message_post(
            body=self.env._("Delivered: %s", order._describe_credit_phase(stop)),
            subtype_xmlid="mail.mt_note",
        )
