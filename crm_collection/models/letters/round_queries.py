"""What is a round: a letter about an item that left. The round of a letter on its way is kept for
it, and is free again where it does not leave; its lines stay, without a round."""

from odoo.tools import SQL

from ..portfolio.calendar_queries import counted_by_company
from ..portfolio.queries import next_letter_date
from .condition_queries import is_ever_to_go, waits, waits_for_letter


def release(letter_ids, uid, working_days, as_before=False):
    """Take the rounds off letters that did not reach anybody, as long as no later one has left
    about the item in its allocation: that one was counted with them.

    Where the letter waits, the item is due as it was. Else it has its turn again after the step's
    interval, as after a letter that left: nobody is written to at once again who was not to be,
    or could not be, and what a person sent before its day leaves on it.

    :param list letter_ids: the letters as they are written now
    :param dict working_days: {company's id: WorkingDays} that reminders go by
    :param bool as_before: whether the items are due as they were, though the letters do not wait
    """
    is_followed = _is_followed(SQL("other.letter_id != ALL(%s)", letter_ids))
    return SQL(
        """
        WITH changed AS (%(unread)s),
             %(lines)s,
             allocation AS (
                UPDATE crm_collection_allocation allocation
                   SET letter_count = GREATEST(allocation.letter_count - changed.number, 0)
                  FROM changed
                 WHERE allocation.id = changed.allocation_id AND changed.number > 0),
             %(reschedule)s""",
        unread=_unread(letter_ids, is_followed),
        lines=_take_off(letter_ids, is_followed),
        reschedule=_reschedule(
            uid,
            working_days,
            letter_count=SQL("COALESCE(changed.round - 1, item.letter_count)"),
            date=SQL(
                """CASE WHEN item.waits OR %s OR item.date_due > item.date THEN item.date_due
                        WHEN item.date_due IS NOT NULL THEN %s END""",
                as_before,
                next_letter_date(SQL("item.date"), SQL("item.letter_count")),
            ),
        ),
    )


def claim(letter_ids, uid, working_days):
    """Give letters the next round that are to leave after all, or did: of each item the one after
    those that left, unless there was a later one about it. The next letter comes after them.

    :param dict working_days: as for :func:`release`
    """
    return SQL(
        """
        WITH changed AS (%(taken)s),
             %(lines)s,
             allocation AS (
                UPDATE crm_collection_allocation allocation
                   SET letter_count = allocation.letter_count + 1
                  FROM changed WHERE allocation.id = changed.allocation_id),
             %(reschedule)s""",
        taken=_taken(letter_ids, _is_followed(SQL("TRUE"))),
        lines=_put_on(letter_ids),
        reschedule=_reschedule(
            uid,
            working_days,
            letter_count=SQL("changed.round"),
            date=next_letter_date(SQL("item.date"), SQL("item.letter_count")),
        ),
    )


# --- which rounds change: ``changed`` --- #


def _unread(letter_ids, is_followed):
    """The letters' allocations: which round is free again, and when the item was due for it."""
    return SQL(
        """SELECT line.item_id, line.allocation_id, MIN(line.round) AS round,
                  COUNT(line.round) AS number, MAX(letter.date) AS date,
                  (array_agg(line.date_due ORDER BY line.id))[1] AS date_due,
                  BOOL_OR(%(waits)s) AS waits
             FROM crm_collection_letter_line line
             JOIN crm_collection_letter letter ON letter.id = line.letter_id
            WHERE line.letter_id = ANY(%(letter_ids)s) AND NOT %(is_followed)s
         GROUP BY line.item_id, line.allocation_id""",
        letter_ids=letter_ids,
        waits=waits("letter"),
        is_followed=is_followed,
    )


def _taken(letter_ids, is_followed):
    """The letters' allocations, one line of each, and the round that is its own now."""
    return SQL(
        """SELECT DISTINCT ON (line.allocation_id) line.id, line.item_id, line.allocation_id,
                  letter.date, FALSE AS waits, NULL::date AS date_due,
                  CASE WHEN allocation.date_out IS NULL THEN item.letter_count
                       ELSE allocation.letter_count END + 1 AS round
             FROM crm_collection_letter_line line
             JOIN crm_collection_letter letter ON letter.id = line.letter_id
             JOIN crm_collection_allocation allocation ON allocation.id = line.allocation_id
             JOIN crm_collection_item item ON item.id = line.item_id
            WHERE line.letter_id = ANY(%(letter_ids)s) AND line.round IS NULL
              AND NOT %(is_followed)s
         ORDER BY line.allocation_id, line.id DESC""",
        letter_ids=letter_ids,
        is_followed=is_followed,
    )


def look_again(company, letter_ids, uid):
    """Have the allocation job look at what it kept back until a letter is known to have left, and
    is not any more."""
    return SQL(
        """UPDATE crm_collection_item item
              SET to_evaluate = TRUE, write_uid = %(uid)s,
                  write_date = now() AT TIME ZONE 'UTC'
            WHERE item.id IN (SELECT line.item_id FROM crm_collection_letter_line line
                               WHERE line.letter_id = ANY(%(letter_ids)s))
              AND item.state = 'open' AND item.blocker = 'after_letter' AND NOT %(waits)s""",
        uid=uid,
        letter_ids=letter_ids,
        waits=waits_for_letter(
            SQL("(item.id, item.partner_id)"),
            SQL("%s::date", company._get_collection_today()),
            company,
        ),
    )


def _is_followed(which):
    """Condition: a later letter about the item in its allocation has a round. Over ``line``.

    :param SQL which: of the lines (alias ``other``) that are looked at
    """
    return SQL(
        """EXISTS (SELECT FROM crm_collection_letter_line other
                    WHERE other.allocation_id = line.allocation_id AND other.id > line.id
                      AND other.round IS NOT NULL AND %s)""",
        which,
    )


# --- what is written --- #


def _take_off(letter_ids, is_followed):
    return SQL(
        """line AS (
                UPDATE crm_collection_letter_line line SET round = NULL
                 WHERE line.letter_id = ANY(%(letter_ids)s) AND line.round IS NOT NULL
                   AND NOT %(is_followed)s),
             letter AS (
                UPDATE crm_collection_letter letter
                   SET round = COALESCE((
                        SELECT MAX(line.round) FROM crm_collection_letter_line line
                         WHERE line.letter_id = letter.id AND %(is_followed)s), 0)
                 WHERE letter.id = ANY(%(letter_ids)s))""",
        letter_ids=letter_ids,
        is_followed=is_followed,
    )


def _put_on(letter_ids):
    return SQL(
        """line AS (
                UPDATE crm_collection_letter_line line SET round = changed.round
                  FROM changed WHERE changed.id = line.id RETURNING line.letter_id, line.round),
             letter AS (
                UPDATE crm_collection_letter letter SET round = GREATEST(letter.round, (
                        SELECT MAX(line.round) FROM line WHERE line.letter_id = letter.id))
                 WHERE letter.id = ANY(%s))""",
        letter_ids,
    )


def _reschedule(uid, working_days, letter_count, date):
    """The items whose allocation goes on: how many letters left, and when the next one is due.

    :param SQL letter_count: over ``changed`` and the ``item``
    :param SQL date: of the next letter, over ``item`` and its ``step``
    """
    return SQL(
        """open_item AS MATERIALIZED (
                SELECT item.id, item.phase_id, item.step_id, item.rule_id, item.date_maturity,
                       item.amount_residual, item.company_id, changed.date, changed.date_due,
                       changed.waits,
                       %(letter_count)s AS letter_count
                  FROM changed
                  JOIN crm_collection_allocation allocation
                       ON allocation.id = changed.allocation_id AND allocation.date_out IS NULL
                  JOIN crm_collection_item item
                       ON item.id = changed.item_id AND item.state = 'open'),
             next AS (%(next)s)
        UPDATE crm_collection_item item
           SET letter_count = next.letter_count,
               date_next_letter = CASE WHEN next.goes THEN next.date END,
               date_letter_kept = CASE WHEN NOT next.goes THEN next.date END,
               write_uid = %(uid)s, write_date = now() AT TIME ZONE 'UTC'
          FROM next WHERE next.id = item.id""",
        letter_count=letter_count,
        next=_next(date, working_days),
        uid=uid,
    )


def _next(date, working_days):
    """The date of the next letter of each ``open_item``, and whether a run will send it.

    :param SQL date: over ``item`` and its ``step``
    """
    return SQL(
        """SELECT item.id, item.letter_count, due.date, COALESCE(%(goes)s, FALSE) AS goes
             FROM open_item AS item
        LEFT JOIN crm_collection_rule_step step
                  ON step.id = item.step_id AND step.phase_id = item.phase_id
        LEFT JOIN crm_collection_phase phase ON phase.id = item.phase_id
        LEFT JOIN crm_collection_rule rule ON rule.id = item.rule_id
       CROSS JOIN LATERAL (SELECT (%(date)s)::date AS date) AS due""",
        date=date,
        goes=is_ever_to_go(
            SQL("due.date"),
            SQL("due.date"),
            counted_by_company(working_days, SQL("item.company_id"), SQL("item.date_maturity")),
        ),
    )
