from odoo import fields, models


class CrmCollectionThanksLine(models.Model):
    """A settlement for which its customer was thanked: once, the database sees to that."""

    _name = "crm.collection.thanks.line"
    _description = "What Was Paid"
    _order = "id"

    thanks_id = fields.Many2one(
        comodel_name="crm.collection.thanks",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    company_id = fields.Many2one(related="thanks_id.company_id", store=True)
    settlement_id = fields.Many2one(
        comodel_name="crm.collection.settlement",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    name = fields.Char(related="settlement_id.name")
    date = fields.Date(related="settlement_id.date")
    currency_id = fields.Many2one(related="settlement_id.currency_id")
    amount = fields.Monetary(
        related="settlement_id.amount_currency", string="Received", aggregator=None
    )

    _settlement_uniq = models.UniqueIndex(
        "(settlement_id)", "The customer was thanked for this already."
    )
