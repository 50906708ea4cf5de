from odoo import fields, models

from ...models.portfolio.allocation import ORIGINS, REASONS_OUT
from ...models.portfolio.task import STATES as TASK_STATES
from ...tools.arguments import check_one
from ...tools.figures import OptionalFloat
from . import group_queries, queries

LETTER_COUNTS = ("letter_sent_count", "letter_bounced_count", "letter_unaddressed_count")


class CrmCollectionAllocationReport(models.Model):
    """What works: each allocation of an item in a phase, what became of it and what it brought in.

    Read only; the company rule applies. Median, recovery rate and letters are those of whatever
    is grouped together, not sums or means of its parts.
    """

    _name = "crm.collection.allocation.report"
    _description = "Collection Results by Phase"
    _auto = False
    _order = "day_in desc, id desc"
    _rec_name = "name"
    _depends = {
        "crm.collection.allocation": [
            "item_id",
            "company_id",
            "partner_id",
            "phase_id",
            "day_in",
            "day_out",
            "reason_out",
            "date_settled",
            "amount_in",
            "task_id",
        ],
        "crm.collection.settlement": ["allocation_id", "amount", "kind"],
        "crm.collection.letter": ["is_reversed", "state", "template_id"],
        "crm.collection.letter.line": ["allocation_id", "letter_id"],
        "crm.collection.item": ["user_id"],
        "crm.collection.task": ["state", "done_by_id"],
    }

    allocation_id = fields.Many2one(comodel_name="crm.collection.allocation", readonly=True)
    item_id = fields.Many2one(
        comodel_name="crm.collection.item", string="Open Item in Collection", readonly=True
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    partner_id = fields.Many2one(comodel_name="res.partner", string="Customer", readonly=True)
    name = fields.Char(string="Open Item", readonly=True)
    partner_name = fields.Char(string="Customer's Name", readonly=True)
    phase_id = fields.Many2one(comodel_name="crm.collection.phase", readonly=True)
    rule_id = fields.Many2one(comodel_name="crm.collection.rule", readonly=True)
    step_id = fields.Many2one(comodel_name="crm.collection.rule.step", readonly=True)
    template_id = fields.Many2one(
        comodel_name="mail.template",
        string="Letter",
        readonly=True,
        help="The item's last letter in the phase.",
    )
    task_id = fields.Many2one(comodel_name="crm.collection.task", readonly=True)
    task_state = fields.Selection(selection=TASK_STATES, string="Task Is", readonly=True)
    task_done_by_id = fields.Many2one(
        comodel_name="res.users", string="Task Done by", readonly=True
    )
    origin = fields.Selection(selection=ORIGINS, readonly=True)
    user_id = fields.Many2one(comodel_name="res.users", string="Collector", readonly=True)
    day_in = fields.Date(string="Entered on", readonly=True)
    day_out = fields.Date(string="Left on", readonly=True)
    outcome = fields.Selection(selection=[("open", "Still there"), *REASONS_OUT], readonly=True)
    phase_to_id = fields.Many2one(
        comodel_name="crm.collection.phase", string="Next Phase", readonly=True
    )
    stay_count = fields.Integer(string="Items in", readonly=True)
    settled_count = fields.Integer(string="Settled", readonly=True)
    moved_count = fields.Integer(string="Moved on", readonly=True)
    open_count = fields.Integer(string="Still There", readonly=True)
    left_count = fields.Integer(
        string="Left Otherwise", readonly=True, help="Cancelled or released."
    )
    days_stay = fields.Integer(string="Days in Phase", aggregator="avg", readonly=True)
    days_to_settle = OptionalFloat(
        string="Median Days to Settle",
        digits=(16, 1),
        aggregator="avg",
        readonly=True,
        help="From entering the phase to the payment, of the items settled in it.",
    )
    amount_in = fields.Monetary(
        string="Amount in",
        currency_field="company_currency_id",
        readonly=True,
        help="What the items owed when they entered.",
    )
    amount_recovered = fields.Monetary(
        string="Recovered",
        currency_field="company_currency_id",
        readonly=True,
        help="Payments while in the phase, less those returned.",
    )
    amount_other = fields.Monetary(
        string="Settled Otherwise",
        currency_field="company_currency_id",
        readonly=True,
        help="By credit note, write-off or exchange difference while in the phase.",
    )
    recovery_rate = OptionalFloat(
        string="Recovery Rate (%)",
        digits=(16, 1),
        aggregator="avg",
        readonly=True,
        help="Recovered, in percent of the amount in.",
    )
    letter_sent_count = fields.Integer(string="Letters Sent", readonly=True)
    letter_bounced_count = fields.Integer(string="Letters Bounced", readonly=True)
    letter_unaddressed_count = fields.Integer(string="Letters without Address", readonly=True)

    # === SQL === #

    @property
    def _table_query(self):
        return queries.allocations(self.env["res.company"]._get_collection_days())

    def _read_group_select(self, aggregate_spec, query):
        """The median of the group, the rate of its sums, and its letters, each once."""
        name, _separator, function = aggregate_spec.partition(":")

        def column(field_name):
            return self._field_to_sql(self._table, field_name, query)

        if aggregate_spec == "days_to_settle:avg":
            return group_queries.median(column(name))
        if aggregate_spec == "recovery_rate:avg":
            rate = group_queries.rate(column("amount_recovered"), column("amount_in"))
            return group_queries.of_one_currency(column("company_currency_id"), rate)
        if name in LETTER_COUNTS and function == "sum":
            ids = name.replace("_count", "_ids")
            return group_queries.count_listed(self._table, ids)
        return super()._read_group_select(aggregate_spec, query)

    # === Actions === #

    def action_open_allocation(self):
        """The allocation itself, with its item's history."""
        check_one(self)
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.collection.allocation",
            "res_id": self.allocation_id.id,
            "view_mode": "form",
        }
