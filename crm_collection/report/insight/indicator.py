from odoo import api, fields, models

from ...tools.figures import OptionalFloat
from . import group_queries, indicator_queries

MONTHS = 24


class CrmCollectionIndicator(models.Model):
    """How well a company collects: a row for each of the last 24 month-ends and for today.

    All rows come from one query over accounting (:mod:`.indicator_queries`) and hold
    the money they are computed from, in company currency. Receivables are the items of the
    aging: unmatched payments and credit notes are not deducted. Nothing is stored, so no figure
    is older than the screen. Read only.

    The formulas are those of the Credit Research Foundation's metrics: DSO by counting back (also
    "exhaustion method"), best possible DSO, average days delinquent, collection effectiveness
    index. An indicator without a figure has nothing to be divided by. Rows that are grouped have
    the indicators of their sums, in one currency; DSO cannot be told of several rows.
    """

    _name = "crm.collection.indicator"
    _inherit = ["crm.collection.live"]
    _description = "Collection Indicator"
    _auto = False
    _order = "date desc, company_id"
    _rec_name = "date"
    _depends = {
        "account.move.line": [
            "account_id",
            "balance",
            "company_id",
            "date",
            "date_maturity",
            "display_type",
            "parent_state",
        ],
        "account.partial.reconcile": [
            "amount",
            "credit_amount_currency",
            "credit_move_id",
            "debit_amount_currency",
            "debit_move_id",
            "max_date",
        ],
        "crm.collection.hold": ["company_id", "date_until", "kind", "state"],
        "res.company": ["currency_id"],
    }

    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    company_currency_id = fields.Many2one(
        comodel_name="res.currency", string="Currency", readonly=True
    )
    date = fields.Date(string="As of", readonly=True, help="The last day of the month, or today.")
    is_current = fields.Boolean(string="Today", readonly=True)

    # What they are computed from
    receivables = fields.Monetary(
        currency_field="company_currency_id",
        readonly=True,
        aggregator="avg",
        help="What the items owed at the end of the day, as matched now, as in the aging.",
    )
    receivables_from = fields.Monetary(
        string="Receivables a Month Before",
        currency_field="company_currency_id",
        readonly=True,
        aggregator="avg",
        help="At the end of the month before.",
    )
    overdue = fields.Monetary(
        currency_field="company_currency_id",
        readonly=True,
        aggregator="avg",
        help="The receivables whose due date was over.",
    )
    not_due = fields.Monetary(
        currency_field="company_currency_id",
        readonly=True,
        aggregator="avg",
        help="The receivables whose due date was not over.",
    )
    sales = fields.Monetary(
        string="Credit Sales",
        currency_field="company_currency_id",
        readonly=True,
        help="Invoices of the month less its credit notes, taxes included.",
    )
    quarter_sales = fields.Monetary(
        string="Credit Sales of Three Months",
        currency_field="company_currency_id",
        readonly=True,
        aggregator="avg",
        help="Of the month and the two before, from the first month with sales on.",
    )
    quarter_days = fields.Integer(string="Days of Three Months", readonly=True, aggregator=None)
    promise_kept_count = fields.Integer(
        string="Promises Kept", readonly=True, help="Of those for a day of the month."
    )
    promise_broken_count = fields.Integer(
        string="Promises Broken", readonly=True, help="Of those for a day of the month."
    )

    has_dso = fields.Boolean(readonly=True)
    has_cei = fields.Boolean(readonly=True)

    # Indicators
    dso = OptionalFloat(
        string="DSO (days)",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="Days sales outstanding, by counting back: how many of the last days' sales are "
        "still owed. The receivables are filled with the sales of the month, then of the month "
        "before, and so on; each month counts its days, the last one its share of them. Where more "
        "is owed than was ever sold, all days since the first sale count: it is at least that.\n"
        "Source: Credit Research Foundation, count-back (exhaustion) method.",
    )
    dso_best = OptionalFloat(
        string="Best Possible DSO (days)",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="What is not due x days / credit sales, over three months: the days sales are owed "
        "for if everybody paid in time.\nSource: Credit Research Foundation.",
    )
    days_delinquent = OptionalFloat(
        string="Average Days Delinquent",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="DSO of three months (receivables x days / credit sales) less the best possible "
        "DSO: overdue x days / credit sales.\nSource: Credit Research Foundation.",
    )
    cei = OptionalFloat(
        string="CEI (%)",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="Collection effectiveness index of the month: 100 x (receivables a month before + "
        "credit sales - receivables) / (receivables a month before + credit sales - what is not "
        "due). 100: all that was due was collected.\nSource: Credit Research Foundation.",
    )
    overdue_share = OptionalFloat(
        string="Overdue (%)",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="100 x overdue / receivables.",
    )
    promise_kept_rate = OptionalFloat(
        string="Promises Kept (%)",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="100 x promises kept / (kept + broken), of the promises for a day of the month that "
        "are decided.",
    )

    @api.depends("date")
    def _compute_display_name(self):
        for row in self:
            row.display_name = fields.Date.to_string(row.date) or ""

    @api.model
    def _get_days(self):
        """:return: ascending: the month-ends of the rows with the one before them, then today"""
        today = self.env.company._get_collection_today()
        first = today.replace(day=1)
        ends = (
            fields.Date.subtract(first, months=number, days=1)
            for number in reversed(range(MONTHS + 1))
        )
        return [*ends, today]

    @property
    def _table_query(self):
        account_ids = self.env["account.account"]._get_collection_receivable_ids()
        return indicator_queries.indicators(self._get_days(), account_ids)

    def _read_group_select(self, aggregate_spec, query):
        """Indicators of the group's sums. Money owed at the end of a day is added up for the
        companies; of several days it is the mean."""
        name, _separator, function = aggregate_spec.partition(":")

        def column(field_name):
            return self._field_to_sql(self._table, field_name, query)

        if function not in ("avg", "sum_currency") or self._fields[name].aggregator != "avg":
            return super()._read_group_select(aggregate_spec, query)
        figure = group_queries.indicator(name, column)
        if figure is not None:
            return figure
        date = column("date")
        if function == "sum_currency":  # at the rates of today, which the web client marks
            total = super()._read_group_select(aggregate_spec, query)
            return group_queries.by_day(total, date)
        total = group_queries.by_day(group_queries.total(column(name)), date)
        return group_queries.of_one_currency(column("company_currency_id"), total)
