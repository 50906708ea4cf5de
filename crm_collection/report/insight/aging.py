import operator as operators
from datetime import datetime, time, timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ...models.insight.scope import DATE_KEY, MATCHING_KEY
from ...models.portfolio.queries import installments
from ...tools.arguments import check_one, get_day
from ...tools.search import get_number
from . import aging_queries

# what an item owed depends on the day that is asked for
AS_OF = (DATE_KEY, MATCHING_KEY)
COMPARISONS = {">": operators.gt, ">=": operators.ge, "<": operators.lt, "<=": operators.le}
COMPANY_CURRENCY = "company_currency_id"
# columns that are joined only where somebody asks for them
JOINED = ("phase_id", "item_id", "user_id")
BUCKET_AMOUNTS = [f"amount_{number}" for number in range(6)]
MATCHINGS = [("now", "As matched now"), ("then", "As known then")]


def _bucket_amount(label):
    return fields.Monetary(
        string=label,
        currency_field=COMPANY_CURRENCY,
        readonly=True,
        depends_context=(*AS_OF, "company"),
    )


class CrmCollectionAging(models.Model):
    """What every item owed at the end of a day, and how late it was: the aging.

    The day is the context's ``crm_collection_aging_date`` ("2026-01-31"), today without one.
    Each posted receivable debit item dated up to the day is an item; it owed its amount less
    what was reconciled with it up to the day: as matched now, or with "then" for the context's
    ``crm_collection_aging_matching`` as known then (:mod:`...models.ledger.day_queries` tells
    them apart). Its phase is the one it was in at the end of the
    day, its bucket comes from the limits of the current company. Nothing is stored: whatever
    is asked is one query. Read only; who reads accounting or collections reads it, by company.
    """

    _name = "crm.collection.aging"
    _inherit = ["crm.collection.joined"]
    _description = "Collection Aging"
    _auto = False
    _order = "date_maturity, id"
    _rec_name = "name"
    _depends = {
        "account.move.line": [
            "account_id",
            "amount_residual",
            "amount_residual_currency",
            "balance",
            "company_id",
            "create_date",
            "currency_id",
            "date",
            "date_maturity",
            "move_id",
            "move_name",
            "parent_state",
            "partner_id",
            "reconciled",
        ],
        "account.partial.reconcile": [
            "amount",
            "company_id",
            "create_date",
            "credit_amount_currency",
            "credit_move_id",
            "debit_amount_currency",
            "debit_move_id",
            "max_date",
        ],
        "crm.collection.allocation": ["day_in", "day_out", "item_id", "phase_id"],
        "crm.collection.hold": [
            *("amount", "company_id", "date_from", "date_until", "item_id", "item_ids", "kind"),
            *("move_id", "partner_id", "state"),
        ],
        "crm.collection.item": ["line_id", "phase_id", "user_id"],
        "crm.collection.settlement": [
            "amount",
            "amount_currency",
            "date",
            "day_recorded",
            "item_id",
            "partial_ref",
            "reversal_of_id",
        ],
        "res.company": ["currency_id"],
        "res.partner": ["collection_user_id", "commercial_partner_id", "industry_id"],
    }

    line_id = fields.Many2one(
        comodel_name="account.move.line", string="Journal Item", readonly=True
    )
    move_id = fields.Many2one(comodel_name="account.move", string="Invoice/Entry", readonly=True)
    name = fields.Char(string="Open Item", readonly=True)
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    partner_id = fields.Many2one(comodel_name="res.partner", string="Customer", readonly=True)
    industry_id = fields.Many2one(related="partner_id.industry_id", string="Segment")
    item_id = fields.Many2one(
        comodel_name="crm.collection.item",
        string="Open Item in Collection",
        compute="_compute_joined",
        search="_search_item_id",
    )
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase",
        compute="_compute_joined",
        search="_search_phase_id",
        help="The phase the item was in at the end of the day.",
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Collector",
        compute="_compute_joined",
        search="_search_user_id",
        help="The item's collector today, else the customer's.",
    )
    date = fields.Date(string="Accounting Date", readonly=True)
    date_maturity = fields.Date(string="Due Date", readonly=True)
    date_as_of = fields.Date(string="As of", readonly=True, depends_context=AS_OF)
    matching = fields.Selection(
        selection=MATCHINGS,
        string="Matches",
        readonly=True,
        depends_context=AS_OF,
        help="As matched now: payments and credit notes count by their dates, as in accounting. As "
        "known then: only what was on record at the end of the day, whatever was entered, matched "
        "or unmatched since.",
    )
    days_overdue = fields.Integer(
        readonly=True, aggregator="max", depends_context=AS_OF, help="Negative before the due date."
    )
    bucket = fields.Selection(
        selection="_selection_bucket",
        readonly=True,
        depends_context=(*AS_OF, "company"),
    )
    company_currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    amount_original = fields.Monetary(
        string="Original Amount", currency_field="company_currency_id", readonly=True
    )
    amount = fields.Monetary(
        string="Amount Owed",
        currency_field="company_currency_id",
        readonly=True,
        depends_context=AS_OF,
    )
    amount_currency = fields.Monetary(
        string="Amount Owed in Currency", readonly=True, depends_context=AS_OF
    )
    amount_settled = fields.Monetary(
        string="Settled Since",
        currency_field="company_currency_id",
        readonly=True,
        depends_context=AS_OF,
        help="What it owed on the day more than it owes now.",
    )
    amount_now = fields.Monetary(
        string="Owed Now", currency_field="company_currency_id", readonly=True
    )
    amount_disputed = fields.Monetary(
        string="Disputed",
        currency_field="company_currency_id",
        compute="_compute_amount_disputed",
        search="_search_amount_disputed",
        help="Of what it owes now: what disputes in force today are about. A dispute holds all of "
        "an item.",
    )
    # the same amount once more, in the column of its bucket; fields_get has the labels
    amount_0 = _bucket_amount("Not Due")
    amount_1 = _bucket_amount("First Bucket")
    amount_2 = _bucket_amount("Second Bucket")
    amount_3 = _bucket_amount("Third Bucket")
    amount_4 = _bucket_amount("Fourth Bucket")
    amount_5 = _bucket_amount("Last Bucket")

    # === The day and the buckets === #

    @api.model
    def _get_day(self):
        """:return: the day that is asked for, today in the current company by default"""
        day = get_day(self.env, self.env.context.get(DATE_KEY))
        return day or self.env.company._get_collection_today()

    @api.model
    def _get_ends(self):
        """:return: the end of the day in UTC by company, under ``None`` that of others, where the
        day is asked for as known then; else nothing"""
        if self.env.context.get(MATCHING_KEY) != "then":
            return None
        after = self._get_day() + timedelta(days=1)
        ends = {
            company.id: company._get_collection_midnight(after) for company in self.env.companies
        }
        return {**ends, None: datetime.combine(after, time.min)}

    @api.model
    def _is_past(self):
        return self._get_day() < self.env.company._get_collection_today()

    @api.model
    def _selection_bucket(self):
        """:return: the buckets of the current company, such as ``("1", "1–30 days")``"""
        limits = self.env.company._get_collection_aging_limits()
        firsts = [1, *(limit + 1 for limit in limits)]
        return [
            ("0", self.env._("Not due")),
            *(
                (str(number), self.env._("%(first)s–%(last)s days", first=first, last=last))
                for number, (first, last) in enumerate(zip(firsts, limits, strict=False), start=1)
            ),
            (str(len(limits) + 1), self.env._("Over %s days", limits[-1])),
        ]

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """The amounts by bucket are called as the buckets."""
        result = super().fields_get(allfields, attributes)
        for number, label in self._selection_bucket():
            if "string" in result.get(f"amount_{number}", ()):
                result[f"amount_{number}"]["string"] = label
        return result

    # === SQL === #

    @property
    def _table_query(self):
        account_ids = self.env["account.account"]._get_collection_receivable_ids()
        limits = self.env.company._get_collection_aging_limits()
        day, ends = self._get_day(), self._get_ends()
        return aging_queries.open_items(day, account_ids, limits, ends, self._is_past())

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr == "amount_disputed" and query is not None:
            return aging_queries.disputed_column(
                query, alias, self.env["res.company"]._get_collection_days()
            )
        if field_expr not in JOINED or query is None:
            return super()._field_to_sql(alias, field_expr, query)
        self._check_field_access(self._fields[field_expr], "read")
        day, is_past = self._get_day(), self._is_past()
        return aging_queries.joined_column(query, alias, field_expr, day, is_past)

    def _read_group_select(self, aggregate_spec, query):
        """With one company there is nothing to convert and one currency: said in SQL, a list by
        customer takes half the time. What is in a bucket is added up of its items alone."""
        fname, _colon, function = aggregate_spec.partition(":")
        field = self._fields.get(fname)
        if len(self.env.companies) == 1 and field:
            if function == "sum_currency" and field.get_currency_field(self) == COMPANY_CURRENCY:
                function = "sum"
            if function == "array_agg_distinct" and fname == COMPANY_CURRENCY:
                return aging_queries.only_value(self._field_to_sql(self._table, fname, query))
        if function == "sum" and fname in BUCKET_AMOUNTS:
            columns = (fname, "amount", "days_overdue")
            _own, *terms = [self._field_to_sql(self._table, name, query) for name in columns]
            limits = self.env.company._get_collection_aging_limits()
            return aging_queries.sum_of_bucket(BUCKET_AMOUNTS.index(fname), limits, *terms)
        if field and function:
            aggregate_spec = f"{fname}:{function}"
        return super()._read_group_select(aggregate_spec, query)

    # === Compute and search methods === #

    @api.depends_context(*AS_OF)
    def _compute_joined(self):
        """What the joins tell of the few items that are shown, read by their index."""
        phases = dict(
            self.env.execute_query(
                aging_queries.phases_of(self._get_day(), self._is_past(), self.ids)
            )
        )
        items = {
            item.line_id.id: item
            for item in self.env["crm.collection.item"].search([("line_id", "in", self.ids)])
        }
        for open_item in self:
            item = items.get(open_item.id, self.env["crm.collection.item"])
            partner = open_item.partner_id.with_company(open_item.company_id)
            open_item.item_id = item
            open_item.phase_id = phases.get(open_item.id)
            open_item.user_id = item.user_id or partner.collection_user_id

    @api.depends("name", "line_id")
    def _compute_display_name(self):
        """With the installment, where the entry has several: as the portfolio calls it."""
        numbers = dict(self.env.execute_query(installments(self.ids)))
        for open_item in self:
            parts = open_item.name, numbers.get(open_item.id)
            open_item.display_name = " ".join(filter(None, parts))

    def _compute_amount_disputed(self):
        self.env.flush_all()
        days = self.env["res.company"]._get_collection_days()
        amounts = dict(self.env.execute_query(aging_queries.disputed_of(days, self.ids)))
        for open_item in self:
            open_item.amount_disputed = amounts.get(open_item.id, 0.0)

    def _search_amount_disputed(self, operator, value):
        """Few items are disputed: they are read, of all others it is nothing."""
        if operator != "in" and operator not in COMPARISONS:
            return NotImplemented
        if operator == "in":
            numbers = {get_number(self, one) for one in value}
        else:
            number = get_number(self, value)

        def is_asked_for(amount):
            return amount in numbers if operator == "in" else COMPARISONS[operator](amount, number)

        self.env.flush_all()
        days = self.env["res.company"]._get_collection_days()
        rows = self.env.execute_query(aging_queries.disputed_of(days))
        others = is_asked_for(0.0)
        ids = [line_id for line_id, amount in rows if is_asked_for(float(amount)) != others]
        return Domain("line_id", "not in" if others else "in", ids)

    def _search_phase_id(self, operator, value):
        return self._search_joined("phase_id", operator, value)

    def _search_item_id(self, operator, value):
        return self._search_joined("item_id", operator, value)

    def _search_user_id(self, operator, value):
        return self._search_joined("user_id", operator, value)

    # === Actions === #

    def action_open_item(self):
        """The item in collection, or the entry of one that is in none."""
        check_one(self)
        record = self.item_id or self.move_id
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }
