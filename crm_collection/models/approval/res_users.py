from odoo import SUPERUSER_ID, models

APPROVERS = "crm_collection.group_crm_collection_approver"


class ResUsers(models.Model):
    """Who has the role that decides."""

    _inherit = "res.users"

    def _is_collection_approver(self, company=None):
        """Whether the user has the role *Approver* at this moment, and works in ``company``. The
        system itself and portal users never have.

        Without the role nobody decides, whoever names him: roles are given by those who
        administer users, approval rules are written by managers.
        """
        self.ensure_one()
        user_sudo = self.sudo()  # users do not read other users' groups
        # kept by core: `env.ref` asks the database each time whether the record is there
        group_id = self.env["ir.model.data"]._xmlid_to_res_id(APPROVERS)
        return bool(
            user_sudo.active
            and self.id != SUPERUSER_ID
            and not user_sudo.share
            and group_id in user_sudo.all_group_ids.ids
            and (not company or company in user_sudo.company_ids)
        )
