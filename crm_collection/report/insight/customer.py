from odoo import fields, models
from odoo.tools import SQL

# Keeps (customer, company) apart in one number, and below 2^53 for the web client.
ID_FACTOR = 65536


class CrmCollectionCustomer(models.Model):
    """One line per customer and company with open items: owed, how late, what comes next.

    Read only; the company rule applies. The id is made of customer and company, so that it
    stays the same while items come and go.
    """

    _name = "crm.collection.customer"
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
            "customer_id",
            "partner_id",
            "date_from",
            "date_until",
            "amount",
        ],
        "crm.collection.phase": ["sequence"],
        "res.company": ["currency_id"],
        "res.partner": ["collection_user_id"],
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
    is_held = fields.Boolean(string="On Hold", readonly=True)

    # === SQL === #

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT COALESCE(item.partner_id, 0)::bigint * %(factor)s + item.company_id AS id,
                   item.company_id,
                   company.currency_id AS company_currency_id,
                   item.partner_id,
                   item.amount_residual,
                   item.amount_overdue,
                   item.date_oldest,
                   item.today - item.date_oldest AS days_oldest,
                   item.phase_key & 4294967295 AS phase_id,
                   item.item_count,
                   item.date_next_letter,
                   COALESCE(
                       (partner.collection_user_id ->> item.company_id::text)::integer,
                       item.user_id
                   ) AS user_id,
                   hold.promise_date,
                   hold.promise_amount,
                   COALESCE(hold.is_held, FALSE) AS is_held
              FROM (%(items)s) item
              JOIN res_company company ON company.id = item.company_id
              LEFT JOIN res_partner partner ON partner.id = item.partner_id
              LEFT JOIN (%(holds)s) hold
                ON hold.company_id = item.company_id AND hold.customer_id = item.partner_id
            """,
            factor=ID_FACTOR,
            items=self._query_items(),
            holds=self._query_holds(),
        )

    def _query_items(self):
        """Open items by customer. The most severe phase is the greatest of (sequence, id),
        packed in one number, so that the phases need no sort."""
        return SQL(
            """
            SELECT item.company_id,
                   item.partner_id,
                   today.day AS today,
                   SUM(item.amount_residual) AS amount_residual,
                   COALESCE(SUM(item.amount_residual) FILTER (
                       WHERE item.date_maturity < today.day
                   ), 0) AS amount_overdue,
                   MIN(item.date_maturity) AS date_oldest,
                   MAX(phase.sequence::bigint * 4294967296 + phase.id) AS phase_key,
                   COUNT(*) AS item_count,
                   MIN(item.date_next_letter) AS date_next_letter,
                   MAX(item.user_id) AS user_id
              FROM crm_collection_item item
              JOIN (VALUES %(today)s) AS today (company_id, day)
                ON today.company_id = item.company_id
              LEFT JOIN crm_collection_phase phase ON phase.id = item.phase_id
             WHERE item.state = 'open'
             GROUP BY item.company_id, item.partner_id, today.day
            """,
            today=self._query_today(),
        )

    def _query_holds(self):
        return SQL(
            """
            SELECT hold.company_id,
                   hold.customer_id,
                   BOOL_OR(
                       hold.partner_id IS NOT NULL
                       AND hold.date_from <= today.day
                       AND (hold.date_until IS NULL OR hold.date_until >= today.day)
                   ) AS is_held,
                   MIN(hold.date_until) FILTER (WHERE hold.kind = 'promise') AS promise_date,
                   (ARRAY_AGG(hold.amount ORDER BY hold.date_until) FILTER (
                       WHERE hold.kind = 'promise'
                   ))[1] AS promise_amount
              FROM crm_collection_hold hold
              JOIN (VALUES %(today)s) AS today (company_id, day)
                ON today.company_id = hold.company_id
             WHERE hold.state = 'active'
             GROUP BY hold.company_id, hold.customer_id
            """,
            today=self._query_today(),
        )

    def _query_today(self):
        # All companies: which of them the user sees is decided by the access rules.
        companies_sudo = self.env["res.company"].sudo().search([("active", "in", [True, False])])
        return SQL(", ").join(
            SQL("(%s, %s::date)", company.id, company._get_collection_today())
            for company in companies_sudo
        )

    # === Actions === #

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
