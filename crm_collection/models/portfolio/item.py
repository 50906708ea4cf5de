from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...tools.arguments import check_one
from ...tools.search import is_any_of

OPEN = "open"
MAX_NAMES = 10  # items named to who is given many at once
BLOCKERS = [
    ("no_partner", "No customer on the entry"),
    ("no_followup", "Left out of follow-up"),
    ("refund", "Money sent to the customer"),
    ("blocked", "Invoice blocked"),
    ("hold", "On hold"),
    ("processing", "Payment on its way"),
    ("collected", "Collected by the company"),
    ("no_rule", "No sending rule"),
    ("below_minimum", "Below the minimum amount"),
    ("unapproved", "Phase not approved"),
    ("empty", "The rule has no step"),
    ("after_letter", "Waits for a letter that arrives"),
    ("not_due", "First step not reached"),
    ("approval", "Awaiting approval"),
    ("refused", "Refused by an approver"),
]


class CrmCollectionItem(models.Model):
    """An item: one installment (receivable journal item) that is overdue or soon due.

    Created and moved by the allocation job; a person moves it through phase maintenance
    (:meth:`_maintain`). What it owes and when it is due is kept equal to the journal item by
    :mod:`.sync`; accounting itself is never written.

    ============= ===================================== ======================================
    State         Meaning                               Set by
    ============= ===================================== ======================================
    open          posted and still owed                 the job, reconciliation undone, post
    settled       nothing is owed any more              reconciliation
    cancelled     entry in draft, cancelled or deleted  the entry
    ============= ===================================== ======================================
    """

    _name = "crm.collection.item"
    _inherit = [
        *("crm.collection.retained", "crm.collection.evidence", "crm.collection.grouping"),
        *("crm.collection.thread", "mail.activity.mixin"),
    ]
    _description = "Open Item in Collection"
    _order = "date_maturity, id"
    _evidence_chatter = True
    _check_company_auto = True
    _ungrouped = {
        *("date_letter_kept", "exception", "include_no_followup", "line_id", "name", "to_evaluate"),
        *("amount_residual", "amount_residual_currency", "approval_id", "proposed_step_id"),
        *("refused_amount", "refused_phase_id", "refused_version", "allocation_id", "hold_id"),
        "pay_number",
    }

    line_id = fields.Many2one(
        comodel_name="account.move.line",
        string="Journal Item",
        readonly=True,
        ondelete="set null",
    )
    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Invoice/Entry",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    company_id = fields.Many2one(comodel_name="res.company", required=True, readonly=True)
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", readonly=True, index="btree_not_null"
    )
    name = fields.Char(string="Open Item", readonly=True)
    invoice_date = fields.Date(related="move_id.invoice_date", string="Issue Date")
    date_maturity = fields.Date(string="Due Date", readonly=True)
    days_overdue = fields.Integer(
        compute="_compute_days_overdue",
        search="_search_days_overdue",
        aggregator="max",
        help="Days since the due date, today in the company's time zone; negative before it.",
    )
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    amount_residual = fields.Monetary(
        string="Amount Owed", currency_field="company_currency_id", readonly=True
    )
    amount_residual_currency = fields.Monetary(string="Amount Owed in Currency", readonly=True)
    amount_original_currency = fields.Monetary(
        related="line_id.amount_currency", string="Original Amount", currency_field="currency_id"
    )
    no_followup = fields.Boolean(
        readonly=True,
        help="Left out of follow-up in accounting, or money that went to the customer.",
    )
    include_no_followup = fields.Boolean(
        string="Collect Anyway",
        readonly=True,
        help="Taken into collection although accounting leaves it out of follow-up.",
    )
    state = fields.Selection(
        selection=[("open", "Open"), ("settled", "Settled"), ("cancelled", "Cancelled")],
        default="open",
        required=True,
        readonly=True,
    )
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase",
        ondelete="restrict",
        group_expand="_read_group_phase_id",
    )
    rule_id = fields.Many2one(
        comodel_name="crm.collection.rule",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    step_id = fields.Many2one(
        comodel_name="crm.collection.rule.step",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    allocation_id = fields.Many2one(
        comodel_name="crm.collection.allocation",
        string="Current Allocation",
        compute="_compute_allocation_id",
    )
    date_phase = fields.Date(string="In Phase Since", readonly=True)
    date_next_letter = fields.Date(string="Next Letter", readonly=True)
    date_letter_kept = fields.Date(
        string="Next Letter, Put Off",
        readonly=True,
        help="Of a letter that no run would send: it stands as the next one again where one would.",
    )
    days_to_letter = fields.Integer(
        aggregator=None,
        string="Days to the Next Letter",
        compute="_compute_days_to_letter",
        search="_search_days_to_letter",
        help="From today in the company's time zone.",
    )
    letter_count = fields.Integer(
        string="Letters in Phase",
        readonly=True,
        aggregator=None,
        help="Written in the current allocation, whether or not they have arrived yet.",
    )
    pinned = fields.Boolean(
        readonly=True, help="The job leaves the item where a person has put it."
    )
    user_id = fields.Many2one(
        comodel_name="res.users", string="Collector", index="btree_not_null", tracking=True
    )
    proposed_step_id = fields.Many2one(
        comodel_name="crm.collection.rule.step",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    proposed_phase_id = fields.Many2one(
        related="proposed_step_id.phase_id", string="Proposed Phase"
    )
    blocker = fields.Selection(selection=BLOCKERS, string="Held Back by", readonly=True)
    exception = fields.Char(
        readonly=True, help="What went wrong with the item in the last run; it is tried again."
    )
    to_evaluate = fields.Boolean(
        readonly=True, help="Changed since the job last looked at it: it looks again."
    )
    hold_id = fields.Many2one(comodel_name="crm.collection.hold", compute="_compute_hold_id")
    is_held = fields.Boolean(compute="_compute_hold_id", search="_search_is_held")
    allocation_ids = fields.One2many(
        comodel_name="crm.collection.allocation", inverse_name="item_id", string="Phase History"
    )
    letter_line_ids = fields.One2many(
        comodel_name="crm.collection.letter.line", inverse_name="item_id", string="Letters"
    )

    _line_uniq = models.UniqueIndex(
        "(line_id) WHERE line_id IS NOT NULL", "A journal item is one item."
    )
    _open_due_idx = models.Index("(company_id, date_maturity, id) WHERE state = 'open'")
    # a column of the kanban: its first cards by due date, without sorting the phase
    _open_phase_idx = models.Index("(phase_id, date_maturity, id) WHERE state = 'open'")
    _next_letter_idx = models.Index(
        "(company_id, date_next_letter) WHERE state = 'open' AND date_next_letter IS NOT NULL"
    )
    _to_evaluate_idx = models.Index("(company_id) WHERE to_evaluate")
    # which money sent to customers somebody took in: a few (``queries.line_is_unclaimed``)
    _taken_idx = models.Index("(line_id) WHERE include_no_followup")

    # === Compute and search methods === #

    @api.depends("allocation_ids.date_out")
    def _compute_allocation_id(self):
        allocations = self.env["crm.collection.allocation"].search(
            [("item_id", "in", self.ids), ("date_out", "=", False)]
        )
        by_item = {allocation.item_id: allocation for allocation in allocations}
        for item in self:
            item.allocation_id = by_item.get(item, False)

    def _compute_hold_id(self):
        holds = self.env["crm.collection.hold"]._get_by_item(self)
        for item in self:
            item.hold_id = holds.get(item.id, False)
            item.is_held = bool(item.hold_id)

    def _search_is_held(self, operator, value):
        if operator != "in":
            return NotImplemented
        return is_any_of(self.env["crm.collection.hold"]._get_held_items_domain(), value)

    @api.model
    def _read_group_phase_id(self, phases, domain):
        """Every phase has its column, so that a card can be dragged into an empty one."""
        return self.env["crm.collection.phase"].search(
            Domain("company_id", "in", [False, *self.env.companies.sudo().parent_ids.ids])
        )

    # === ORM overrides === #

    def write(self, vals):
        """Writing the phase is phase maintenance, whoever calls: it is checked and recorded."""
        if "phase_id" not in vals:
            return super().write(vals)
        vals = dict(vals)
        phase = self.env["crm.collection.phase"].browse(vals.pop("phase_id"))
        result = self._maintain(phase, self.env._("Moved by hand"))
        if result["refused"]:
            raise UserError("\n".join(sorted(set(result["refused"].values()))))
        return super().write(vals) if vals else True

    @api.ondelete(at_uninstall=False)
    def _unlink_except_history(self):
        if (
            self.env["crm.collection.allocation"]
            .sudo()
            .search_count([("item_id", "in", self.ids)], limit=1)
        ):
            raise UserError(self.env._("An item with a phase history cannot be deleted."))

    def _message_auto_subscribe_notify(self, partner_ids, template):
        # EXTENDS 'mail': who is given many items at once is told once
        if len(self) < 2:
            return super()._message_auto_subscribe_notify(partner_ids, template)
        if self.env.context.get("mail_auto_subscribe_no_notify") or not self.env.registry.ready:
            return None
        text = self.env._("You have been assigned to %s open items", len(self))
        names = self.env._(
            "%(names)s and %(count)s more",
            names=", ".join(self[:MAX_NAMES].mapped("display_name")),
            count=len(self) - MAX_NAMES,
        )
        if len(self) <= MAX_NAMES:
            names = ", ".join(self.mapped("display_name"))
        return self.env["mail.thread"].message_notify(
            subject=text,
            body=f"{text}: {names}",
            partner_ids=partner_ids,
            email_layout_xmlid="mail.mail_notification_light",
        )

    # === Actions === #

    def action_maintain(self):
        """Open the dialog that puts these items into a phase."""
        return self._open_wizard("crm_collection.crm_collection_item_maintain_action")

    def action_send_letter(self):
        """Open the dialog that sends the letters of these items."""
        return self._open_wizard("crm_collection.crm_collection_item_send_action")

    def action_hold(self):
        """A new hold of the item; of several, one for each of them and for nothing else."""
        if len(self) != 1:
            return self._open_wizard("crm_collection.crm_collection_item_hold_action")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Hold"),
            "res_model": "crm.collection.hold",
            "view_mode": "form",
            "target": "new",
            "context": {"default_company_id": self.company_id.id, "default_item_id": self.id},
        }

    def action_open_invoice(self):
        """The entry of the item."""
        check_one(self)
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "view_mode": "form",
        }

    def action_release_pin(self):
        """The job may move these items again."""
        self._mark_to_evaluate(pinned=False)

    def action_take_in(self):
        """Collect items that accounting leaves out of follow-up, without writing accounting."""
        self._mark_to_evaluate(include_no_followup=True)

    def action_leave_out(self):
        """Leave the items to accounting's follow-up again."""
        self._mark_to_evaluate(include_no_followup=False)

    # === Business methods === #

    def _open_wizard(self, xmlid):
        action = self.env["ir.actions.actions"]._for_xml_id(xmlid)
        context = {"active_model": self._name, "active_ids": self.ids}
        return {**action, "context": {**context, "dialog_size": "extra-large"}}

    def _mark_to_evaluate(self, **vals):
        self.check_access("write")
        self.write({**vals, "to_evaluate": True})

    def _is_in_followup(self):
        self.ensure_one()
        return not self.no_followup or self.include_no_followup
