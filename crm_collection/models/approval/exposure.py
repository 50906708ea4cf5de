from odoo import api, fields, models

from . import exposure_queries


class CrmCollectionApproval(models.Model):
    """What the customer has in the phase altogether: it says which levels decide, so that nobody
    passes one by asking piece by piece."""

    _inherit = "crm.collection.approval"

    exposure = fields.Monetary(
        string="Customer in This Phase",
        compute="_compute_exposure",
        currency_field="company_currency_id",
        aggregator=None,
        help="What waits to enter the phase, what is in it, and what was approved into it in the "
        "days the approval rule says, at the rate of the day. What waits counts with what it owed "
        "when it was asked for, what was approved with what it owed then. It says which levels "
        "decide; of a request that is over, what it was then.",
    )

    @api.depends("amount_today", "state", "decision_ids.exposure")
    def _compute_exposure(self):
        self.env.flush_all()  # SQL reads items, lines and requests
        ids = self._origin.ids
        rates = self._get_rates(exposure_queries.currencies(ids))
        query = exposure_queries.exposures(rates, ids, fields.Datetime.now())
        amounts = dict(self.env.execute_query(query))
        for approval in self:
            last = approval.sudo().decision_ids.sorted("id")[-1:]
            approval.exposure = (
                amounts.get(approval._origin.id, 0.0)
                if approval.state == "pending"
                else last.exposure
            )

    def _get_level_amount(self):
        """:return: what the levels go by, ``None`` for all of them"""
        self.ensure_one()
        if self.kind == "definition":
            return None
        return max(self.exposure, self.amount_today)
