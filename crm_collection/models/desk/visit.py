from datetime import timedelta

from odoo import api, fields, models

# Whoever comes back within so long goes on where he was.
PAUSE = timedelta(hours=1)


class CrmCollectionDeskVisit(models.Model):
    """When a user looked at his work last: what happened since is news."""

    _name = "crm.collection.desk.visit"
    _description = "Last Look at the Desk"
    _rec_name = "user_id"

    user_id = fields.Many2one(
        comodel_name="res.users", required=True, readonly=True, ondelete="cascade"
    )
    date_last = fields.Datetime(string="Last Look", required=True, readonly=True)
    date_before = fields.Datetime(string="Look Before", readonly=True)

    _user_uniq = models.UniqueIndex("(user_id)", "A user has one desk.")

    @api.model
    def _get_since(self):
        """:return: since when what happened is news for the user; ``False``: he was never here"""
        visit = self.sudo().search([("user_id", "=", self.env.uid)])
        if visit and fields.Datetime.now() - visit.date_last > PAUSE:
            return visit.date_last
        return visit.date_before

    @api.model
    def _look(self):
        """The user is looking at his work."""
        visit_sudo = self.sudo().search([("user_id", "=", self.env.uid)])
        now = fields.Datetime.now()
        if not visit_sudo:
            visit_sudo.create({"user_id": self.env.uid, "date_last": now})
            return
        vals = {"date_last": now}
        if now - visit_sudo.date_last > PAUSE:
            vals["date_before"] = visit_sudo.date_last
        visit_sudo.write(vals)
