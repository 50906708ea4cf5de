from odoo import api, fields, models
from odoo.tools import formatLang

from ...tools import interval
from ...tools.figures import OptionalFloat
from . import comparison_queries


class CrmCollectionComparison(models.Model):
    """Two texts of a phase beside each other: who got which, and what was paid after it.

    A row for each comparison in each company; another text, or another draw, is another one. Read
    only; the company rule applies. The difference is that of the shares of customers who paid, with
    its interval of 95 % (:func:`.interval.newcombe`): as long as nothing is in it, chance alone
    may have made it.
    """

    _name = "crm.collection.comparison"
    _description = "Comparison of Letter Texts"
    _auto = False
    _order = "date_first desc, id desc"
    _rec_name = "phase_id"
    _depends = {
        "crm.collection.letter": [
            *("company_id", "phase_id", "compare_key", "compare_side", "partner_id"),
            *("template_id", "date", "date_sent", "state", "is_reversed"),
        ],
        "crm.collection.letter.line": [
            *("letter_id", "item_id", "amount_asked", "amount_residual"),
            "amount_residual_company",
        ],
        "crm.collection.settlement": ["item_id", "date", "amount", "kind", "reversal_of_id"],
        "res.company": ["collection_attribution_days", "collection_tz"],
    }

    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    phase_id = fields.Many2one(comodel_name="crm.collection.phase", readonly=True)
    compare_key = fields.Char(string="Comparison", readonly=True)
    date_first = fields.Date(string="First Letter", readonly=True)
    date_last = fields.Date(string="Last Letter", readonly=True)
    days_to_pay = fields.Integer(
        string="Days to Pay",
        aggregator=None,
        readonly=True,
        help="The company's days of attribution (Settings): what is paid within them counts.",
    )
    template_a_id = fields.Many2one(
        comodel_name="mail.template", string="Default Letter", readonly=True
    )
    template_b_id = fields.Many2one(
        comodel_name="mail.template", string="Second Letter", readonly=True
    )
    letter_count_a = fields.Integer(
        string="Letters, Default", aggregator=None, readonly=True, help="All that left."
    )
    letter_count_b = fields.Integer(string="Letters, Second", aggregator=None, readonly=True)
    early_count_a = fields.Integer(
        string="Still to Come, Default",
        aggregator=None,
        readonly=True,
        help="Customers whose days to pay are not over: they do not count yet.",
    )
    early_count_b = fields.Integer(string="Still to Come, Second", aggregator=None, readonly=True)
    customer_count_a = fields.Integer(
        string="Customers, Default",
        aggregator=None,
        readonly=True,
        help="Whose days to pay after their first letter are over.",
    )
    customer_count_b = fields.Integer(string="Customers, Second", aggregator=None, readonly=True)
    payer_count_a = fields.Integer(
        string="Paid, Default",
        aggregator=None,
        readonly=True,
        help="Customers who paid all or a part of what their first letter asked for.",
    )
    payer_count_b = fields.Integer(string="Paid, Second", aggregator=None, readonly=True)
    amount_asked_a = fields.Monetary(
        string="Asked for, Default",
        currency_field="company_currency_id",
        aggregator=None,
        readonly=True,
    )
    amount_asked_b = fields.Monetary(
        string="Asked for, Second",
        currency_field="company_currency_id",
        aggregator=None,
        readonly=True,
    )
    amount_paid_a = fields.Monetary(
        string="Paid of It, Default",
        currency_field="company_currency_id",
        aggregator=None,
        readonly=True,
    )
    amount_paid_b = fields.Monetary(
        string="Paid of It, Second",
        currency_field="company_currency_id",
        aggregator=None,
        readonly=True,
    )
    rate_a = OptionalFloat(
        string="Customers Who Paid, Default (%)",
        digits=(16, 1),
        aggregator=None,
        readonly=True,
    )
    rate_b = OptionalFloat(
        string="Customers Who Paid, Second (%)",
        digits=(16, 1),
        aggregator=None,
        readonly=True,
    )
    rate_amount_a = OptionalFloat(
        string="Amount Paid, Default (%)",
        digits=(16, 1),
        aggregator=None,
        readonly=True,
    )
    rate_amount_b = OptionalFloat(
        string="Amount Paid, Second (%)",
        digits=(16, 1),
        aggregator=None,
        readonly=True,
    )
    difference_label = fields.Char(
        string="Difference",
        compute="_compute_difference",
        help="Customers who paid after the second letter less those after the default one, in "
        "points of a percentage, and between which bounds 95 of 100 such comparisons have it.",
    )
    verdict = fields.Char(string="What It Says", compute="_compute_difference")
    is_told = fields.Boolean(compute="_compute_difference")

    # === SQL === #

    @property
    def _table_query(self):
        return comparison_queries.comparisons(self.env["res.company"]._get_collection_days())

    # === Compute methods === #

    @api.depends("customer_count_a", "customer_count_b")
    @api.depends_context("lang")
    def _compute_difference(self):
        for comparison in self:
            found = comparison._get_difference()
            comparison.is_told = found and not found.low <= 0 <= found.high
            comparison.difference_label = found and comparison._describe(found)
            comparison.verdict = comparison._get_verdict(found)

    # === Business methods === #

    def _get_difference(self):
        """:return: :class:`.interval.Interval` of the second text less the default one; None where
        nobody counts yet"""
        if not (self.customer_count_a and self.customer_count_b):
            return None
        return interval.newcombe(
            *(self.payer_count_b, self.customer_count_b),
            *(self.payer_count_a, self.customer_count_a),
        )

    def _describe(self, found):
        difference, low, high = (
            ("+" if share > 0 else "") + formatLang(self.env, 100 * share, digits=1)
            for share in found
        )
        return self.env._(
            "%(difference)s points, between %(low)s and %(high)s",
            difference=difference,
            low=low,
            high=high,
        )

    def _get_verdict(self, found):
        """:return: what may be said, in a plain sentence"""
        if not found or found.low <= 0 <= found.high:
            return self.env._("No difference can be told yet.")
        better = self.template_b_id if found.low > 0 else self.template_a_id
        return self.env._("More customers paid after “%s”.", better.sudo().name or "-")
