"""Payments on their way: online payments that the provider has not confirmed, and items they pay,
and what the company collects by itself (:mod:`.collected_queries`).

Job, letters, explanation, simulation, portal and statement ask here.
"""

from odoo.tools import SQL

from .collected_queries import collected_lines, collected_until
from .queries import line_date_maturity, line_is_owed

# Without a provider behind them nobody knows that money comes, as core's portal sees it.
UNTOLD_PROVIDERS = ("none", "custom")
# Their money does not come to the invoice.
OTHER_OPERATIONS = ("refund", "validation")


def is_on_its_way(payment="payment"):
    """Condition: the transaction's money is on its way: not confirmed yet, or confirmed and not
    yet made a payment of. In the words of the index of ``payment.transaction``."""
    return SQL(
        """(%(payment)s.state IN ('pending', 'authorized')
            OR %(payment)s.state = 'done' AND %(payment)s.is_post_processed IS NOT TRUE)""",
        payment=SQL.identifier(payment),
    )


def payments_on_their_way(company_id, today):
    """Transactions a company waits for on ``today``: (id, currency_id, amount, move_ids,
    date_until); ``date_until`` is the last day of those it waits after their last change.

    What was captured of an authorized one, or given up, is not on its way any more.
    """
    return SQL(
        """
        SELECT payment.id, payment.currency_id, payment.amount - ended.amount AS amount,
               paid.move_ids, waits.date_until
          FROM payment_transaction payment
          JOIN payment_provider provider
               ON provider.id = payment.provider_id AND provider.code NOT IN %(untold)s
    CROSS JOIN (%(company)s) AS company
    CROSS JOIN LATERAL (
            SELECT (payment.last_state_change AT TIME ZONE 'UTC' AT TIME ZONE company.tz)::date
                   + company.days - 1 AS date_until) AS waits
    CROSS JOIN LATERAL (
            SELECT array_agg(move.id ORDER BY move.id) AS move_ids
              FROM account_invoice_transaction_rel rel
              JOIN account_move move ON move.id = rel.invoice_id
             WHERE rel.transaction_id = payment.id
            HAVING BOOL_OR(move.company_id = %(company_id)s)) AS paid
    CROSS JOIN LATERAL (
            SELECT COALESCE(SUM(GREATEST(part.amount, 0)), 0) AS amount
              FROM payment_transaction part
             WHERE part.source_transaction_id = payment.id
               AND part.operation IS DISTINCT FROM 'refund'
               AND part.state IN ('done', 'cancel')) AS ended
         WHERE %(is_on_its_way)s AND waits.date_until >= %(today)s
           AND payment.amount > ended.amount
           AND COALESCE(payment.operation, '') NOT IN %(other)s""",
        untold=UNTOLD_PROVIDERS,
        other=OTHER_OPERATIONS,
        company=_company(company_id),
        company_id=company_id,
        is_on_its_way=is_on_its_way(),
        today=today,
    )


def _company(company_id):
    """The company's days and its time zone, as ``res.company._get_collection_tz`` has it."""
    return SQL(
        """SELECT company.collection_processing_days AS days,
                  COALESCE(NULLIF(company.collection_tz, ''), 'UTC') AS tz
             FROM res_company company
            WHERE company.id = %s""",
        company_id,
    )


def lines_on_their_way(company_id, today, line_ids=None):
    """Journal items that are not asked for, as their money is on its way: (line_id, date_until,
    method_id), the last day the company waits for it, and the payment method of what it collects
    itself.

    :param list line_ids: of these alone; of all of a company there may be very many
    """
    return SQL(
        """
        SELECT DISTINCT ON (line_id) line_id, date_until, method_id
          FROM (SELECT line_id, date_until, NULL::integer AS method_id
                  FROM (%(online)s) AS paid WHERE %(among)s
                 UNION ALL
                %(collected)s) AS waited
      ORDER BY line_id, date_until DESC, method_id NULLS FIRST""",
        online=lines_paid_online(company_id, today),
        among=SQL("TRUE") if line_ids is None else SQL("line_id = ANY(%s)", list(line_ids)),
        collected=collected_lines(company_id, today, line_ids),
    )


def lines_paid_online(company_id, today):
    """Journal items that online payments on their way pay in full: (line_id, date_until), the last
    day the company waits for them. They are few.

    A payment pays what was due first of its invoices, as core matches it; an item it pays in part
    is none of these. Payments of the same invoices pay one after the other, that which is waited
    for longest first: what is left when the wait for one is over is what the others pay.
    """
    return SQL(
        """
        SELECT line_id, MAX(date_until) AS date_until
          FROM (SELECT line_id, date_until, need,
                       SUM(GREATEST(LEAST(line_end, payment_end)
                                    - GREATEST(line_end - need, payment_end - amount), 0))
                           OVER (PARTITION BY line_id ORDER BY date_until DESC, id) AS paid
                  FROM (%s) AS part) AS covered
         WHERE paid >= need GROUP BY line_id""",
        _parts(company_id, today),
    )


def _parts(company_id, today):
    """Each payment beside each item of its invoices: what the item needs, and where both end
    when all are laid end to end. A discount for early payment is not needed."""
    return SQL(
        """
        SELECT payment.id, payment.amount, payment.date_until, payment.payment_end,
               line.id AS line_id, asked.need,
               SUM(asked.need) OVER (PARTITION BY payment.id ORDER BY %(date_maturity)s, line.id)
                   AS line_end
          FROM (SELECT waited.*, SUM(amount) OVER (
                           PARTITION BY move_ids, currency_id ORDER BY date_until DESC, id)
                           AS payment_end
                  FROM (%(payments)s) AS waited) AS payment
    CROSS JOIN LATERAL unnest(payment.move_ids) AS paid (move_id)
          JOIN account_move_line line ON line.move_id = paid.move_id
               AND line.currency_id = payment.currency_id AND %(owed)s
          JOIN account_account account
               ON account.id = line.account_id AND account.account_type = 'asset_receivable'
    CROSS JOIN LATERAL (
            SELECT CASE WHEN line.discount_date >= %(today)s
                         AND line.amount_residual_currency = line.amount_currency
                        THEN line.discount_amount_currency
                        ELSE line.amount_residual_currency END AS need) AS asked""",
        payments=payments_on_their_way(company_id, today),
        date_maturity=line_date_maturity(),
        owed=line_is_owed(),
        today=today,
    )


def line_is_on_its_way(company_id, today, line="line", **where):
    """Condition: the money of the journal item is on its way: an online payment pays it (the few
    of them are found once), or the company collects it itself.

    :param where: as of :func:`.collected_queries.collected_until`
    """
    return SQL(
        """COALESCE(%s IN (SELECT line_id FROM (%s) AS waited) OR %s >= %s, FALSE)""",
        SQL.identifier(line, "id"),
        lines_paid_online(company_id, today),
        collected_until(company_id, line, **where),
        today,
    )
