from odoo import models
from odoo.fields import Domain

from . import payment_queries
from .queries import SILENT_PAYMENT_STATES


class CrmCollectionItem(models.Model):
    """Payments on their way, and invoices that owe nothing to be asked for."""

    _inherit = "crm.collection.item"

    def _get_processing_dates(self):
        """:return: {journal item id: the last day its company waits for the payment on its way}"""
        self.env.flush_all()
        dates = {}
        for company in self.company_id:
            query = payment_queries.lines_on_their_way(company.id, company._get_collection_today())
            dates.update(self.env.execute_query(query))
        return dates

    def _get_refusal_domains(self, phase, company, taken_in=False):
        """What is being paid, or owes nothing to be asked for, enters no phase either."""
        _ = self.env._
        in_payment = Domain("move_id.payment_state", "=", "in_payment")
        on_their_way = payment_queries.lines_on_their_way(
            company.id, company._get_collection_today()
        )
        self.env.flush_all()
        line_ids = [line_id for line_id, _until in self.env.execute_query(on_their_way)]
        return super()._get_refusal_domains(phase, company, taken_in) | {
            _("A payment is on its way."): in_payment | Domain("line_id", "in", line_ids),
            _("The invoice is blocked."): (
                Domain("move_id.payment_state", "in", SILENT_PAYMENT_STATES) & ~in_payment
            ),
        }
