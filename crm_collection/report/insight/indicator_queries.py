"""Indicators: receivables, overdue and sales of every month-end at once, and what is told by them.

An item's amount counts from its date, what was reconciled with it is taken off from the day of
the reconciliation: the same money as in the aging of each day, as matched now. Money is overdue
from the later of its own date and the day after the due date, so that one pass over the items gives
all the days. What an item was about is what is owed of it and what was reconciled with it: the
first is read from the index of what is open, the second beside each reconciliation, and what was
paid long ago is not looked for among all journal items.
"""

from odoo.tools import SQL

from ...models.ledger.day_queries import line_is_open, reconciled
from ...models.portfolio.queries import line_date_maturity


def indicators(days, account_ids):
    """One row per company and day with receivables.

    :param days: ascending: month-ends without a gap, then today. The first only begins the
        second and has no row.
    :param account_ids: the receivable accounts
    """
    return SQL(
        """
        WITH ends AS (%(ends)s),
             unpaid AS (%(unpaid)s),
             paid AS (%(paid)s),
             balances AS (%(balances)s),
             sales AS (%(sales)s),
             promises AS (%(promises)s),
             counted AS (%(count_back)s),
             figures AS (%(figures)s)
        SELECT %(columns)s, %(ratios)s
          FROM figures
          JOIN res_company company ON company.id = figures.company_id
         WHERE figures.number > 1""",
        ends=_ends(days),
        unpaid=_unpaid(days[-1], account_ids),
        paid=_paid(days[-1], account_ids),
        balances=_balances(days),
        sales=_sales(days[-1], account_ids),
        promises=_promises(),
        count_back=_count_back(),
        figures=_figures(),
        columns=_columns(days[-1]),
        ratios=_ratios(),
    )


def _ends(days):
    """The days, numbered, with the first day of their month."""
    return SQL(
        """SELECT row_number() OVER (ORDER BY day) AS number, day,
                  date_trunc('month', day)::date AS month
             FROM unnest(%s::date[]) AS day""",
        list(days),
    )


# ------------------------------------------------------------
# WHAT WAS INVOICED: WHAT IS OWED OF IT, AND WHAT WAS PAID OF IT
# ------------------------------------------------------------


def _unpaid(today, account_ids):
    """What is owed now, by date and due date: a few rows for each day."""
    return SQL(
        """SELECT line.company_id, line.date, %(due)s AS due, SUM(line.amount_residual) AS amount,
                  SUM(line.amount_residual) FILTER (WHERE %(is_sale)s) AS sales
             FROM account_move_line line
            WHERE %(is_open)s AND %(is_item)s
         GROUP BY line.company_id, line.date, %(due)s""",
        due=line_date_maturity(),
        is_sale=_is_sale(),
        is_open=line_is_open(),
        is_item=_is_item(today, account_ids),
    )


def _paid(today, account_ids):
    """What was reconciled with items, by their date and due date and by the day of it: with what
    is owed now it is what they were about."""
    return SQL(
        """SELECT line.company_id, line.date, %(due)s AS due, reconciled.day,
                  SUM(reconciled.amount) AS amount,
                  SUM(reconciled.amount) FILTER (WHERE %(is_sale)s) AS sales
             FROM (%(reconciled)s) AS reconciled
             JOIN account_move_line line ON line.id = reconciled.line_id
            WHERE %(is_item)s
         GROUP BY line.company_id, line.date, %(due)s, reconciled.day""",
        due=line_date_maturity(),
        is_sale=_is_sale(),
        reconciled=reconciled(SQL("TRUE")),
        is_item=_is_item(today, account_ids),
    )


def _is_item(today, account_ids):
    return SQL(
        """line.account_id = ANY(%s) AND line.parent_state = 'posted' AND line.balance > 0
           AND line.date <= %s""",
        list(account_ids),
        today,
    )


def _is_sale():
    return SQL("line.display_type = 'payment_term'")


# ------------------------------------------------------------
# RECEIVABLES AND OVERDUE
# ------------------------------------------------------------


def _balances(days):
    """Receivables and what of them was overdue, by company and number of the day."""
    return SQL(
        """SELECT part.company_id, part.number, SUM(part.amount) AS receivables,
                  SUM(part.overdue) AS overdue
             FROM (%s) AS part
         GROUP BY part.company_id, part.number""",
        _accumulated(days),
    )


def _accumulated(days):
    """Each event falls into the slot of the first day that sees it, and of the first that sees
    it overdue; a day has what the slots before its number have."""
    return SQL(
        """
        SELECT slot.company_id, ends.number, slot.amount,
               CASE WHEN slot.overdue < ends.number THEN slot.amount ELSE 0 END AS overdue
          FROM (SELECT event.company_id,
                       width_bucket(event.day - 1, %(days)s::date[]) AS seen,
                       width_bucket(GREATEST(event.day - 1, event.due), %(days)s::date[])
                           AS overdue,
                       SUM(event.amount) AS amount
                  FROM (%(events)s) AS event
              GROUP BY 1, 2, 3) AS slot
          JOIN ends ON slot.seen < ends.number""",
        days=list(days),
        events=_events(),
    )


def _events():
    """Money that comes, by the items' dates, and goes, by the days it was reconciled."""
    return SQL(
        """SELECT company_id, date AS day, due, amount FROM unpaid
            UNION ALL
           SELECT company_id, date, due, amount FROM paid
            UNION ALL
           SELECT company_id, day, due, -amount FROM paid"""
    )


# ------------------------------------------------------------
# SALES, PROMISES, DAYS OF SALES
# ------------------------------------------------------------


def _sales(today, account_ids):
    """Credit sales by month: invoices less credit notes, taxes included."""
    return SQL(
        """SELECT company_id, date_trunc('month', date)::date AS month, SUM(sales) AS sales
             FROM (SELECT company_id, date, sales FROM unpaid
                    UNION ALL
                   SELECT company_id, date, sales FROM paid
                    UNION ALL
                   SELECT line.company_id, line.date, SUM(line.balance)
                     FROM account_move_line line
                    WHERE %(is_sale)s AND line.account_id = ANY(%(account_ids)s)
                      AND line.parent_state = 'posted' AND line.balance < 0
                      AND line.date <= %(today)s
                 GROUP BY line.company_id, line.date) AS sold
            WHERE sales IS NOT NULL GROUP BY 1, 2""",
        is_sale=_is_sale(),
        account_ids=list(account_ids),
        today=today,
    )


def _promises():
    """Promises by the month they were for, once it is decided whether they were kept."""
    return SQL(
        """SELECT company_id, date_trunc('month', date_until)::date AS month,
                  COUNT(*) FILTER (WHERE state = 'kept') AS kept,
                  COUNT(*) FILTER (WHERE state = 'broken') AS broken
             FROM crm_collection_hold
            WHERE kind = 'promise' AND state IN ('kept', 'broken') GROUP BY 1, 2"""
    )


def _count_back():
    """DSO by counting back: receivables are filled with the sales of the month, then of the
    month before, and so on; each month gives its days, the last one its share of them. Where
    more is owed than was ever sold, all months since the first sale count."""
    return SQL(
        """
        SELECT back.company_id, back.number,
               SUM(CASE WHEN back.receivables <= back.filled THEN 0
                        WHEN back.receivables - back.filled >= back.sales THEN back.days
                        ELSE back.days * (back.receivables - back.filled) / back.sales END) AS dso
          FROM (%s) AS back
      GROUP BY back.company_id, back.number""",
        _months_back(),
    )


def _months_back():
    """For each day its month and all before it, with their sales and what the later months have
    filled already."""
    return SQL(
        """
        SELECT balance.company_id, balance.number, balance.receivables,
               GREATEST(COALESCE(sales.sales, 0), 0) AS sales,
               LEAST((months.month + interval '1 month')::date, ends.day + 1) - months.month
                   AS days,
               COALESCE(SUM(GREATEST(COALESCE(sales.sales, 0), 0)) OVER (
                   PARTITION BY balance.company_id, balance.number
                   ORDER BY months.month DESC
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS filled
          FROM balances balance
          JOIN ends ON ends.number = balance.number
          JOIN LATERAL (
                SELECT month::date FROM generate_series(
                    (SELECT MIN(month) FROM sales
                      WHERE sales.company_id = balance.company_id)::timestamp,
                    ends.month::timestamp, interval '1 month') AS month) AS months ON TRUE
     LEFT JOIN sales ON sales.company_id = balance.company_id AND sales.month = months.month"""
    )


# ------------------------------------------------------------
# ROWS
# ------------------------------------------------------------


def _figures():
    """The money each row is computed from."""
    return SQL(
        """
        SELECT balance.company_id, ends.number, ends.day, ends.month, balance.receivables,
               balance.overdue, balance.not_due, balance.receivables_from,
               COALESCE(own.sales, 0) AS sales, quarter.sales AS quarter_sales,
               ends.day - quarter.month_from + 1 AS quarter_days,
               balance.receivables_from + COALESCE(own.sales, 0) - balance.not_due AS cei_base,
               counted.dso, promises.kept, promises.broken
          FROM ends
          JOIN (SELECT *, receivables - overdue AS not_due,
                       LAG(receivables, 1, 0::numeric) OVER (
                           PARTITION BY company_id ORDER BY number) AS receivables_from
                  FROM balances) AS balance ON balance.number = ends.number
     LEFT JOIN sales own ON own.company_id = balance.company_id AND own.month = ends.month
    CROSS JOIN LATERAL (%s) AS quarter
     LEFT JOIN counted
               ON counted.company_id = balance.company_id AND counted.number = ends.number
     LEFT JOIN promises
               ON promises.company_id = balance.company_id AND promises.month = ends.month""",
        _quarter(),
    )


def _quarter():
    """Sales of the month and the two before it, from the first month with sales on."""
    return SQL(
        """SELECT GREATEST((ends.month - interval '2 months')::date, MIN(month)) AS month_from,
                  SUM(sales) FILTER (WHERE month >= ends.month - interval '2 months') AS sales
             FROM sales
            WHERE sales.company_id = balance.company_id AND month <= ends.month"""
    )


def _columns(today):
    """What a row shows beside the ratios; its id is made of company and month."""
    return SQL(
        """figures.company_id::bigint * 100000 + EXTRACT(YEAR FROM figures.day)::integer * 12
               + EXTRACT(MONTH FROM figures.day)::integer AS id,
           figures.company_id, company.currency_id AS company_currency_id, figures.day AS date,
           figures.day = %s AS is_current, figures.receivables, figures.receivables_from,
           figures.overdue, figures.not_due, figures.sales, figures.quarter_sales,
           figures.quarter_days, figures.dso, figures.dso IS NOT NULL AS has_dso,
           figures.cei_base != 0 AS has_cei,
           COALESCE(figures.kept, 0) AS promise_kept_count,
           COALESCE(figures.broken, 0) AS promise_broken_count""",
        today,
    )


def _ratios():
    """The indicators that are one division of what stands in the row; none by nothing."""
    return SQL(
        """100.0 * (figures.receivables_from + figures.sales - figures.receivables)
                   / NULLIF(figures.cei_base, 0) AS cei,
           CASE WHEN figures.quarter_sales > 0 THEN
                figures.not_due * figures.quarter_days / figures.quarter_sales END AS dso_best,
           CASE WHEN figures.quarter_sales > 0 THEN
                figures.overdue * figures.quarter_days / figures.quarter_sales
           END AS days_delinquent,
           100.0 * figures.overdue / NULLIF(figures.receivables, 0) AS overdue_share,
           100.0 * figures.kept / NULLIF(figures.kept + figures.broken, 0) AS promise_kept_rate"""
    )
