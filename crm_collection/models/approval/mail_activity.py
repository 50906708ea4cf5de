from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.mail.tools.discuss import Store

from ...tools.arguments import check_one

CATEGORY = "collection_approval"
MODEL = "crm.collection.approval"
# What ties the activity to its request.
TIED_FIELDS = ("res_id", "res_model", "res_model_id", "activity_type_id", "active")


class MailActivityType(models.Model):
    _inherit = "mail.activity.type"

    category = fields.Selection(selection_add=[(CATEGORY, "Collection Approval")])


class MailActivity(models.Model):
    """The activity of a request carries its decision; finishing or deleting it decides nothing.

    The request does not hang on it: one that is lost is made again by the daily job.
    """

    _inherit = "mail.activity"

    def action_collection_decide(self, decision=None, reason=None):
        """Approve or refuse the request of this activity, wherever it is shown.

        :param str decision: ``approved`` or ``refused``
        :raise UserError: it is over, or not an approval
        :raise AccessError: the user may not decide
        """
        check_one(self)
        approval = self._get_collection_approvals()
        if not approval or decision not in ("approved", "refused"):
            raise UserError(self.env._("This activity is not an approval any more: reload."))
        if decision == "approved":
            return approval.action_approve(reason)
        return approval.action_refuse(reason)

    def _to_store_defaults(self, target):
        facts = Store.Attr("collection_approval", lambda activity: activity._get_collection_facts())
        return [*super()._to_store_defaults(target), facts]

    def _get_collection_facts(self):
        """:return: what the buttons need, see :meth:`crm.collection.approval._get_facts`; ``False``
        for other activities and where the request is not the user's to see"""
        approval = self._get_collection_approvals()
        if not approval or approval.state != "pending" or not approval.has_access("read"):
            return False
        return approval._get_facts()

    def _get_collection_approvals(self):
        """:return: the requests of the activities that carry a decision"""
        activities = self.sudo().filtered(
            lambda activity: activity.res_model == MODEL and activity.activity_category == CATEGORY
        )
        return self.env[MODEL].browse(activities.mapped("res_id")).exists()

    def _check_collection_decided(self):
        # the module itself takes activities off the lists as superuser, after the decision
        if self.env.su:
            return
        if self._get_collection_approvals().filtered(lambda approval: approval.state == "pending"):
            raise UserError(
                self.env._(
                    "An approval is decided with Approve or Refuse: finishing or deleting its "
                    "activity decides nothing."
                )
            )

    def _action_done(self, feedback=False, attachment_ids=None):
        self._check_collection_decided()
        return super()._action_done(feedback=feedback, attachment_ids=attachment_ids)

    def write(self, vals):
        """:raise UserError: it would be tied to something else than the request that waits"""
        if any(fname in vals for fname in TIED_FIELDS):
            self._check_collection_decided()
        return super().write(vals)

    def unlink(self):
        """:raise UserError: its request waits; deleting it would decide nothing"""
        self._check_collection_decided()
        return super().unlink()
