"""When the next letter of an item goes: moved, or never."""

from odoo.tools import SQL

from ..portfolio.calendar_queries import counted_by_company
from ..portfolio.queries import date_of_last_letter, next_letter_date
from .condition_queries import is_ever_to_go


def open_items_of_steps(step_ids):
    """Items that a step put where they are."""
    return SQL("item.step_id = ANY(%s)", step_ids)


def open_items_of_letters(letter_ids):
    """Items that wait for the letter after these."""
    return SQL(
        """item.date_next_letter IS NOT NULL AND (item.id, item.letter_count) IN (
               SELECT item_id, round FROM crm_collection_letter_line WHERE letter_id = ANY(%s))""",
        letter_ids,
    )


def reschedule(open_items, uid, working_days):
    """The next letter of items that had one in their step, as the step says now: counted from
    the last one. Materialized, as of a step's items few have a letter to look up: 0.07 s for
    242,000 items of which 20,000 have one, 0.10 s as a part of the joins.

    :param SQL open_items: condition on ``item``
    :param dict working_days: {company's id: WorkingDays} that rules count from
    """
    return SQL(
        """
        WITH open_item AS MATERIALIZED (
                SELECT item.id, item.letter_count, item.phase_id, item.step_id, item.rule_id,
                       item.date_maturity, item.amount_residual, item.company_id
                  FROM crm_collection_item item
                 WHERE %(open_items)s AND item.state = 'open'
                   AND item.letter_count > 0),
             next AS MATERIALIZED (
                SELECT item.id, due.date, COALESCE(%(goes)s, FALSE) AS goes
                  FROM open_item AS item
                  JOIN crm_collection_rule_step step
                       ON step.id = item.step_id AND step.phase_id = item.phase_id
             LEFT JOIN crm_collection_phase phase ON phase.id = item.phase_id
             LEFT JOIN crm_collection_rule rule ON rule.id = item.rule_id
            CROSS JOIN LATERAL (%(last)s) AS last
            CROSS JOIN LATERAL (SELECT %(date_next)s AS date) AS due)
        UPDATE crm_collection_item item
           SET date_next_letter = CASE WHEN next.goes THEN next.date END,
               date_letter_kept = CASE WHEN NOT next.goes THEN next.date END,
               write_uid = %(uid)s, write_date = now() AT TIME ZONE 'UTC'
          FROM next
         WHERE next.id = item.id AND next.date IS DISTINCT FROM COALESCE(
               item.date_next_letter, item.date_letter_kept)""",
        open_items=open_items,
        uid=uid,
        last=date_of_last_letter("item"),
        date_next=next_letter_date(SQL("last.date"), SQL("item.letter_count")),
        goes=is_ever_to_go(
            SQL("due.date"),
            SQL("due.date"),
            counted_by_company(working_days, SQL("item.company_id"), SQL("item.date_maturity")),
        ),
    )


def silence(item_ids, uid, resends=False):
    """The letter of the phase they are in does not leave, where it has not yet.

    :param bool resends: whether one that has left does not go again either
    """
    return SQL(
        """UPDATE crm_collection_item
              SET date_next_letter = NULL, date_letter_kept = NULL,
                  write_uid = %s, write_date = now() AT TIME ZONE 'UTC'
            WHERE id = ANY(%s) AND (letter_count = 0 OR %s)
              AND COALESCE(date_next_letter, date_letter_kept) IS NOT NULL""",
        uid,
        item_ids,
        resends,
    )
