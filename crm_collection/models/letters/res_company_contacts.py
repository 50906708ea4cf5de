from odoo import fields, models


class ResCompany(models.Model):
    """How often a customer has contact with a company before it writes to him by itself again."""

    _inherit = "res.company"

    collection_contacts_week = fields.Integer(
        string="Contacts a Week",
        help="Letters that leave by themselves wait while the customer had so many contacts within "
        "seven days: letters, statements, confirmations and reminders of promises, and calls that "
        "were logged. 0: any number. What a person sends leaves at once.",
    )

    _collection_contacts_week_range = models.Constraint(
        "CHECK(collection_contacts_week BETWEEN 0 AND 100)",
        "The contacts a week are from 0 to 100.",
    )
