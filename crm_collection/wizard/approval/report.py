from odoo import api, fields, models
from odoo.fields import Command, Domain
from odoo.tools import format_date

from ...tools.arguments import check_one
from ...tools.text import get_file_name

REPORT = "crm_collection.action_report_approvals"


class CrmCollectionApprovalReport(models.TransientModel):
    """The record of decisions of a period, or of those selected, on paper."""

    _name = "crm.collection.approval.report"
    _description = "Report of Collection Approvals"

    date_from = fields.Date(string="From", default=lambda self: self._get_today().replace(day=1))
    date_to = fields.Date(string="Until", default=lambda self: self._get_today())
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, default=lambda self: self.env.company
    )
    user_ids = fields.Many2many(
        comodel_name="res.users",
        relation="crm_collection_approval_report_user_rel",
        string="Approvers",
        help="Empty: everybody.",
    )
    selected_ids = fields.Many2many(
        comodel_name="crm.collection.approval.decision",
        relation="crm_collection_approval_report_rel",
        string="Selected Decisions",
    )

    def _get_today(self):
        return self.env.company._get_collection_today()

    @api.depends("date_from", "date_to")
    def _compute_display_name(self):
        for report in self:
            report.display_name = self.env._("Approvals")

    def _get_file_name(self):
        """:return: the name of the file, with the period where there is one"""
        days = [] if self.selected_ids else [self.date_from, self.date_to]
        period = " – ".join(format_date(self.env, day) for day in days if day)
        return get_file_name(f"{self.display_name} {period}")

    def action_print(self):
        """Print the decisions of the period, or those selected."""
        check_one(self)
        self.check_access("read")
        return self.env.ref(REPORT).report_action(self, config=False)

    @api.model
    def _print(self, decisions):
        """:return: the action that prints ``decisions``"""
        report = self.create({"selected_ids": [Command.set(decisions.ids)]})
        return report.action_print()

    def _get_decisions(self):
        """:return: the decisions to print, in their order; those the user may see"""
        self.ensure_one()
        if self.selected_ids:
            return self.selected_ids.sorted(lambda decision: (decision.date, decision.id))
        domain = Domain("company_id", "in", [False, self.company_id.id])
        if self.date_from:
            start = self.company_id._get_collection_midnight(self.date_from)
            domain &= Domain("date", ">=", start)
        if self.date_to:
            after = fields.Date.add(self.date_to, days=1)
            domain &= Domain("date", "<", self.company_id._get_collection_midnight(after))
        if self.user_ids:
            domain &= Domain("user_id", "in", self.user_ids.ids)
        return self.env["crm.collection.approval.decision"].search(domain, order="date, id")

    def _get_totals(self, decisions):
        """:return: list of dicts per approver: ``user``, ``approved``, ``refused``, ``hours``
        (average wait until the decision) and ``amounts`` ({currency: sum})"""
        rows = []
        for user, of_user in decisions.grouped("user_id").items():
            amounts = {}
            for decision in of_user.filtered("amount"):
                currency = decision.currency_id
                amounts[currency] = amounts.get(currency, 0.0) + decision.amount
            approved = of_user.filtered(lambda decision: decision.decision == "approved")
            rows.append(
                {
                    "user": user,
                    "approved": len(approved),
                    "refused": len(of_user) - len(approved),
                    "hours": sum(of_user.mapped("hours_waited")) / len(of_user),
                    "amounts": amounts,
                }
            )
        return sorted(rows, key=lambda row: row["user"].name or "")
