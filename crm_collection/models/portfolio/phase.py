from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...tools.arguments import check_one
from ...tools.search import is_any_of

# What says in the context that phases are being moved one after the other. An object of its own:
# no caller from outside can pass it.
RESEQUENCE = object()


class CrmCollectionPhase(models.Model):
    """A stage of collection: where an item stands and which letter it gets.

    ============== ===================== ===================================================
    What           Who                   When
    ============== ===================== ===================================================
    configure      manager               always; of an approved phase it is proposed
    ask approval   manager               draft or refused
    decide         approver of the rule  pending, and never who asked (four eyes)
    act            the jobs, users       only while approved and active
    ============== ===================== ===================================================

    Approval: ``approval/phase.py``.
    """

    _name = "crm.collection.phase"
    _inherit = ["crm.collection.evidence", "crm.collection.thread", "mail.activity.mixin"]
    _description = "Collection Phase"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    sequence = fields.Integer(
        default=10,
        help="The order of severity: automatic allocation only ever moves an item forward.",
    )
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        comodel_name="res.company",
        index=True,
        tracking=True,
        help="Empty: the phase serves every company.",
    )
    color = fields.Integer(aggregator=None)
    description = fields.Text(translate=True)
    allocation_mode = fields.Selection(
        selection=[("automatic", "Automatic"), ("manual", "Manual only")],
        default="automatic",
        required=True,
        tracking=True,
        help="Automatic: the scheduled job moves items into the phase. Manual only: the job "
        "proposes, a person decides in phase maintenance.",
    )
    template_id = fields.Many2one(
        comodel_name="mail.template",
        string="Default Letter",
        domain="[('model', '=', 'crm.collection.letter')]",
        tracking=True,
        help="Used where the step of the sending rule names no letter. Empty: no letter.",
    )
    after_letter = fields.Boolean(
        string="Only after a Letter Arrived",
        tracking=True,
        help="Items do not enter it by themselves while the last letter about them is not known to "
        "have left: it waits for an address, came back, failed, or is uncertain.",
    )
    can_act = fields.Boolean(compute="_compute_can_act", search="_search_can_act")
    currency_id = fields.Many2one(comodel_name="res.currency", compute="_compute_amount_residual")
    item_count = fields.Integer(compute="_compute_amount_residual", string="Open Items")
    amount_residual = fields.Monetary(compute="_compute_amount_residual", string="Amount Owed")

    # === Compute methods === #

    @api.depends("active", "approval_state")
    def _compute_can_act(self):
        for phase in self:
            phase.can_act = phase.active and phase.approval_state == "approved"

    def _search_can_act(self, operator, value):
        if operator != "in":
            return NotImplemented
        can_act = Domain("active", "=", True) & Domain("approval_state", "=", "approved")
        return is_any_of(can_act, value)

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

    @api.constrains("sequence")
    def _check_steps_in_order(self):
        """A rule's later steps lead to later phases, also when it is the phases that are moved:
        an item would stay behind without anybody being told."""
        if self.env.context.get("crm_collection_resequence") is not RESEQUENCE:
            steps_sudo = self.env["crm.collection.rule.step"].sudo()  # of every company
            domain = [("phase_id", "in", self.ids), ("rule_id.active", "=", True)]
            steps_sudo.search(domain).rule_id._check_step_order()

    def web_resequence(self, specification, field_name="sequence", offset=0):
        """Phases are looked at when all of them have their new place."""
        # EXTENDS 'web'
        quiet = self.with_context(crm_collection_resequence=RESEQUENCE)
        result = super(CrmCollectionPhase, quiet).web_resequence(specification, field_name, offset)
        self._check_steps_in_order()
        return result

    @api.constrains("template_id")
    def _check_template_model(self):
        self.template_id._check_is_letter()

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
                    "Items went through %(phases)s: archive the phase, its history stays.",
                    phases=", ".join(phase.display_name for (phase,) in used),
                )
            )
        requests_sudo = self.env["crm.collection.approval"].sudo()  # of every company
        asked = requests_sudo._read_group([("phase_id", "in", self.ids)], ["phase_id"])
        if asked:
            raise UserError(
                self.env._(
                    "Approvals were asked for about %(phases)s: archive the phase, their record "
                    "stays.",
                    phases=", ".join(phase.display_name for (phase,) in asked),
                )
            )

    # === Actions === #

    def action_open_items(self):
        """The open items in the phase."""
        check_one(self)
        action = self.env["ir.actions.actions"]._for_xml_id(
            "crm_collection.crm_collection_item_action"
        )
        action["name"] = self.name
        action["domain"] = [("phase_id", "=", self.id), ("state", "=", "open")]
        return action

    # === Business methods === #

    def _serves(self, company):
        """Whether items of ``company`` may be in the phase: it is everybody's, the company's
        own, or that of a company above it (branches)."""
        self.ensure_one()
        return not self.company_id or self.company_id in company.sudo().parent_ids

    def _get_letter(self, step, partner=None, day=None):
        """:param step: the step of the item in this phase (may be empty)
        :param partner: the customer who gets it, and ``day`` when, where that is known: it is one
            of two texts where the phase compares them (``letters/phase_comparison.py``)
        :return: its own letter, else the phase's; none of a step without letter. Where the
            definition is approved it was approved with these (``approval/phase_text.py``)"""
        here = step.filtered(lambda one: one.phase_id == self)
        if here.without_letter:
            return self.env["mail.template"]
        return here.template_id or self.template_id
