from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    collection_live_note = fields.Text(compute="_compute_collection_live_note")

    def _compute_collection_live_note(self):
        """What is not the database any more in which sending was switched on."""
        for settings in self:
            settings.collection_live_note = settings.company_id._explain_collection_copy()
