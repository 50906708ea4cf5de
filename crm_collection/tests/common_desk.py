from .common_letters import CrmCollectionLettersCommon


class CrmCollectionDeskCommon(CrmCollectionLettersCommon):
    """Contacts, logged as collectors do it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.outcomes = {
            name: cls.env.ref(f"crm_collection.outcome_{name}")
            for name in ("promised", "dispute", "refuses", "call_back", "no_answer")
        }

    def _get_dialog(self, records, user=None, **context):
        """The dialog as it opens on records."""
        Log = self.env["crm.collection.contact.log"].with_user(user or self.collector)
        active = {"active_model": records._name, "active_ids": records.ids}
        return Log.with_company(self.company).with_context(**active, **context)

    def _log(self, records, outcome="refuses", user=None, **vals):
        """:return: the contact that was logged on records"""
        known = self.env["crm.collection.contact"].sudo().search([])
        dialog = self._get_dialog(records, user)
        dialog.create({"outcome_id": self.outcomes[outcome].id, **vals}).action_log()
        logged = self.env["crm.collection.contact"].sudo().search([]) - known
        return logged.with_user(user or self.collector)
