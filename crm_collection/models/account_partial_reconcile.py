from odoo import api, models


class AccountPartialReconcile(models.Model):
    """Every match and unmatch passes here: titles are settled and reopened at once."""

    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        self.env["crm.collection.item"]._sync_lines(partials.debit_move_id)
        return partials

    def unlink(self):
        # debit lines of an entry being deleted may be gone once super returns
        lines = self.debit_move_id
        result = super().unlink()
        self.env["crm.collection.item"]._sync_lines(lines.exists())
        return result
