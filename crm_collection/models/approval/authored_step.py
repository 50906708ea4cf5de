from odoo import api, models


class CrmCollectionRuleStep(models.Model):
    """A step is its sending rule's: who wrote it is that rule's author."""

    _name = "crm.collection.rule.step"
    _inherit = ["crm.collection.authored", "crm.collection.rule.step"]

    @api.model
    def _get_authored_fields(self):
        return (
            *("rule_id", "days", "phase_id", "template_id", "attach_pdf", "attach_invoices"),
            *("resend_interval", "resend_unit", "resend_max", "amount_min", "percent_min"),
            *("after_promise", "channel"),
            "without_letter",  # what a step has somebody do is told to no customer
        )

    def _get_authored(self):
        return self.rule_id

    def write(self, vals):
        """Moved to another rule, it is a change of both."""
        before = self.rule_id
        result = super().write(vals)
        if gone := before - self.rule_id:
            self.env["crm.collection.approval.change"]._note(gone, "changed", ["step_ids"])
        return result
