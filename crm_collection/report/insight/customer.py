from odoo import fields, models

from ...tools.arguments import check_one
from . import customer_queries


class CrmCollectionCustomer(models.Model):
    """One line per customer and company with open items: owed, how late, what comes next.

    Read only; the company rule applies. The id is made of customer and company, so that it
    stays the same while items come and go.
    """

    _name = "crm.collection.customer"
    _inherit = ["crm.collection.live"]
    _description = "Customer in Collection"
    _auto = False
    _order = "amount_overdue desc, id"
    _rec_name = "partner_id"
    _depends = {
        "crm.collection.item": [
            "state",
            "company_id",
            "partner_id",
            "amount_residual",
            "date_maturity",
            "phase_id",
            "date_next_letter",
            "user_id",
        ],
        "crm.collection.hold": [
            "kind",
            "state",
            "company_id",
            "partner_id",
            "move_id",
            "item_id",
            "item_ids",
            "date_from",
            "date_until",
            "amount",
        ],
        "crm.collection.phase": ["sequence"],
        "res.company": ["currency_id"],
        "res.partner": ["collection_user_id", "commercial_partner_id"],
    }

    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    company_currency_id = fields.Many2one(
        comodel_name="res.currency", string="Currency", readonly=True
    )
    partner_id = fields.Many2one(comodel_name="res.partner", string="Customer", readonly=True)
    amount_residual = fields.Monetary(
        string="Amount Owed", currency_field="company_currency_id", readonly=True
    )
    amount_overdue = fields.Monetary(
        string="Overdue", currency_field="company_currency_id", readonly=True
    )
    date_oldest = fields.Date(string="Oldest Due Date", readonly=True)
    days_oldest = fields.Integer(string="Days Overdue", aggregator="max", readonly=True)
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase", string="Highest Phase", readonly=True
    )
    item_count = fields.Integer(string="Open Items", readonly=True)
    date_next_letter = fields.Date(string="Next Letter", readonly=True)
    user_id = fields.Many2one(comodel_name="res.users", string="Collector", readonly=True)
    promise_date = fields.Date(string="Promised for", readonly=True)
    promise_amount = fields.Monetary(
        string="Promised", currency_field="company_currency_id", readonly=True
    )
    amount_disputed = fields.Monetary(
        string="Disputed",
        currency_field="company_currency_id",
        readonly=True,
        help="Of the amount owed: what disputes in force are about. A dispute holds all of an "
        "item.",
    )
    is_held = fields.Boolean(string="On Hold", readonly=True)

    @property
    def _table_query(self):
        return customer_queries.customers(self.env["res.company"]._get_collection_days())

    # === Actions === #

    def action_open_customer(self):
        """The page of the customer in the company of the line."""
        line = check_one(self)
        return self.env["crm.collection.desk"]._get_customer_action(
            line.partner_id, line.company_id
        )

    def action_open_items(self):
        """The open items of these customers."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "crm_collection.crm_collection_item_action"
        )
        action["domain"] = [
            ("partner_id", "in", self.partner_id.ids),
            ("company_id", "in", self.company_id.ids),
            ("state", "=", "open"),
        ]
        action["context"] = {}
        return action

    def action_log_contact(self):
        """Open the dialog that logs a call with this customer."""
        customers = self.partner_id.commercial_partner_id
        return self.env["crm.collection.contact"]._open_log(self, customers)
