from odoo import models

from ...tools.arguments import check_one


class CrmCollectionItem(models.Model):
    """From an open item to the page of its customer."""

    _inherit = "crm.collection.item"

    def action_open_customer(self):
        """The page of the customer, in the company of the item."""
        item = check_one(self)
        return self.env["crm.collection.desk"]._get_customer_action(
            item.partner_id, item.company_id
        )
