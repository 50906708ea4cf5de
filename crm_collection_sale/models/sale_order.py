from odoo import api, fields, models
from odoo.tools import format_amount, format_date

from odoo.addons.crm_collection.tools.arguments import check_one

EMPLOYEES = "base.group_user"  # the customer reads his orders in the portal
RELEASERS = "crm_collection_sale.group_crm_collection_release"


class SaleOrder(models.Model):
    """What a quotation says of its customer's collection, to whoever sells.

    Sellers need none of the module's rights: phases and items are read in sudo, and sums are of
    those companies of the creditor in which the reader works.
    """

    _inherit = "sale.order"

    collection_credit = fields.Selection(
        selection=[
            ("free", "Free"),
            ("warn", "Warned of"),
            ("stop", "Stopped"),
            ("released", "Released"),
        ],
        string="Collection",
        compute="_compute_collection_credit",
        groups=EMPLOYEES,
        help="Whether the collection phase of the customer lets the quotation be confirmed.",
    )
    collection_credit_note = fields.Text(
        string="Collection of the Customer", compute="_compute_collection_credit", groups=EMPLOYEES
    )
    can_release_credit = fields.Boolean(compute="_compute_can_release_credit", groups=EMPLOYEES)
    collection_release_ids = fields.One2many(
        comodel_name="crm.collection.release",
        inverse_name="order_id",
        string="Releases",
        groups=EMPLOYEES,
    )

    # === Compute methods === #

    @api.depends(
        *("partner_id", "partner_invoice_id", "company_id", "currency_id", "amount_total"),
        *("state", "order_line", "collection_release_ids"),
    )
    @api.depends_context("uid", "lang")
    def _compute_collection_credit(self):
        stops = self._get_waiting_stops()
        for order in self:
            stop = stops.get(order)
            order.collection_credit = order._get_credit_state(stop)
            order.collection_credit_note = order._describe_credit_stop(stop) if stop else False

    @api.depends_context("uid")
    def _compute_can_release_credit(self):
        self.can_release_credit = self.env.user.has_group(RELEASERS)

    # === Actions === #

    def action_open_collection_customer(self):
        """The page of the customer who owes, in the company of the order."""
        order = check_one(self)
        stop = order._get_waiting_stops().get(order)
        customer = stop.customer if stop else order.partner_id.commercial_partner_id
        desk = self.env["crm.collection.desk"]
        return desk._get_customer_action(customer.with_env(self.env), order.company_id)

    # === What stands in the way === #

    def _get_credit_customers(self):
        """:return: who may owe: the customer, and who gets the invoice"""
        order_sudo = self.sudo()
        return (order_sudo.partner_id | order_sudo.partner_invoice_id).commercial_partner_id

    def _get_waiting_stops(self):
        """:return: {order: :class:`~.item.CreditStop`} of those that something still waits for:
        quotations, for their confirmation"""
        return self.filtered(lambda one: one.state in ("draft", "sent"))._get_credit_stops()

    def _get_credit_stops(self, policy="order_policy"):
        """:param policy: the field of phases that says what becomes of it
        :return: {order: :class:`~.item.CreditStop`} of those whose customer is in a phase that
        warns of it or stops it"""
        Item = self.env["crm.collection.item"]
        found = {}
        for company, orders in self.grouped("company_id").items():
            stops = Item._get_credit_stops(orders._get_credit_customers(), company, policy)
            for order in orders:
                mine = [stops[one] for one in order._get_credit_customers() if one in stops]
                if mine:
                    found[order] = max(mine, key=lambda stop: stop.strength)
        return found

    def _get_credit_state(self, stop):
        """:param stop: the order's :class:`~.item.CreditStop`, if there is one"""
        self.ensure_one()
        if not stop or self._is_without_credit():
            return "free"
        if stop.is_warning:
            return "warn"
        return "released" if self._get_credit_release(stop) else "stop"

    def _is_without_credit(self):
        """Whether nothing of it would be owed: it is paid in advance, or costs nothing. One
        without lines costs nothing yet."""
        order_sudo = self.sudo()
        return bool(self.order_line) and (order_sudo._is_paid() or order_sudo._is_invoice_paid())

    def _is_invoice_paid(self):
        """Whether all of it is invoiced, and nothing of the invoices is left."""
        self.ensure_one()
        posted = self.invoice_ids.filtered(lambda one: one.state == "posted")
        if not posted or (
            self.currency_id.compare_amounts(self.amount_invoiced, self.amount_total) < 0
        ):
            return False
        return all(
            move.payment_state == "in_payment" or move.currency_id.is_zero(move.amount_residual)
            for move in posted
        )

    def _get_credit_release(self, stop):
        releases_sudo = self._origin.sudo().collection_release_ids
        return releases_sudo.filtered(lambda release: release._covers(self, stop))[:1]

    # === In words === #

    def _describe_credit_stop(self, stop):
        """:return: who is in which phase since when, and what he owes, for whoever reads it"""
        companies = self.company_id.sudo(False)._get_collection_visible()
        overdue = self.env["crm.collection.item"]._get_overdue_sum(stop.customer, companies)
        return self.env._(
            "%(phase)s Overdue: %(amount)s.",
            phase=self._describe_credit_phase(stop),
            amount=format_amount(self.env, overdue, self.company_id.sudo().currency_id),
        )

    def _describe_stopped(self, stops, told):
        """:return: of each order by what it is stopped, and what can be done, which is ``told``"""
        lines = (f"{order.name}: {order._describe_credit_stop(stops[order])}" for order in self)
        return "\n".join([*lines, told])

    def _describe_credit_phase(self, stop):
        """:return: the same without a sum, for what others read, too"""
        return self.env._(
            "%(customer)s has been in the collection phase “%(phase)s” since %(date)s.",
            customer=stop.customer.display_name,
            phase=stop.phase.with_context(lang=self.env.lang).name,
            date=format_date(self.env, stop.since),
        )
