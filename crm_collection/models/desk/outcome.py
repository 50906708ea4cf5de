from odoo import fields, models


class CrmCollectionOutcome(models.Model):
    """What may come of a contact: companies add their own."""

    _name = "crm.collection.outcome"
    _description = "Outcome of Collection Contacts"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        comodel_name="res.company",
        index="btree_not_null",
        help="Empty: the outcome serves every company.",
    )
    follow_up = fields.Selection(
        selection=[
            ("none", "Nothing else"),
            ("promise", "A promise to pay"),
            ("dispute", "A dispute"),
            ("hold", "A hold"),
            ("next", "A next action"),
        ],
        required=True,
        default="none",
        help="What is asked for in the same dialog.",
    )
    is_reached = fields.Boolean(
        string="Customer Reached",
        default=True,
        help="Somebody who can decide about the payment was spoken to: it counts as a right-party "
        "contact.",
    )
    next_days = fields.Integer(
        string="Next Action after (Days)",
        aggregator=None,
        help="Offered as the day of the next action. 0: none is offered.",
    )

    _next_days_positive = models.Constraint(
        "CHECK(next_days >= 0)", "The next action cannot be in the past."
    )
