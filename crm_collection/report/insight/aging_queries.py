"""Aging: what every item owed on a day, rebuilt from what accounting keeps with a date.

What an item owes today plus what was matched with it after the day: the same as its amount less
what was matched up to the day, and only items that are still owed or were matched later are
worth a look. What was matched up to the day and is undone by now comes from the ledger of
settlements, so that the day looks as it did.
"""

from odoo.tools import SQL

from ...models.portfolio.queries import line_date_maturity

# packs (allocation, phase) in one number, so that the last allocation needs no sort
PHASE_FACTOR = 4294967296


def open_items(day, account_ids, limits):
    """One row per item (posted receivable debit item of that day or before) that owed something
    at the end of ``day``.

    :param day: the day
    :param account_ids: the receivable accounts
    :param limits: four numbers of days that separate the buckets, ascending
    :return: SQL; ``amount*`` are in company currency, ``amount_currency`` in the item's
    """
    return SQL(
        """
        SELECT owed.*, company.currency_id AS company_currency_id,
               COALESCE(contact.commercial_partner_id, owed.line_partner_id) AS partner_id,
               %(bucket)s AS bucket, %(buckets)s
          FROM (
            SELECT line.id, line.id AS line_id, line.move_id, line.move_name AS name,
                   line.company_id, line.partner_id AS line_partner_id, line.currency_id,
                   line.date, %(due)s AS date_maturity, %(day)s::date AS date_as_of,
                   %(day)s::date - %(due)s AS days_overdue,
                   line.balance AS amount_original,
                   line.amount_residual + COALESCE(later.amount, 0) - COALESCE(undone.amount, 0)
                       AS amount,
                   line.amount_residual_currency + COALESCE(later.amount_currency, 0)
                       - COALESCE(undone.amount_currency, 0) AS amount_currency
              FROM account_move_line line
         LEFT JOIN (%(later)s) AS later ON later.line_id = line.id
         LEFT JOIN (%(undone)s) AS undone ON undone.line_id = line.id
             WHERE line.account_id = ANY(%(account_ids)s) AND line.parent_state = 'posted'
               AND line.balance > 0 AND line.date <= %(day)s
               AND (line.reconciled IS NOT TRUE OR later.line_id IS NOT NULL)
          ) AS owed
          JOIN res_company company ON company.id = owed.company_id
     LEFT JOIN res_partner contact ON contact.id = owed.line_partner_id
               AND contact.commercial_partner_id != contact.id
         WHERE owed.amount != 0 OR owed.amount_currency != 0""",
        day=day,
        due=line_date_maturity(),
        account_ids=list(account_ids),
        later=matched_after(day),
        undone=undone_since(day),
        bucket=bucket(limits),
        buckets=_bucket_amounts(limits),
    )


def matched_after(day):
    """What was matched with each item after ``day``.

    On the credit side of a match only an exchange difference has an item: it makes it owe again
    what was too much, and moves money in one of the currencies alone.
    """
    return SQL(
        """SELECT side.line_id, SUM(side.amount) AS amount,
                  SUM(side.amount_currency) AS amount_currency
             FROM (SELECT debit_move_id AS line_id, amount,
                          debit_amount_currency AS amount_currency
                     FROM account_partial_reconcile WHERE max_date > %(day)s
                    UNION ALL
                   SELECT credit_move_id, -amount, -credit_amount_currency
                     FROM account_partial_reconcile
                    WHERE max_date > %(day)s AND (amount = 0 OR debit_amount_currency = 0
                                                  OR credit_amount_currency = 0)) AS side
         GROUP BY side.line_id""",
        day=day,
    )


def undone_since(day):
    """What had been matched with each item by the end of ``day`` and was undone after it.

    Where a match was made again later with a date of that day or before (a payment reconciled
    anew), accounting counts it already: only what goes beyond is left.
    """
    return SQL(
        """
        SELECT item.line_id, GREATEST(SUM(gone.amount) - COALESCE(MAX(again.amount), 0), 0)
                   AS amount,
               GREATEST(SUM(gone.amount_currency) - COALESCE(MAX(again.amount_currency), 0), 0)
                   AS amount_currency
          FROM crm_collection_settlement reversal
          JOIN crm_collection_settlement gone ON gone.id = reversal.reversal_of_id
          JOIN crm_collection_item item ON item.id = gone.item_id
     LEFT JOIN LATERAL (
            SELECT SUM(made.amount) AS amount, SUM(made.amount_currency) AS amount_currency
              FROM crm_collection_settlement made
             WHERE made.item_id = gone.item_id AND made.reversal_of_id IS NULL
               AND made.date <= %(day)s AND made.day_recorded > %(day)s
               AND NOT EXISTS (SELECT FROM crm_collection_settlement undoing
                                WHERE undoing.reversal_of_id = made.id)) AS again ON TRUE
         WHERE gone.date <= %(day)s AND reversal.date > %(day)s AND item.line_id IS NOT NULL
      GROUP BY item.line_id""",
        day=day,
    )


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
    edges = (None, 0, *limits, None)
    columns = []
    for number, (above, up_to) in enumerate(zip(edges, edges[1:], strict=False)):
        conditions = []
        if above is not None:
            conditions.append(SQL("owed.days_overdue > %s", above))
        if up_to is not None:
            conditions.append(SQL("owed.days_overdue <= %s", up_to))
        columns.append(
            SQL(
                "CASE WHEN %s THEN owed.amount ELSE 0 END AS %s",
                SQL(" AND ").join(conditions),
                SQL.identifier(f"amount_{number}"),
            )
        )
    return SQL(", ").join(columns)


def phases(day, is_past):
    """The phase each item was in at the end of ``day``: (line_id, phase_id).

    :param is_past: the day is over: the phase comes from the allocations that had begun and
        not ended by then; otherwise the items themselves say where they are
    """
    if not is_past:
        return SQL(
            "SELECT line_id, phase_id FROM crm_collection_item"
            " WHERE line_id IS NOT NULL AND phase_id IS NOT NULL"
        )
    return SQL(
        """SELECT item.line_id,
                  (MAX(allocation.id * %(factor)s::bigint + allocation.phase_id)
                       %% %(factor)s)::integer
                      AS phase_id
             FROM crm_collection_allocation allocation
             JOIN crm_collection_item item ON item.id = allocation.item_id
            WHERE allocation.day_in <= %(day)s
              AND (allocation.day_out IS NULL OR allocation.day_out > %(day)s)
         GROUP BY item.line_id""",
        factor=PHASE_FACTOR,
        day=day,
    )


def phases_of(day, is_past, line_ids):
    """The same for some items: they are read by their index."""
    return SQL(
        "SELECT line_id, phase_id FROM (%s) AS phase WHERE line_id = ANY(%s)",
        phases(day, is_past),
        list(line_ids),
    )


def collector(open_item, item, partner):
    """The collector of an item, else of its customer in its company (aliases of the rows)."""
    return SQL(
        "COALESCE(%(item)s.user_id,"
        " (%(partner)s.collection_user_id ->> %(open_item)s.company_id::text)::integer)",
        open_item=SQL.identifier(open_item),
        item=SQL.identifier(item),
        partner=SQL.identifier(partner),
    )
