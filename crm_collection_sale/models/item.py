from typing import NamedTuple

from odoo import api, models
from odoo.fields import Domain

from odoo.addons.crm_collection.models.portfolio import payment_queries
from odoo.addons.crm_collection.models.portfolio.queries import SILENT_PAYMENT_STATES


class CreditStop(NamedTuple):
    """The phase by which orders of a customer are warned of or stopped."""

    customer: models.BaseModel
    phase: models.BaseModel
    since: object
    policy: str  # the field of the phase that says so

    @property
    def is_warning(self):
        """Whether it warns only."""
        return self.phase[self.policy] == "warn"

    @property
    def strength(self):
        """What says which of several counts: a stop before a warning, then the later phase."""
        return not self.is_warning, self.phase.sequence, self.phase.id


class CrmCollectionItem(models.Model):
    """What open items say of their customers' orders."""

    _inherit = "crm.collection.item"

    @api.model
    def _get_credit_stops(self, customers, company, policy="order_policy"):
        """Which phases of customers orders of a company are warned of or stopped by.

        Asked for everybody who sells: what the customers' items are is read in sudo, of all
        companies that are one creditor with this one. What is paid by a payment on its way counts
        no more, nor does a phase that is not approved. A hold changes nothing: it keeps letters
        back, and the item is still owed.

        :param customers: commercial partners
        :param policy: the field of phases that says what becomes of it
        :return: {customer: :class:`CreditStop`}, the strictest
        """
        companies = company._get_collection_family()
        domain = (
            self._get_owed_domain(customers, companies)
            & Domain(f"phase_id.{policy}", "in", ("warn", "stop"))
            & Domain("phase_id.can_act", "=", True)
        )
        aggregates = ["partner_id", "phase_id"], ["date_phase:min"]
        groups = self.sudo()._read_group(domain, *aggregates)
        if groups:  # of few: payments on their way are looked for where there is something to pay
            line_ids = self.sudo().search_fetch(domain, ["line_id"]).line_id.ids
            paid = Domain("line_id", "in", self._get_line_ids_on_their_way(companies, line_ids))
            groups = self.sudo()._read_group(domain & ~paid, *aggregates)
        stops = {}
        for stop in (CreditStop(*group, policy) for group in groups):
            known = stops.get(stop.customer)
            if not known or known.strength < stop.strength:
                stops[stop.customer] = stop
        return stops

    @api.model
    def _get_owed_domain(self, customers, companies):
        """:return: the domain of what these customers owe these companies, as the books say"""
        return (
            Domain("partner_id", "in", customers.ids)
            & Domain("company_id", "in", companies.ids)
            & Domain("state", "=", "open")
            & Domain("move_id.payment_state", "not in", SILENT_PAYMENT_STATES)
        )

    @api.model
    def _get_line_ids_on_their_way(self, companies, line_ids):
        """:return: numbers of those of these journal items whose money is on its way"""
        for name in ("payment.transaction", "account.payment", "account.move.line", "account.move"):
            self.env[name].flush_model()
        return [
            line_id
            for company in companies
            for line_id, *_told in self.env.execute_query(
                payment_queries.lines_on_their_way(
                    company.id, company._get_collection_today(), line_ids
                )
            )
        ]

    @api.model
    def _get_overdue_sum(self, customer, companies):
        """What a customer owes past the due date, in the currency that companies of one creditor
        have in common: of these companies, and in sudo."""
        late = Domain.OR(
            Domain("company_id", "=", company.id)
            & Domain("date_maturity", "<", company._get_collection_today())
            for company in companies
        )
        [(amount,)] = self.sudo()._read_group(
            self._get_owed_domain(customer, companies) & late, [], ["amount_residual:sum"]
        )
        return amount or 0.0
