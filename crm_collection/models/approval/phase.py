from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import LazyTranslate

from ...tools.arguments import check_one

_lt = LazyTranslate(__name__)

# What is approved: changing it on an approved phase is a proposal until it is approved again.
APPROVED_FIELDS = (
    *("allocation_mode", "after_letter", "template_id", "template_b_id", "channel"),
    *("approval_rule_id", "company_id"),
)
# Written by the approval methods alone, never from a form or through RPC.
APPROVAL_FIELDS = (
    "approval_state",
    "approval_requested_by_id",
    "approval_decided_by_id",
    "approval_date",
    "approval_note",
    "configured_by_ids",
    "is_governed",
    "is_guarded",
)


class CrmCollectionPhase(models.Model):
    """The approval of a phase: of its definition, and of the items that go into it.

    While its definition is not approved the phase does not act. The approval rule itself,
    whatever it governs, is taken off or exchanged by approval only. How the definition is asked
    for and decided: ``phase_definition.py``.
    """

    _inherit = "crm.collection.phase"
    _evidence_refusals = {
        "write": _lt(
            "The approval of a phase is decided with its buttons, it cannot be written "
            "(%(fields)s)."
        )
    }
    _evidence_fields = APPROVAL_FIELDS
    _evidence_chatter = True

    approval_rule_id = fields.Many2one(
        comodel_name="crm.collection.approval.rule",
        check_company=True,
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        help="Says whether the phase itself, the items going into it, or both are approved.",
    )
    is_governed = fields.Boolean(
        string="Definition Needs Approval", compute="_compute_is_governed", store=True
    )
    is_guarded = fields.Boolean(
        string="Items Need Approval", compute="_compute_is_governed", store=True
    )
    approval_state = fields.Selection(
        selection=[
            ("draft", "To request"),
            ("pending", "Pending"),
            ("approved", "Approved"),
            ("refused", "Refused"),
        ],
        default="approved",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
    )
    approval_requested_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    approval_decided_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    approval_date = fields.Datetime(readonly=True, copy=False)
    approval_note = fields.Char(readonly=True, copy=False)
    configured_by_ids = fields.Many2many(
        comodel_name="res.users",
        string="Configured by",
        compute="_compute_configured_by_ids",
        compute_sudo=True,
        context={"active_test": False},  # who is archived may come back
        help="They cannot approve what they configured, until others have.",
    )
    approval_ids = fields.One2many(
        comodel_name="crm.collection.approval", inverse_name="phase_id", string="Approvals"
    )
    pending_approval_id = fields.Many2one(
        comodel_name="crm.collection.approval",
        string="Request",
        compute="_compute_pending_approval_id",
        help="The request about the phase itself that waits for an answer.",
    )
    can_approve = fields.Boolean(compute="_compute_can_approve")
    decision_ids = fields.One2many(
        comodel_name="crm.collection.approval.decision",
        inverse_name="phase_id",
        string="Decisions",
        domain=[("kind", "=", "definition")],
        help="About the phase itself.",
    )
    changes_html = fields.Html(
        string="In Force and Proposed", compute="_compute_changes_html", sanitize=False
    )

    # === Compute methods === #

    @api.depends("approval_rule_id.governs")
    def _compute_is_governed(self):
        for phase in self:
            governs = phase.approval_rule_id.governs
            phase.is_governed = governs in ("definition", "both")
            phase.is_guarded = governs in ("allocation", "both")

    @api.depends("approval_ids.state")
    def _compute_configured_by_ids(self):
        authors = self.env["crm.collection.approval.change"]._get_open_authors(self._origin)
        for phase in self:
            phase.configured_by_ids = authors.get(phase._origin.id)

    @api.depends("approval_ids.state")
    def _compute_pending_approval_id(self):
        requests = self.env["crm.collection.approval"].search(
            [("phase_id", "in", self.ids), ("kind", "=", "definition"), ("state", "=", "pending")]
        )
        by_phase = {request.phase_id: request for request in requests}
        for phase in self:
            phase.pending_approval_id = by_phase.get(phase._origin, False)

    @api.depends("approval_state", "approval_ids.state", "approval_rule_id")
    @api.depends_context("uid")
    def _compute_can_approve(self):
        for phase in self:
            phase.can_approve = phase.pending_approval_id.can_decide

    @api.depends("approval_ids.state")
    @api.depends_context("lang", "uid")
    def _compute_changes_html(self):
        for phase in self:
            phase.changes_html = phase.pending_approval_id.changes_html

    # === ORM overrides === #

    @api.model_create_multi
    def create(self, vals_list):
        """A phase under an approval rule starts as a draft, whatever the caller says."""
        phases = super().create(
            [
                {fname: value for fname, value in vals.items() if fname not in APPROVAL_FIELDS}
                | {"approval_state": "draft"}
                for vals in vals_list
            ]
        )
        # the rule may have come from a default
        for phase in phases:
            phase._reset_approval()
        return phases

    def write(self, vals):
        """Approval is never written directly; changing what was approved asks again.

        :raise AccessError: a field of the approval is written
        """
        if not any(fname in vals for fname in self._get_approved_fields()):
            return super().write(vals)
        self.check_access("write")
        for phase in self:
            phase._write_configuration(vals)
        return True

    # === Actions === #

    def action_request_approval(self):
        """Ask the approvers whether the phases may act.

        :raise UserError: there is nothing to be asked
        """
        for phase in self:
            if not phase.is_governed or phase.approval_state not in ("draft", "refused"):
                raise UserError(
                    self.env._("%s has nothing to be approved at the moment.", phase.display_name)
                )
            phase._ask_definition({})

    def action_approve(self, reason=None):
        """See :meth:`crm.collection.approval.action_approve`."""
        return self._get_pending_approvals().action_approve(reason)

    def action_refuse(self, reason=None):
        """See :meth:`crm.collection.approval.action_refuse`."""
        return self._get_pending_approvals().action_refuse(reason)

    def action_ask_approve(self):
        """See :meth:`crm.collection.approval.action_ask_approve`."""
        return self._get_pending_approvals().action_ask_approve()

    def action_ask_refuse(self):
        """See :meth:`crm.collection.approval.action_ask_refuse`."""
        return self._get_pending_approvals().action_ask_refuse()

    def action_open_requests(self):
        """The requests of items that wait to enter the phase."""
        check_one(self)
        action = self.env["ir.actions.actions"]._for_xml_id(
            "crm_collection.crm_collection_approval_action"
        )
        action["domain"] = [("phase_id", "=", self.id), ("kind", "=", "allocation")]
        action["context"] = {"search_default_filter_pending": 1}
        return action

    def action_withdraw_approval(self):
        """Take back what was asked for: a new phase is a draft again, an approved one stays as
        it is in force."""
        self.check_access("write")
        for phase in self:
            phase._cancel_requests()
            if phase.approval_state == "pending":
                phase._reset_approval()

    # === Business methods === #

    @api.model
    def _get_approved_fields(self):
        """:return: the names of the fields that are approved; override to add to them, and to
        ``_get_authored_fields``"""
        return APPROVED_FIELDS

    def _get_pending_approvals(self):
        self.check_access("read")
        for phase in self:
            if not phase.pending_approval_id:
                raise AccessError(
                    self.env._("%s does not wait for an approval.", phase.display_name)
                )
        return self.pending_approval_id

    def _write_configuration(self, vals):
        """Write one phase: at once, or as a proposal where what it changes was approved, or is
        the approval rule it is under."""
        self.ensure_one()
        proposable = ("approval_rule_id",) if self.approval_rule_id else ()
        if self.is_governed and self.approval_state == "approved":
            proposable = self._get_approved_fields()
        changed = self._get_changed(vals)
        proposed = {fname: changed[fname] for fname in proposable if fname in changed}
        direct = {fname: value for fname, value in vals.items() if fname not in proposed}
        super().write(direct)
        if not changed:
            return
        if proposed:
            self._ask_definition(proposed)
        elif self.is_governed:
            self._cancel_requests()
            self._reset_approval()

    def _get_changed(self, vals):
        """:return: {field: new value} of what is approved and would be another one."""
        new = self.new(vals, origin=self)
        return {
            fname: vals[fname]
            for fname in self._get_approved_fields()
            if fname in vals and self._get_value(new, fname) != self._get_value(self, fname)
        }

    def _get_value(self, record, fname):
        value = record[fname]
        return value._origin.id if isinstance(value, models.BaseModel) else value

    def _reset_approval(self):
        self.ensure_one()
        self._set_approval(
            approval_state="draft" if self.is_governed else "approved",
            approval_requested_by_id=False,
            approval_decided_by_id=False,
            approval_date=False,
            approval_note=False,
        )

    def _set_approval(self, **vals):
        """Write fields of the approval, which :meth:`write` refuses."""
        self.check_access("write")
        return self._write_evidence(vals)
