from odoo import api, fields, models


class CrmCollectionLetterLine(models.Model):
    """An item in a letter, with the amounts the letter shows.

    The unique index makes it impossible to write twice about one allocation and round, however
    often and however concurrently the job runs.
    """

    _name = "crm.collection.letter.line"
    _description = "Collection Letter Line"
    _order = "date_maturity, name, id"

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
        index=True,
    )
    item_id = fields.Many2one(
        comodel_name="crm.collection.item",
        string="Open Item in Collection",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    round = fields.Integer(
        readonly=True,
        aggregator=None,
        help="Of the letters about the item in its phase that left. None where the letter reached "
        "nobody.",
    )
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
    amount_credit = fields.Monetary(
        string="Paid by Open Credits",
        readonly=True,
        help="Of the customer: they pay what was due first.",
    )
    amount_total = fields.Monetary(
        string="Total",
        compute="_compute_amount_total",
        help="What is owed, with fine and interest.",
    )
    amount_asked = fields.Monetary(
        string="Asked for",
        readonly=True,
        help="What is owed less what open credits pay, with fine and interest. Nothing of what is "
        "not due yet and only shown beside what is overdue.",
    )
    date = fields.Date(related="letter_id.date", string="Letter Date")
    state = fields.Selection(related="letter_id.state")
    is_reversed = fields.Boolean(related="letter_id.is_reversed", string="In Error")

    _allocation_round_uniq = models.UniqueIndex(
        "(allocation_id, round)", "There is a letter for this allocation and round already."
    )

    @api.depends("amount_residual", "amount_fine", "amount_interest")
    def _compute_amount_total(self):
        for line in self:
            line.amount_total = line.amount_residual + line.amount_fine + line.amount_interest

    def _to_company_currency(self, amount):
        """:return: an amount of the line in company currency, at the rate its item is booked at"""
        self.ensure_one()
        if self.currency_id == self.company_currency_id or not self.amount_residual:
            return amount
        return amount * self.amount_residual_company / self.amount_residual

    def _is_as_written(self, now, on_paper=False):
        """Whether the item still stands as the letter says, with what is asked for of it, days
        and due date included: they carry the interest and the last day to pay.

        :param dict now: a row of ``unsent_queries.recheck``, with what is asked for as in
            ``content_queries.asked_of_letters``
        :param bool on_paper: without the days, and what they carry: paper is of its own day
        """
        self.ensure_one()
        same = self.currency_id.compare_amounts
        return (
            now["owed"]
            and not same(self.amount_credit, now["amount_credit"])
            and not same(self.amount_residual, now["amount_residual_currency"])
            and self.date_maturity == now["date_maturity"]
            and (on_paper or self._is_of_today(now))
        )

    def _is_of_today(self, now):
        """Whether the days are those the letter says, and so is what is asked for because of
        them."""
        same = self.currency_id.compare_amounts
        cent = self.currency_id.rounding  # more or less is not worth another letter
        return (
            same(abs(self.amount_fine - now["amount_fine"]), cent) <= 0
            and same(abs(self.amount_interest - now["amount_interest"]), cent) <= 0
            and self.days_overdue == now["days"]
        )
