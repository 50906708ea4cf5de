from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    collection_aging_days_1 = fields.Integer(
        related="company_id.collection_aging_days_1", readonly=False
    )
    collection_aging_days_2 = fields.Integer(
        related="company_id.collection_aging_days_2", readonly=False
    )
    collection_aging_days_3 = fields.Integer(
        related="company_id.collection_aging_days_3", readonly=False
    )
    collection_aging_days_4 = fields.Integer(
        related="company_id.collection_aging_days_4", readonly=False
    )
