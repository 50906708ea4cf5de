"""How a customer pays, and everything that happened with him in one line of time."""

from odoo.tools import SQL

from ..portfolio.queries import line_date_maturity, line_is_of

# Keeps (customer, company) apart in one number, and below 2^53 for the web client.
ID_FACTOR = 65536


def get_line_id(partner_id, company_id):
    """:return: the number of a customer's line in a company"""
    return partner_id * ID_FACTOR + company_id


def behaviour(partner_id, company_ids, today):
    """Days late, weighted by what was paid: of payments of the last twelve months, and of the
    twelve before; what was paid in time counts as 0 days, collected or not. Promises of two years
    that are over."""
    return SQL(
        """SELECT paid.*, promise.*
             FROM (SELECT SUM(days * amount) FILTER (WHERE is_new)
                              / NULLIF(SUM(amount) FILTER (WHERE is_new), 0) AS days_late,
                          SUM(days * amount) FILTER (WHERE NOT is_new)
                              / NULLIF(SUM(amount) FILTER (WHERE NOT is_new), 0) AS days_before
                     FROM (%(payments)s) AS made) AS paid
       CROSS JOIN (SELECT COUNT(*) FILTER (WHERE state = 'kept') AS kept,
                          COUNT(*) FILTER (WHERE state = 'broken') AS broken
                     FROM crm_collection_hold
                    WHERE customer_id = %(partner_id)s AND company_id = ANY(%(company_ids)s)
                      AND kind = 'promise' AND date_closed > %(today)s::date - 730) AS promise""",
        payments=_payments_of(partner_id, company_ids, today),
        partner_id=partner_id,
        company_ids=company_ids,
        today=today,
    )


def payments(lines, condition, today, days=730):
    """Money that paid something that was owed, in so many days: rows of (company_id, partner_id of
    the journal item, days late by its own day, amount, is_new, of the last year).

    :param SQL lines: the journal items, as ``line``
    :param SQL condition: which of them
    :param today: the day, or SQL of it
    """
    return SQL(
        """SELECT line.company_id, line.partner_id, partial.amount,
                  GREATEST(payment.date - %(due)s, 0) AS days,
                  payment.date > %(today)s::date - 365 AS is_new
             FROM %(lines)s
             JOIN account_account account
                  ON account.id = line.account_id AND account.account_type = 'asset_receivable'
             JOIN account_partial_reconcile partial ON partial.debit_move_id = line.id
             JOIN account_move_line payment ON payment.id = partial.credit_move_id
             JOIN account_journal journal
                  ON journal.id = payment.journal_id AND journal.type IN ('bank', 'cash')
            WHERE %(condition)s AND payment.date > %(today)s::date - %(days)s::integer""",
        due=line_date_maturity(),
        lines=lines,
        condition=condition,
        today=today,
        days=days,
    )


def _payments_of(partner_id, company_ids, today):
    condition = SQL("%s AND line.company_id = ANY(%s)", line_is_of([partner_id]), list(company_ids))
    return payments(SQL("account_move_line line"), condition, today)


def paid_after_letters(partner_id, company_ids, today):
    """What was paid in the last twelve months, by the phase of the last letter before: the largest
    first; of what no letter had asked for the phase is NULL."""
    return SQL(
        """SELECT last_letter_phase_id, SUM(amount) AS amount
             FROM crm_collection_settlement
            WHERE partner_id = %s AND company_id = ANY(%s) AND kind = 'payment'
              AND date > %s::date - 365
         GROUP BY last_letter_phase_id HAVING SUM(amount) > 0 ORDER BY amount DESC""",
        partner_id,
        company_ids,
        today,
    )
