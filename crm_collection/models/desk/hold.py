from odoo import models


class CrmCollectionHold(models.Model):
    """What a customer answers to what a collector wrote from a hold."""

    _inherit = "crm.collection.hold"

    def _get_reply_about(self, answered):
        # EXTENDS 'crm.collection.thread'
        self.ensure_one()
        items = self.item_id | self.move_id.collection_item_ids
        return {
            "company": self.company_id,
            "partner": self.customer_id,
            "items": items.filtered(lambda item: item.state == "open"),
            "letter": self.env["crm.collection.letter"],
            "users": items.user_id,
        }
