from odoo import models


class AccountMoveLine(models.Model):
    """What is open of what customers owe, in an index that has all that aging, expected cash and
    indicators ask of it: they read it instead of all journal items of all time. Its condition is
    ``day_queries.line_is_open``."""

    _inherit = "account.move.line"

    _collection_open_idx = models.Index(
        """(account_id, company_id, date, date_maturity)
           INCLUDE (id, partner_id, journal_id, currency_id, balance, amount_residual,
                    amount_residual_currency, display_type)
           WHERE reconciled IS NOT TRUE AND parent_state = 'posted' AND balance > 0
             AND (amount_residual != 0 OR amount_residual_currency != 0)"""
    )
    # credit notes, by which sales are less (``indicator_queries``); and bills
    _collection_credited_idx = models.Index(
        """(company_id, date) INCLUDE (account_id, balance)
           WHERE display_type = 'payment_term' AND parent_state = 'posted' AND balance < 0"""
    )
