"""What became of promises: what was paid by when, and what follows for them and other holds."""

from odoo.tools import SQL

from .hold_queries import is_of_family, last_day
from .queries import line_date_maturity, line_is_owed

# A verdict is looked at again for so many days after the day that was promised for: statements
# are entered later, and payments returned.
JUDGED_AGAIN_DAYS = 90


def closings(company_id, today):
    """Holds in force that are over on ``today``: (hold id, the state they end in).

    A promise on what is no open item yet waits for one.
    """
    return SQL(
        """
        SELECT id, state_to
          FROM (SELECT hold.id,
                       CASE WHEN hold.kind = 'promise' THEN %(verdict)s
                            WHEN %(last_day)s < %(today)s THEN 'ended' END AS state_to
                  FROM crm_collection_hold hold
             LEFT JOIN LATERAL (%(promised)s) AS promised ON hold.kind = 'promise'
                 WHERE hold.company_id = %(company_id)s AND hold.state = 'active') AS hold
         WHERE state_to != 'active'
      ORDER BY id""",
        company_id=company_id,
        today=today,
        last_day=last_day(),
        verdict=_verdict(today),
        promised=_promised(),
    )


def verdicts_to_change(company_id, today):
    """Promises of late that were judged by less than is known now: (hold id, state).

    A broken one is kept where a payment proves it that was entered later. A kept one is broken
    where a payment was undone since and what it paid is owed again; before the day that was
    promised for is over it is in force again.
    """
    return SQL(
        """
        SELECT id, state_to
          FROM (SELECT hold.*, promised.open_items_left, %(verdict)s AS state_to
                  FROM crm_collection_hold hold
            CROSS JOIN LATERAL (%(promised)s) AS promised
                 WHERE hold.company_id = %(company_id)s AND hold.kind = 'promise'
                   AND hold.state IN ('kept', 'broken')
                   AND hold.date_until >= %(today)s::date - %(days)s::integer) AS hold
         WHERE state = 'broken' AND state_to = 'kept'
            OR state = 'kept' AND state_to != 'kept' AND open_items_left > 0
               AND EXISTS (SELECT FROM crm_collection_settlement undone
                             JOIN crm_collection_item item ON item.id = undone.item_id
                            WHERE undone.reversal_of_id IS NOT NULL
                              AND undone.day_recorded >= hold.date_closed
                              AND %(is_about)s)
      ORDER BY id""",
        company_id=company_id,
        today=today,
        days=JUDGED_AGAIN_DAYS,
        verdict=_verdict(today),
        promised=_promised(),
        is_about=_is_about(),
    )


def paid_since(hold_ids):
    """What was paid of what each hold covers since it was set, in time or not, in company
    currency: (hold id, amount)."""
    return SQL(
        """SELECT hold.id, promised.paid FROM crm_collection_hold hold
       CROSS JOIN LATERAL (%s) AS promised WHERE hold.id = ANY(%s)""",
        _promised(),
        hold_ids,
    )


def _verdict(today):
    """The state of a promise on ``today``: kept when the promised amount was paid in time, or
    when in time nothing was left of what was due by the promised day and owed when it was made;
    broken when its last day has passed without."""
    return SQL(
        """CASE WHEN hold.amount > 0 AND promised.paid_in_time >= hold.amount
                  OR promised.open_items > 0 AND promised.open_items_left = 0 THEN 'kept'
                WHEN %(last_day)s < %(today)s THEN 'broken'
                ELSE 'active' END""",
        last_day=last_day(),
        today=today,
    )


def _is_about():
    """Condition: the ``item`` is covered by the hold, its customer being that of today."""
    return SQL(
        """(item.company_id = hold.company_id
            AND (item.id = hold.item_id OR item.move_id = hold.move_id
                 OR hold.partner_id IS NOT NULL AND %s))""",
        is_of_family(SQL("item.partner_id"), SQL("hold.partner_id")),
    )


def _promised():
    """What became of the items of a promise (alias ``hold``): paid since, and of that in time;
    items that were owed, and those of which something was left when its last day was over.

    What a customer promises is about what was there when he did and is due by the day he
    promised; what somebody promises about one entry or item is about that, whenever it is dated
    or due, once it is posted.
    """
    return SQL(
        """
        SELECT COUNT(*) FILTER (WHERE is_promised AND residual + paid_currency > 0) AS open_items,
               COUNT(*) FILTER (WHERE is_promised AND residual + late_currency > 0)
                    AS open_items_left,
               COALESCE(SUM(paid), 0) AS paid, COALESCE(SUM(paid_in_time), 0) AS paid_in_time
          FROM (SELECT CASE WHEN %(owed)s THEN line.amount_residual_currency ELSE 0 END AS residual,
                       hold.partner_id IS NULL OR %(date_maturity)s <= hold.date_until
                           AS is_promised,
                       money.*
                  FROM crm_collection_item item
                  JOIN account_move_line line ON line.id = item.line_id
            CROSS JOIN LATERAL (%(money)s) AS money
                 WHERE %(is_about)s AND line.parent_state = 'posted'
                   AND (hold.partner_id IS NULL OR line.date <= hold.date_from)) AS meant""",
        owed=line_is_owed(),
        date_maturity=line_date_maturity(),
        money=_money(),
        is_about=_is_about(),
    )


def _money():
    """What was paid of an item (alias ``line``) since the promise: by the day of the payment
    after it or, where it was on its way then, matched later by the clock. In time is what is
    dated up to the promise's last day, whenever it was entered.

    The day is the payment's own: ``max_date`` of a match is the invoice's where that is later.
    """
    return SQL(
        """
        SELECT COALESCE(SUM(amount), 0) AS paid,
               COALESCE(SUM(amount) FILTER (WHERE NOT is_late), 0) AS paid_in_time,
               COALESCE(SUM(amount_currency), 0) AS paid_currency,
               COALESCE(SUM(amount_currency) FILTER (WHERE is_late), 0) AS late_currency
          FROM (SELECT partial.amount, partial.debit_amount_currency AS amount_currency,
                       COALESCE(payment.date > %(last_day)s, FALSE) AS is_late
                  FROM account_partial_reconcile partial
                  JOIN account_move_line payment ON payment.id = partial.credit_move_id
                 WHERE partial.debit_move_id = line.id
                   AND (payment.date > hold.date_from
                     OR partial.create_date > hold.create_date
                     OR partial.create_date = hold.create_date
                        AND payment.date = hold.date_from)) AS since""",
        last_day=last_day(),
    )
