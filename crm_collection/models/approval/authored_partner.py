from odoo import api, models

OWN_RULE = "collection_rule_id"


class ResPartner(models.Model):
    """Who gave a customer a sending rule of its own led to what that rule asks for."""

    _inherit = "res.partner"

    @api.model_create_multi
    def create(self, vals_list):
        """Who gives the new customer a rule is on record."""
        partners = super().create(vals_list)
        if any(vals.get(OWN_RULE) for vals in vals_list):
            partners.filtered(lambda partner: partner.sudo()[OWN_RULE])._note_own_rule()
        return partners

    def write(self, vals):
        """Who gives a customer another rule is on record."""
        if OWN_RULE not in vals:
            return super().write(vals)
        before = {partner: partner[OWN_RULE] for partner in self.sudo()}
        result = super().write(vals)
        changed = [partner.id for partner, rule in before.items() if partner[OWN_RULE] != rule]
        self.browse(changed)._note_own_rule()
        return result

    def _note_own_rule(self):
        customers = self.commercial_partner_id & self
        changes = self.env["crm.collection.approval.change"]
        changes._note(customers, "changed", [OWN_RULE], company=self.env.company)
