from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import format_date


class CrmCollectionApprovalDelegation(models.Model):
    """An approver who is absent lets somebody decide for him, from a day until a day.

    Only the approver himself gives his power away (record rule); the delegate decides in his
    name, which every decision says. Nobody decides through a delegation what he, or the one he
    stands in for, asked for.
    """

    _name = "crm.collection.approval.delegation"
    _description = "Collection Approval Delegation"
    _order = "date_from desc, id desc"

    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Approver",
        required=True,
        readonly=True,
        default=lambda self: self.env.user,
        index=True,
    )
    delegate_id = fields.Many2one(
        comodel_name="res.users",
        string="Stands in",
        required=True,
        domain=[("share", "=", False)],
        index=True,
    )
    date_from = fields.Date(required=True, default=fields.Date.context_today)
    date_to = fields.Date(string="Until", required=True)
    note = fields.Char(help="Such as: holidays.")
    active = fields.Boolean(default=True)

    @api.depends("user_id", "delegate_id", "date_from", "date_to")
    def _compute_display_name(self):
        for delegation in self:
            if not (delegation.delegate_id and delegation.date_to):
                delegation.display_name = self.env._("Absence")
                continue
            delegation.display_name = self.env._(
                "%(delegate)s for %(approver)s, %(date_from)s to %(date_to)s",
                delegate=delegation.delegate_id.name,
                approver=delegation.user_id.name,
                date_from=format_date(self.env, delegation.date_from),
                date_to=format_date(self.env, delegation.date_to),
            )

    @api.constrains("user_id", "delegate_id", "date_from", "date_to")
    def _check_delegation(self):
        for delegation in self:
            if delegation.user_id == delegation.delegate_id:
                raise ValidationError(self.env._("Somebody else has to stand in for you."))
            if delegation.date_to < delegation.date_from:
                raise ValidationError(self.env._("The delegation ends before it begins."))

    def write(self, vals):
        """:raise AccessError: it would become somebody else's; the record rule sees it as it was"""
        if not self.env.su and vals.get("user_id", self.env.uid) != self.env.uid:
            raise AccessError(self.env._("Only approvers themselves give their power away."))
        return super().write(vals)

    @api.model
    def _get_of(self, user):
        """:return: the delegations under which ``user`` stands in for others today."""
        domain = self._get_domain(fields.Date.context_today(self))
        # who decides has to know, whoever may see the delegations
        return self.sudo().search([*domain, ("delegate_id", "=", user.id)])

    @api.model
    def _get_delegates(self, users, today):
        """:return: {approver: who stands in for him on ``today``}"""
        delegations = self.sudo().search([*self._get_domain(today), ("user_id", "in", users.ids)])
        return {delegation.user_id: delegation.delegate_id for delegation in delegations}

    @api.model
    def _get_domain(self, today):
        return [("date_from", "<=", today), ("date_to", ">=", today)]
