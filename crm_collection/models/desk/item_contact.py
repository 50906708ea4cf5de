from odoo import api, models
from odoo.tools import format_date, formatLang

# In a context: names say what an item owes and since when, where it is chosen among others
DETAILS_KEY = "crm_collection_details"


class CrmCollectionItem(models.Model):
    """Calls about items are logged from where they are listed."""

    _inherit = "crm.collection.item"

    @api.depends("amount_residual_currency", "date_maturity")
    @api.depends_context(DETAILS_KEY, "lang")
    def _compute_display_name(self):
        super()._compute_display_name()
        if self.env.context.get(DETAILS_KEY):
            for item in self:
                owed = item.amount_residual_currency
                amount = formatLang(self.env, owed, currency_obj=item.currency_id)
                due = format_date(self.env, item.date_maturity)
                item.display_name = f"{item.display_name} · {due} · {amount}"

    def action_log_contact(self):
        """Open the dialog that logs a call about these items of one customer."""
        customers = self.partner_id.commercial_partner_id
        return self.env["crm.collection.contact"]._open_log(self, customers)
