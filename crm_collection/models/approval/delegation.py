from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date


class CrmCollectionApprovalDelegation(models.Model):
    """An approver who is absent lets somebody decide for him, from a day until a day.

    Only the approver himself gives his power away (record rule), to somebody with the role
    *Approver* who works in one of his companies; the delegate decides in his name, which every
    decision says, as long as he has that role there. Nobody decides through a delegation what
    he, or the one he stands in for, asked for.
    """

    _name = "crm.collection.approval.delegation"
    _inherit = ["crm.collection.guarded"]
    _description = "Collection Approval Delegation"
    _order = "date_from desc, id desc"

    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Absent",
        required=True,
        readonly=True,
        default=lambda self: self.env.user,
        index=True,
    )
    delegate_id = fields.Many2one(
        comodel_name="res.users",
        string="Stands in",
        required=True,
        domain=lambda self: self._get_delegate_domain(),
        index=True,
    )
    date_from = fields.Date(
        required=True, default=lambda self: self.env.company._get_collection_today()
    )
    date_to = fields.Date(string="Until", required=True)
    note = fields.Char(help="Such as: holidays.")
    active = fields.Boolean(default=True)

    @api.depends("user_id", "delegate_id", "date_from", "date_to")
    @api.depends_context("lang")
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

    @api.constrains("user_id", "delegate_id")
    def _check_delegate(self):
        """Who stands in could decide himself; whether he still can is asked with each decision."""
        for delegation in self:
            delegate = delegation.delegate_id
            delegation._check_delegate_role()
            if not delegate.sudo().company_ids & delegation.user_id.sudo().company_ids:
                raise ValidationError(
                    self.env._("%s works in none of your companies.", delegate.name)
                )

    def _check_delegate_role(self):
        """:raise ValidationError: who stands in could not decide himself"""
        self.env["crm.collection.approval.rule"]._check_roles(self.delegate_id)

    @api.model
    def _get_delegate_domain(self):
        return self.env["crm.collection.approval.rule"]._get_approver_domain()

    def write(self, vals):
        """:raise AccessError: it would become somebody else's; the record rule sees it as it was
        :raise UserError: decisions were taken under it, and would be told otherwise
        """
        if not self.env.su and vals.get("user_id", self.env.uid) != self.env.uid:
            raise AccessError(self.env._("Only approvers themselves give their power away."))
        before = {delegation: delegation._get_record() for delegation in self}
        result = super().write(vals)
        decisions = self._get_decisions()
        for delegation, of_delegation in decisions.grouped("delegation_id").items():
            last = max(
                delegation._get_company(one.company_id)._get_collection_day(one.date)
                for one in of_delegation
            )
            if delegation._get_record() != before[delegation] or delegation.date_to < last:
                raise UserError(
                    self.env._(
                        "Decisions were taken under this absence and name it: only its end can "
                        "be changed, to %s at the earliest. Enter another absence for the rest.",
                        format_date(self.env, last),
                    )
                )
        return result

    def _get_record(self):
        """:return: what decisions under the delegation say about it"""
        return self.user_id, self.delegate_id, self.date_from

    def _get_decisions(self):
        # other people's requests too
        decisions = self.env["crm.collection.approval.decision"].sudo()
        return decisions.search([("delegation_id", "in", self.ids)])

    @api.model
    def _get_of(self, user):
        """:return: the delegations under which ``user`` stands in for others, on whatever day"""
        return self._get_all().search([("delegate_id", "=", user.id)])

    @api.model
    def _get_all(self):
        """:return: in sudo, what is not archived, whatever the caller says: who decides has to
        know, whoever may see the delegations"""
        return self.sudo().with_context(active_test=True)

    def _is_on(self, company):
        """Whether it is in force today: on the day of the company whose request it is, as rules,
        reminders and jobs count, and not where the delegate or the absent one says he is.

        :param company: ``res.company``, none where a request is of no company
        """
        self.ensure_one()
        return self.date_from <= self._get_company(company)._get_collection_today() <= self.date_to

    def _get_company(self, company):
        """:return: the company whose day counts: of what is of no company, the absent one's own"""
        return company or self.user_id.company_id

    def _get_company_ids(self):
        """:return: of whose requests it gives the power to decide today, both work there;
        ``False`` is of those of no company"""
        self.ensure_one()
        # either may work in companies that who asks does not see
        both = self.user_id.sudo().company_ids & self.delegate_id.sudo().company_ids
        companies = [self.env["res.company"], *both]
        return [company.id for company in companies if self._is_on(company)]

    @api.model
    def _get_delegates(self, users, company):
        """:return: {approver: who stands in for him in the company today}"""
        delegations = self._get_all().search([("user_id", "in", users.ids)])
        return {
            delegation.user_id: delegation.delegate_id
            for delegation in delegations
            if delegation._is_on(company)
            and delegation.delegate_id._is_collection_approver(company)
        }
