from datetime import timedelta

from odoo import api, models
from odoo.fields import Command

OVERDUE = 15  # days
OWED = 1234.5


class CrmCollectionLetter(models.Model):
    """A letter that nobody gets, to see and to try what a text says."""

    _inherit = "crm.collection.letter"

    @api.model
    def _make_up(self, company, **vals):
        """:return: a letter to nobody in particular, about one item; it is not stored
        :param vals: what else is known, such as ``template_id``, ``phase_id`` and ``lang``
        """
        today = company._get_collection_today()
        item = {
            "round": 1,
            "company_id": company.id,
            "name": self.env._("INVOICE-1"),
            "currency_id": company.currency_id.id,
            "date_maturity": today - timedelta(days=OVERDUE),
            "days_overdue": OVERDUE,
            "phase_id": vals.get("phase_id"),
            **dict.fromkeys(("amount_original", "amount_residual", "amount_asked"), OWED),
            "amount_residual_company": OWED,
        }
        return self.new(
            {
                "company_id": company.id,
                # the customer of a made-up letter: itself, whose data the reader knows
                "partner_id": company.partner_id.id,
                "recipient_ids": [Command.set(company.partner_id.ids)],
                "user_id": self.env.uid,
                "date": today,
                "round": 1,
                "origin": "manual",
                "state": "to_send",
                "line_ids": [Command.create(item)],
                **vals,
            }
        )
