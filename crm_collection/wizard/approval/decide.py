from collections import Counter

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ...tools.arguments import check_one, get_ids

MAX_NAMES = 5  # requests named for one reason


class CrmCollectionApprovalDecide(models.TransientModel):
    """Approve or refuse requests with one reason; says first what that is about, and names those
    the user may not decide."""

    _name = "crm.collection.approval.decide"
    _description = "Decide about Collection Approvals"

    decision = fields.Selection(
        selection=[("approved", "Approve"), ("refused", "Refuse")],
        required=True,
        default="approved",
    )
    approval_ids = fields.Many2many(
        comodel_name="crm.collection.approval",
        relation="crm_collection_approval_decide_rel",
        string="Requests",
        default=lambda self: self._default_approval_ids(),
    )
    seen_line_id = fields.Integer(
        string="Last Open Item Seen",
        default=lambda self: self._default_seen_line_id(),
        help="The last item there was when it was opened: of those that joined later it said "
        "nothing.",
    )
    seen_change_id = fields.Integer(
        string="Last Change Seen",
        default=lambda self: self._default_seen_change_id(),
        help="The last change there was when it was opened: of later ones it said nothing.",
    )
    reason = fields.Text()
    request_count = fields.Integer(compute="_compute_summary")
    item_count = fields.Integer(compute="_compute_summary")
    amount = fields.Monetary(compute="_compute_summary", currency_field="company_currency_id")
    company_currency_id = fields.Many2one(comodel_name="res.currency", compute="_compute_summary")
    left_out_html = fields.Html(compute="_compute_summary", sanitize=False)
    reason_required = fields.Boolean(compute="_compute_summary")

    @api.model
    def _default_approval_ids(self):
        if self.env.context.get("active_model") != "crm.collection.approval":
            return False
        return [Command.set(get_ids(self.env.context.get("active_ids", [])))]

    @api.model
    def _default_seen_line_id(self):
        if seen := get_ids(self.env.context.get("crm_collection_seen")):
            return seen[0]
        return self.env["crm.collection.approval.line"]._read_group([], [], ["id:max"])[0][0]

    @api.model
    def _default_seen_change_id(self):
        if seen := get_ids(self.env.context.get("crm_collection_seen_change")):
            return seen[0]
        return self.env["crm.collection.approval.change"]._read_group([], [], ["id:max"])[0][0]

    @api.depends("approval_ids", "decision")
    @api.depends_context("uid")
    def _compute_summary(self):
        for wizard in self:
            # what is decided is the stored record: the form passes copies
            asked = wizard.approval_ids._origin
            mine = asked.filtered("can_decide")
            currency = mine.company_currency_id
            wizard.update(
                {
                    "request_count": len(mine),
                    "item_count": sum(mine.mapped("item_count")),
                    "amount": sum(mine.mapped("amount_today")) if len(currency) == 1 else 0.0,
                    "company_currency_id": currency.id if len(currency) == 1 else False,
                    "left_out_html": wizard._get_left_out(asked - mine),
                    "reason_required": wizard.decision == "refused"
                    or any(mine.mapped("reason_required")),
                }
            )

    def _get_left_out(self, approvals):
        """:return: one line per reason with the requests it holds for, or ``False``"""
        if not approvals:
            return False
        reasons = Counter(approvals.mapped("cannot_decide_reason"))
        lines = []
        for reason, count in reasons.most_common():
            of_reason = approvals.filtered(
                lambda approval, reason=reason: approval.cannot_decide_reason == reason
            )
            names = of_reason[:MAX_NAMES].mapped("display_name")
            if count > MAX_NAMES:
                names.append(self.env._("and %s more", count - MAX_NAMES))
            lines.append(Markup("<li>%s<br/><i>%s</i></li>") % (", ".join(names), reason))
        return Markup("<ul class='mb-0'>%s</ul>") % Markup("").join(lines)

    def action_decide(self):
        """Decide about those the user may decide about; the rest stays."""
        check_one(self)
        self.check_access("read")
        seen = self.approval_ids.with_context(
            crm_collection_seen=self.seen_line_id, crm_collection_seen_change=self.seen_change_id
        )
        mine = seen.filtered("can_decide")
        if not mine:
            raise UserError(self.env._("There is nothing left here that you may decide."))
        if self.decision == "approved":
            return mine.action_approve(self.reason)
        return mine.action_refuse(self.reason)
