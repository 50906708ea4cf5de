from odoo import api, models


class CrmCollectionRule(models.Model):
    """A sending rule says which of its letters wait for an approval."""

    _inherit = "crm.collection.rule"

    @api.depends("step_ids.proposal_note")
    def _compute_warning(self):
        super()._compute_warning()
        for rule in self.filtered(lambda rule: not rule.warning):
            notes = filter(None, rule.step_ids.mapped("proposal_note"))
            rule.warning = " ".join(notes) or False
