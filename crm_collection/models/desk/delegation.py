from odoo import api, models
from odoo.exceptions import ValidationError

USER_GROUP = "crm_collection.group_crm_collection_user"


class CrmCollectionApprovalDelegation(models.Model):
    """Collectors are absent, too: who stands in for one sees his customers beside his own
    (``res.users._get_collection_substituted``). What an approver decides takes an approver."""

    _inherit = "crm.collection.approval.delegation"

    @api.model
    def _get_delegate_domain(self):
        # EXTENDS: who decides nothing gives no power away
        if self.env.user._is_collection_approver():
            return super()._get_delegate_domain()
        group = self.env.ref(USER_GROUP, False)
        return [("share", "=", False), ("all_group_ids", "in", group.ids if group else [])]

    def _check_delegate_role(self):
        # EXTENDS: as above
        if self.user_id._is_collection_approver():
            return super()._check_delegate_role()
        delegate_sudo = self.delegate_id.sudo()  # users do not read other users' groups
        if not delegate_sudo.active or not delegate_sudo.has_group(USER_GROUP):
            raise ValidationError(
                self.env._("%s does not work in collections.", delegate_sudo.name)
            )
        return None
