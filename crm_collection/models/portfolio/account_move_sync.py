from odoo import models

# Written on an entry, these change its items.
OPEN_ITEM_FIELDS = {"partner_id", "state"}


class AccountMove(models.Model):
    _inherit = "account.move"

    def write(self, vals):
        """Posting, resetting to draft, cancelling and changing the customer reach the items. What
        was never posted has none."""
        if OPEN_ITEM_FIELDS.isdisjoint(vals):
            return super().write(vals)
        known = self.filtered(lambda move: move.posted_before or move.state == "posted")
        result = super().write(vals)
        self.env["crm.collection.item"]._sync_moves(known)
        return result

    def unlink(self):
        """What was held back is on record, also of a draft that is deleted."""
        if self:
            self.env["crm.collection.hold"]._release_entries(self)
        return super().unlink()
