from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .collected_queries import METHOD_TABLE


class ResCompany(models.Model):
    """What a company collects by itself, by direct debit or a saved card, is not asked for."""

    _inherit = "res.company"

    collection_collected_method_ids = fields.Many2many(
        comodel_name="account.payment.method.line",
        relation=METHOD_TABLE,
        column1="company_id",
        column2="method_id",
        string="Collected by the Company",
        domain="[('payment_type', '=', 'inbound'), ('company_id', 'parent_of', id)]",
        help="Payment methods by which the company fetches the money itself, such as direct debit "
        "and saved cards. Invoices with such a payment method are not asked for until the days "
        "after their due date are over.",
    )
    collection_collected_days = fields.Integer(
        string="Days to Collect",
        default=5,
        help="What the company collects itself is not asked for until so many days after its due "
        "date. Then, or when a payment of it was undone, it is collected as any other.",
    )

    _collection_collected_days_in_calendar = models.Constraint(
        "CHECK(collection_collected_days BETWEEN 0 AND 365)",
        "The days to collect are from 0 to 365.",
    )

    @api.constrains("collection_collected_method_ids")
    def _check_collected_methods(self):
        """Methods to receive money by, of journals of the company or of those above it: no other
        are on its invoices."""
        for company in self:
            lines_sudo = company.sudo().collection_collected_method_ids
            for line_sudo in lines_sudo:
                owner = line_sudo.company_id
                if owner and owner not in company.sudo().parent_ids:
                    raise ValidationError(
                        self.env._(
                            "%(method)s is of a journal of %(owner)s: choose payment methods of"
                            " %(company)s.",
                            method=line_sudo.display_name,
                            owner=owner.display_name,
                            company=company.display_name,
                        )
                    )
                if line_sudo.payment_type != "inbound":
                    raise ValidationError(
                        self.env._(
                            "By %s the company pays: choose payment methods by which it is paid.",
                            line_sudo.display_name,
                        )
                    )
