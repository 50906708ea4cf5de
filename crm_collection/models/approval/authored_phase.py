from odoo import api, models


class CrmCollectionPhase(models.Model):
    """Who configured a phase, named or placed it led to what enters it. A change that is proposed
    is none: who proposed it is in the request."""

    _name = "crm.collection.phase"
    _inherit = ["crm.collection.phase", "crm.collection.authored"]

    @api.model
    def _get_authored_fields(self):
        return (
            *("name", "sequence", "active", "company_id"),
            *("allocation_mode", "template_id", "approval_rule_id"),
        )

    @api.model_create_multi
    def create(self, vals_list):
        """Who makes it is its author."""
        records = super().create(vals_list)
        records._note_change("created")
        return records

    def write(self, vals):
        """Who changes it is its author."""
        with self._noting(vals):
            return super().write(vals)

    def unlink(self):
        """Who deletes it is the author of what applies in its place."""
        self._note_change("deleted")
        return super().unlink()
