from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.dates import days_before


class CrmCollectionGoliveLine(models.TransientModel):
    """Old debt of one age: how much it is, and in which phase it starts."""

    _name = "crm.collection.golive.line"
    _description = "Collection Go-Live Age"
    _order = "days_min, id"

    wizard_id = fields.Many2one(
        comodel_name="crm.collection.golive", required=True, ondelete="cascade", index=True
    )
    days_min = fields.Integer(string="From Day", required=True, default=1)
    days_max = fields.Integer(string="To Day", compute="_compute_preview")
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase",
        string="Starts in",
        ondelete="cascade",
        help="Empty: items of this age stay where they are.",
    )
    item_count = fields.Integer(string="Open Items", compute="_compute_preview")
    amount = fields.Monetary(compute="_compute_preview", currency_field="company_currency_id")
    company_currency_id = fields.Many2one(related="wizard_id.company_currency_id")

    @api.depends(
        "days_min",
        "wizard_id.company_id",
        "wizard_id.date",
        "wizard_id.include_no_followup",
        "wizard_id.line_ids.days_min",
    )
    def _compute_preview(self):
        for line in self:
            wizard = line.wizard_id
            later = [days for days in wizard.line_ids.mapped("days_min") if days > line.days_min]
            line.days_max = min(later) - 1 if later else 0
            if not wizard.date or not wizard.company_id:
                line.item_count, line.amount = 0, 0.0
                continue
            domain = wizard._get_old_domain() & line._get_age_domain()
            if not wizard.include_no_followup:
                domain &= ~wizard._get_left_out_domain()
            line.item_count, line.amount = wizard._get_totals(domain)

    def _get_age_domain(self):
        """:return: the domain of the items of this age on the wizard's date."""
        self.ensure_one()
        date = self.wizard_id.date
        domain = Domain("date_maturity", "<=", days_before(date, self.days_min))
        if self.days_max:
            domain &= Domain("date_maturity", ">=", days_before(date, self.days_max))
        return domain
