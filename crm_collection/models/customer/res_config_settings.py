from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    collection_link_days = fields.Integer(related="company_id.collection_link_days", readonly=False)
