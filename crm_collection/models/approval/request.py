from odoo import api, fields, models
from odoo.tools import LazyTranslate

from ...tools.arguments import check_one
from . import queries

_lt = LazyTranslate(__name__)

APPROVAL_STATES = [
    ("pending", "Waiting"),
    ("approved", "Approved"),
    ("refused", "Refused"),
    ("cancelled", "Withdrawn"),
]


class CrmCollectionApproval(models.Model):
    """A request: may this phase act as it is defined, may these items of a customer enter it?

    ============= ========================================= ===============================
    State         Meaning                                   Set by
    ============= ========================================= ===============================
    pending       somebody has to decide                    job, phase maintenance, manager
    approved      every level agreed; it has been done      the last approver
    refused       one approver said no; nothing was done    that approver
    cancelled     nothing left to decide about              payment, other moves, a change
    ============= ========================================= ===============================

    Requests are written by the engine and by the decisions alone (nobody has access to write
    them), and are never deleted.
    """

    _name = "crm.collection.approval"
    _inherit = [
        *("crm.collection.retained", "crm.collection.evidence", "crm.collection.thread"),
        "mail.activity.mixin",
    ]
    _description = "Collection Approval"
    _order = "date_request desc, id desc"
    _mail_post_access = "read"
    _evidence_refusals = {"unlink": _lt("Approvals cannot be deleted: they are the record.")}
    _evidence_chatter = True

    kind = fields.Selection(
        selection=[("definition", "Phase"), ("allocation", "Open Items")],
        string="About",
        required=True,
        readonly=True,
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True, index=True)
    company_currency_id = fields.Many2one(
        comodel_name="res.currency", compute="_compute_company_currency_id"
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", readonly=True, index="btree_not_null"
    )
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    approval_rule_id = fields.Many2one(
        comodel_name="crm.collection.approval.rule",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    level_id = fields.Many2one(
        comodel_name="crm.collection.approval.level",
        string="Waiting for",
        readonly=True,
        ondelete="set null",  # of one that is decided; its decisions keep the level's name
        help="The level that has to decide now.",
    )
    state = fields.Selection(
        selection=APPROVAL_STATES, required=True, readonly=True, default="pending"
    )
    origin = fields.Selection(
        selection=[
            ("automatic", "Job"),
            ("manual", "Person"),
            ("opening", "Go live"),
            ("again", "Changed since"),
        ],
        string="Asked through",
        readonly=True,
    )
    user_id = fields.Many2one(comodel_name="res.users", string="Asked by", readonly=True)
    author_ids = fields.Many2many(
        comodel_name="res.users",
        relation="crm_collection_approval_author_rel",
        context={"active_test": False},  # who is archived may come back
        string="Configured by",
        readonly=True,
        help="They had a hand in what is asked for and cannot approve it.",
    )
    date_request = fields.Datetime(string="Waiting since", required=True, readonly=True)
    date_end = fields.Datetime(string="Decided at", readonly=True)
    date_reminded = fields.Date(readonly=True)
    date_escalated = fields.Date(string="Escalated on", readonly=True)
    reason = fields.Char(string="Why Asked", readonly=True)
    amount = fields.Monetary(
        string="At Booked Rates",
        currency_field="company_currency_id",
        readonly=True,
        help="What its items owe in accounting, at the rates they are booked at.",
    )
    item_count = fields.Integer(string="Number of Items", readonly=True)
    days_oldest = fields.Integer(string="Oldest Days", readonly=True, aggregator="max")
    proposed_values = fields.Json(readonly=True)
    line_ids = fields.One2many(
        comodel_name="crm.collection.approval.line", inverse_name="approval_id", string="Open Items"
    )
    decision_ids = fields.One2many(
        comodel_name="crm.collection.approval.decision",
        inverse_name="approval_id",
        string="Decisions",
    )
    reason_required = fields.Boolean(related="approval_rule_id.reason_required")

    _pending_idx = models.Index(
        "(partner_id, phase_id) WHERE state = 'pending' AND kind = 'allocation'"
    )

    # === Compute methods === #

    @api.depends("kind", "phase_id", "partner_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for approval in self:
            customer = approval.partner_id.display_name
            approval.display_name = (
                self.env._(
                    "%(phase)s: %(customer)s", phase=approval.phase_id.name, customer=customer
                )
                if customer
                else self.env._("Phase %s", approval.phase_id.name)
            )

    @api.depends("company_id")
    @api.depends_context("company")
    def _compute_company_currency_id(self):
        for approval in self:
            approval.company_currency_id = (approval.company_id or self.env.company).currency_id

    # === ORM overrides === #

    @api.model
    def default_get(self, fields):  # pylint: disable=method-required-super
        """Only the model's own: defaults everybody may set for himself would otherwise bring
        decisions along, as requests are made as superuser."""
        defaults = {fname: self._fields[fname].default for fname in fields}
        return {fname: default(self) for fname, default in defaults.items() if default}

    # === Actions === #

    def action_open_items(self):
        """Show the items it is about."""
        check_one(self)
        action = self.env["ir.actions.actions"]._for_xml_id(
            "crm_collection.crm_collection_item_action"
        )
        action["name"] = self.display_name
        action["domain"] = [("id", "in", self.line_ids.item_id.ids)]
        action["context"] = {}
        return action

    # === Asking === #

    @api.model
    def _is_used(self):
        """Whether a phase needs approvals, or items wait for one: else runs pay nothing."""
        guarded = (
            self.env["crm.collection.phase"]
            .sudo()
            .search_count([("is_guarded", "=", True)], limit=1)
        )
        return bool(guarded or self.sudo().search_count([("state", "=", "pending")], limit=1))

    @api.model
    def _ask(self, open_items, origin, reason=None):
        """Have items wait for an approval, one request per customer and phase.

        :param SQL open_items: rows as of :func:`.queries.open_items_by_id`
        :return: the requests that were made (their activities are scheduled) and how many items
            wait in new and old ones
        """
        uid = self.env.uid
        moment = fields.Datetime.now()
        created, taking, count = self.env.execute_query(
            queries.ask(open_items, origin, uid, moment, reason)
        )[0]
        if not count:
            return self.browse(), 0
        if taking:
            self.env.execute_query(queries.refresh_totals(taking))
        self.env["crm.collection.approval.line"].invalidate_model(flush=False)
        self.invalidate_model(flush=False)
        new = self.browse(created)
        new._schedule_activities()
        return new, count

    @api.model
    def _withdraw(self, item_ids, reason):
        """Take items out of the requests they wait in.

        :param str reason: why, as of ``crm.collection.approval.line.reason_out``
        """
        rows = self.env.execute_query(queries.withdraw_open_items(item_ids, reason))
        self._close_empty({row[0] for row in rows})

    @api.model
    def _refresh_items(self, item_ids):
        """Bring the totals of the requests up to date in which items wait that changed."""
        rows = self.env.execute_query(queries.requests_of_open_items(item_ids))
        self._close_empty({row[0] for row in rows})

    @api.model
    def _close_empty(self, approval_ids):
        """Bring requests up to date that items left; without any item they are over."""
        if not approval_ids:
            return
        over = [
            row[0] for row in self.env.execute_query(queries.refresh_totals(list(approval_ids)))
        ]
        self.env["crm.collection.approval.line"].invalidate_model(flush=False)
        self.invalidate_model(flush=False)
        self.browse(over)._drop_activities()
