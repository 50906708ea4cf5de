from odoo import models


class ResPartner(models.Model):
    """Calls are logged from the customer, or from the contact who was spoken to."""

    _inherit = "res.partner"

    def action_log_contact(self):
        """Open the dialog that logs a call with this customer."""
        return self.env["crm.collection.contact"]._open_log(self, self.commercial_partner_id)
