from odoo import models

from ...tools.arguments import check_one


class AccountMove(models.Model):
    """From an invoice to the page of its customer."""

    _inherit = "account.move"

    def action_open_collection_customer(self):
        """The page of the customer, in the company of the entry."""
        move = check_one(self)
        owing = move.collection_item_ids.partner_id[:1]  # an entry may name none itself
        customer = owing or move.partner_id.commercial_partner_id
        return self.env["crm.collection.desk"]._get_customer_action(customer, move.company_id)
