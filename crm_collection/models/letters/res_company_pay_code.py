from odoo import fields, models


class ResCompany(models.Model):
    """Whether letters and statements offer a code to pay with."""

    _inherit = "res.company"

    collection_pay_code = fields.Boolean(
        string="Code to Pay",
        default=True,
        help="On letters, statements and in the customer's area: a code to scan with the amount "
        "and the account, where the bank account has what it takes: Pix in Brazil, SEPA in the "
        "euro area, and what your localisation adds.",
    )
