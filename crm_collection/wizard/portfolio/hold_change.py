from odoo import api, fields, models
from odoo.fields import Command

from ...tools.arguments import check_one, get_ids

HOLD = "crm.collection.hold"


class CrmCollectionHoldChange(models.TransientModel):
    """Change a hold that is in force, or end holds, and say why."""

    _name = "crm.collection.hold.change"
    _description = "Change Collection Holds"

    what = fields.Selection(
        selection=[("change", "Change"), ("lift", "Lift")], required=True, default="change"
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
    reason = fields.Char(
        string="Reason of the Hold", compute="_compute_values", store=True, readonly=False
    )
    date_until = fields.Date(string="Until", compute="_compute_values", store=True, readonly=False)
    amount = fields.Monetary(
        string="Promised Amount",
        compute="_compute_values",
        store=True,
        readonly=False,
        help="0: all that is owed.",
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
            wizard.update({"kind": hold.kind, "currency_id": hold.currency_id.id})

    @api.depends("hold_ids")
    def _compute_values(self):
        for wizard in self:
            hold = wizard.hold_ids[:1]
            wizard.update(
                {"reason": hold.reason, "date_until": hold.date_until, "amount": hold.amount}
            )

    def action_confirm(self):
        """Do it: the holds check who may, and whether they are still in force."""
        check_one(self).check_access("read")
        if self.what == "lift":
            self.hold_ids._check_in_force()
            self.hold_ids.action_lift(self.why)
        else:
            vals = {"reason": self.reason, "date_until": self.date_until}
            if self.kind == "promise":
                vals["amount"] = self.amount
            self.hold_ids._change(vals, self.why)
        return {"type": "ir.actions.act_window_close"}
