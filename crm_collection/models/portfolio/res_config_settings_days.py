from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    collection_processing_days = fields.Integer(
        related="company_id.collection_processing_days", readonly=False
    )
