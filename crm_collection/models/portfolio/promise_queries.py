"""What became of promises: what was paid by when, and what follows for them and other holds."""

from odoo.tools import SQL

from .hold_queries import is_about, is_of_family, last_day
from .queries import line_date_maturity, line_is_owed

# A verdict is looked at again for so many days after the day that was promised for: statements
# are entered later, and payments returned.
JUDGED_AGAIN_DAYS = 90


def closings(company_id, today):
    """Holds in force that are over on ``today``: (hold id, the state they end in, whether a
    promise was kept in part).

    A promise on what is no open item yet waits for one.
    """
    return SQL(
        """
        SELECT id, state_to, state_to = 'broken' AND paid_in_time > 0 AS is_partly
          FROM (SELECT hold.id, promised.paid_in_time,
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
        verdict=verdict(today),
        promised=promised(),
    )


def verdicts_to_change(company_id, today):
    """Promises of late that were judged by less than is known now: (hold id, state, whether it was
    kept in part).

    A broken one is kept where a payment proves it that was entered later; a payment plan goes on
    where one proves the part that was missed. A kept one is broken where a payment was undone
    since and what it paid is owed again; before the day that was promised for is over it is in
    force again.
    """
    return SQL(
        """
        SELECT id, state_to, state_to = 'broken' AND paid_in_time > 0 AS is_partly
          FROM (SELECT hold.*, promised.open_items_left, promised.paid_in_time,
                       %(verdict)s AS state_to, %(has_parts)s AS has_parts
                  FROM crm_collection_hold hold
            CROSS JOIN LATERAL (%(promised)s) AS promised
                 WHERE hold.company_id = %(company_id)s AND hold.kind = 'promise'
                   AND hold.state IN ('kept', 'broken')
                   AND hold.date_until >= %(today)s::date - %(days)s::integer) AS hold
         WHERE state = 'broken' AND (state_to = 'kept' OR state_to = 'active' AND has_parts
                    OR state_to = 'broken'
                       AND COALESCE(is_partly, FALSE) != (paid_in_time > 0))
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
        verdict=verdict(today),
        has_parts=has_parts(),
        promised=promised(),
        is_about=is_about(),
    )


def paid_since(hold_ids):
    """What was paid of what each hold covers since it was set, in time or not, in company
    currency: (hold id, amount)."""
    return SQL(
        """SELECT hold.id, promised.paid FROM crm_collection_hold hold
       CROSS JOIN LATERAL (%s) AS promised WHERE hold.id = ANY(%s)""",
        promised(),
        hold_ids,
    )


def amount_promised(hold_id):
    """What a promise is about, in company currency: the amount it names, else what its items owed
    when it was made. NULL for what is no promise.

    :param SQL hold_id: the hold's number
    """
    return SQL(
        """(SELECT CASE WHEN hold.amount > 0 THEN hold.amount
                       ELSE (SELECT promised.meant FROM (%s) AS promised) END
             FROM crm_collection_hold hold
            WHERE hold.id = %s AND hold.kind = 'promise')""",
        promised(),
        hold_id,
    )


def amounts_promised(hold_ids):
    """The same for some holds: rows of (hold id, amount)."""
    return SQL(
        "SELECT asked.id, %s FROM crm_collection_hold asked WHERE asked.id = ANY(%s)",
        amount_promised(SQL("asked.id")),
        hold_ids,
    )


# === The verdict === #


def verdict(today):
    """The state of a promise on ``today``: broken when the last day of one of its parts has passed
    without what was promised by then; kept when all of it was paid in time; broken when its last
    day has passed without."""
    return SQL(
        """CASE WHEN %(first_missed)s < %(today)s THEN 'broken'
                WHEN %(is_kept)s THEN 'kept'
                WHEN %(last_day)s < %(today)s THEN 'broken'
                ELSE 'active' END""",
        first_missed=first_missed(),
        is_kept=_is_kept(SQL("hold.amount")),
        last_day=last_day(),
        today=today,
    )


def _is_kept(amount):
    """Condition: of the items (alias ``promised``) the amount was paid in time, or in time nothing
    was left of what was due by the promised day and owed when it was promised.

    The company may be content with a little less, in per cent of either.
    """
    return SQL(
        """(%(amount)s > 0 AND promised.paid_in_time * 100 >= %(amount)s * (100 - %(tolerance)s)
            OR promised.open_items > 0
               AND (promised.open_items_left = 0
                    OR %(amount)s = 0 AND %(tolerance)s > 0
                       AND promised.meant_in_time * 100 >= promised.meant * (100 - %(tolerance)s)))
        """,
        amount=amount,
        tolerance=SQL(
            """(SELECT COALESCE(company.collection_promise_percent, 0) FROM res_company company
                 WHERE company.id = hold.company_id)"""
        ),
    )


def promised(until=None):
    """What became of the items of a promise (alias ``hold``): paid since, and of that in time;
    items that were owed, and those of which something was left when its last day was over; what
    was owed of them, and what of that was paid in time.

    What a customer promises is about what was there when he did and is due by the day he
    promised; what somebody promises about entries or items is about those, whenever they are dated
    or due, once they are posted.

    :param SQL until: the day that counts as the last one, by default the promise's own
    """
    return SQL(
        """
        SELECT COUNT(*) FILTER (WHERE is_promised AND residual + paid_currency > 0) AS open_items,
               COUNT(*) FILTER (WHERE is_promised AND residual + late_currency > 0)
                    AS open_items_left,
               COALESCE(SUM(paid), 0) AS paid, COALESCE(SUM(paid_in_time), 0) AS paid_in_time,
               COALESCE(SUM(owed + paid) FILTER (WHERE is_promised), 0) AS meant,
               COALESCE(SUM(paid_in_time) FILTER (WHERE is_promised), 0) AS meant_in_time
          FROM (SELECT CASE WHEN %(owed)s THEN line.amount_residual_currency ELSE 0 END AS residual,
                       CASE WHEN %(owed)s THEN line.amount_residual ELSE 0 END AS owed,
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
        money=_money(last_day() if until is None else until),
        is_about=is_about(),
    )


def _money(until):
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
                       COALESCE(payment.date > %(until)s, FALSE) AS is_late
                  FROM account_partial_reconcile partial
                  JOIN account_move_line payment ON payment.id = partial.credit_move_id
                 WHERE partial.debit_move_id = line.id
                   AND (payment.date > hold.date_from
                     OR partial.create_date > hold.create_date
                     OR partial.create_date = hold.create_date
                        AND payment.date = hold.date_from)) AS since""",
        until=until,
    )


# === Payment plans === #


def has_parts():
    """Condition: the promise (alias ``hold``) is to be paid in parts."""
    return SQL("EXISTS (SELECT FROM crm_collection_hold_part part WHERE part.hold_id = hold.id)")


def first_missed():
    """The last day of the first part of a promise (alias ``hold``) that is not paid in time; NULL
    where there is none: all of it was paid, or it is not to be paid in parts.

    What was paid fills the parts first to last, so a part is paid in time where by its last day
    all that was to be paid until then was.
    """
    return SQL(
        """(SELECT MIN(part.last_day) FROM (%(parts)s) AS part
        CROSS JOIN LATERAL (%(promised)s) AS promised WHERE NOT %(is_kept)s)""",
        parts=_parts(),
        promised=promised(SQL("part.last_day")),
        is_kept=_is_kept(SQL("part.amount_until")),
    )


def waited_until():
    """The day until which a hold keeps back what it covers, if nothing is paid; NULL: until it is
    lifted."""
    return SQL("COALESCE(%s, %s)", first_missed(), last_day())


def parts(part_ids, today):
    """What became of parts: (id, paid of it by now, ``paid`` in time, ``missed`` or ``open``)."""
    return SQL(
        """
        SELECT part.id,
               GREATEST(0, LEAST(part.amount,
                                 since.paid - (part.amount_until - part.amount))) AS amount_paid,
               CASE WHEN %(is_kept)s THEN 'paid'
                    WHEN part.last_day < %(today)s THEN 'missed' ELSE 'open' END AS state
          FROM crm_collection_hold hold
    CROSS JOIN LATERAL (%(since)s) AS since
    CROSS JOIN LATERAL (%(parts)s) AS part
    CROSS JOIN LATERAL (%(promised)s) AS promised
         WHERE hold.id IN (SELECT hold_id FROM crm_collection_hold_part WHERE id = ANY(%(ids)s))
           AND part.id = ANY(%(ids)s)""",
        is_kept=_is_kept(SQL("part.amount_until")),
        today=today,
        since=promised(),
        parts=_parts(),
        promised=promised(SQL("part.last_day")),
        ids=part_ids,
    )


def _parts():
    """The parts of a promise (alias ``hold``): what is to be paid with each and all before it, and
    the last day on which that is in time."""
    return SQL(
        """SELECT part.id, part.date, part.amount,
                  SUM(part.amount) OVER (ORDER BY part.date) AS amount_until,
                  part.date + COALESCE(company.collection_promise_days, 0) AS last_day
             FROM crm_collection_hold_part part
             JOIN res_company company ON company.id = hold.company_id
            WHERE part.hold_id = hold.id"""
    )


def to_remind(company_id, day, hold_ids=None):
    """Promises in force of which something is to be paid on a day and is not paid yet, and the
    customer was not reminded of it: (hold id, amount, 0 for all that is owed).

    :param hold_ids: of these alone, reminded of or not
    """
    is_asked = SQL("hold.date_reminded IS DISTINCT FROM %s::date", day)
    if hold_ids is not None:
        is_asked = SQL("hold.id = ANY(%s)", list(hold_ids))
    return SQL(
        """
        SELECT hold.id, due.amount
          FROM crm_collection_hold hold
    CROSS JOIN LATERAL (
               SELECT part.amount FROM (%(parts)s) AS part
           CROSS JOIN LATERAL (%(promised_by_part)s) AS promised
                WHERE part.date = %(day)s AND NOT %(part_is_kept)s
                UNION ALL
               SELECT hold.amount FROM (%(promised)s) AS promised
                WHERE hold.date_until = %(day)s AND NOT %(has_parts)s AND NOT %(is_kept)s
                  AND promised.open_items > 0) AS due
         WHERE hold.company_id = %(company_id)s AND hold.kind = 'promise'
           AND hold.state = 'active' AND hold.date_from < %(day)s
           AND %(is_asked)s
      ORDER BY hold.id""",
        company_id=company_id,
        day=day,
        is_asked=is_asked,
        parts=_parts(),
        promised_by_part=promised(SQL("part.last_day")),
        part_is_kept=_is_kept(SQL("part.amount_until")),
        promised=promised(),
        has_parts=has_parts(),
        is_kept=_is_kept(SQL("hold.amount")),
    )


# === What is shown === #


def kept_rate(state):
    """100 for a promise that was kept, 0 for one that was broken and nothing for all else: so that
    the mean of any group is its rate."""
    return SQL("CASE %s WHEN 'kept' THEN 100.0 WHEN 'broken' THEN 0.0 END", state)


def last_promises(item_ids):
    """The last promise about each item, if it was not lifted: (item id, hold id, state)."""
    return SQL(
        """
        SELECT DISTINCT ON (item.id) item.id, hold.id, hold.state
          FROM crm_collection_item item
    CROSS JOIN LATERAL (
               SELECT id FROM crm_collection_hold WHERE item_id = item.id
                UNION ALL
               SELECT hold_id FROM crm_collection_hold_item_rel WHERE item_id = item.id
                UNION ALL
               SELECT id FROM crm_collection_hold WHERE move_id = item.move_id
                UNION ALL
               SELECT id FROM crm_collection_hold
                WHERE %(of_family)s AND company_id = item.company_id) AS about
          JOIN crm_collection_hold hold ON hold.id = about.id
         WHERE item.id = ANY(%(item_ids)s) AND hold.kind = 'promise'
           AND hold.state IN ('active', 'kept', 'broken')
      ORDER BY item.id, hold.date_until DESC, hold.id DESC""",
        of_family=is_of_family(
            SQL.identifier("crm_collection_hold", "partner_id"), SQL("item.partner_id")
        ),
        item_ids=item_ids,
    )
