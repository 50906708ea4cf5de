from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    collection_returned_max = fields.Integer(
        related="company_id.collection_returned_max", readonly=False
    )
