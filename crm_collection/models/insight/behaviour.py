from odoo import api, fields, models

from ...tools.retry import in_transaction
from . import behaviour_queries


class CrmCollectionBehaviour(models.Model):
    """How late each customer of a company paid in a year, weighted by what he paid, as the first
    run of the day found it: for lists of many customers. It is rebuilt as a whole each day, so what
    is changed in the past is in it the next one; of a company without a run today it is not used.

    Nobody's key has the customer in it: where customers are merged, rows of one add up.
    """

    _name = "crm.collection.behaviour"
    _description = "Payment Behaviour"
    _log_access = False
    _order = "company_id, partner_id"
    _rec_name = "partner_id"

    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        readonly=True,
        ondelete="cascade",
        index="btree_not_null",
    )
    is_all = fields.Boolean(
        string="All Customers", readonly=True, help="What all customers of the company paid."
    )
    date = fields.Date(required=True, readonly=True, help="The day of the run that reckoned it.")
    late = fields.Float(
        string="Days Late by Amount",
        digits=0,
        readonly=True,
        aggregator=None,
        help="The amount of each payment, times the days it was late.",
    )
    amount = fields.Float(
        string="Amount Paid", digits=0, readonly=True, aggregator=None, help="In company currency."
    )

    _company_idx = models.Index("(company_id) WHERE is_all")

    @api.model
    def _refresh(self, run):
        """Keep how the customers of the run's company pay, with the first run of its day."""
        company, today = run.company_id, run.date
        if self.sudo().search_count(
            [("company_id", "=", company.id), ("is_all", "=", True), ("date", "=", today)], limit=1
        ):
            return
        in_transaction(self.env, self._keep, company, today)
        run._commit(0)

    def _keep(self, company, today):
        self.env.cr.execute(behaviour_queries.forget(company.id))
        self.env.cr.execute(behaviour_queries.keep(company.id, today))
        self.env.invalidate_all(flush=False)

    @api.model
    def _get_kept_today(self, days):
        """:return: (ids of the companies of which it was kept today, ids of the others)

        :param SQL days: rows of (company id, its day)
        """
        rows = self.env.execute_query(behaviour_queries.kept_today(days))
        kept = [company_id for company_id, is_kept in rows if is_kept]
        return kept, [company_id for company_id, is_kept in rows if not is_kept]
