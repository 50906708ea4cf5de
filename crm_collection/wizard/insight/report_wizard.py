from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from ...models.ledger.allocation import FROM_KEY, TO_KEY
from ...tools.arguments import check_one
from ...tools.text import get_file_name

# Model behind each report, its date of the period, and the action that shows it as a list.
REPORTS = {
    "settled": ("crm.collection.settlement", "date", "crm_collection_settlement_action"),
    "history": ("crm.collection.allocation", "day_in", "crm_collection_allocation_action"),
    "results": (
        "crm.collection.allocation.report",
        "day_in",
        "crm_collection_allocation_report_action",
    ),
}
PRINTOUTS = {
    "settled": "crm_collection.action_report_period_landscape",
    "history": "crm_collection.action_report_period_landscape",
    "results": "crm_collection.action_report_period",
}


class CrmCollectionReportWizard(models.TransientModel):
    """A report of a period on paper, or the list behind it.

    Prints what its user may read, in the user's language; totals are per company, in the
    company's currency.
    """

    _name = "crm.collection.report.wizard"
    _description = "Print a Collection Report"

    report = fields.Selection(
        selection=[
            ("settled", "Settled collections"),
            ("history", "Phase history by item"),
            ("results", "What works"),
        ],
        required=True,
        default="settled",
    )
    date_from = fields.Date(
        string="From", required=True, default=lambda self: self._default_date_from()
    )
    date_to = fields.Date(string="To", required=True, default=lambda self: self._default_date_to())
    company_ids = fields.Many2many(
        comodel_name="res.company",
        string="Companies",
        required=True,
        default=lambda self: self.env.companies,
        domain=lambda self: [("id", "in", self.env.companies.ids)],
    )
    phase_ids = fields.Many2many(
        comodel_name="crm.collection.phase", string="Phases", help="Empty: all."
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Collector",
        domain="[('share', '=', False)]",
        help="Empty: all.",
    )

    @api.model
    def _default_date_from(self):
        """The month before, which is over: on the first of a month somebody prints it."""
        first = self.env.company._get_collection_today().replace(day=1)
        return fields.Date.subtract(first, months=1)

    @api.model
    def _default_date_to(self):
        first = self.env.company._get_collection_today().replace(day=1)
        return fields.Date.subtract(first, days=1)

    @api.constrains("date_from", "date_to")
    def _check_period(self):
        for wizard in self:
            if wizard.date_from > wizard.date_to:
                raise ValidationError(self.env._("The period ends before it begins."))

    @api.depends("report", "date_from", "date_to")
    def _compute_display_name(self):
        names = dict(self._fields["report"]._description_selection(self.env))
        for wizard in self:
            days = [format_date(self.env, day) for day in (wizard.date_from, wizard.date_to) if day]
            wizard.display_name = f"{names.get(wizard.report, '')} {' – '.join(days)}"

    def _get_file_name(self):
        return get_file_name(self.display_name)

    # === Actions === #

    def action_print(self):
        """The report as PDF."""
        check_one(self)
        return self.env.ref(PRINTOUTS[self.report]).report_action(self, config=False)

    def action_open_list(self):
        """The lines of the report, to look at, group and export."""
        check_one(self)
        _model, _date, xmlid = REPORTS[self.report]
        action = self.env["ir.actions.actions"]._for_xml_id(f"crm_collection.{xmlid}")
        return {
            **action,
            "display_name": self.env._(
                "%(report)s, %(date_from)s – %(date_to)s",
                report=action["name"],
                date_from=format_date(self.env, self.date_from),
                date_to=format_date(self.env, self.date_to),
            ),
            "domain": list(self._get_domain()),
            "context": self._get_context(),
        }

    # === Business methods === #

    def _get_domain(self):
        """:return: the domain of the report's lines, on the model behind it"""
        self.ensure_one()
        domain = Domain("company_id", "in", self.company_ids.ids) & self._get_period_domain()
        if self.report == "settled":
            domain &= Domain("allocation_id", "!=", False)
        if self.phase_ids:
            domain &= Domain("phase_id", "in", self.phase_ids.ids)
        if self.user_id:
            fname = "item_id.user_id" if self.report == "history" else "user_id"
            domain &= Domain(fname, "=", self.user_id.id)
        return domain

    def _get_period_domain(self):
        """:return: the domain of the period; of the history, what was in a phase in it or was
        settled in it"""
        _model, date, _xmlid = REPORTS[self.report]
        period = Domain("date", ">=", self.date_from) & Domain("date", "<=", self.date_to)
        if self.report != "history":
            return period.map_conditions(
                lambda condition: Domain(date, condition.operator, condition.value)
            )
        is_in = Domain("day_in", "<=", self.date_to) & (
            Domain("day_out", "=", False) | Domain("day_out", ">=", self.date_from)
        )
        return is_in | Domain("settlement_ids", "any", period)

    def _get_context(self):
        """:return: what the list is asked for: of the history, what was settled in the period"""
        if self.report != "history":
            return {}
        return {
            FROM_KEY: fields.Date.to_string(self.date_from),
            TO_KEY: fields.Date.to_string(self.date_to),
        }
