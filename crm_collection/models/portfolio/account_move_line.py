from odoo import models

# Written on a posted journal item, these change its open item.
OPEN_ITEM_FIELDS = {"account_id", "date_maturity", "no_followup", "partner_id"}


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def write(self, vals):
        """What an item copies of its journal item is brought up to date."""
        result = super().write(vals)
        if not OPEN_ITEM_FIELDS.isdisjoint(vals):
            self.env["crm.collection.item"]._sync_lines(self)
        return result

    def unlink(self):
        """A deleted journal item cancels its open item; the history keeps what it was."""
        items_sudo = self.env["crm.collection.item"].sudo().search([("line_id", "in", self.ids)])
        result = super().unlink()
        if items_sudo:
            self.env.flush_all()
            items_sudo._sync_deleted()
        return result
