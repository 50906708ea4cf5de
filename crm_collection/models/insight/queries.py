"""The figures of the cockpit: few passes over narrow tables, whatever is shown of them.

``query`` is always a ``Query`` of the model's own search, with the user's access rules in it.
"""

from odoo.tools import SQL

from ..portfolio.queries import line_date_maturity, line_is_owed

# What the open items are told apart by. Plain columns: of expressions PostgreSQL does not know
# how few values they have, and would sort the items instead of hashing them.
OPEN_ITEM_KEYS = (
    "company_id",
    "currency_id",
    "user_id",
    "phase_id",
    "blocker",
    "date_maturity",
    "exception",
    "proposed_step_id",
    "to_evaluate",
)


def open_items(query):
    """Open items by all that the cards ask for, the due date among it: buckets, days and
    filters cost little then, and one pass serves them all.

    :return: rows of (*OPEN_ITEM_KEYS, count, amount)
    """
    keys = [SQL.identifier(query.table, name) for name in OPEN_ITEM_KEYS]
    amount = SQL("SUM(%s)", SQL.identifier(query.table, "amount_residual"))
    return SQL("%s GROUP BY %s", query.select(*keys, SQL("COUNT(*)"), amount), SQL(", ").join(keys))


def debtors(query, limit):
    """The customers who owe most, by a sum of floating point numbers: it is fast, and good
    enough to sort by. What is shown is added up exactly, of these few.

    :return: rows of (customer id or None, number of customers in all)
    """
    partner = SQL.identifier(query.table, "partner_id")
    amount = SQL("SUM(%s::float8)", SQL.identifier(query.table, "amount_residual"))
    return SQL(
        "%s GROUP BY 1 ORDER BY %s DESC, 1 LIMIT %s",
        query.select(partner, SQL("COUNT(*) OVER ()")),
        amount,
        limit,
    )


def settled_since(query, day):
    """What was matched with items after ``day``.

    Each of these payments looks its item up by the unique index (``OFFSET 0`` keeps PostgreSQL
    from joining with all items at once, which takes more than twice as long).

    :return: one row of (items, how many of them are settled by now, amount)
    """
    columns = (SQL.identifier(query.table, name) for name in ("id", "state", "line_id"))
    return SQL(
        """SELECT COUNT(*), COUNT(*) FILTER (WHERE state = 'settled'), COALESCE(SUM(amount), 0)
             FROM (SELECT open_item.id, open_item.state, SUM(matched.amount) AS amount
                     FROM (%s) AS matched
               CROSS JOIN LATERAL (
                          SELECT open_items.id, open_items.state FROM (%s) AS open_items
                           WHERE open_items.line_id = matched.line_id OFFSET 0) AS open_item
                 GROUP BY open_item.id, open_item.state
                   HAVING SUM(matched.amount) != 0) AS moved""",
        matched_since(day),
        query.select(*columns),
    )


def matched_since(day):
    """Payments, credit notes and write-offs of after ``day``: a residual is the original amount
    less what is matched on the item's debit side, plus what is on its credit side (exchange
    differences)."""
    return SQL(
        """SELECT debit_move_id AS line_id, amount FROM account_partial_reconcile
            WHERE max_date > %(day)s
        UNION ALL
           SELECT credit_move_id, -amount FROM account_partial_reconcile
            WHERE max_date > %(day)s""",
        day=day,
    )


def overdue_on(query, day):
    """Items that were overdue on ``day`` and still owed at its end, with what they owed then:
    what they owe now and what was matched since.

    :param query: items that were due before it, open or settled by now
    """
    names = ("id", "company_id", "partner_id", "currency_id", "user_id", "phase_id", "name")
    names += ("state", "date_maturity", "line_id", "amount_residual")
    return SQL(
        """
        WITH since AS (
            SELECT line_id, SUM(amount) AS amount FROM (%(matched)s) AS matched GROUP BY line_id)
        SELECT item.id, item.id AS item_id, item.company_id, item.partner_id, item.currency_id,
               company.currency_id AS company_currency_id, item.user_id, item.phase_id,
               item.name, item.state, item.date_maturity,
               %(day)s::date - item.date_maturity AS days,
               owed.now + COALESCE(since.amount, 0) AS amount,
               COALESCE(since.amount, 0) AS amount_settled,
               owed.now AS amount_now
          FROM (%(items)s) AS item
          JOIN res_company company ON company.id = item.company_id
    CROSS JOIN LATERAL (
            SELECT CASE WHEN item.state = 'open' THEN item.amount_residual ELSE 0 END AS now
          ) AS owed
     LEFT JOIN since ON since.line_id = item.line_id
         WHERE item.state = 'open' OR since.amount != 0""",
        items=query.select(*(SQL.identifier(query.table, name) for name in names)),
        matched=matched_since(day),
        day=day,
    )


def allocations(query, start, end):
    """Allocations that lasted into a period, by phase and by what had become of them at its end.

    :return: rows of (phase id, stayed/moved/settled/cancelled/released, count, amount on entry)
    """
    day_out = SQL.identifier(query.table, "day_out")
    outcome = SQL(
        "CASE WHEN %(out)s IS NULL OR %(out)s > %(end)s THEN 'stayed' ELSE %(reason)s END",
        out=day_out,
        end=end,
        reason=SQL.identifier(query.table, "reason_out"),
    )
    return SQL(
        "%s GROUP BY 1, 2",
        query.select(
            SQL.identifier(query.table, "phase_id"),
            outcome,
            SQL("COUNT(*)"),
            SQL("SUM(%s)", SQL.identifier(query.table, "amount_in")),
        ),
    )


def unseen(company_id, today, last_day, last_run):
    """Overdue items of accounting that are no open item yet: due or entered since the last run.

    Entries are looked at from the newest back to the first that is older than the run, not by
    their date, which has no index.

    :param last_day: the day of the last complete allocation, or ``None``: all is looked at
    :param last_run: when it began
    """
    since = SQL("TRUE")
    if last_day:
        since = SQL(
            """(%(due)s >= %(last_day)s
                OR line.id > COALESCE((
                   SELECT known.id FROM account_move_line known
                    WHERE known.create_date <= %(last_run)s ORDER BY known.id DESC LIMIT 1), 0))""",
            due=SQL.identifier("line", "date_maturity"),
            last_day=last_day,
            last_run=last_run,
        )
    return SQL(
        """
        SELECT COUNT(*)
          FROM account_move_line line
          JOIN account_account account
               ON account.id = line.account_id AND account.account_type = 'asset_receivable'
         WHERE line.company_id = %(company_id)s AND %(owed)s AND %(due)s < %(today)s AND %(since)s
           AND NOT EXISTS (SELECT FROM crm_collection_item item WHERE item.line_id = line.id)""",
        company_id=company_id,
        owed=line_is_owed(),
        due=line_date_maturity(),
        today=today,
        since=since,
    )
