from odoo import api, fields, models
from odoo.fields import Command

from ...tools.arguments import check_one, get_ids

HOLD = "crm.collection.hold"
# What a hold says that may be otherwise, and is offered as it is.
OFFERED = ("reason", "date_until", "amount", "dispute_reason_id", "owner_id", "date_due")


class CrmCollectionHoldChange(models.TransientModel):
    """Change a hold that is in force, end holds, or say how a dispute ended; and why."""

    _name = "crm.collection.hold.change"
    _description = "Change Collection Holds"

    what = fields.Selection(
        selection=[("change", "Change"), ("lift", "Lift"), ("resolve", "Resolve")],
        required=True,
        default="change",
    )
    hold_ids = fields.Many2many(
        comodel_name=HOLD,
        relation="crm_collection_hold_change_rel",
        string="Holds",
        readonly=True,
        default=lambda self: self._default_hold_ids(),
    )
    kind = fields.Selection(
        selection=lambda self: self.env[HOLD]._fields["kind"].selection,
        compute="_compute_hold",
    )
    currency_id = fields.Many2one(comodel_name="res.currency", compute="_compute_hold")
    company_id = fields.Many2one(comodel_name="res.company", compute="_compute_hold")
    customer_id = fields.Many2one(comodel_name="res.partner", compute="_compute_hold")
    is_plan = fields.Boolean(compute="_compute_hold")
    reason = fields.Char(
        string="Reason of the Hold", compute="_compute_values", store=True, readonly=False
    )
    date_until = fields.Date(string="Until", compute="_compute_values", store=True, readonly=False)
    amount = fields.Monetary(
        compute="_compute_values",
        store=True,
        readonly=False,
        help="0: all that is owed.",
    )
    dispute_reason_id = fields.Many2one(
        comodel_name="crm.collection.dispute.reason",
        string="Reason of the Dispute",
        compute="_compute_values",
        store=True,
        readonly=False,
        domain="[('company_id', 'in', (False, company_id))]",
    )
    owner_id = fields.Many2one(
        comodel_name="res.users",
        string="Responsible",
        compute="_compute_values",
        store=True,
        readonly=False,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
    )
    date_due = fields.Date(
        string="To Be Resolved by", compute="_compute_values", store=True, readonly=False
    )
    resolution = fields.Selection(
        selection=lambda self: self.env[HOLD]._fields["resolution"].selection
    )
    refund_id = fields.Many2one(
        comodel_name="account.move",
        string="Credit Note",
        domain="[('move_type', '=', 'out_refund'), ('company_id', '=', company_id),"
        " ('commercial_partner_id', '=', customer_id)]",
    )
    why = fields.Char(required=True, help="Why it changes, or ends: it is kept in the chatter.")

    @api.model
    def _default_hold_ids(self):
        if self.env.context.get("active_model") != HOLD:
            return False
        return [Command.set(get_ids(self.env.context.get("active_ids", [])))]

    @api.depends("hold_ids")
    def _compute_hold(self):
        for wizard in self:
            hold = wizard.hold_ids[:1]
            wizard.kind = hold.kind
            wizard.currency_id = hold.currency_id
            wizard.company_id = hold.company_id
            wizard.customer_id = hold.customer_id.commercial_partner_id
            wizard.is_plan = bool(hold.part_ids)

    @api.depends("hold_ids")
    def _compute_values(self):
        for wizard in self:
            hold = wizard.hold_ids[:1]
            wizard.update({fname: hold[fname] for fname in OFFERED})

    def action_confirm(self):
        """Do it: the holds check who may, and whether they are still in force."""
        check_one(self).check_access("read")
        if self.what == "lift":
            self.hold_ids._check_in_force()
            self.hold_ids.action_lift(self.why)
        elif self.what == "resolve":
            self.hold_ids._resolve(self.resolution, self.why, self.refund_id)
        else:
            self.hold_ids._change(self._prepare_change(), self.why)
        return {"type": "ir.actions.act_window_close"}

    def _prepare_change(self):
        """:return: what the hold is to say, of what its kind has"""
        vals = {"reason": self.reason, "date_until": self.date_until}
        if self.kind in ("promise", "dispute"):
            vals["amount"] = self.amount
        if self.kind == "dispute":
            vals |= {
                "dispute_reason_id": self.dispute_reason_id.id,
                "owner_id": self.owner_id.id,
                "date_due": self.date_due,
            }
        return vals
