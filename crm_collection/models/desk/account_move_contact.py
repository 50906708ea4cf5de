from odoo import models


class AccountMove(models.Model):
    """Calls about entries are logged from there."""

    _inherit = "account.move"

    def action_log_contact(self):
        """Open the dialog that logs a call about what is open of these entries of one customer."""
        customers = self.commercial_partner_id or self.collection_item_ids.partner_id
        return self.env["crm.collection.contact"]._open_log(self, customers)
