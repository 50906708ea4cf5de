from odoo import api, models


class AccountPartialReconcile(models.Model):
    """What is reconciled or undone passes here: items are settled and reopened at once."""

    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        """What was paid of items is recorded, and the items are brought up to date."""
        partials = super().create(vals_list)
        lines = partials.debit_move_id | partials.credit_move_id
        items_sudo = self.env["crm.collection.item"]._get_of_lines(lines)
        if items_sudo:
            # before the items are settled: the allocation is the one the money found them in
            self.env["crm.collection.settlement"]._record_partials(partials.ids, lines.company_id)
            items_sudo._sync_items()
        return partials

    def unlink(self):
        """What comes back is recorded, and the items owe it again."""
        # lines of an entry being deleted may be gone once super returns
        lines, partial_ids = self.debit_move_id | self.credit_move_id, self.ids
        companies = lines.company_id
        Item = self.env["crm.collection.item"]
        are_items = bool(Item._get_of_lines(lines))
        result = super().unlink()
        if are_items:
            self.env["crm.collection.settlement"]._record_partials(partial_ids, companies)
            Item._sync_lines(lines.exists())
        return result
