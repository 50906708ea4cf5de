from odoo import models

MANAGER_GROUP = "crm_collection.group_crm_collection_manager"


class CrmCollectionLetter(models.Model):
    """Where others had to agree to a letter's phase, another letter of the same round is not one
    collector's to say."""

    _inherit = "crm.collection.letter"

    def _may_return_round(self):
        phases_sudo = (self.phase_id | self.line_ids.phase_id).sudo()
        if any(phase.is_governed or phase.is_guarded for phase in phases_sudo):
            return self.env.user.has_group(MANAGER_GROUP)
        return super()._may_return_round()
