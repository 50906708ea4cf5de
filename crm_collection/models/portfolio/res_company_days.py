from odoo import fields, models


class ResCompany(models.Model):
    """How long a company waits for money it was told of, and holds back at most."""

    _inherit = "res.company"

    collection_processing_days = fields.Integer(
        string="Days for Payments on Their Way",
        default=5,
        help="An online payment that the provider has not confirmed yet is waited for so many "
        "days after its last change: what it pays is not asked for. 0: it holds nothing back.",
    )
    collection_promise_days = fields.Integer(
        string="Days for Promises",
        default=0,
        help="A payment dated so many days after the promised day still keeps a promise, and "
        "collection is held back for as long. 0: by the promised day.",
    )
    collection_promise_percent = fields.Float(
        string="Tolerance of Promises (%)",
        digits=(5, 2),
        default=0,
        help="A promise is kept where all but so many per cent of it was paid in time. 0: all of "
        "it.",
    )
    collection_promise_remind = fields.Boolean(
        string="Remind of Promises",
        help="The day before something is to be paid that was promised, the customer gets a short "
        "mail, once. It leaves with the letters, where they leave by themselves.",
    )
    collection_promise_longest = fields.Integer(
        string="Longest Promise",
        default=30,
        required=True,
        help="Collectors accept promises for a day within so many days; managers for longer.",
    )
    collection_hold_longest = fields.Integer(
        string="Longest Hold",
        default=90,
        required=True,
        help="Collectors block and dispute for so many days; managers for longer, and without "
        "an end.",
    )

    _collection_processing_days_in_calendar = models.Constraint(
        "CHECK(collection_processing_days BETWEEN 0 AND 36500)",
        "The days for payments on their way are from 0 to 36500.",
    )
    _collection_promise_days_in_calendar = models.Constraint(
        "CHECK(collection_promise_days BETWEEN 0 AND 365)",
        "The days for promises are from 0 to 365.",
    )
    _collection_promise_percent_is_some = models.Constraint(
        "CHECK(collection_promise_percent >= 0 AND collection_promise_percent < 100)",
        "The tolerance of promises is from 0 to less than 100 per cent.",
    )
    _collection_longest_in_calendar = models.Constraint(
        "CHECK(collection_promise_longest BETWEEN 0 AND 3650"
        " AND collection_hold_longest BETWEEN 0 AND 3650)",
        "The longest promise and hold are from 0 to 3650 days.",
    )
