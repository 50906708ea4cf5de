from odoo import models

STATEMENT = "crm_collection.mail_message_subtype_statement"


class ResPartner(models.Model):
    """What his collector has to do for a customer: his mails, of which those that answer a
    statement arrive in his chatter, and what is on the collector's list."""

    _inherit = "res.partner"

    def _get_reply_about(self, answered):
        """As in the chatters of this module (``crm.collection.thread``)."""
        self.ensure_one()
        subtype = self.env.ref(STATEMENT, raise_if_not_found=False)
        statement = answered.filtered(lambda one: subtype and one.subtype_id == subtype)[:1]
        if not statement:
            return {}
        return {
            "company": statement.record_company_id,
            "partner": self.commercial_partner_id,
            "items": self.env["crm.collection.item"],
            "letter": self.env["crm.collection.letter"],
            "users": self.env["res.users"],
        }
