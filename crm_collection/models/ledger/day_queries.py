"""What was owed on a day: the one owner of that question. Aging, cockpit and indicators ask here,
so that they agree on every day.

There are two answers, and each is whole: no payment counts twice in either.

*As matched now* is what accounting says: an item owes its amount less the partial reconciliations
of today that are dated up to the day. It is the balance of the receivable accounts on the day,
as accounting itself reports it, with what is a credit there left out. It changes where
something is matched or unmatched later with a date of that day or before.

*As known then* is what was on record at the end of the day: an item that had been entered by then
owes its amount less what had been reconciled by then and was not undone yet. Nothing that is
recorded later changes it. What was undone since is told by the ledger of settlements, which
accounting does not keep.
"""

from odoo.tools import SQL


def reconciled(condition):
    """What was reconciled with each item: rows of (line_id, day, amount, amount_currency).

    On the credit side of a partial reconciliation only an exchange difference has an item: it
    makes it owe again what was too much, and moves money in one of the currencies alone.

    :param SQL condition: which partial reconciliations, by their columns (alias ``partial``)
    """
    return SQL(
        """SELECT debit_move_id AS line_id, max_date AS day, amount,
                  debit_amount_currency AS amount_currency
             FROM account_partial_reconcile AS partial WHERE %(condition)s
            UNION ALL
           SELECT credit_move_id, max_date, -amount, -credit_amount_currency
             FROM account_partial_reconcile AS partial
            WHERE %(condition)s AND (amount = 0 OR debit_amount_currency = 0
                                     OR credit_amount_currency = 0)""",
        condition=condition,
    )


def line_is_open(line="line"):
    """Condition: of a posted debit item anything is open now. It is the condition of the index that
    has all that is asked of these (``account_move_line.py``), and holds for whatever
    ``line_is_owed`` says of."""
    return SQL(
        """(%(line)s.reconciled IS NOT TRUE AND %(line)s.parent_state = 'posted'
            AND %(line)s.balance > 0
            AND (%(line)s.amount_residual != 0 OR %(line)s.amount_residual_currency != 0))""",
        line=SQL.identifier(line),
    )


def owed_since(day, ends=None, also=None):
    """What each item owed at the end of ``day`` more than it owes now: rows of (line_id, amount,
    amount_currency), of the items of which it may be anything else. It is negative where an item
    owes more by now.

    :param day: the day
    :param dict ends: as known then; its end in each company (see :func:`is_later`). Without it
        as matched now
    :param SQL also: line ids of items to name in any case; they are added up with the others,
        as adding up a second time takes as long again
    """
    if ends is None:
        changes = reconciled(SQL("partial.max_date > %s", day))
    else:
        changes = SQL(
            """SELECT line_id, day, amount, amount_currency FROM (%s) AS later
                UNION ALL
               SELECT line_id, day, -amount, -amount_currency FROM (%s) AS undone""",
            reconciled(_is_unknown(day, ends)),
            _undone(day),
        )
    if also is not None:
        changes = SQL(
            """SELECT line_id, amount, amount_currency FROM (%s) AS known
                UNION ALL
               SELECT line_id, 0, 0 FROM (%s) AS also""",
            changes,
            also,
        )
    return SQL(
        """SELECT line_id, SUM(amount) AS amount, SUM(amount_currency) AS amount_currency
             FROM (%s) AS change GROUP BY line_id""",
        changes,
    )


def is_later(moment, company_id, ends):
    """Condition: what happened at ``moment`` was recorded after the end of the day in its
    company.

    :param SQL moment: a time, in UTC
    :param dict ends: {company id: the end of the day there, in UTC}; ``None``: of any other
    """
    cases = SQL(" ").join(
        SQL("WHEN %s THEN %s", id_, end) for id_, end in ends.items() if id_ is not None
    )
    return SQL("(%s >= CASE %s %s ELSE %s END)", moment, company_id, cases, ends[None])


def is_entered(ends, line="line"):
    """Condition: the journal item's entry was there at the end of the day. Accounting keeps when
    an entry was made, not when it was posted; lines are made again where a draft is changed."""
    line = SQL.identifier(line)
    return SQL(
        """(NOT %(is_later)s
            OR EXISTS (SELECT FROM account_move entry
                        WHERE entry.id = %(line)s.move_id AND NOT %(is_entry_later)s))""",
        line=line,
        is_later=is_later(SQL("%s.create_date", line), SQL("%s.company_id", line), ends),
        is_entry_later=is_later(SQL("entry.create_date"), SQL("%s.company_id", line), ends),
    )


def _is_unknown(day, ends):
    """Condition: the partial reconciliation was not there at the end of the day, or is dated after
    it. The ledger may know of one before accounting does: what is replayed or brought over was
    recorded on a day and written later."""
    return SQL(
        """(partial.max_date > %(day)s
            OR %(is_later)s AND NOT EXISTS (
                SELECT FROM crm_collection_settlement known
                 WHERE known.partial_ref = partial.id AND known.reversal_of_id IS NULL
                   AND known.day_recorded <= %(day)s))""",
        day=day,
        is_later=is_later(SQL("partial.create_date"), SQL("partial.company_id"), ends),
    )


def _undone(day):
    """What had been reconciled by the end of the day and was undone after it."""
    return SQL(
        """SELECT item.line_id, gone.date AS day, gone.amount, gone.amount_currency
             FROM crm_collection_settlement reversal
             JOIN crm_collection_settlement gone ON gone.id = reversal.reversal_of_id
             JOIN crm_collection_item item ON item.id = gone.item_id
            WHERE reversal.day_recorded > %(day)s AND gone.date <= %(day)s
              AND gone.day_recorded <= %(day)s AND item.line_id IS NOT NULL
              AND NOT EXISTS (SELECT FROM account_partial_reconcile standing
                               WHERE standing.id = gone.partial_ref) /* it was refunded */""",
        day=day,
    )
