from odoo import models


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    # the few whose money is on its way, as `payment_queries.is_on_its_way` asks for them
    _collection_on_its_way_idx = models.Index(
        """(last_state_change) WHERE state IN ('pending', 'authorized')
           OR state = 'done' AND is_post_processed IS NOT TRUE"""
    )
    _collection_parts_idx = models.Index(
        "(source_transaction_id) WHERE source_transaction_id IS NOT NULL"
    )
