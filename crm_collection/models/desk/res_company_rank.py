from odoo import fields, models

RANK = "How many points it is worth at most. See the list's own explanation of each customer."


class ResCompany(models.Model):
    """What counts on the desk, and how much: a sum of parts, each of which is shown."""

    _inherit = "res.company"

    collection_rank_reply = fields.Integer(
        string="Points for a Reply", default=40, aggregator=None, help=RANK
    )
    collection_rank_broken = fields.Integer(
        string="Points for a Broken Promise", default=25, aggregator=None, help=RANK
    )
    collection_rank_promise = fields.Integer(
        string="Points for a Promise That Is Due", default=15, aggregator=None, help=RANK
    )
    collection_rank_amount = fields.Integer(
        string="Points for the Amount", default=30, aggregator=None, help=RANK
    )
    collection_rank_full = fields.Float(
        string="Amount for Full Points",
        default=10000.0,
        aggregator=None,
        help="An overdue amount as large as this, in company currency, is worth all points for "
        "the amount; a smaller one its share of them.",
    )
    collection_rank_age = fields.Integer(
        string="Points for the Age",
        default=20,
        aggregator=None,
        help="For 90 days overdue or more; less in proportion.",
    )
    collection_rank_phase = fields.Integer(
        string="Points for the Phase",
        default=10,
        aggregator=None,
        help="For the last phase; less in proportion to the order of the phases.",
    )
    collection_rank_silence = fields.Integer(
        string="Points for Silence",
        default=10,
        aggregator=None,
        help="Where nobody was spoken to for 30 days, or ever; less in proportion.",
    )
    collection_rank_trust = fields.Integer(
        string="Points for Distrust",
        default=10,
        aggregator=None,
        help="For a bad debtor; half of them for a normal one.",
    )

    _collection_ranks_positive = models.Constraint(
        """CHECK(LEAST(collection_rank_reply, collection_rank_broken, collection_rank_promise,
                 collection_rank_amount, collection_rank_age, collection_rank_phase,
                 collection_rank_silence, collection_rank_trust) >= 0
           AND collection_rank_full > 0)""",
        "Points cannot be negative, and the amount for full points is more than zero.",
    )
