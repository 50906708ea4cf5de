from odoo import models


class ResUsers(models.Model):
    """Whose work a user does, and whose he sees."""

    _inherit = "res.users"

    def _get_collection_substituted(self):
        """:return: those whose work the user does today, himself among them"""
        return self

    def _get_collection_team(self):
        """:return: everybody in the teams the user heads or belongs to"""
        self.ensure_one()
        teams_sudo = self.env["crm.collection.team"].sudo()  # who works with whom is no secret
        teams_sudo = teams_sudo.search(
            ["|", ("leader_id", "=", self.id), ("member_ids", "in", self.ids)]
        )
        return teams_sudo.leader_id | teams_sudo.member_ids
