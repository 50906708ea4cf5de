from odoo import models

# What decides whose customer a contact is.
FAMILY_FIELDS = {"parent_id", "is_company"}


class ResPartner(models.Model):
    """Holds follow who becomes a contact of another customer, or a customer of his own.

    Here, and not as a dependency of theirs: that would be looked up for every contact that anybody
    makes.
    """

    _inherit = "res.partner"

    def write(self, vals):
        """EXTENDS 'base': whom holds are about is told anew"""
        result = super().write(vals)
        if not FAMILY_FIELDS.isdisjoint(vals):
            self.env["crm.collection.hold"]._follow_customers(self)
        return result
