from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    collection_processing_days = fields.Integer(
        related="company_id.collection_processing_days", readonly=False
    )
    collection_promise_days = fields.Integer(
        related="company_id.collection_promise_days", readonly=False
    )
    collection_promise_longest = fields.Integer(
        related="company_id.collection_promise_longest", readonly=False
    )
    collection_hold_longest = fields.Integer(
        related="company_id.collection_hold_longest", readonly=False
    )
