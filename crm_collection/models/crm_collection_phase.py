from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

# Changing one of these changes what was approved: the phase must be asked again.
APPROVED_FIELDS = ("allocation_mode", "template_id", "approval_rule_id", "company_id")
# Written by the approval methods alone, never from a form or through RPC.
APPROVAL_FIELDS = (
    "approval_state",
    "approval_requested_by_id",
    "approval_decided_by_id",
    "approval_date",
    "approval_note",
)


class CrmCollectionPhase(models.Model):
    """A stage of collection: where a title stands and which letter it gets.

    ============== ===================== =========================================
    What           Who                   When
    ============== ===================== =========================================
    configure      manager               always; asks again when approved
    ask approval   manager               draft or refused
    decide         approver of the rule  pending, and never who asked (four eyes)
    act            the jobs, users       only while approved and active
    ============== ===================== =========================================
    """

    _name = "crm.collection.phase"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _description = "Collection Phase"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    sequence = fields.Integer(
        default=10,
        help="The order of severity: automatic allocation only ever moves a title forward.",
    )
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        comodel_name="res.company",
        index=True,
        tracking=True,
        help="Empty: the phase serves every company.",
    )
    color = fields.Integer()
    description = fields.Text(translate=True)
    allocation_mode = fields.Selection(
        selection=[("automatic", "Automatic"), ("manual", "Manual only")],
        default="automatic",
        required=True,
        tracking=True,
        help="Automatic: the scheduled job moves titles into the phase. Manual only: the job "
        "proposes, a person decides in phase maintenance.",
    )
    template_id = fields.Many2one(
        comodel_name="mail.template",
        string="Default Letter",
        domain="[('model', '=', 'crm.collection.letter')]",
        tracking=True,
        help="Used where the step of the sending rule names no letter. Empty: no letter.",
    )
    approval_rule_id = fields.Many2one(
        comodel_name="crm.collection.approval.rule",
        check_company=True,
        ondelete="restrict",
        tracking=True,
        help="While set, the phase neither allocates nor sends until it is approved.",
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
    can_act = fields.Boolean(compute="_compute_can_act", search="_search_can_act")
    can_approve = fields.Boolean(compute="_compute_can_approve")
    currency_id = fields.Many2one(comodel_name="res.currency", compute="_compute_amount_residual")
    item_count = fields.Integer(compute="_compute_amount_residual", string="Open Titles")
    amount_residual = fields.Monetary(compute="_compute_amount_residual", string="Amount Owed")

    # === Compute methods === #

    @api.depends("active", "approval_state")
    def _compute_can_act(self):
        for phase in self:
            phase.can_act = phase.active and phase.approval_state == "approved"

    def _search_can_act(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("active", "=", True) & Domain("approval_state", "=", "approved")

    @api.depends("approval_state", "approval_requested_by_id", "approval_rule_id")
    @api.depends_context("uid")
    def _compute_can_approve(self):
        for phase in self:
            phase.can_approve = not phase._get_cannot_approve_reason()

    @api.depends_context("allowed_company_ids")
    def _compute_amount_residual(self):
        """Sums of the active company, so that amounts of one currency are added."""
        company = self.env.company
        groups = self.env["crm.collection.item"]._read_group(
            Domain("phase_id", "in", self.ids)
            & Domain("state", "=", "open")
            & Domain("company_id", "=", company.id),
            ["phase_id"],
            ["__count", "amount_residual:sum"],
        )
        sums = {phase.id: (count, amount) for phase, count, amount in groups}
        for phase in self:
            phase.currency_id = company.currency_id
            phase.item_count, phase.amount_residual = sums.get(phase.id, (0, 0.0))

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
        """Approval is never written directly; changing what was approved asks again."""
        if forbidden := [fname for fname in APPROVAL_FIELDS if fname in vals]:
            raise AccessError(
                self.env._(
                    "The approval of a phase is decided with its buttons, it cannot be written "
                    "(%(fields)s).",
                    fields=", ".join(forbidden),
                )
            )
        before = {phase: phase._get_approved_values() for phase in self}
        result = super().write(vals)
        for phase, values in before.items():
            if phase._get_approved_values() != values:
                phase._reset_approval()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        used = (
            self.env["crm.collection.allocation"]
            .sudo()
            ._read_group([("phase_id", "in", self.ids)], ["phase_id"])
        )
        if used:
            raise UserError(
                self.env._(
                    "Titles went through %(phases)s: archive the phase, its history stays.",
                    phases=", ".join(phase.display_name for (phase,) in used),
                )
            )

    # === Actions === #

    def action_request_approval(self):
        for phase in self:
            if not phase.approval_rule_id or phase.approval_state not in ("draft", "refused"):
                raise UserError(
                    self.env._("%s has nothing to be approved at the moment.", phase.display_name)
                )
            phase._set_approval(
                approval_state="pending",
                approval_requested_by_id=self.env.uid,
                approval_decided_by_id=False,
                approval_date=False,
                approval_note=False,
            )

    def action_approve(self):
        self._check_can_approve()
        self._decide("approved")

    def action_refuse(self, reason=None):
        """Refuse the pending phases; ``reason`` (text) is shown on the phase."""
        self._check_can_approve()
        self._decide("refused", reason)

    def action_open_items(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "crm_collection.crm_collection_item_action"
        )
        action["name"] = self.name
        action["domain"] = [("phase_id", "=", self.id), ("state", "=", "open")]
        return action

    # === Business methods === #

    def _serves(self, company):
        """Whether titles of ``company`` may be in the phase: it is everybody's, the company's
        own, or that of a company above it (branches)."""
        self.ensure_one()
        return not self.company_id or self.company_id in company.sudo().parent_ids

    def _get_approved_values(self):
        return tuple(self[fname] for fname in APPROVED_FIELDS)

    def _reset_approval(self):
        self.ensure_one()
        self._set_approval(
            approval_state="draft" if self.approval_rule_id else "approved",
            approval_requested_by_id=False,
            approval_decided_by_id=False,
            approval_date=False,
            approval_note=False,
        )

    def _set_approval(self, **vals):
        """The one door to the approval fields: :meth:`write` refuses them."""
        self.check_access("write")
        return super().write(vals)

    def _get_cannot_approve_reason(self):
        """:return: why the current user cannot decide, or ``False``."""
        self.ensure_one()
        _ = self.env._
        if self.approval_state != "pending":
            return _("%s does not wait for an approval.", self.display_name)
        if self.approval_requested_by_id == self.env.user:
            return _("Who asked for the approval cannot give it.")
        if not self.sudo().approval_rule_id._is_approver(self.env.user):
            return _("You are not an approver under %s.", self.approval_rule_id.display_name)
        return False

    def _check_can_approve(self):
        for phase in self:
            if reason := phase._get_cannot_approve_reason():
                raise AccessError(reason)

    def _decide(self, state, reason=None):
        # Approvers decide but do not configure: they have no write access to the phase.
        self_sudo = self.sudo()
        super(CrmCollectionPhase, self_sudo).write(
            {
                "approval_state": state,
                "approval_decided_by_id": self.env.uid,
                "approval_date": fields.Datetime.now(),
                "approval_note": reason or False,
            }
        )
