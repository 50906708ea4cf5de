from odoo import api, fields, models

from . import amount_queries


class CrmCollectionApproval(models.Model):
    """What a request is about in money: answered here, for screens, messages and decisions.

    What counts is what the items owe at the rate of the day; which levels decide the whole of what
    the customer has in the phase says (``exposure``). At the rates they are booked at (``amount``)
    it is what accounting says they owe.
    """

    _inherit = "crm.collection.approval"

    amount_today = fields.Monetary(
        string="Owed",
        compute="_compute_amount_today",
        currency_field="company_currency_id",
        aggregator=None,
        help="What its items owe, in company currency at the rate of the day. Of a request that is "
        "over, what it was when it was decided about.",
    )
    is_revalued = fields.Boolean(compute="_compute_amount_today")

    @api.depends(
        "state",
        "amount",
        "decision_ids.amount",
        "line_ids.state",
        "line_ids.item_id.amount_residual_currency",
    )
    def _compute_amount_today(self):
        self._flush_amounts()
        rows = self.env.execute_query(
            amount_queries.amounts_today(self._get_waiting_rates(), self._origin.ids)
        )
        amounts = dict(rows)
        for approval in self:
            approval.amount_today = amounts.get(approval._origin.id, 0.0)
            currency = approval.company_currency_id
            approval.is_revalued = bool(
                currency.compare_amounts(approval.amount_today, approval.amount)
            )

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr == "amount_today":
            return amount_queries.amount_today(self._get_waiting_rates(), alias)
        return super()._field_to_sql(alias, field_expr, query)

    @api.model
    def _flush_amounts(self):
        for model, names in (
            ("crm.collection.item", ["amount_residual_currency", "currency_id"]),
            ("crm.collection.approval", ["amount", "kind", "state"]),
            ("crm.collection.approval.line", ["approval_id", "item_id", "state"]),
        ):
            self.env[model].flush_model(names)

    @api.model
    def _get_waiting_rates(self):
        """The rates of today for what waits, as of :meth:`_get_rates`."""
        return self._get_rates(amount_queries.waiting_currencies())

    @api.model
    def _get_rates(self, currencies):
        """The rates of today.

        :param SQL currencies: rows of (company id, currency id)
        :return: list of (company id, currency id, factor into the company's currency, rounding)
        """
        rates = []
        for company_id, currency_id in self.env.execute_query(currencies):
            company_sudo = self.env["res.company"].sudo().browse(company_id)
            currency, own = self.env["res.currency"].browse(currency_id), company_sudo.currency_id
            factor = self.env["res.currency"]._get_conversion_rate(
                currency, own, company_sudo, company_sudo._get_collection_today()
            )
            rates.append((company_id, currency_id, factor, own.rounding))
        return rates


class CrmCollectionApprovalLine(models.Model):
    """What an item of a request owes at the rate of the day: all of them make the request's."""

    _inherit = "crm.collection.approval.line"

    amount_today = fields.Monetary(
        string="Owed Now",
        compute="_compute_amount_today",
        currency_field="company_currency_id",
        aggregator=None,
        help="In company currency, at the rate of the day.",
    )

    @api.depends("state", "item_id.amount_residual_currency")
    def _compute_amount_today(self):
        Approval = self.env["crm.collection.approval"]
        Approval._flush_amounts()
        rates = Approval._get_waiting_rates()
        amounts = dict(
            self.env.execute_query(amount_queries.line_amounts_today(rates, self._origin.ids))
        )
        for line in self:
            line.amount_today = amounts.get(line._origin.id, 0.0)
