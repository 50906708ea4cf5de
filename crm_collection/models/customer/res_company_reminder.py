from odoo import models


class ResCompany(models.Model):
    """Reminders of promises that wait for sending hours follow them."""

    _inherit = "res.company"

    def _get_collection_hour_models(self):
        return [*super()._get_collection_hour_models(), "crm.collection.hold"]
