from odoo import fields, models
from odoo.tools.image import image_data_uri


class ResCompany(models.Model):
    """On which sheet letters are printed, and who stands at the head of reports."""

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

    def _get_collection_letterhead(self):
        """:return: dict of the company's ``name``, ``logo`` (data URI or ''), ``address`` (lines),
        ``vat`` and ``vat_label``, for the head of a report"""
        company = self.sudo()  # name and address are no secret
        partner = company.partner_id
        logo = partner.image_512 if not company.uses_default_logo else False
        vat_label, vat = partner._get_collection_vat()
        address = partner._display_address(without_company=True).split("\n")
        return {
            "name": company.name,
            "logo": image_data_uri(logo) if logo else "",
            "address": [line.strip() for line in address if line.strip()],
            "vat": vat,
            "vat_label": vat_label or company.country_id.vat_label or self.env._("Tax ID"),
        }
