from odoo import api, models


class CrmCollectionPhase(models.Model):
    """Who configured a phase, named or placed it led to what enters it. A change that is proposed
    is none: who proposed it is in the request."""

    _name = "crm.collection.phase"
    _inherit = ["crm.collection.authored", "crm.collection.phase"]

    @api.model
    def _get_authored_fields(self):
        return (
            *("name", "sequence", "active", "company_id"),
            *("allocation_mode", "template_id", "template_b_id", "channel", "approval_rule_id"),
        )
