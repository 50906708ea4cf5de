from odoo import fields, models


class ResCompany(models.Model):
    """How often mail may come back before an address is not used any more."""

    _inherit = "res.company"

    collection_returned_max = fields.Integer(
        string="Returned Mails",
        default=2,
        required=True,
        help="After so many mails that were refused for good, no letter goes to an address until "
        "somebody says otherwise. A complaint of spam does so at once.",
    )

    _collection_returned_max_positive = models.Constraint(
        "CHECK(collection_returned_max BETWEEN 1 AND 100)",
        "An address is given up after 1 to 100 mails that came back.",
    )
