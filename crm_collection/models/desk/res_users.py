from odoo import models


class ResUsers(models.Model):
    """Whose work a collector does: his own, and that of colleagues who are absent."""

    _inherit = "res.users"

    def _get_collection_substituted(self):
        """:return: the users whose work this one does today in the active companies, himself
        first: those who named him in their absence (``crm.collection.approval.delegation``)"""
        self.ensure_one()
        Delegation = self.env["crm.collection.approval.delegation"]
        here = set(self.env.companies.ids)
        absent = Delegation._get_of(self).filtered(lambda one: here & set(one._get_company_ids()))
        return self | absent.user_id.with_env(self.env)

    def _get_collection_team(self):
        """:return: everybody in the teams the user heads or belongs to"""
        self.ensure_one()
        teams_sudo = self.env["crm.collection.team"].sudo()  # who works with whom is no secret
        teams_sudo = teams_sudo.search(
            ["|", ("leader_id", "=", self.id), ("member_ids", "in", self.ids)]
        )
        return teams_sudo.leader_id | teams_sudo.member_ids
