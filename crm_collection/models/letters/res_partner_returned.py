from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools.mail import email_normalize_all


class ResPartner(models.Model):
    """Whether letters may go to a contact's addresses."""

    _inherit = "res.partner"

    collection_refused_ids = fields.Many2many(
        comodel_name="crm.collection.address",
        string="Addresses Not Used",
        compute="_compute_collection_refused_ids",
        compute_sudo=True,
        help="Addresses of the contact from which mail came back, or complaints.",
    )

    @api.depends_context("company")
    def _compute_collection_refused_ids(self):
        """All contacts at once: letters ask one by one, having prefetched. Depends on no field of
        contacts: whoever makes or changes one would pay for it."""
        emails = {partner: email_normalize_all(partner.email or "") for partner in self}
        refused = self.env["crm.collection.address"]._get_refused(
            self.env.company, {email for own in emails.values() for email in own}
        )
        for partner, own in emails.items():
            found = refused.filtered(lambda address, own=own: address.email in own)
            partner.collection_refused_ids = [Command.set(found.ids)]
