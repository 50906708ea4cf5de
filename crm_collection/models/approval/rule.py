from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools import LazyTranslate

from ...tools.arguments import check_one

_lt = LazyTranslate(__name__)

# Who decides: changing it makes the user one who cannot.
APPROVAL_CHANGE = "crm.collection.approval.change"
POWER_FIELDS = ("governs", "company_id", "exposure_days", "escalate_days", "escalation_user_id")


class CrmCollectionApprovalRule(models.Model):
    """Who must approve what, in which order and from which amount.

    Managers configure it, approvers decide on requests (:class:`.CrmCollectionApproval`). What a
    rule governs cannot be changed while a phase is under it: that would set phases free without
    anybody's approval. Whoever wrote into a rule who decides does not decide under it himself.
    """

    _name = "crm.collection.approval.rule"
    _inherit = ["crm.collection.evidence", "crm.collection.thread"]
    _description = "Collection Approval Rule"
    _order = "name, id"
    _evidence_refusals = dict.fromkeys(
        ("create", "write"), _lt("Who wrote an approval rule is on record, it cannot be written.")
    )
    _evidence_fields = ("configured_by_ids",)
    _evidence_chatter = True

    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(comodel_name="res.company", index=True, tracking=True)
    governs = fields.Selection(
        selection=[
            ("definition", "The phase itself"),
            ("allocation", "Items going into the phase"),
            ("both", "The phase and the items"),
        ],
        default="definition",
        required=True,
        tracking=True,
        help="The phase itself: it neither takes items nor sends letters until it is approved, "
        "and changes of it take effect when they are. Items: each customer's items wait until "
        "somebody agrees that they enter the phase.",
    )
    level_ids = fields.One2many(
        comodel_name="crm.collection.approval.level",
        inverse_name="rule_id",
        string="Levels",
        copy=True,
        default=lambda self: self._default_level_ids(),
    )
    phase_ids = fields.One2many(
        comodel_name="crm.collection.phase", inverse_name="approval_rule_id", string="Phases"
    )
    reason_required = fields.Boolean(
        string="Reason to Approve",
        tracking=True,
        help="Approving needs a reason too. Refusing always does.",
    )
    exposure_days = fields.Integer(
        aggregator=None,
        string="Approved Counts for",
        default=30,
        tracking=True,
        help="Levels from an amount go by what the customer has in the phase, what waits for it, "
        "and what was approved into it in so many days, whatever became of it.",
    )
    remind_days = fields.Integer(
        aggregator=None,
        string="Remind after",
        default=3,
        tracking=True,
        help="Days without an answer after which everybody who may decide has it on the list and "
        "is reminded; 0: never.",
    )
    escalate_days = fields.Integer(
        aggregator=None,
        string="Escalate after",
        tracking=True,
        help="Days without an answer after which the request also goes to the person named here, "
        "who may then decide; 0: never.",
    )
    escalation_user_id = fields.Many2one(
        comodel_name="res.users",
        string="Escalate to",
        domain=lambda self: self._get_approver_domain(),
        tracking=True,
    )
    configured_by_ids = fields.Many2many(
        comodel_name="res.users",
        string="Written by",
        compute="_compute_configured_by_ids",
        compute_sudo=True,
        context={"active_test": False},  # who is archived may come back
        help="They said who decides: what this rule asks for others approve.",
    )

    level_text = fields.Char(
        string="Who Decides",
        compute="_compute_level_text",
        store=True,
        tracking=True,
        help="The levels in words: the chatter tells who changed them.",
    )
    pending_count = fields.Integer(
        aggregator=None, compute="_compute_pending_count", string="Waiting Requests"
    )
    people_warning = fields.Char(compute="_compute_people_warning")

    _days_positive = models.Constraint(
        "CHECK (remind_days >= 0 AND escalate_days >= 0 AND exposure_days >= 0)",
        "Days cannot be negative: use 0 for never.",
    )
    _days_in_calendar = models.Constraint(
        "CHECK (remind_days <= 36500 AND escalate_days <= 36500 AND exposure_days <= 36500)",
        "Days are at most 36500: a hundred years.",
    )

    @api.model
    def _default_level_ids(self):
        group = self.env.ref("crm_collection.group_crm_collection_approver", False)
        return [Command.create({"group_id": group.id})] if group else []

    @api.model
    def _get_approver_domain(self):
        group = self.env.ref("crm_collection.group_crm_collection_approver", False)
        return [("share", "=", False), ("all_group_ids", "in", group.ids if group else [])]

    @api.depends(
        "level_ids.sequence",
        "level_ids.group_id",
        "level_ids.user_ids",
        "level_ids.approver_count",
        "level_ids.amount_min",
    )
    def _compute_level_text(self):
        for rule in self:
            rule.level_text = "; ".join(level._get_text() for level in rule.level_ids.sorted())

    def _compute_configured_by_ids(self):
        authors = self.env[APPROVAL_CHANGE]._get_open_authors(self._origin)
        for rule in self:
            rule.configured_by_ids = authors.get(rule._origin.id)

    def _compute_pending_count(self):
        groups = self.env["crm.collection.approval"]._read_group(
            [("approval_rule_id", "in", self.ids), ("state", "=", "pending")],
            ["approval_rule_id"],
            ["__count"],
        )
        counts = {rule.id: count for rule, count in groups}
        for rule in self:
            rule.pending_count = counts.get(rule._origin.id, 0)

    @api.depends("level_ids.people_count", "level_ids.approver_count")
    def _compute_people_warning(self):
        """Fewer people than must approve, or too few where one of them asked himself. Who wrote
        the rule does not count."""
        for rule in self:
            short = rule.level_ids.filtered(
                lambda level: level.people_count <= level.approver_count
            )
            nobody = short.filtered(lambda level: level.people_count < level.approver_count)
            rule.people_warning = False
            if nobody:
                rule.people_warning = self.env._(
                    "Fewer people can approve than must (%s): nothing under this rule is approved.",
                    ", ".join(nobody.mapped("display_name")),
                )
            elif short:
                rule.people_warning = self.env._(
                    "Just enough people can approve (%s): what one of them asks for, or "
                    "configured, cannot be approved.",
                    ", ".join(short.mapped("display_name")),
                )

    # === Actions === #

    def action_open_requests(self):
        """Show what was asked for under the rule, what waits first."""
        check_one(self)
        action = self.env["ir.actions.actions"]._for_xml_id(
            "crm_collection.crm_collection_approval_action"
        )
        action["domain"] = [("approval_rule_id", "=", self.id)]
        action["context"] = {"search_default_filter_pending": 1}
        return action

    # === Constraints === #

    @api.constrains("level_ids")
    def _check_level_ids(self):
        for rule in self:
            if not rule.level_ids:
                raise ValidationError(
                    self.env._("%s needs a level: say who approves.", rule.display_name)
                )

    @api.constrains("escalate_days", "escalation_user_id")
    def _check_escalation(self):
        for rule in self:
            if rule.escalate_days and not rule.escalation_user_id:
                raise ValidationError(self.env._("Say to whom unanswered requests escalate."))

    @api.constrains("escalation_user_id")
    def _check_escalation_role(self):
        for rule in self:
            rule._check_roles(rule.escalation_user_id)

    def _check_roles(self, users):
        """:raise ValidationError: somebody is named who has no power to approve"""
        if without := users.filtered(lambda user: not user._is_collection_approver()):
            raise ValidationError(
                self.env._(
                    "%s cannot approve: give them the role Approver first (Settings > Users), or "
                    "name somebody else.",
                    ", ".join(without.mapped("name")),
                )
            )

    @api.constrains("active")
    def _check_active(self):
        for rule in self.filtered(lambda rule: not rule.active):
            if phases := rule._get_phases():
                raise ValidationError(rule._get_used_message(phases))

    def _check_level_ids_later(self):
        """Levels are also deleted and moved by themselves: with the transaction's end their rules
        are looked at, since a form replaces a level by deleting it first."""
        self.env.cr.precommit.add(lambda: self.exists()._check_level_ids())

    # === ORM overrides === #

    @api.model_create_multi
    def create(self, vals_list):
        """Who makes a rule says who decides, and is remembered."""
        rules = super().create(vals_list)
        rules._remember_writer("created")
        return rules

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if phases := self._get_phases():
            raise UserError(self._get_used_message(phases))
        requests_sudo = self.env["crm.collection.approval"].sudo()  # of every company
        groups = requests_sudo._read_group(
            [("approval_rule_id", "in", self.ids)], ["approval_rule_id"]
        )
        if groups:
            raise UserError(
                self.env._(
                    "Something was asked for under %(rules)s: archive the rule, its record stays.",
                    rules=", ".join(rule.display_name for (rule,) in groups),
                )
            )

    def write(self, vals):
        """Who writes who decides is remembered, and decides nothing under the rule.

        :raise UserError: phases are under it, and it would govern something else
        """
        for rule in self:
            changes = "governs" in vals and vals["governs"] != rule.governs
            if changes and (phases := rule._get_phases()):
                raise UserError(rule._get_used_message(phases))
        result = super().write(vals)
        if fnames := [fname for fname in POWER_FIELDS if fname in vals]:
            self._remember_writer(fnames=fnames)
        return result

    def _remember_writer(self, kind="changed", fnames=()):
        """Whoever says who decides is not one of them; the installation is nobody."""
        self.env[APPROVAL_CHANGE]._note(self, kind, fnames)
        self.modified(["configured_by_ids"])
        self.invalidate_recordset(["configured_by_ids"], flush=False)

    # === Business methods === #

    def _get_writers(self):
        """:return: the users who cannot decide under the rule; of one that is being made, who
        makes it"""
        return self.configured_by_ids._origin or (
            self.env.user if self and not self._origin else self.env["res.users"]
        )

    def _get_phases(self):
        # of every company: what is in use elsewhere is in use
        return (
            self.env["crm.collection.phase"]
            .sudo()
            .with_context(active_test=False)
            .search([("approval_rule_id", "in", self.ids)])
        )

    def _get_used_message(self, phases):
        return self.env._(
            "%(rule)s is in use (%(phases)s): make another rule and put the phases under it, so "
            "that the change is approved.",
            rule=", ".join(self.mapped("display_name")),
            phases=", ".join(phases.mapped("name")),
        )

    def _get_levels(self, amount=None):
        """:return: the levels that apply in their order, the first one always.

        :param amount: what is decided about, in company currency; ``None``: all levels
        """
        self.ensure_one()
        levels = self.level_ids.sorted()
        if amount is None:
            return levels
        return levels[:1] | levels[1:].filtered(lambda level: level.amount_min <= amount)
