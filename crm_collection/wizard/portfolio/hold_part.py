from odoo import fields, models


class CrmCollectionItemHoldPart(models.TransientModel):
    """One part of a promise that is about to be made: offered, and changed as the customer says."""

    _name = "crm.collection.item.hold.part"
    _description = "Part of a Promise to Make"
    _order = "date, id"

    wizard_id = fields.Many2one(
        comodel_name="crm.collection.item.hold", required=True, ondelete="cascade", index=True
    )
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    date = fields.Date(required=True)
    amount = fields.Monetary(required=True)
