from odoo import models


class CrmCollectionLetter(models.Model):
    """What a customer answers to a letter is about what it asked for and is still open."""

    _inherit = "crm.collection.letter"

    def _get_reply_about(self, answered):
        # EXTENDS 'crm.collection.thread'
        self.ensure_one()
        items = self.line_ids.item_id.filtered(
            lambda item: item.state == "open" and item.company_id == self.company_id
        )
        # the letter's collector, unless others work since what it asks for
        users = items.user_id
        users = users if users and self.user_id not in users else self.user_id | users
        return {
            "company": self.company_id,
            "partner": self.partner_id,
            "items": items,
            "letter": self,
            "users": users,
        }
