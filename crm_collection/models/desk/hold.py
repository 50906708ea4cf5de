from odoo import api, models
from odoo.fields import Domain


class CrmCollectionHold(models.Model):
    """What a customer answers to what a collector wrote from a hold, and the mail that a hold
    answered."""

    _inherit = "crm.collection.hold"

    @api.model_create_multi
    def create(self, vals_list):
        """EXTENDS: what leaves tomorrow is worked out anew"""
        holds = super().create(vals_list)
        self.env["crm.collection.forewarning"]._follow(holds)
        return holds

    def action_lift(self, reason=None):
        """EXTENDS: as :meth:`create`"""
        result = super().action_lift(reason)
        self.env["crm.collection.forewarning"]._follow(self)
        return result

    def _change(self, vals, why):
        # EXTENDS: as create
        super()._change(vals, why)
        self.env["crm.collection.forewarning"]._follow(self)

    def action_take_back(self):
        """EXTENDS: as :meth:`create`, and a customer's mail that was answered with it waits
        again"""
        result = super().action_take_back()
        self.env["crm.collection.forewarning"]._follow(self)
        answered = Domain("hold_ids", "in", self.ids) & Domain("message_id", "!=", False)
        contacts = self.env["crm.collection.contact"].search(answered)
        contacts.filtered(lambda one: set(one.hold_ids.mapped("state")) == {"void"})._wait_again()
        return result

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
