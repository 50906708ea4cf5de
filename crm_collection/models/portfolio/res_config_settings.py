from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    collection_auto_send = fields.Boolean(related="company_id.collection_auto_send", readonly=False)
    collection_tz = fields.Selection(related="company_id.collection_tz", readonly=False)
    collection_hour = fields.Float(related="company_id.collection_hour", readonly=False)
    collection_letters_hour = fields.Float(
        related="company_id.collection_letters_hour", readonly=False
    )
    collection_quiet_days = fields.Integer(
        related="company_id.collection_quiet_days", readonly=False
    )
    collection_fine_percent = fields.Float(
        related="company_id.collection_fine_percent", readonly=False
    )
    collection_interest_percent = fields.Float(
        related="company_id.collection_interest_percent", readonly=False
    )
    collection_charges_workday = fields.Boolean(
        related="company_id.collection_charges_workday", readonly=False
    )
    collection_phases_workday = fields.Boolean(
        related="company_id.collection_phases_workday", readonly=False
    )
    collection_attribution_days = fields.Integer(
        related="company_id.collection_attribution_days", readonly=False
    )
    collection_manager_id = fields.Many2one(
        related="company_id.collection_manager_id", readonly=False
    )
