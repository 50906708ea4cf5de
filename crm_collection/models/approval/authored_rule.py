from odoo import api, models


class CrmCollectionRule(models.Model):
    """Who wrote a sending rule led to what its days ask for."""

    _name = "crm.collection.rule"
    _inherit = ["crm.collection.rule", "crm.collection.authored"]

    @api.model
    def _get_selecting_fields(self):
        return (
            *("sequence", "active", "company_id", "company_type", "industry_ids"),
            *("category_ids", "country_ids", "partner_domain"),
        )

    @api.model
    def _get_authored_fields(self):
        own = ("escalation", "step_min_days", "grace_days", "amount_min")
        return (*self._get_selecting_fields(), *own)

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
