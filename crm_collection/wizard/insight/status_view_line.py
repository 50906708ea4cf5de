from odoo import fields, models

from ...tools.arguments import check_one
from .status_view import LEVELS


class CrmCollectionStatusViewLine(models.TransientModel):
    """One check of the service status."""

    _name = "crm.collection.status.view.line"
    _description = "Collection Service Check"

    view_id = fields.Many2one(
        comodel_name="crm.collection.status.view", required=True, ondelete="cascade", index=True
    )
    key = fields.Char(readonly=True)
    title = fields.Char(string="Check", readonly=True)
    level = fields.Selection(selection=LEVELS, string="State", readonly=True)
    message = fields.Char(string="What Is Known", readonly=True)
    action = fields.Json(readonly=True)
    has_action = fields.Boolean(compute="_compute_has_action")

    def _compute_has_action(self):
        for line in self:
            line.has_action = bool(line.action)

    def action_open(self):
        """Open what mends it."""
        check_one(self)
        return self.action
