from odoo import models

# Written on an entry, these change its titles.
TITLE_FIELDS = {"partner_id", "state"}


class AccountMove(models.Model):
    _inherit = "account.move"

    def write(self, vals):
        """Posting, resetting to draft, cancelling and changing the customer reach the titles."""
        result = super().write(vals)
        if not TITLE_FIELDS.isdisjoint(vals):
            self.env["crm.collection.item"]._sync_moves(self)
        return result
