from odoo import fields, models
from odoo.fields import Domain

from ...models.insight import queries as insight_queries


class CrmCollectionOverdue(models.Model):
    """Items that were overdue on a day, and what they owed then: the list behind "a month ago".

    The day is ``crm_collection_overdue_on`` of the context (a date as a string), today without
    it. Read only; the company rule applies.
    """

    _name = "crm.collection.overdue"
    _description = "Item Overdue on a Day"
    _auto = False
    _order = "amount desc, id"
    _depends = {
        "crm.collection.item": [
            "amount_residual",
            "company_id",
            "currency_id",
            "date_maturity",
            "line_id",
            "name",
            "partner_id",
            "phase_id",
            "state",
            "user_id",
        ],
        "account.partial.reconcile": ["amount", "credit_move_id", "debit_move_id", "max_date"],
        "res.company": ["currency_id"],
    }

    item_id = fields.Many2one(
        comodel_name="crm.collection.item", string="Open Item in Collection", readonly=True
    )
    name = fields.Char(string="Open Item", readonly=True)
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    company_currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    partner_id = fields.Many2one(comodel_name="res.partner", string="Customer", readonly=True)
    user_id = fields.Many2one(comodel_name="res.users", string="Collector", readonly=True)
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase", string="Phase Now", readonly=True
    )
    state = fields.Selection(
        selection=[("open", "Open"), ("settled", "Settled")], string="State Now", readonly=True
    )
    date_maturity = fields.Date(string="Due Date", readonly=True)
    days = fields.Integer(string="Days Overdue Then", aggregator="max", readonly=True)
    amount = fields.Monetary(
        string="Owed Then", currency_field="company_currency_id", readonly=True
    )
    amount_settled = fields.Monetary(
        string="Settled Since", currency_field="company_currency_id", readonly=True
    )
    amount_now = fields.Monetary(
        string="Owed Now", currency_field="company_currency_id", readonly=True
    )

    @property
    def _table_query(self):
        day = fields.Date.to_date(self.env.context.get("crm_collection_overdue_on"))
        day = day or self.env.company._get_collection_today()
        # the user's own search: whatever hides items from him hides them here
        query = self.env["crm.collection.item"]._search(
            Domain("state", "in", ("open", "settled")) & Domain("date_maturity", "<", day)
        )
        return insight_queries.overdue_on(query, day)

    def action_open_item(self):
        """The item as it is now."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.collection.item",
            "res_id": self.item_id.id,
            "views": [(False, "form")],
        }
