from odoo import api, fields, models


class CrmCollectionLetterLine(models.Model):
    """An item in a letter, with the amounts the letter shows.

    The unique index makes it impossible to write twice about one allocation and round, however
    often and however concurrently the job runs.
    """

    _name = "crm.collection.letter.line"
    _description = "Collection Letter Line"
    _order = "date_maturity, id"

    letter_id = fields.Many2one(
        comodel_name="crm.collection.letter",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    allocation_id = fields.Many2one(
        comodel_name="crm.collection.allocation",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    item_id = fields.Many2one(
        comodel_name="crm.collection.item",
        string="Open Item in Collection",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    round = fields.Integer(required=True, readonly=True, aggregator=None)
    date_due = fields.Date(
        string="Letter Due on",
        readonly=True,
        help="When the item's letter was due, to give it back if this one never leaves.",
    )
    company_id = fields.Many2one(comodel_name="res.company", required=True, readonly=True)
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase", readonly=True, ondelete="restrict"
    )
    name = fields.Char(string="Open Item", readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    date_maturity = fields.Date(string="Due Date", readonly=True)
    days_overdue = fields.Integer(readonly=True, aggregator=None)
    amount_original = fields.Monetary(readonly=True)
    amount_residual = fields.Monetary(string="Amount Owed", readonly=True)
    amount_residual_company = fields.Monetary(
        string="Owed in Company Currency", currency_field="company_currency_id", readonly=True
    )
    amount_fine = fields.Monetary(string="Late Fine", readonly=True)
    amount_interest = fields.Monetary(string="Late Interest", readonly=True)
    amount_total = fields.Monetary(string="Total", compute="_compute_amount_total")
    date = fields.Date(related="letter_id.date", string="Letter Date")
    state = fields.Selection(related="letter_id.state")

    _allocation_round_uniq = models.UniqueIndex(
        "(allocation_id, round)", "There is a letter for this allocation and round already."
    )

    def _is_as_written(self, now):
        """Whether the item still stands as the letter says, days and due date included: they
        carry the interest and the last day to pay.

        :param dict now: a row of ``unsent_queries.recheck``
        """
        self.ensure_one()
        return (
            now["owed"]
            and not self.currency_id.compare_amounts(
                self.amount_residual, now["amount_residual_currency"]
            )
            and (self.days_overdue, self.date_maturity) == (now["days"], now["date_maturity"])
        )

    @api.depends("amount_residual", "amount_fine", "amount_interest")
    def _compute_amount_total(self):
        for line in self:
            line.amount_total = line.amount_residual + line.amount_fine + line.amount_interest
