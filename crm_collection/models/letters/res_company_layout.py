from odoo import fields, models


class ResCompany(models.Model):
    """On which sheet letters are printed."""

    _inherit = "res.company"

    collection_letter_layout = fields.Selection(
        selection=[("letter", "Letter's own layout"), ("company", "Company document layout")],
        string="Sheet of Letters",
        default="letter",
        required=True,
        help="Letter's own layout: a plain letterhead with a window for the address. Company "
        "document layout: the one of your invoices, with its logo, colors, header and footer. "
        "Letters that have left keep the PDF they were sent with.",
    )
