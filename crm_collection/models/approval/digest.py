from odoo import api, fields, models
from odoo.fields import Domain

SHOWN = 20  # requests listed in a mail; the rest are a number


class CrmCollectionApproval(models.Model):
    """The daily mail to approvers: what waits for them, in their language."""

    _inherit = "crm.collection.approval"

    @api.model
    def _send_digest(self):
        """Queue a mail for everybody who may decide something, one a day and none for nothing."""
        today = fields.Date.context_today(self)
        mails = self.env["mail.mail"].sudo()
        for user in self._get_digest_users():
            if user.collection_approval_digest_date == today:
                continue
            approvals = self._get_digest_approvals(user)
            if approvals:
                mails |= mails.create(approvals._prepare_digest(user))
                user.collection_approval_digest_date = today
        return mails

    @api.model
    def _get_digest_users(self):
        """:return: who might decide about something that waits, and wants the mail (sudo)"""
        pending = self.sudo().search([("state", "=", "pending")])
        users = self.env["res.users"].sudo()
        for level, approvals in pending.grouped("level_id").items():
            for company in approvals.grouped("company_id"):  # none: a phase of all companies
                users |= level._get_approvers(company)
        today = fields.Date.context_today(self)
        delegates = self.env["crm.collection.approval.delegation"]._get_delegates(users, today)
        users |= users.concat(*delegates.values()) if delegates else users
        users |= pending.filtered("date_escalated").approval_rule_id.escalation_user_id
        return users.sudo().filtered(
            lambda user: user.active and user.collection_approval_digest and user.email
        )

    @api.model
    def _get_digest_approvals(self, user):
        """:return: what waits for ``user`` in all his companies, as he sees it, longest first"""
        as_user = self.with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids, lang=user.lang, tz=user.tz
        )
        if not as_user.has_access("read"):
            return as_user.browse()
        return as_user.search(Domain("can_decide", "=", True), order="date_request, id")

    def _prepare_digest(self, user):
        """:return: values of the ``mail.mail`` about these requests"""
        unsubscribe = user._get_collection_unsubscribe_url()
        shown = self[:SHOWN]
        body = self.env["ir.qweb"]._render(
            "crm_collection.approval_digest",
            {
                "user": user,
                "approvals": shown,
                "more": len(self) - len(shown),
                "company": user.company_id,
                "inbox_url": f"{user.get_base_url()}/odoo/collection-approvals",
                "unsubscribe_url": unsubscribe,
            },
            minimal_qcontext=True,
        )
        subject = self.env._("%s approvals wait for you", len(self))
        if len(self) == 1:
            subject = self.env._("An approval waits for you: %s", self.display_name)
        return {
            "subject": subject,
            "body_html": body,
            "email_from": user.company_id.email_formatted or user.email_formatted,
            "email_to": user.email_formatted,
            "auto_delete": True,
            "headers": repr(
                {
                    "List-Unsubscribe": f"<{unsubscribe}>",
                    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                    "X-Auto-Response-Suppress": "OOF",
                }
            ),
        }
