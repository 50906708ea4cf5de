from odoo.fields import Command
from odoo.tests import new_test_user

from .common_letters import CrmCollectionLettersCommon


class CrmCollectionApprovalCommon(CrmCollectionLettersCommon):
    """Phases under approval rules, and the people who ask and decide."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second_approver = cls._create_user("second_approver", "approver")
        cls.director = cls._create_user("director", "user")
        cls.both = new_test_user(
            cls.env(su=True),
            "both_roles",
            groups="crm_collection.group_crm_collection_manager,"
            "crm_collection.group_crm_collection_approver",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    @classmethod
    def _guard(cls, phase, governs="allocation", levels=None, **vals):
        """The manager puts a phase under a rule: items enter it by approval."""
        if levels:
            vals["level_ids"] = [Command.create(level) for level in levels]
        rule = (
            cls.env["crm.collection.approval.rule"]
            .with_user(cls.manager)
            .create({"name": "Agreed", "governs": governs, **vals})
        )
        phase.with_user(cls.manager).approval_rule_id = rule
        cls.env.invalidate_all()
        return rule

    @classmethod
    def _get_team(cls):
        """:return: levels that name who decides, and not whoever has the role"""
        team = cls.approver | cls.second_approver | cls.both
        return [{"user_ids": [Command.set(team.ids)]}]

    @classmethod
    def _give_role(cls, user, role="approver"):
        group = cls.env.ref(f"crm_collection.group_crm_collection_{role}")
        user.sudo().group_ids = [Command.link(group.id)]
        cls.env.invalidate_all()

    def _requests(self, state="pending", **domain):
        conditions = [("kind", "=", "allocation"), ("state", "=", state)]
        conditions += [(fname, "=", value) for fname, value in domain.items()]
        return self.env["crm.collection.approval"].search(conditions, order="id")

    def _activities(self, requests, user=None):
        domain = [
            ("res_model", "=", "crm.collection.approval"),
            ("res_id", "in", requests.ids),
        ]
        if user:
            domain.append(("user_id", "=", user.id))
        return self.env["mail.activity"].sudo().search(domain)

    def _say(self, requests, decision, user=None, reason=None):
        """One approver decides."""
        requests = requests.with_user(user or self.approver)
        if decision == "approve":
            result = requests.action_approve(reason)
        else:
            result = requests.action_refuse(reason or "Not now")
        self.env.invalidate_all()
        return result
