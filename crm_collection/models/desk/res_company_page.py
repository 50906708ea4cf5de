from odoo import fields, models


class ResCompany(models.Model):
    """What customers may answer on the page of a letter, and how long letters wait for it."""

    _inherit = "res.company"

    collection_page_answers = fields.Boolean(
        string="Answers on the Letter's Page",
        default=True,
        help="Who opens the link in a letter may say that he has paid, will pay, or what is wrong. "
        "It lands with the collector.",
    )
    collection_page_wait_days = fields.Integer(
        string="Letters Wait for an Answer (Days)",
        default=3,
        help="So long no letter goes about what a customer said on the page has been paid, is "
        "wrong, or asks to pay in parts; once a month for each open item. 0: letters do not wait.",
    )
    collection_page_promise_days = fields.Integer(
        string="Promise on the Page (Days)",
        default=10,
        help="The last day a customer may promise to pay by himself. 0: he may not.",
    )

    _collection_page_days_range = models.Constraint(
        "CHECK(collection_page_wait_days BETWEEN 0 AND 90"
        " AND collection_page_promise_days BETWEEN 0 AND 90)",
        "Letters wait for what customers answer on the page for 0 to 90 days.",
    )
