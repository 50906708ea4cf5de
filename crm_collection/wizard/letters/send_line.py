from odoo import fields, models


class CrmCollectionItemSendLine(models.TransientModel):
    """The letter one customer would get, or why none."""

    _name = "crm.collection.item.send.line"
    _description = "Letter Preview"

    wizard_id = fields.Many2one(
        comodel_name="crm.collection.item.send", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(comodel_name="res.company", ondelete="cascade")
    company_currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(comodel_name="res.partner", string="Customer", ondelete="cascade")
    email_to = fields.Char(string="To")
    has_address = fields.Boolean()
    template_id = fields.Many2one(comodel_name="mail.template", string="Letter", ondelete="cascade")
    phase_id = fields.Many2one(comodel_name="crm.collection.phase", ondelete="cascade")
    item_count = fields.Integer(string="Number of Items")
    open_items = fields.Char()
    amount = fields.Monetary(
        string="Owed",
        currency_field="company_currency_id",
        help="What the items of the letter owe, in company currency, at the rate each of them is "
        "booked at.",
    )
    amount_asked = fields.Monetary(
        string="Asked for",
        currency_field="company_currency_id",
        help="What the letter asks for: less open credits and what is not due yet, with fine and "
        "interest. In company currency, at the rate each item is booked at.",
    )
    date_last_letter = fields.Date(
        string="Last Letter", help="When a letter of collection last left for the customer."
    )
    date_next = fields.Date(
        string="Next One After",
        help="When the next letter about these items goes by itself after this one, if nothing is "
        "paid. Empty: none does in their phases.",
    )
    refusal = fields.Char(string="Left Out")
