from odoo import api, fields, models
from odoo.fields import Domain

from .res_partner import ACCOUNT_GROUPS


class ResPartner(models.Model):
    """What the active company knows of a customer's promises."""

    _inherit = "res.partner"

    collection_broken_note = fields.Char(
        string="Broken Promise", compute="_compute_collection_promises", groups=ACCOUNT_GROUPS
    )
    collection_promises_kept = fields.Char(
        string="Promises Kept",
        compute="_compute_collection_promises",
        groups=ACCOUNT_GROUPS,
        help="Of the customer's promises that were kept or broken, how many were kept.",
    )

    # Depending on what a contact is would cost whoever makes or changes one: asked when shown.

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
        rates = {
            customer: {"count": count, "rate": f"{rate:.0f} %"} for customer, count, rate in groups
        }
        last = {}
        promises = Hold.search(
            domain & Domain("state", "not in", ("ended", "void")), order="date_until, id"
        )
        for promise in promises:
            last[promise.customer_id] = promise
        for partner in self:
            customer = partner.commercial_partner_id
            promise = last.get(customer, Hold)
            partner.collection_promises_kept = customer in rates and self.env._(
                "%(rate)s of %(count)s", **rates[customer]
            )
            partner.collection_broken_note = (
                bool(partner.collection_item_count) and promise.broken_note
            )
