from odoo import api, fields, models, tools
from odoo.fields import Domain
from odoo.tools import format_date


class CrmCollectionChargeRate(models.Model):
    """Fine and interest from a day on, of a company or of one of its sending rules.

    The percentages of the company's settings are for all days before its first rate. From its own
    first rate on a rule has its own; before that, the company's. Each day has the interest of the
    rate in force on it; fine and fixed amount are those of the first day an item is late. How they
    are added up: :mod:`.rate_queries`.
    """

    _name = "crm.collection.charge.rate"
    _description = "Rate of Late Charges"
    _order = "company_id, rule_id, date desc, id"
    _check_company_auto = True

    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    rule_id = fields.Many2one(
        comodel_name="crm.collection.rule",
        string="Sending Rule",
        check_company=True,
        ondelete="cascade",
        index="btree_not_null",
        help="Empty: for all customers of the company whose rule has no rate of its own.",
    )
    date = fields.Date(
        string="From",
        required=True,
        default=lambda self: self.env.company._get_collection_today(),
        help="The first day it is in force, until the next one of the same company and rule.",
    )
    fine_percent = fields.Float(
        string="Late Fine (%)",
        digits=(7, 4),
        aggregator=None,
        help="Once per item, of the first day it is late. At most 2 % for consumers in Brazil.",
    )
    interest_percent = fields.Float(
        string="Late Interest (% per month)",
        digits=(7, 4),
        aggregator=None,
        help="A thirtieth of it for each day it is in force. Of a rate a year that is reckoned by "
        "365 days, enter 30/365.",
    )
    amount_fixed = fields.Monetary(
        string="Fixed Amount",
        aggregator=None,
        help="Once per item, of the first day it is late, beside the fine and shown with it. Of "
        "items in the company's currency, and not of consumers in Brazil.",
    )
    source = fields.Char(help="The law, contract or publication that it comes from.")

    _day_uniq = models.UniqueIndex(
        "(company_id, COALESCE(rule_id, 0), date)",
        "There is a rate from this day on already: change that one.",
    )
    _positive = models.Constraint(
        "CHECK(fine_percent >= 0 AND interest_percent >= 0 AND amount_fixed >= 0)",
        "Fine, interest and fixed amount cannot be negative.",
    )

    @api.depends("rule_id", "date")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for rate in self:
            day = rate.date and format_date(self.env, rate.date)
            rate.display_name = " · ".join(filter(None, (rate.rule_id.name, day)))

    # === ORM overrides === #

    @api.model_create_multi
    def create(self, vals_list):
        """Whether there are any is known anew."""
        rates = super().create(vals_list)
        self.env.registry.clear_cache()
        return rates

    def write(self, vals):
        """As where one is made."""
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        """As where one is made."""
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    # === Business methods === #

    @api.model
    def _get_companies(self, companies):
        """:return: which of these companies have rates, asked many times for each letter"""
        return companies.browse(self._get_company_ids()) & companies

    @api.model
    @tools.ormcache()
    def _get_company_ids(self):
        groups = self.sudo()._read_group(Domain.TRUE, ["company_id"])
        return tuple(company.id for (company,) in groups)
