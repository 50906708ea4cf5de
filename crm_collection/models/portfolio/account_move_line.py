from odoo import models

# Written on a posted item, these change its item.
OPEN_ITEM_FIELDS = {"account_id", "date_maturity", "no_followup", "partner_id"}


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def write(self, vals):
        result = super().write(vals)
        if not OPEN_ITEM_FIELDS.isdisjoint(vals):
            self.env["crm.collection.item"]._sync_lines(self)
        return result

    def unlink(self):
        """A deleted item cancels its item; the history keeps number, customer and amounts."""
        items_sudo = self.env["crm.collection.item"].sudo().search([("line_id", "in", self.ids)])
        result = super().unlink()
        if items_sudo:
            self.env.flush_all()
            items_sudo._sync_deleted()
        return result
