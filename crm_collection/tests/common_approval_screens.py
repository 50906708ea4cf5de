from odoo.fields import Command

from .common_letters import CrmCollectionLettersCommon


class CrmCollectionApprovalScreensCommon(CrmCollectionLettersCommon):
    """A second approver, and phases whose titles need an approval."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls._create_user("second", "approver")

    @classmethod
    def _guard(cls, phase, levels=None, **vals):
        """Titles enter ``phase`` by approval only.

        :param list levels: values of the levels; the approvers' group by default
        """
        group = cls.env.ref("crm_collection.group_crm_collection_approver")
        levels = levels or [{"group_id": group.id}]
        rule = (
            cls.env["crm.collection.approval.rule"]
            .with_user(cls.manager)
            .create(
                {
                    "name": "Severe phases",
                    "governs": "allocation",
                    "level_ids": [Command.create(level) for level in levels],
                    **vals,
                }
            )
        )
        phase.with_user(cls.manager).approval_rule_id = rule
        return rule

    def _ask(self, moves, phase=None, user=None, reason="Does not answer"):
        """Somebody wants the titles of the entries in a phase; the requests that wait now."""
        items = self._items(moves).with_user(user or self.collector)
        items._maintain((phase or self.phase_third).with_user(user or self.collector), reason)
        self.env.invalidate_all()
        return self._requests()

    def _requests(self, state="pending"):
        return self.env["crm.collection.approval"].search(
            [("state", "=", state), ("kind", "=", "allocation")]
        )
