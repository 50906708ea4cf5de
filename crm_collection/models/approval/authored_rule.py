from odoo import api, models


class CrmCollectionRule(models.Model):
    """Who wrote a sending rule led to what its days ask for."""

    _name = "crm.collection.rule"
    _inherit = ["crm.collection.authored", "crm.collection.rule"]

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
