from odoo import fields, models

from ...tools.arguments import check_one


class CrmCollectionLive(models.TransientModel):
    """Is this the live database? Asked of managers where it is not the one in which sending was
    switched on."""

    _name = "crm.collection.live"
    _description = "Live Database of Collections"

    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        readonly=True,
        default=lambda self: self.env.company,
    )
    live_note = fields.Text(string="What Differs", compute="_compute_live_note")
    live_date = fields.Datetime(related="company_id.collection_live_date")
    live_user_id = fields.Many2one(related="company_id.collection_live_user_id")

    def _compute_live_note(self):
        for wizard in self:
            wizard.live_note = wizard.company_id._explain_collection_copy()

    def action_go_on(self):
        """This is the live database: letters leave from here, and the one of before stands back
        only if somebody switches it off there."""
        check_one(self)
        self.company_id._go_on_collecting()
        return {"type": "ir.actions.act_window_close"}
