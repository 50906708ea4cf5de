from odoo import fields, models
from odoo.tools import hash_sign
from odoo.tools.misc import verify_hash_signed

UNSUBSCRIBE_SCOPE = "crm_collection.approval_digest"
UNSUBSCRIBE_PATH = "/collections/approvals/unsubscribe/"


class ResUsers(models.Model):
    """Approvers choose whether they get the daily mail about what waits for them."""

    _inherit = "res.users"

    collection_approval_digest = fields.Boolean(
        string="Daily Approvals Mail",
        default=True,
        help="A mail in the morning with the collection approvals that wait for you. None on days "
        "when nothing does.",
    )
    collection_approval_digest_date = fields.Date(copy=False)

    def _is_collection_approver(self, company=None):
        """Whether the user has the role *Approver* at this moment, and works in ``company``.

        Without the role nobody decides, whoever names him: roles are given by those who
        administer users, approval rules are written by managers.
        """
        self.ensure_one()
        user_sudo = self.sudo()  # users do not read other users' groups
        group = self.env.ref("crm_collection.group_crm_collection_approver")
        return bool(
            user_sudo.active
            and not user_sudo.share
            and group in user_sudo.all_group_ids
            and (not company or company in user_sudo.company_ids)
        )

    @property
    def SELF_READABLE_FIELDS(self):
        return [*super().SELF_READABLE_FIELDS, "collection_approval_digest"]

    @property
    def SELF_WRITEABLE_FIELDS(self):
        return [*super().SELF_WRITEABLE_FIELDS, "collection_approval_digest"]

    def _get_collection_unsubscribe_url(self):
        """:return: the address that ends the daily mail without a login; it does nothing else"""
        self.ensure_one()
        token = hash_sign(self.sudo().env, UNSUBSCRIBE_SCOPE, self.id)
        return self.get_base_url().rstrip("/") + UNSUBSCRIBE_PATH + token

    def _get_by_collection_token(self, token):
        """:return: the user whose mail had this token, empty for any other text"""
        try:
            user_id = verify_hash_signed(self.sudo().env, UNSUBSCRIBE_SCOPE, token)
        except ValueError:
            return self.browse()
        return self.sudo().browse(user_id or []).exists()
