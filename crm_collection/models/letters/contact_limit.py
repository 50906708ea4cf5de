from odoo import models

from . import contact_queries


class CrmCollectionLetter(models.Model):
    """A letter that leaves by itself does not, where the customer had as many contacts within a
    week as the company allows: asked when it is decided, and again until it is handed over."""

    _inherit = "crm.collection.letter"

    def _get_over_limit(self, company, today):
        """:return: those of these letters that would be one contact more"""
        if not self or not company.collection_contacts_week:
            return self.browse()
        for model in ("crm.collection.contact", "mail.mail", "mail.message"):
            self.env[model].flush_model()
        self.flush_model()
        query = contact_queries.over_limit(company, today, self.ids)
        return self.browse([letter_id for (letter_id,) in self.env.execute_query(query)])

    def _get_reason_over_limit(self):
        return self.env._(
            "The customer had as many contacts within a week as the company allows before it "
            "writes by itself."
        )
