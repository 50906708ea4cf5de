from odoo import api, models


class CrmCollectionContact(models.Model):
    """A contact does the tasks it is about."""

    _inherit = "crm.collection.contact"

    @api.model_create_multi
    def create(self, vals_list):
        """EXTENDS: calls that are logged were asked for, perhaps"""
        contacts = super().create(vals_list)
        for contact in contacts.filtered(lambda one: one.state == "done" and one.outcome_id):
            self.env["crm.collection.task"]._end_by_contact(contact)
        return contacts

    def action_take_back(self):
        """EXTENDS: what was done by them is to be done again"""
        result = super().action_take_back()
        domain = [("contact_id", "in", self.ids), ("state", "=", "done")]
        self.env["crm.collection.task"].sudo().search(domain)._open_again()
        return result
