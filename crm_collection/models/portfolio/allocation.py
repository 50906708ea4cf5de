from odoo import api, fields, models
from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

ORIGINS = [
    ("automatic", "Automatic"),
    ("manual", "Manual"),
    ("approval", "Approval"),
    ("opening", "Go live"),
]
REASONS_OUT = [
    ("moved", "Moved on"),
    ("settled", "Settled"),
    ("cancelled", "Cancelled"),
    ("released", "Released"),
    ("undone", "Taken back"),
]


class CrmCollectionAllocation(models.Model):
    """One allocation of one open item in one phase: the phase history, append-only.

    Written by the engine's SQL alone. Everybody with access to collections reads it, nobody
    writes or deletes it, managers and superuser included. Names and amounts are copies of the
    moment, so that the history survives the journal item; no unique key contains the customer,
    since merging two customers deletes rows that clash.
    """

    _name = "crm.collection.allocation"
    _description = "Collection Phase History"
    _inherit = ["crm.collection.retained", "crm.collection.evidence"]
    _order = "date_in desc, id desc"
    _evidence_refusals = {
        "create": _lt("The phase history is written by allocation and phase maintenance alone."),
        "write": _lt("The phase history cannot be changed."),
        "unlink": _lt("The phase history cannot be deleted."),
    }

    item_id = fields.Many2one(
        comodel_name="crm.collection.item",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
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
    origin = fields.Selection(selection=ORIGINS, required=True, readonly=True)
    user_id = fields.Many2one(comodel_name="res.users", string="By", readonly=True)
    reason = fields.Char(readonly=True)
    approval_id = fields.Many2one(
        comodel_name="crm.collection.approval",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        help="The request that let the item enter.",
    )
    date_in = fields.Datetime(string="Entered at", required=True, readonly=True)
    day_in = fields.Date(string="Entered on", required=True, readonly=True)
    date_out = fields.Datetime(string="Left at", readonly=True)
    day_out = fields.Date(string="Left on", readonly=True)
    days_stay = fields.Integer(
        string="Days in Phase", compute="_compute_days_stay", aggregator="avg"
    )
    reason_out = fields.Selection(selection=REASONS_OUT, string="Why It Left", readonly=True)
    user_out_id = fields.Many2one(comodel_name="res.users", string="Left by", readonly=True)
    date_letter_out = fields.Date(
        string="Next Letter When It Left",
        readonly=True,
        help="For which day the item's next letter was when it left: a move that is taken back "
        "puts it there again.",
    )
    pinned_out = fields.Boolean(string="Pinned When It Left", readonly=True)
    days_in = fields.Integer(string="Days Overdue on Entry", readonly=True, aggregator="avg")
    amount_in = fields.Monetary(
        string="Owed on Entry", currency_field="company_currency_id", readonly=True
    )
    amount_in_currency = fields.Monetary(string="Owed on Entry in Currency", readonly=True)
    date_settled = fields.Date(string="Settled on", readonly=True)
    letter_count = fields.Integer(aggregator=None, string="Letters", readonly=True)
    letter_line_ids = fields.One2many(
        comodel_name="crm.collection.letter.line", inverse_name="allocation_id"
    )
    letter_id = fields.Many2one(
        comodel_name="crm.collection.letter",
        string="Last Letter",
        compute="_compute_letter_id",
        help="The last letter about the item in this allocation.",
    )

    wants_task = fields.Boolean(
        string="Asks for a Task",
        readonly=True,
        help="The step asked for an activity when the item entered it.",
    )
    task_id = fields.Many2one(
        comodel_name="crm.collection.task",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        help="What came of it that the step asks for an activity.",
    )
    task_state = fields.Selection(related="task_id.state", string="Task Is")
    task_done_by_id = fields.Many2one(related="task_id.done_by_id", string="Task Done by")
    task_date_done = fields.Datetime(related="task_id.date_done", string="Task Ended at")

    _open_uniq = models.UniqueIndex(
        "(item_id) WHERE date_out IS NULL", "An item is in one phase at a time."
    )
    _company_day_in_idx = models.Index("(company_id, day_in)")
    _company_day_out_idx = models.Index("(company_id, day_out) WHERE day_out IS NOT NULL")
    _task_idx = models.Index(
        "(company_id) WHERE wants_task AND task_id IS NULL AND date_out IS NULL"
    )

    @api.depends("day_in", "day_out")
    def _compute_days_stay(self):
        for allocation in self:
            end = allocation.day_out or allocation.company_id._get_collection_today()
            allocation.days_stay = (end - allocation.day_in).days if allocation.day_in else 0

    @api.depends("letter_line_ids.letter_id")
    def _compute_letter_id(self):
        for allocation in self:
            allocation.letter_id = allocation.letter_line_ids.sorted("round")[-1:].letter_id
