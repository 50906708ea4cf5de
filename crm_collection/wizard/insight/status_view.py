from odoo import api, fields, models
from odoo.fields import Command

from ...tools.arguments import check_one

LEVELS = [("ok", "Works"), ("warning", "Look at it"), ("danger", "Does not work")]


class CrmCollectionStatusView(models.TransientModel):
    """The page of the service status: what works, what does not, and what mends it."""

    _name = "crm.collection.status.view"
    _description = "Collection Service Status Page"

    company_id = fields.Many2one(
        comodel_name="res.company", default=lambda self: self.env.company, readonly=True
    )
    level = fields.Selection(selection=LEVELS, readonly=True)
    line_ids = fields.One2many(
        comodel_name="crm.collection.status.view.line",
        inverse_name="view_id",
        string="Checks",
        readonly=True,
    )

    @api.depends("company_id")
    def _compute_display_name(self):
        for view in self:
            view.display_name = self.env._("Service status of %s", view.company_id.name)

    @api.model
    def action_open(self):
        """Check now, and show it."""
        view = self.create({})
        view.action_refresh()
        return view._get_open_action()

    def action_refresh(self):
        """Check again, for the company the page is about."""
        check_one(self)
        status = self.env["crm.collection.status"].with_company(self.company_id).get_status()
        self.write(
            {
                "level": status["level"],
                "line_ids": [
                    Command.clear(),
                    *(Command.create(dict(check)) for check in status["checks"]),
                ],
            }
        )
        return self._get_open_action()

    def _get_open_action(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Service Status"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "current",
        }
