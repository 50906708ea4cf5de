from odoo import fields, models


class CrmCollectionAssignLine(models.TransientModel):
    """Whom a collector would get."""

    _name = "crm.collection.assign.line"
    _description = "Customers to Assign"

    wizard_id = fields.Many2one(
        comodel_name="crm.collection.assign", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(comodel_name="res.company", required=True, readonly=True)
    user_id = fields.Many2one(
        comodel_name="res.users", string="Collector", required=True, readonly=True
    )
    customer_count = fields.Integer(string="Customers", readonly=True)
    item_count = fields.Integer(string="Open Items", readonly=True)
    names = fields.Char(string="Who", readonly=True)
