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
    is_start = fields.Boolean(
        readonly=True, help="The way to the first letter, and not what works every day."
    )
    level = fields.Selection(selection=LEVELS, readonly=True)
    line_ids = fields.One2many(
        comodel_name="crm.collection.status.view.line",
        inverse_name="view_id",
        string="Checks",
        readonly=True,
    )

    @api.depends("company_id", "is_start")
    def _compute_display_name(self):
        for view in self:
            if view.is_start:
                view.display_name = self.env._("First steps of %s", view.company_id.name)
            else:
                view.display_name = self.env._("Service status of %s", view.company_id.name)

    @api.model
    def action_open(self):
        """Check now, and show it."""
        view = self.create({})
        view.action_refresh()
        return view._get_open_action()

    @api.model
    def action_open_start(self):
        """The way to the first letter: check each step now, and show it."""
        view = self.create({"is_start": True})
        view.action_refresh()
        return view._get_open_action()

    def action_refresh(self):
        """Check again, for the company the page is about."""
        check_one(self)
        Status = self.env["crm.collection.status"].with_company(self.company_id)
        status = Status._get_start() if self.is_start else Status.get_status()
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
            "name": self.env._("First Steps") if self.is_start else self.env._("Service Status"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "current",
        }
