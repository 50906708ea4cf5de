from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import LazyTranslate

from ...tools.figures import OptionalInteger
from ...tools.search import find_keys, is_any_of
from . import queries

_lt = LazyTranslate(__name__)

KINDS = [
    ("payment", "Payment"),
    ("credit_note", "Credit Note"),
    ("write_off", "Write-off"),
    ("exchange", "Exchange Difference"),
    ("other", "Other"),
]
# What the ledger is made of: flushed before SQL reads it.
READ_FIELDS = {
    "account.partial.reconcile": None,
    "account.move": ["name", "move_type", "journal_id", "origin_payment_id"],
    "account.move.line": ["account_id", "balance", "move_id"],
    "account.payment": ["amount", "outstanding_account_id", "source_payment_id", "state"],
    "crm.collection.item": None,
    "crm.collection.letter": ["date", "date_sent", "is_reversed", "state"],
    "res.partner": ["collection_user_id", "complete_name", "industry_id", "is_company"],
}


class CrmCollectionSettlement(models.Model):
    """What was settled of an item, piece by piece: a ledger that is only added to.

    A row for each partial reconciliation of the item's journal item, or two where a payment's
    entry also writes something off. What is undone (a returned payment, a refunded one) gets a
    negative row of the day it was seen. What was known on a day is told by ``day_recorded``, the
    day it was reconciled or undone.

    Written by SQL alone (:mod:`.queries`), at once by the hooks on
    reconciliation and again by the allocation job's sweep. Nobody creates, writes or deletes.
    Everything about the item, its customer and its letters is a copy of the moment.
    """

    _name = "crm.collection.settlement"
    _description = "Settlement of an Open Item"
    _inherit = ["crm.collection.retained", "crm.collection.evidence"]
    _order = "date desc, id desc"
    _evidence_refusals = {
        "create": _lt("Settlements are recorded from reconciliations alone."),
        "write": _lt("The ledger of settlements cannot be changed."),
        "unlink": _lt("The ledger of settlements cannot be deleted."),
    }

    item_id = fields.Many2one(
        comodel_name="crm.collection.item",
        string="Open Item in Collection",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    allocation_id = fields.Many2one(
        comodel_name="crm.collection.allocation",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        help="The allocation the item was in; none for what was settled outside collection.",
    )
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase",
        string="Phase at Settlement",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    rule_id = fields.Many2one(
        comodel_name="crm.collection.rule", readonly=True, ondelete="restrict"
    )
    step_id = fields.Many2one(
        comodel_name="crm.collection.rule.step", readonly=True, ondelete="set null"
    )
    company_id = fields.Many2one(comodel_name="res.company", required=True, readonly=True)
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", readonly=True, index="btree_not_null"
    )
    partner_name = fields.Char(string="Customer's Name", readonly=True)
    name = fields.Char(string="Open Item", readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    date = fields.Date(
        required=True,
        readonly=True,
        help="The later date of the two entries reconciled; of a reversal the day it was seen.",
    )
    day_recorded = fields.Date(
        string="Seen on",
        required=True,
        readonly=True,
        help="The day it was reconciled or undone, whatever its date.",
    )
    amount = fields.Monetary(
        string="Amount Settled", currency_field="company_currency_id", readonly=True
    )
    amount_currency = fields.Monetary(string="Settled in Currency", readonly=True)
    kind = fields.Selection(selection=KINDS, required=True, readonly=True)
    partial_ref = fields.Integer(
        string="Partial Reconciliation",
        required=True,
        readonly=True,
        aggregator=None,
        help="The number of the partial reconciliation, kept when that is gone.",
    )
    counterpart_name = fields.Char(string="Settled by", readonly=True)
    days_overdue = fields.Integer(readonly=True, aggregator="avg")
    days_in_phase = OptionalInteger(string="Days in Phase", readonly=True, aggregator="avg")
    letter_count = fields.Integer(
        string="Letters Before",
        readonly=True,
        aggregator="avg",
        help="About the item, that reached the customer by then.",
    )
    date_last_letter = fields.Date(string="Last Letter", readonly=True)
    days_since_letter = OptionalInteger(
        string="Days since Last Letter", readonly=True, aggregator="avg"
    )
    last_letter_phase_id = fields.Many2one(
        comodel_name="crm.collection.phase",
        string="Phase of Last Letter",
        readonly=True,
        ondelete="restrict",
    )
    reversal_of_id = fields.Many2one(
        comodel_name="crm.collection.settlement",
        string="Reversal of",
        readonly=True,
        ondelete="restrict",
    )
    user_id = fields.Many2one(comodel_name="res.users", string="Collector", readonly=True)
    industry_id = fields.Many2one(
        comodel_name="res.partner.industry", string="Segment", readonly=True
    )
    is_company = fields.Boolean(string="Is a Company", readonly=True)
    company_type = fields.Selection(
        selection=[("person", "Person"), ("company", "Company")],
        compute="_compute_company_type",
        search="_search_company_type",
    )
    is_attributed = fields.Boolean(
        string="Attributed to Letter",
        compute="_compute_is_attributed",
        search="_search_is_attributed",
        help="Settled within the company's days after the last letter (Settings), the day of the "
        "letter and the last of those days included.",
    )

    # the number alone would clash where both ends are items, with the item where it has two parts
    _partial_uniq = models.UniqueIndex(
        "(partial_ref, item_id, kind) WHERE reversal_of_id IS NULL",
        "A partial reconciliation is settled once.",
    )
    _reversal_uniq = models.UniqueIndex(
        "(reversal_of_id) WHERE reversal_of_id IS NOT NULL", "A settlement is reversed once."
    )
    _company_date_idx = models.Index("(company_id, date)")
    # of the last days, whom to thank
    _paid_after_letter_idx = models.Index(
        "(company_id, day_recorded) WHERE letter_count > 0 AND kind = 'payment'"
    )

    # === Compute and search methods === #

    @api.depends("is_company")
    def _compute_company_type(self):
        for row in self:
            row.company_type = "company" if row.is_company else "person"

    def _search_company_type(self, operator, value):
        keys = find_keys(self, "company_type", operator, value)
        if keys is NotImplemented:
            return NotImplemented
        return Domain(
            "is_company", "in", [key == "company" for key in keys & {"company", "person"}]
        )

    @api.depends("days_since_letter", "date_last_letter", "company_id")
    def _compute_is_attributed(self):
        for row in self:
            days = row.company_id.sudo().collection_attribution_days
            row.is_attributed = bool(row.date_last_letter) and row.days_since_letter <= days

    def _search_is_attributed(self, operator, value):
        if operator != "in":
            return NotImplemented
        companies_sudo = self.env["res.company"].sudo().search([("active", "in", [True, False])])
        days = companies_sudo.grouped("collection_attribution_days")
        is_attributed = Domain("date_last_letter", "!=", False) & Domain.OR(
            Domain("company_id", "in", companies.ids) & Domain("days_since_letter", "<=", number)
            for number, companies in days.items()
        )
        return is_any_of(is_attributed, value)

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr == "is_attributed":
            return queries.is_attributed(
                self._field_to_sql(alias, "days_since_letter", query),
                self._field_to_sql(alias, "company_id", query),
            )
        if field_expr == "company_type":
            return queries.company_type(self._field_to_sql(alias, "is_company", query))
        return super()._field_to_sql(alias, field_expr, query)

    # === Recording === #

    @api.model
    def _record_partials(self, partial_ids, companies):
        """Bring the ledger up to date with these, which were just made or undone.

        :param list partial_ids: ids of partial reconciliations, existing or not
        :param companies: the companies of their journal items
        """
        if partial_ids and companies:
            self._record(queries.partials_by_id(partial_ids), companies, live=True)

    @api.model
    def _record(self, scope, companies, live=False):
        """Add what the ledger lacks in ``scope`` and reverse what is gone: two statements.

        :param SQL scope: see :mod:`.queries`
        """
        for model, names in READ_FIELDS.items():
            self.env[model].flush_model(names)
        days = self._get_days(companies)
        self.env.cr.execute(queries.record(scope, days, self.env.uid, live))
        self.env.cr.execute(queries.reverse(scope, days, self.env.uid))
        self.invalidate_model(flush=False)
        self.env["crm.collection.allocation"].invalidate_model(
            ["amount_settled", "settlement_ids"], flush=False
        )

    @api.model
    def _get_days(self, companies):
        """:return: SQL rows about companies (see :func:`.queries.record`)"""
        companies_sudo = companies.sudo()  # whoever reconciles need not see all of the company
        return queries.company_rows(
            (
                company.id,
                company._get_collection_today(),
                company._get_collection_tz(),
                company.currency_id.decimal_places,
                company.currency_exchange_journal_id.id or None,
            )
            for company in companies_sudo
        )
