from odoo import api, models


class AccountPartialReconcile(models.Model):
    """What is reconciled or undone passes here: items are settled and reopened at once."""

    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        """What was paid of items is recorded, and the items are brought up to date."""
        partials = super().create(vals_list)
        lines = partials.debit_move_id | partials.credit_move_id
        # before the items are settled: the allocation is the one the money found them in
        self.env["crm.collection.settlement"]._record_partials(partials.ids, lines.company_id)
        self.env["crm.collection.item"]._sync_lines(partials.debit_move_id)
        return partials

    def unlink(self):
        """What comes back is recorded, and the items owe it again."""
        # debit lines of an entry being deleted may be gone once super returns
        lines, partial_ids = self.debit_move_id, self.ids
        companies = (lines | self.credit_move_id).company_id
        result = super().unlink()
        self.env["crm.collection.settlement"]._record_partials(partial_ids, companies)
        self.env["crm.collection.item"]._sync_lines(lines.exists())
        return result
