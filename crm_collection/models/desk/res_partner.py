from odoo import models

from ..portfolio import collector_queries
from . import hand_over_queries

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

    def _get_collection_worked(self):
        worked, company_id = super()._get_collection_worked(), self.env.company.id
        replies = collector_queries.worked(
            "crm_collection_contact", ("waiting",), company_id, self.ids
        )
        activities = hand_over_queries.listed(company_id, self.ids)
        return {
            **worked,
            "crm.collection.contact": dict(self.env.execute_query(replies)),
            "mail.activity": dict(self.env.execute_query(activities)),
        }

    def _hand_over_collection(self, old, new, everyone=False):
        """EXTENDS the items and letters: their customers' waiting mails and what is on the last
        collector's list go along. Where there was none, the manager had them."""
        super()._hand_over_collection(old, new, everyone)
        if not new:
            return  # they stay on somebody's list
        company = self.env.company
        old = old or company.sudo().collection_manager_id
        scope = (company.id, self.ids, old.id or None, new.id, self.env.uid)
        self.env.cr.execute(hand_over_queries.activities(*scope))
        self.env.cr.execute(hand_over_queries.tasks(*scope))
        self.env.cr.execute(hand_over_queries.replies(*scope, everyone))
        for model in ("mail.activity", "crm.collection.contact", "crm.collection.task"):
            self.env[model].invalidate_model(["user_id"], flush=False)
