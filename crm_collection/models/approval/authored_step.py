from odoo import api, models


class CrmCollectionRuleStep(models.Model):
    """A step is its sending rule's: who wrote it is that rule's author."""

    _name = "crm.collection.rule.step"
    _inherit = ["crm.collection.rule.step", "crm.collection.authored"]

    @api.model
    def _get_authored_fields(self):
        return (
            *("rule_id", "days", "phase_id", "template_id", "attach_pdf", "attach_invoices"),
            *("resend_interval", "resend_unit", "resend_max", "amount_min", "percent_min"),
        )

    def _get_authored(self):
        return self.rule_id

    @api.model_create_multi
    def create(self, vals_list):
        """Who makes it is its author."""
        records = super().create(vals_list)
        records._note_change("created")
        return records

    def write(self, vals):
        """Who changes it is the author of its rule; moved to another, of both."""
        before = self.rule_id
        with self._noting(vals):
            result = super().write(vals)
        if gone := before - self.rule_id:
            self.env["crm.collection.approval.change"]._note(gone, "changed", ["step_ids"])
        return result

    def unlink(self):
        """Who deletes it is the author of what applies in its place."""
        self._note_change("deleted")
        return super().unlink()
