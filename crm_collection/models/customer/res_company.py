from odoo import fields, models


class ResCompany(models.Model):
    """The customer's side: how long links work, and the ages a statement groups the debt by."""

    _inherit = "res.company"

    collection_link_days = fields.Integer(
        string="Links Work for (Days)",
        default=60,
        help="How long the link in a letter opens its page without a login.",
    )

    collection_thank = fields.Boolean(
        string="Thank for Payments",
        help="Customers who paid an item in full after a letter about it get a short mail, one a "
        "day. It leaves with the letters, where they leave by themselves; not to customers who "
        "dispute something or are blocked.",
    )

    _collection_link_days_positive = models.Constraint(
        "CHECK(collection_link_days > 0)", "The links in letters must work for at least a day."
    )
    _collection_link_days_in_calendar = models.Constraint(
        "CHECK(collection_link_days <= 36500)", "Days are at most 36500: a hundred years."
    )
