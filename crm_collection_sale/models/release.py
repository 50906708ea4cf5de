from odoo import api, fields, models
from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)


class CrmCollectionRelease(models.Model):
    """Somebody let an order through although its customer's phase stops orders.

    It is for this order of this customer, up to the amount it had, in the phase he was in: a
    larger one, another customer or a later phase asks again. It stays on record when the order is
    deleted. Made by :meth:`sale.order._release_from_credit_stop` alone.
    """

    _name = "crm.collection.release"
    _inherit = ["crm.collection.retained", "crm.collection.evidence"]
    _description = "Release of an Order"
    _order = "id desc"
    _evidence_refusals = {
        "create": _lt("Orders are released with their button."),
        "write": _lt("Who released an order, and why, stays on record."),
        "unlink": _lt("Who released an order, and why, stays on record."),
    }
    _evidence_system = True

    company_id = fields.Many2one(comodel_name="res.company", required=True, readonly=True)
    order_id = fields.Many2one(
        comodel_name="sale.order", readonly=True, ondelete="set null", index="btree_not_null"
    )
    name = fields.Char(string="Number of the Order", required=True, readonly=True)
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", required=True, readonly=True, index=True
    )
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
        help="Which stopped the order.",
    )
    currency_id = fields.Many2one(comodel_name="res.currency", required=True, readonly=True)
    amount = fields.Monetary(
        readonly=True, aggregator=None, help="Of the order when it was released: up to this."
    )
    reason = fields.Text(required=True, readonly=True)
    user_id = fields.Many2one(
        comodel_name="res.users", string="Released by", required=True, readonly=True
    )
    date = fields.Datetime(string="Released on", required=True, readonly=True)

    @api.depends("name", "user_id")
    def _compute_display_name(self):
        for release in self:
            release.display_name = f"{release.name} · {release.sudo().user_id.name}"

    def _covers(self, order, stop):
        """Whether it lets this order through, as it is now.

        :param stop: the :class:`~.item.CreditStop` that stops it
        """
        self.ensure_one()
        phase = self.phase_id
        return (
            self.partner_id == stop.customer
            and self.currency_id == order.currency_id
            and order.currency_id.compare_amounts(order.amount_total, self.amount) <= 0
            and (stop.phase.sequence, stop.phase.id) <= (phase.sequence, phase.id)
        )
