from odoo import fields, models


class CrmCollectionItemMaintainLine(models.TransientModel):
    """What phase maintenance would do with one item."""

    _name = "crm.collection.item.maintain.line"
    _description = "Phase Maintenance Preview"

    wizard_id = fields.Many2one(
        comodel_name="crm.collection.item.maintain", required=True, ondelete="cascade", index=True
    )
    item_id = fields.Many2one(
        comodel_name="crm.collection.item", string="Open Item", ondelete="cascade"
    )
    # With the user's own rights: he may write a line about any item, not read it.
    partner_id = fields.Many2one(related="item_id.partner_id", related_sudo=False)
    date_maturity = fields.Date(related="item_id.date_maturity", related_sudo=False)
    days_overdue = fields.Integer(related="item_id.days_overdue", related_sudo=False)
    amount_residual = fields.Monetary(
        related="item_id.amount_residual",
        related_sudo=False,
        currency_field="company_currency_id",
    )
    company_currency_id = fields.Many2one(related="item_id.company_currency_id", related_sudo=False)
    phase_from_id = fields.Many2one(
        comodel_name="crm.collection.phase", string="Current Phase", ondelete="cascade"
    )
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase", string="New Phase", ondelete="cascade"
    )
    refusal = fields.Char(string="Refused Because")
    jump = fields.Char(string="Jumps Ahead")
