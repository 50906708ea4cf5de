from odoo import fields, models
from odoo.tools import LazyTranslate

from . import queries

_lt = LazyTranslate(__name__)

DECISIONS = [("approved", "Approved"), ("refused", "Refused")]


class CrmCollectionApprovalDecision(models.Model):
    """What one approver said to one request: the record of decisions.

    Nobody changes or deletes it, managers and superuser included; names, amounts and items are
    copies of the moment.
    """

    _name = "crm.collection.approval.decision"
    _description = "Collection Approval Decision"
    _order = "date desc, id desc"
    _inherit = ["crm.collection.evidence"]
    _rec_name = "approval_id"
    _evidence_refusals = {
        "write": _lt("Decisions cannot be changed."),
        "unlink": _lt("Decisions cannot be deleted."),
    }

    approval_id = fields.Many2one(
        comodel_name="crm.collection.approval",
        string="Request",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    kind = fields.Selection(related="approval_id.kind", store=True)
    company_id = fields.Many2one(related="approval_id.company_id", store=True)
    phase_id = fields.Many2one(related="approval_id.phase_id", store=True, index=True)
    partner_id = fields.Many2one(related="approval_id.partner_id", store=True, string="Customer")
    subject = fields.Char(string="What", readonly=True, help="As it was called then.")
    phase_name = fields.Char(string="Phase Then", readonly=True)
    partner_name = fields.Char(string="Customer Then", readonly=True)
    approval_rule_name = fields.Char(string="Under", readonly=True)
    rule_names = fields.Char(string="Sending Rules Then", readonly=True)
    level_id = fields.Many2one(
        comodel_name="crm.collection.approval.level", readonly=True, ondelete="set null"
    )
    level_name = fields.Char(string="At Level", readonly=True)
    user_id = fields.Many2one(
        comodel_name="res.users", string="Decided by", readonly=True, required=True
    )
    principal_id = fields.Many2one(
        comodel_name="res.users",
        string="In the Name of",
        readonly=True,
        help="The absent approver for whom the decision was taken, or who let it escalate.",
    )
    delegation_id = fields.Many2one(
        comodel_name="crm.collection.approval.delegation", readonly=True, ondelete="restrict"
    )
    is_escalated = fields.Boolean(string="After Escalation", readonly=True)
    decision = fields.Selection(selection=DECISIONS, required=True, readonly=True)
    reason = fields.Text(readonly=True)
    date = fields.Datetime(string="Decided at", required=True, readonly=True)
    hours_waited = fields.Float(readonly=True, aggregator="avg")
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    amount = fields.Monetary(
        readonly=True,
        help="What was decided about, in company currency at the rate of the day.",
    )
    exposure = fields.Monetary(
        string="Customer in the Phase",
        readonly=True,
        aggregator=None,
        help="What the customer had in the phase, was to have, or had been approved into it in the "
        "last days: it said which levels decide.",
    )
    amount_booked = fields.Monetary(
        string="At Booked Rates",
        readonly=True,
        aggregator=None,
        help="What accounting said the items owed.",
    )
    digests = fields.Json(
        readonly=True,
        help="Of each letter that was shown, what it said: another one is not issued without "
        "asking again.",
    )
    item_count = fields.Integer(string="Open Items", readonly=True)
    titles = fields.Text(string="Items Decided About", readonly=True)

    def _read_group_select(self, aggregate_spec, query):
        """A request is decided about at several levels: its money and its items are added up where
        each request of the group is there once."""
        total = super()._read_group_select(aggregate_spec, query)
        name, _separator, function = aggregate_spec.partition(":")
        if name not in ("amount", "item_count") or function not in ("sum", "sum_currency"):
            return total
        return queries.of_different(self._field_to_sql(self._table, "approval_id", query), total)

    # === Business methods === #

    def _is_revalued(self):
        """Whether the day's rate made another amount of it than the books."""
        return bool(
            self.amount_booked and self.currency_id.compare_amounts(self.amount, self.amount_booked)
        )

    # === Actions === #

    def action_print(self):
        """Print these decisions, all of them on one report."""
        return self.env["crm.collection.approval.report"]._print(self)
