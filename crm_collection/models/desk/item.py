from odoo import models


class CrmCollectionItem(models.Model):
    """What a customer answers to what a collector wrote from an item."""

    _inherit = "crm.collection.item"

    def _get_reply_about(self, answered):
        # EXTENDS 'crm.collection.thread'
        self.ensure_one()
        return {
            "company": self.company_id,
            "partner": self.partner_id,
            "items": self.filtered(lambda item: item.state == "open"),
            "letter": self.env["crm.collection.letter"],
            "users": self.user_id,
        }
