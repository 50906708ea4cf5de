from odoo import api, fields, models
from odoo.fields import Domain

from ..letters import date_queries
from . import queries
from .line import WAITING


class CrmCollectionItem(models.Model):
    """Items that wait for somebody to agree that they enter a phase.

    They stay where they are meanwhile, with the letters of the phase they are in.
    """

    _inherit = "crm.collection.item"

    approval_state = fields.Selection(
        selection=[("pending", "Waiting"), ("refused", "Refused"), ("approved", "Approved")],
        string="Approval",
        readonly=True,
        help="Waiting: asked to enter a phase. Refused: it is not asked again while rule, phase "
        "and debt are the same. Approved: it entered its phase by approval.",
    )
    refused_phase_id = fields.Many2one(
        comodel_name="crm.collection.phase", readonly=True, ondelete="set null"
    )
    refused_version = fields.Char(readonly=True)
    refused_amount = fields.Monetary(currency_field="company_currency_id", readonly=True)
    approval_line_ids = fields.One2many(
        comodel_name="crm.collection.approval.line", inverse_name="item_id", string="Approvals"
    )
    approval_id = fields.Many2one(
        comodel_name="crm.collection.approval",
        string="Request",
        compute="_compute_approval_id",
        help="The request the item waits in.",
    )
    awaiting_phase_id = fields.Many2one(
        comodel_name="crm.collection.phase",
        string="Awaiting Approval",
        compute="_compute_approval_id",
    )

    _approval_idx = models.Index("(move_id) WHERE approval_state IS NOT NULL AND state = 'open'")

    @api.depends("approval_state", "approval_line_ids.state")
    def _compute_approval_id(self):
        lines = self.env["crm.collection.approval.line"].search(
            WAITING & Domain("item_id", "in", self.ids)
        )
        by_item = {line.item_id: line.approval_id for line in lines}
        for item in self:
            item.approval_id = by_item.get(item, False)
            item.awaiting_phase_id = item.approval_id.phase_id

    def _explain_approval(self):
        """:return: what the item waits for, or why it was refused, for its explanation"""
        if self.state != "open":
            return ""
        if again := self._explain_asked_again():
            return again
        if request := self.approval_id:
            return self.env._(
                "Awaiting approval to enter %(phase)s since %(date)s, asked by %(user)s.",
                phase=request.phase_id.name,
                date=self._format_date(request.date_request),
                user=request.user_id.name,
            )
        if self.approval_state != "refused":
            return ""
        lines = self.approval_line_ids.filtered(lambda line: line.state == "refused").sorted("id")
        decision = lines[-1:].approval_id.decision_ids.sorted("id")[-1:]
        return self.env._(
            "%(user)s refused that it enters %(phase)s: %(reason)s. It is not asked again while "
            "rule, phase and debt are the same.",
            user=decision.user_id.name,
            phase=lines[-1:].phase_id.name,
            reason=decision.reason,
        )

    def _explain_asked_again(self):
        """:return: why no letter of its phase leaves, where that was or is asked once more"""
        lines = self.approval_line_ids.filtered(
            lambda line: line.phase_id == self.phase_id and line.state != "withdrawn"
        ).sorted("id")
        last = lines[-1:].approval_id.filtered(lambda request: request.origin == "again")
        if last.state == "pending":
            return self.env._(
                "%(reason)s No letter of %(phase)s leaves until somebody agrees (asked on "
                "%(date)s).",
                reason=last.reason,
                phase=self.phase_id.name,
                date=self._format_date(last.date_request),
            )
        if last.state != "refused":
            return ""
        decision = last.decision_ids.sorted("id")[-1:]
        return self.env._(
            "%(user)s refused the letter of %(phase)s as it is now: %(reason)s. None leaves while "
            "the item is in that phase.",
            user=decision.user_id.name,
            phase=self.phase_id.name,
            reason=decision.reason,
        )

    def _ask_approval(self, phase, reason, send_letter, pin, origin):
        """Have items wait to enter ``phase``, on behalf of the current user."""
        today = self.company_id._get_collection_today()
        self._withdraw_approval("superseded")
        open_items = queries.open_items_by_id(self.ids, phase.id, today, send_letter, pin)
        self.env["crm.collection.approval"]._ask(open_items, origin, reason)
        self.env.cr.execute(queries.set_waiting(self.ids, True, self.env.uid))

    def _silence(self, resends=False):
        """The first letter of the phase they are in does not leave.

        :param bool resends: whether one that has left does not go again either
        """
        self.check_access("write")
        self.flush_model()
        self.env.cr.execute(date_queries.silence(self.ids, self.env.uid, resends))
        self.invalidate_model(["date_next_letter"], flush=False)

    def _withdraw_approval(self, reason):
        """They wait no longer: see :meth:`crm.collection.approval._withdraw`."""
        waiting = self.filtered(lambda item: item.approval_state == "pending")
        if waiting:
            self.env["crm.collection.approval"]._withdraw(waiting.ids, reason)
            self.env.cr.execute(queries.set_waiting(waiting.ids, False, self.env.uid))

    def _get_waiting_refusals(self, phase):
        """:return: {item id: why it is not asked for once more}"""
        waiting = self._filter_by_search(Domain("approval_state", "=", "pending"))
        return {
            item.id: self.env._("It waits for approval to enter this phase already.")
            for item in waiting
            if phase and item.awaiting_phase_id == phase
        }
