"""What was owed on a day, told by what was reconciled by then: the one owner of that question.

Accounting keeps what an item owes now and the day of each partial reconciliation. What an item
owed at the end of a day is what it owes now and what was reconciled after the day, less what had
been reconciled by the day and is undone by now: of that the ledger of settlements tells. Aging,
cockpit and indicators ask here, so that they agree on every day.
"""

from odoo.tools import SQL


def reconciled(condition):
    """What was reconciled with each item: rows of (line_id, day, amount, amount_currency).

    On the credit side of a partial reconciliation only an exchange difference has an item: it
    makes it owe again what was too much, and moves money in one of the currencies alone.

    :param SQL condition: which partial reconciliations, by their columns
    """
    return SQL(
        """SELECT debit_move_id AS line_id, max_date AS day, amount,
                  debit_amount_currency AS amount_currency
             FROM account_partial_reconcile WHERE %(condition)s
            UNION ALL
           SELECT credit_move_id, max_date, -amount, -credit_amount_currency
             FROM account_partial_reconcile
            WHERE %(condition)s AND (amount = 0 OR debit_amount_currency = 0
                                     OR credit_amount_currency = 0)""",
        condition=condition,
    )


def settled_since(day):
    """What each item owed at the end of ``day`` more than it owes now: rows of (line_id, amount,
    amount_currency), of the items of which anything was reconciled or undone since. It is
    negative where an undone payment makes an item owe more.
    """
    return SQL(
        """SELECT line_id, SUM(amount) AS amount, SUM(amount_currency) AS amount_currency
             FROM (SELECT line_id, amount, amount_currency FROM (%s) AS later
                    UNION ALL
                   SELECT line_id, -amount, -amount_currency FROM (%s) AS undone) AS change
         GROUP BY line_id""",
        reconciled(SQL("max_date > %s", day)),
        undone_since(day),
    )


def undone_since(day):
    """What had been reconciled with each item by the end of ``day`` and was undone after it: rows
    of (line_id, amount, amount_currency).

    Where it was reconciled again later with a date of that day or before (the same payment once
    more), accounting counts it already: only what goes beyond is left.

    :param day: a day, or SQL of one
    """
    return SQL(
        """
        SELECT item.line_id,
               GREATEST(SUM(gone.amount) - COALESCE(MAX(again.amount), 0), 0) AS amount,
               GREATEST(SUM(gone.amount_currency) - COALESCE(MAX(again.amount_currency), 0), 0)
                   AS amount_currency
          FROM crm_collection_settlement reversal
          JOIN crm_collection_settlement gone ON gone.id = reversal.reversal_of_id
          JOIN crm_collection_item item ON item.id = gone.item_id
     LEFT JOIN LATERAL (%(again)s) AS again ON TRUE
         WHERE gone.date <= %(day)s AND reversal.date > %(day)s AND item.line_id IS NOT NULL
      GROUP BY item.line_id""",
        day=day,
        again=_reconciled_again(day),
    )


def _reconciled_again(day):
    """What was reconciled with the item of ``gone`` after ``day`` and dated back to it."""
    return SQL(
        """
        SELECT SUM(made.amount) AS amount, SUM(made.amount_currency) AS amount_currency
          FROM crm_collection_settlement made
         WHERE made.item_id = gone.item_id AND made.reversal_of_id IS NULL
           AND made.date <= %(day)s AND made.day_recorded > %(day)s
           AND NOT EXISTS (SELECT FROM crm_collection_settlement undoing
                            WHERE undoing.reversal_of_id = made.id)""",
        day=day,
    )
