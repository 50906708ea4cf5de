from odoo import api, fields, models

from ...tools.arguments import check_one
from ...tools.figures import OptionalFloat, OptionalInteger
from . import aging_queries, expected_queries
from .expected_queries import ID_FACTOR

PARTS = [
    ("promised", "Promised"),
    ("behaviour", "By payment behaviour"),
    ("disputed", "Disputed"),
    ("refund", "Money sent to the customer"),
]
PERIODS = [
    ("30", "Within 30 days"),
    ("60", "In 31 to 60 days"),
    ("90", "In 61 to 90 days"),
    ("later", "Later"),
    ("none", "Not counted"),
]


# In a context, for the one statement that is built in it.
PIECES_KEY = "crm_collection_pieces"


class Pieces(tuple):
    """Rows of ``expected_queries.read_pieces``: what a client sends in a context is none."""


class CrmCollectionExpected(models.Model):
    """When what is owed today is expected to be paid: expected cash.

    What is promised is expected by the promised day, as often as promises are kept; the rest on its
    due date, or today where that is over, and as many days later as the customer pays on
    average. What is disputed, and money sent to the customer, is not expected. The definition is
    in ``docs/figures.md``. A journal item of which a part is promised or disputed has a row for
    each part. How late customers pay is kept with the first run of the day, all else is what is
    now: whatever is asked is one query. Read only; who reads accounting or collections reads it,
    by company.
    """

    _name = "crm.collection.expected"
    _inherit = ["crm.collection.joined"]
    _description = "Expected Cash"
    _auto = False
    _order = "date_expected, date_maturity, id"
    _rec_name = "name"
    _depends = {
        "account.journal": ["type"],
        "account.move.line": [
            *("account_id", "amount_residual", "amount_residual_currency", "balance", "company_id"),
            *("date", "date_maturity", "journal_id", "move_id", "move_name", "parent_state"),
            *("partner_id", "reconciled"),
        ],
        "account.partial.reconcile": ["amount", "credit_move_id", "debit_move_id"],
        "crm.collection.behaviour": [
            *("amount", "company_id", "date", "is_all", "late", "partner_id"),
        ],
        "crm.collection.hold": [
            *("amount", "company_id", "customer_id", "date_closed", "date_from", "date_until"),
            *("item_id", "item_ids", "kind", "move_id", "partner_id", "state"),
        ],
        "crm.collection.hold.part": ["amount", "date", "hold_id"],
        "crm.collection.item": [
            *("amount_residual", "company_id", "date_maturity", "include_no_followup", "line_id"),
            *("move_id", "partner_id", "state", "user_id"),
        ],
        "res.company": ["collection_promise_days", "currency_id", "parent_path"],
        "res.partner": ["collection_user_id", "commercial_partner_id"],
    }

    line_id = fields.Many2one(
        comodel_name="account.move.line", string="Journal Item", readonly=True
    )
    move_id = fields.Many2one(comodel_name="account.move", string="Invoice/Entry", readonly=True)
    name = fields.Char(string="Open Item", readonly=True)
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    company_currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    partner_id = fields.Many2one(comodel_name="res.partner", string="Customer", readonly=True)
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Collector",
        compute="_compute_user_id",
        search="_search_user_id",
        help="The item's collector, else the customer's.",
    )
    hold_id = fields.Many2one(comodel_name="crm.collection.hold", string="Promise", readonly=True)
    date_maturity = fields.Date(string="Due Date", readonly=True)
    part = fields.Selection(selection=PARTS, string="Expected by", readonly=True)
    period = fields.Selection(selection=PERIODS, string="When", readonly=True)
    date_expected = fields.Date(
        string="Expected on",
        readonly=True,
        help="Of what is promised the promised day; of the rest the due date, or today where it is "
        "over, and as many days later as the customer pays on average.",
    )
    days_late = OptionalInteger(
        readonly=True,
        aggregator=None,
        help="How late the customer paid on average in the last 12 months, weighted by what was "
        "paid; where he paid nothing, all customers. As the first allocation of today found it; "
        "where there was none, as it is now.",
    )
    kept_rate = OptionalFloat(
        string="Promises Kept (%)",
        digits=(16, 1),
        readonly=True,
        aggregator=None,
        help="How many of the customer's promises of the last two years were kept; where none was "
        "judged, of all customers' promises; where none of these was either, 100.",
    )
    amount = fields.Monetary(
        string="Amount Owed", currency_field="company_currency_id", readonly=True
    )
    amount_expected = fields.Monetary(
        string="Expected",
        currency_field="company_currency_id",
        readonly=True,
        help="Of what is promised, as much as the customer keeps of his promises; all of what is "
        "expected by payment behaviour; nothing of what is disputed or was sent to the customer.",
    )

    # === SQL === #

    @property
    def _table_query(self):
        days = self.env["res.company"]._get_collection_days()
        pieces = self.env.context.get(PIECES_KEY)
        return expected_queries.expected(
            days,
            self.env["account.account"]._get_collection_receivable_ids(),
            pieces if isinstance(pieces, Pieces) else None,
            *self._get_behaviour_companies(days),
        )

    @api.model
    def _get_behaviour_companies(self, days):
        """:return: ids of the companies of which it was kept today how customers pay, and of those
        of which it is reckoned now: of the creditors who are looked at, as nobody sees others"""
        kept_ids, other_ids = self.env["crm.collection.behaviour"]._get_kept_today(days)
        if self.env.su:
            return kept_ids, other_ids
        creditors = self.env.companies.sudo().root_id
        others = self.env["res.company"].sudo().browse(other_ids)
        return kept_ids, others.filtered(lambda company: company.root_id in creditors).ids

    @api.model
    def _search(self, *args, **kwargs):
        """What is promised or disputed is found from the holds first, and given to the statement,
        which may then be worked on by several processes."""
        # EXTENDS
        self.env.flush_all()
        days = self.env["res.company"]._get_collection_days()
        pieces = Pieces(self.env.execute_query(expected_queries.read_pieces(days)))
        rows = self.with_context(**{PIECES_KEY: pieces})
        return super(CrmCollectionExpected, rows)._search(*args, **kwargs)

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr != "user_id" or query is None:
            return super()._field_to_sql(alias, field_expr, query)
        self._check_field_access(self._fields[field_expr], "read")
        return aging_queries.joined_column(query, alias, field_expr, None, False)

    # === Compute and search methods === #

    @api.depends("company_id", "line_id", "partner_id")
    def _compute_user_id(self):
        """What the joins tell of the few rows that are shown, read by their index."""
        items = self.env["crm.collection.item"].search([("line_id", "in", self.line_id.ids)])
        users = {item.line_id: item.user_id for item in items}
        for row in self:
            partner = row.partner_id.with_company(row.company_id)
            row.user_id = users.get(row.line_id) or partner.collection_user_id

    def _search_user_id(self, operator, value):
        return self._search_joined("user_id", operator, value)

    # === Actions === #

    def action_open_item(self):
        """The item in collection, or the entry of one that is in none."""
        # said by the number of the row, which to read is to reckon all of them
        line = self.env["account.move.line"].browse(check_one(self).id // ID_FACTOR)
        item = self.env["crm.collection.item"].search([("line_id", "=", line.id)], limit=1)
        record = item or line.move_id
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }
