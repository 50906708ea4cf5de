from odoo import models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    # what was reconciled since a day (``day_queries.owed_since``): for today nothing
    _collection_day_idx = models.Index("(max_date)")
