from odoo import fields, models


class CrmCollectionApprovalRule(models.Model):
    """Who must approve a phase before it may act.

    Managers configure it; approvers decide through the phase
    (:meth:`crm.collection.phase.action_approve`).
    """

    _name = "crm.collection.approval.rule"
    _description = "Collection Approval Rule"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(comodel_name="res.company", index=True)
    group_id = fields.Many2one(
        comodel_name="res.groups",
        string="Approver Group",
        default=lambda self: self._default_group_id(),
        help="Members of this group may approve.",
    )
    user_ids = fields.Many2many(
        comodel_name="res.users",
        string="Approvers",
        help="People who may approve beside the members of the group.",
    )

    def _default_group_id(self):
        return self.env.ref("crm_collection.group_crm_collection_approver", False)

    def _is_approver(self, user):
        """Whether ``user`` may decide under this rule (membership as of now)."""
        self.ensure_one()
        return user in self.user_ids or (self.group_id and self.group_id in user.all_group_ids)
