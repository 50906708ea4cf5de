from odoo import models

from ...tools.arguments import check_one


class ResPartner(models.Model):
    """From a contact to the page of the customer he belongs to."""

    _inherit = "res.partner"

    def action_open_collection_customer(self):
        """The page of the customer, in the active company."""
        customer = check_one(self).commercial_partner_id
        return self.env["crm.collection.desk"]._get_customer_action(customer, self.env.company)
