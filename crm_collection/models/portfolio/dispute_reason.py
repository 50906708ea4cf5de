from odoo import fields, models


class CrmCollectionDisputeReason(models.Model):
    """Why customers dispute what they owe: companies add their own."""

    _name = "crm.collection.dispute.reason"
    _description = "Reason of Disputes"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        comodel_name="res.company",
        index="btree_not_null",
        help="Empty: the reason serves every company.",
    )
