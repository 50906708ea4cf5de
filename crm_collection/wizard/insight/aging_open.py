from odoo import api, fields, models
from odoo.tools.misc import format_date, formatLang

from ...models.insight.scope import DATE_KEY, MATCHING_KEY
from ...report.insight.aging import MATCHINGS
from ...tools.arguments import check_one
from ...tools.text import get_file_name

# a sheet for reading: the smaller customers come as one line
MAX_CUSTOMERS = 300
BUCKETS = range(6)


class CrmCollectionAgingOpen(models.TransientModel):
    """Asks for the day of the aging, shows it on the screen or prints it by customer."""

    _name = "crm.collection.aging.open"
    _description = "Aging on a Day"

    at = fields.Selection(
        selection=[
            ("today", "Today"),
            ("month", "End of last month"),
            ("year", "End of last year"),
            ("date", "Another day"),
        ],
        string="Day",
        default="today",
        required=True,
    )
    date = fields.Date(
        string="As of",
        compute="_compute_date",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
    )

    matching = fields.Selection(
        selection=MATCHINGS,
        string="Matches",
        default="now",
        required=True,
        help="As matched now: payments and credit notes count by their dates, as in accounting. As "
        "known then: only what was on record at the end of the day, whatever was entered, matched "
        "or unmatched since.",
    )

    @api.depends("at")
    def _compute_date(self):
        today = self.env.company._get_collection_today()
        for wizard in self:
            if wizard.at == "month":
                wizard.date = fields.Date.subtract(today.replace(day=1), days=1)
            elif wizard.at == "year":
                wizard.date = fields.Date.subtract(today.replace(month=1, day=1), days=1)
            elif wizard.at == "today" or not wizard.date:
                wizard.date = today

    @api.depends("date", "matching")
    def _compute_display_name(self):
        names = {
            "now": self.env._("Aging on %s, as matched now"),
            "then": self.env._("Aging on %s, as known then"),
        }
        for wizard in self:
            day = format_date(self.env, wizard.date) if wizard.date else ""
            wizard.display_name = names[wizard.matching or "now"] % day

    def _get_file_name(self):
        return get_file_name(self.display_name)

    # === Actions === #

    def action_open(self):
        """The aging of the day on the screen; without the day for today, so that it stays
        today's."""
        check_one(self)
        action = self.env["ir.actions.actions"]._for_xml_id(
            "crm_collection.crm_collection_aging_action"
        )
        if self.at != "today":
            action["context"] = self._get_context()
            action["display_name"] = action["name"] = self.display_name
        return action

    def _get_context(self):
        """:return: what the aging is asked for"""
        context = {DATE_KEY: fields.Date.to_string(self.date)}
        return {**context, MATCHING_KEY: "then"} if self.matching == "then" else context

    def action_print(self):
        """The aging of the day by customer, as PDF in the user's language."""
        report = self.env.ref("crm_collection.action_report_aging")
        return report.report_action(self, config=False)

    # === Printing === #

    def _get_sections(self):
        """:return: one dict per active company: its customers, phases and currencies with their
        amounts by bucket, as text in the user's language"""
        self.ensure_one()
        return [self._get_section(company) for company in self.env.companies]

    def _get_section(self, company):
        Aging = (
            self.env["crm.collection.aging"]
            .with_company(company)
            .with_context(**self._get_context())
        )
        domain = [("company_id", "=", company.id)]
        aggregates = [f"amount_{number}:sum" for number in BUCKETS] + ["amount:sum"]
        (total,) = Aging._read_group(domain, [], aggregates)
        customers = Aging._read_group(
            domain, ["partner_id"], aggregates, order="amount:sum DESC", limit=MAX_CUSTOMERS
        )
        phases = Aging._read_group(domain, ["phase_id"], aggregates)
        return {
            "company": company,
            "buckets": [label for _number, label in Aging._selection_bucket()],
            "customers": self._format_rows(company, customers, self.env._("No customer")),
            "others": self._format_others(company, total, customers),
            "phases": self._format_rows(company, phases, self.env._("In no phase")),
            "total": self._format(company.currency_id, total),
            "shares": [self._format_share(amount, total[-1]) for amount in total],
            "currencies": self._get_currencies(Aging, domain, company),
        }

    def _format_rows(self, company, groups, nothing):
        return [
            (record.display_name or nothing, self._format(company.currency_id, amounts))
            for record, *amounts in groups
        ]

    def _format_others(self, company, total, customers):
        """What all customers owe beyond those that are listed."""
        if len(customers) < MAX_CUSTOMERS:
            return None
        listed = [sum(amounts) for amounts in zip(*(row[1:] for row in customers), strict=True)]
        rest = [(amount or 0) - shown for amount, shown in zip(total, listed, strict=True)]
        return self._format(company.currency_id, rest) if any(rest) else None

    def _get_currencies(self, Aging, domain, company):
        """What is owed in each currency, where there is another than the company's."""
        groups = Aging._read_group(
            domain, ["currency_id"], ["amount_currency:sum", "amount:sum"], order="currency_id"
        )
        if all(currency == company.currency_id for currency, *_amounts in groups):
            return []
        return [
            (
                currency.name,
                self._format(currency, [owed])[0],
                self._format(company.currency_id, [amount])[0],
            )
            for currency, owed, amount in groups
        ]

    def _format(self, currency, amounts):
        digits = currency.decimal_places
        return [formatLang(self.env, amount or 0, digits=digits) for amount in amounts]

    def _format_share(self, amount, total):
        share = 100 * (amount or 0) / total if total else 0
        return self.env._("%s %%", formatLang(self.env, share, digits=1))
