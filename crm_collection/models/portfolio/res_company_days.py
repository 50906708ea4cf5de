from odoo import fields, models


class ResCompany(models.Model):
    """How long a company waits for money it was told of."""

    _inherit = "res.company"

    collection_processing_days = fields.Integer(
        string="Days for Payments on Their Way",
        default=5,
        help="An online payment that the provider has not confirmed yet is waited for so many "
        "days after its last change: what it pays is not asked for. 0: it holds nothing back.",
    )

    _collection_processing_days_in_calendar = models.Constraint(
        "CHECK(collection_processing_days BETWEEN 0 AND 36500)",
        "The days for payments on their way are from 0 to 36500.",
    )
