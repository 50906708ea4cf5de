from odoo import api, models
from odoo.fields import Domain

from . import collected_queries, payment_queries
from .queries import SILENT_PAYMENT_STATES


class CrmCollectionItem(models.Model):
    """Payments on their way, and invoices that owe nothing to be asked for."""

    _inherit = "crm.collection.item"

    def _get_waited_for(self):
        """:return: {journal item id: (the last day its company waits for the money on its way, the
        payment method's id where the company collects it itself)}"""
        self.env.flush_all()
        waited = {}
        for company, items in self.grouped("company_id").items():
            today = company._get_collection_today()
            query = payment_queries.lines_on_their_way(company.id, today, items.line_id.ids)
            waited |= {line_id: told for line_id, *told in self.env.execute_query(query)}
        return waited

    def _get_refusal_domains(self, phase, company, taken_in=False):
        """What is being paid, or owes nothing to be asked for, enters no phase either."""
        _ = self.env._
        in_payment = Domain("move_id.payment_state", "=", "in_payment")
        today = company._get_collection_today()
        online = payment_queries.lines_paid_online(company.id, today)
        self.env.flush_all()
        line_ids = [line_id for line_id, _until in self.env.execute_query(online)]
        return super()._get_refusal_domains(phase, company, taken_in) | {
            _("A payment is on its way."): in_payment | Domain("line_id", "in", line_ids),
            _("The company collects it itself."): self._get_collected_domain(company, today),
            _("The invoice is blocked."): (
                Domain("move_id.payment_state", "in", SILENT_PAYMENT_STATES) & ~in_payment
            ),
        }

    @api.model
    def _get_collected_domain(self, company, today):
        """:return: the domain of the items that the company collects itself, which may be many"""

        def to_sql(_model, alias, _query):
            return collected_queries.item_is_collected(company.id, today, alias)

        return Domain.custom(to_sql=to_sql)
