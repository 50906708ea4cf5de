"""Aging: what every item owed on a day, and what was then to be said of it."""

from odoo.tools import SQL

from ...models.ledger.day_queries import is_entered, line_is_open, owed_since
from ...models.portfolio.dispute_queries import disputed_items
from ...models.portfolio.queries import line_date_maturity


def open_items(day, account_ids, limits, ends=None, is_past=True):
    """One row per item (posted receivable debit item of that day or before) that owed something
    at the end of ``day``.

    :param day: the day
    :param account_ids: the receivable accounts
    :param limits: four numbers of days that separate the buckets, ascending
    :param dict ends: as known then, not as matched now (see :mod:`...models.ledger.day_queries`)
    :param is_past: the day is over; it decides how the items are found, and nothing else
    :return: SQL; ``amount*`` are in company currency, ``amount_currency`` in the item's
    """
    return SQL(
        """
        SELECT owed.*, company.currency_id AS company_currency_id,
               COALESCE(contact.commercial_partner_id, owed.line_partner_id) AS partner_id,
               %(bucket)s AS bucket, %(buckets)s
          FROM (%(owed)s) AS owed
          JOIN res_company company ON company.id = owed.company_id
     LEFT JOIN res_partner contact ON contact.id = owed.line_partner_id
               AND contact.commercial_partner_id != contact.id
         WHERE owed.amount != 0 OR owed.amount_currency != 0""",
        owed=(_owed_then if is_past else _owed_now)(day, account_ids, ends),
        bucket=bucket(limits),
        buckets=_bucket_amounts(limits),
    )


def _owed_then(day, account_ids, ends):
    """Items with what they owe now, what they owed more on ``day``, and the sum of both: what
    they owed then. Only items that are still owed or were reconciled since are worth a look."""
    return SQL(
        """
        SELECT %(columns)s
          FROM account_move_line line LEFT JOIN (%(since)s) AS since ON since.line_id = line.id
         WHERE %(is_item)s AND (line.reconciled IS NOT TRUE OR since.line_id IS NOT NULL)""",
        columns=_columns(day, ends),
        since=owed_since(day, ends),
        is_item=_is_item(day, account_ids, ends),
    )


def _owed_now(day, account_ids, ends):
    """The same of a day that is not over: what is open is read from the index that has all of its
    columns, and nothing beside it (:func:`.day_queries.line_is_open`). The few items that were
    reconciled with something of a day to come are looked up by that."""
    return SQL(
        """
        SELECT %(columns)s
          FROM account_move_line line LEFT JOIN (%(since)s) AS since ON since.line_id = line.id
         WHERE %(is_open)s AND %(is_item)s
         UNION ALL
        SELECT %(columns)s
          FROM (%(since)s) AS since JOIN account_move_line line ON line.id = since.line_id
         WHERE NOT %(is_open)s AND %(is_item)s""",
        columns=_columns(day, ends),
        since=owed_since(day, ends),
        is_open=line_is_open(),
        is_item=_is_item(day, account_ids, ends),
    )


def _columns(day, ends):
    return SQL(
        """line.id, line.id AS line_id, line.move_id, line.move_name AS name,
           line.company_id, line.partner_id AS line_partner_id, line.currency_id,
           line.date, %(due)s AS date_maturity, %(day)s::date AS date_as_of,
           %(matching)s AS matching,
           %(day)s::date - %(due)s AS days_overdue,
           line.balance AS amount_original,
           line.amount_residual AS amount_now,
           COALESCE(since.amount, 0) AS amount_settled,
           line.amount_residual + COALESCE(since.amount, 0) AS amount,
           line.amount_residual_currency + COALESCE(since.amount_currency, 0) AS amount_currency""",
        day=day,
        due=line_date_maturity(),
        matching="then" if ends else "now",
    )


def _is_item(day, account_ids, ends):
    """Condition: a posted receivable debit item that was there at the end of the day."""
    return SQL(
        """line.account_id = ANY(%(account_ids)s) AND line.parent_state = 'posted'
           AND line.balance > 0 AND line.date <= %(day)s AND %(entered)s""",
        account_ids=list(account_ids),
        day=day,
        entered=is_entered(ends) if ends else SQL("TRUE"),
    )


# ------------------------------------------------------------
# BUCKETS
# ------------------------------------------------------------


def bucket(limits):
    """The bucket of an item as a digit: 0 not due, 1 up to the first limit, ... 5 above the
    last."""
    cases = SQL(" ").join(
        SQL("WHEN owed.days_overdue <= %s THEN %s", limit, str(number))
        for number, limit in enumerate((0, *limits))
    )
    return SQL("CASE %s ELSE %s END", cases, str(len(limits) + 1))


def _bucket_amounts(limits):
    """A column of money per bucket: ``amount_0`` to ``amount_5``."""
    return SQL(", ").join(
        SQL(
            "CASE WHEN %s THEN owed.amount ELSE 0 END AS %s",
            _is_in(number, limits, SQL("owed.days_overdue")),
            SQL.identifier(f"amount_{number}"),
        )
        for number in range(len(limits) + 2)
    )


def sum_of_bucket(number, limits, amount, days_overdue):
    """What the items of a bucket owe: the sum of its column, without adding noughts."""
    is_in = _is_in(number, limits, days_overdue)
    return SQL("COALESCE(SUM(%s) FILTER (WHERE %s), 0)", amount, is_in)


def _is_in(number, limits, days_overdue):
    """Condition: an item that is so many days overdue is in the bucket."""
    edges = (None, 0, *limits, None)
    above, up_to = edges[number : number + 2]
    conditions = []
    if above is not None:
        conditions.append(SQL("%s > %s", days_overdue, above))
    if up_to is not None:
        conditions.append(SQL("%s <= %s", days_overdue, up_to))
    return SQL(" AND ").join(conditions)


def only_value(column):
    """An array of the one value that all rows of a group have in ``column``."""
    return SQL("ARRAY[MIN(%s)]", column)


# ------------------------------------------------------------
# WHAT IS JOINED WHERE SOMEBODY ASKS FOR IT
# ------------------------------------------------------------


def joined_column(query, alias, fname, day, is_past):
    """Join what has the column to the aging's query.

    :param Query query: of the aging
    :param str alias: the aging's in it
    :param str fname: ``phase_id`` (at the end of ``day``), ``item_id`` or ``user_id`` (the
        item's collector, else its customer's in its company)
    :return: SQL of the column
    """
    if fname == "phase_id":
        table = SQL("(%s)", phases(day, is_past))
        phase = _join(query, alias, "line_id", "phase", table, "line_id")
        return SQL.identifier(phase, "phase_id")
    if fname == "item_id":
        table = SQL.identifier("crm_collection_item")
        return SQL.identifier(_join(query, alias, "line_id", "item", table, "line_id"), "id")
    # few have a collector of their own: the others need not be looked up
    table = SQL("(SELECT line_id, user_id FROM crm_collection_item WHERE user_id IS NOT NULL)")
    item = _join(query, alias, "line_id", "own_collector", table, "line_id")
    partner = _join(query, alias, "partner_id", "collector", SQL.identifier("res_partner"), "id")
    return SQL(
        "COALESCE(%s, (%s ->> %s::text)::integer)",
        SQL.identifier(item, "user_id"),
        SQL.identifier(partner, "collection_user_id"),
        SQL.identifier(alias, "company_id"),
    )


def disputed_column(query, alias, days):
    """Join what is disputed of each item today.

    :param SQL days: rows of (company id, its day)
    :return: SQL of the amount
    """
    table = SQL("(%s)", disputed_items(days))
    disputed = _join(query, alias, "line_id", "disputed", table, "line_id")
    return SQL("COALESCE(%s, 0)", SQL.identifier(disputed, "amount"))


def disputed_of(days, line_ids=None):
    """The same as rows of (line_id, amount), of some items alone where they are named."""
    return SQL(
        "SELECT line_id, amount FROM (%s) AS disputed WHERE %s",
        disputed_items(days),
        SQL("TRUE") if line_ids is None else SQL("line_id = ANY(%s)", list(line_ids)),
    )


def _join(query, alias, column, link, table, key):
    joined = query.make_alias(alias, link)
    condition = SQL("%s = %s", SQL.identifier(joined, key), SQL.identifier(alias, column))
    query.add_join("LEFT JOIN", joined, table, condition)
    return joined


def is_found_by(column, query):
    """Condition: the column is one of what a ``Query`` finds."""
    return SQL("%s IN %s", column, query.subselect())


def phases(day, is_past):
    """The phase each item was in at the end of ``day``: (line_id, phase_id).

    Sorting them is faster than a hash of the last ids: of 298,000 allocations 0.35 s beside
    0.55 s, a pivot by phase 1.1 s beside 1.6 s.

    :param is_past: the day is over: the phase comes from the allocations that had begun and
        not ended by then; otherwise the items themselves say where they are
    """
    if not is_past:
        return SQL(
            "SELECT line_id, phase_id FROM crm_collection_item"
            " WHERE line_id IS NOT NULL AND phase_id IS NOT NULL"
        )
    return SQL(
        """SELECT DISTINCT ON (item.line_id) item.line_id, allocation.phase_id
             FROM crm_collection_allocation allocation
             JOIN crm_collection_item item ON item.id = allocation.item_id
            WHERE allocation.day_in <= %(day)s
              AND (allocation.day_out IS NULL OR allocation.day_out > %(day)s)
         ORDER BY item.line_id, allocation.id DESC""",
        day=day,
    )


def phases_of(day, is_past, line_ids):
    """The same for some items: they are read by their index."""
    return SQL(
        "SELECT line_id, phase_id FROM (%s) AS phase WHERE line_id = ANY(%s)",
        phases(day, is_past),
        list(line_ids),
    )
