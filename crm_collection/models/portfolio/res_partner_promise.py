from odoo import api, fields, models
from odoo.fields import Domain

from .res_partner import ACCOUNT_GROUPS


class ResPartner(models.Model):
    """What the active company knows of a customer's promises."""

    _inherit = "res.partner"

    collection_broken_note = fields.Char(
        string="Broken Promise", compute="_compute_collection_promises", groups=ACCOUNT_GROUPS
    )
    collection_promise_count = fields.Integer(
        string="Promises Judged",
        aggregator=None,
        compute="_compute_collection_promises",
        groups=ACCOUNT_GROUPS,
        help="Promises that were kept or broken.",
    )
    collection_kept_rate = fields.Float(
        string="Promises Kept (%)",
        digits=(16, 1),
        aggregator=None,
        compute="_compute_collection_promises",
        groups=ACCOUNT_GROUPS,
        help="Of the customer's promises that were kept or broken, how many were kept.",
    )

    @api.depends("commercial_partner_id.collection_hold_ids.state")
    @api.depends_context("company", "lang")
    def _compute_collection_promises(self):
        """The note stands until there is another promise, or nothing is owed any more."""
        Hold = self.env["crm.collection.hold"]
        domain = (
            Domain("customer_id", "in", self.commercial_partner_id.ids)
            & Domain("company_id", "=", self.env.company.id)
            & Domain("kind", "=", "promise")
        )
        judged = domain & Domain("state", "in", ("kept", "broken"))
        groups = Hold._read_group(judged, ["customer_id"], ["__count", "kept_rate:avg"])
        rates = {customer: figures for customer, *figures in groups}
        last = {}
        promises = Hold.search(domain & Domain("state", "!=", "ended"), order="date_until, id")
        for promise in promises:
            last[promise.customer_id] = promise
        for partner in self:
            customer = partner.commercial_partner_id
            promise = last.get(customer, Hold)
            partner.collection_promise_count, rate = rates.get(customer, (0, 0.0))
            partner.collection_kept_rate = rate or 0.0
            partner.collection_broken_note = (
                bool(partner.collection_item_count) and promise.broken_note
            )
