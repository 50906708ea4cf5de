"""Allocations in phases: beginning and ending them, by the job or by a person."""

from odoo.tools import SQL

from .queries import letter_template
from .reposted_queries import said_before


def open_allocations(source, origin, today, uid, reason=None, approval_id=None, with_task=True):
    """Insert one allocation for each row of ``source``: item rows as written, with their phase.

    :param bool with_task: whether a step that asks for an activity gets one
    """
    return SQL(
        """
        INSERT INTO crm_collection_allocation (
               item_id, phase_id, rule_id, step_id, company_id, partner_id, partner_name, name,
               currency_id, origin, user_id, reason, approval_id, date_in, day_in, days_in,
               amount_in, amount_in_currency, letter_count, wants_task,
               create_uid, create_date, write_uid, write_date)
        SELECT entered.id, entered.phase_id, entered.rule_id, entered.step_id, entered.company_id,
               entered.partner_id, partner.complete_name, entered.name, entered.currency_id,
               %(origin)s, %(uid)s, %(reason)s, %(approval_id)s, %(now)s, %(today)s::date,
               %(today)s::date - entered.date_maturity, entered.amount_residual,
               entered.amount_residual_currency, 0, %(wants_task)s,
               %(uid)s, %(now)s, %(uid)s, %(now)s
          FROM (%(source)s) AS entered
     LEFT JOIN res_partner partner ON partner.id = entered.partner_id
     LEFT JOIN crm_collection_rule_step step
               ON step.id = entered.step_id AND step.phase_id = entered.phase_id""",
        source=source,
        origin=origin,
        uid=uid,
        reason=reason,
        approval_id=SQL("%s::integer", approval_id),
        wants_task=SQL("step.activity_type_id IS NOT NULL" if with_task else "FALSE"),
        today=today,
        now=SQL("(now() AT TIME ZONE 'UTC')"),
    )


def open_allocations_of_items(
    item_ids, origin, today, uid, reason=None, approval_id=None, with_task=True
):
    """The allocations of items that were just moved, as their rows now say."""
    return open_allocations(
        SQL(
            """SELECT id, phase_id, rule_id, step_id, company_id, partner_id, name, currency_id,
                      date_maturity, amount_residual, amount_residual_currency
                 FROM crm_collection_item WHERE id = ANY(%s) AND phase_id IS NOT NULL""",
            item_ids,
        ),
        origin,
        today,
        uid,
        reason,
        approval_id,
        with_task,
    )


def close_allocations(item_ids, reason_out, today, uid):
    """End the current allocations of items. One is settled on the day of the last payment or
    credit; its exchange difference is booked later."""
    return SQL(
        """
        UPDATE crm_collection_allocation allocation
           SET date_out = now() AT TIME ZONE 'UTC', day_out = %(today)s, reason_out = %(reason)s,
               user_out_id = %(uid)s, date_letter_out = item.date_next_letter,
               pinned_out = item.pinned,
               date_settled = CASE WHEN %(reason)s = 'settled' THEN (
                    SELECT COALESCE(MAX(partial.max_date) FILTER (
                               WHERE partial.amount != 0 AND partial.debit_amount_currency != 0),
                           MAX(partial.max_date))
                      FROM account_partial_reconcile partial
                     WHERE partial.debit_move_id = item.line_id) END,
               write_uid = %(uid)s, write_date = now() AT TIME ZONE 'UTC'
          FROM crm_collection_item item
         WHERE item.id = allocation.item_id AND allocation.date_out IS NULL
             AND allocation.item_id = ANY(%(ids)s)
           AND item.id = ANY(%(ids)s)  -- said twice, the table is not read as a whole
        """,
        ids=item_ids,
        reason=reason_out,
        today=today,
        uid=uid,
    )


def maintain_items(
    item_ids, phase_id, today, pinned, send_letter, uid, is_approved=False, by_itself=False
):
    """Phase maintenance: items into a phase, with the step their rule has for it.

    :param bool by_itself: whether the job had asked: what was said before is not said again
    """
    return SQL(
        """
        UPDATE crm_collection_item item
           SET phase_id = %(phase_id)s, step_id = target.step_id,
               date_phase = CASE WHEN %(phase_id)s IS NULL THEN NULL ELSE %(today)s::date END,
               letter_count = COALESCE(target.round, 0), proposed_step_id = NULL,
               pinned = %(pinned)s,
               date_next_letter = CASE WHEN NOT (%(send_letter)s AND target.has_letter) THEN NULL
                                       WHEN target.is_said THEN target.date_next
                                       ELSE %(today)s::date END,
               date_letter_kept = NULL,
               blocker = NULL, exception = NULL, to_evaluate = TRUE,
               approval_state = CASE WHEN %(is_approved)s THEN 'approved' END,
               write_uid = %(uid)s, write_date = now() AT TIME ZONE 'UTC'
          FROM (SELECT moved.id, step.id AS step_id,
                       %(letter)s IS NOT NULL AS has_letter, said.*
                  FROM crm_collection_item moved
             LEFT JOIN crm_collection_phase phase ON phase.id = %(phase_id)s
             LEFT JOIN crm_collection_rule_step step
                       ON step.rule_id = moved.rule_id AND step.phase_id = phase.id
             LEFT JOIN LATERAL (%(said)s) AS said ON %(by_itself)s
                 WHERE moved.id = ANY(%(item_ids)s)) AS target
         WHERE target.id = item.id""",
        item_ids=item_ids,
        phase_id=SQL("%s::integer", phase_id or None),
        today=today,
        pinned=pinned,
        send_letter=send_letter,
        is_approved=is_approved,
        by_itself=by_itself,
        said=said_before(
            item="moved",
            partner_id=SQL("moved.partner_id"),
            phase_id=SQL("phase.id"),
            step_id=SQL("step.id"),
            date_maturity=SQL("moved.date_maturity"),
            currency_id=SQL("moved.currency_id"),
            amount=SQL("moved.amount_residual_currency"),
        ),
        letter=letter_template(),
        uid=uid,
    )


def take_back_items(item_ids, uid):
    """Items whose last allocation was just ended are in the phase before it again as they were when
    they left it, the date of the next letter and how many they had included; those that were in
    none are in none."""
    return SQL(
        """
        UPDATE crm_collection_item item
           SET phase_id = left_one.phase_id, step_id = left_one.step_id,
               date_phase = left_one.day_in, letter_count = COALESCE(left_one.letter_count, 0),
               date_next_letter = left_one.date_letter_out, date_letter_kept = NULL,
               pinned = COALESCE(left_one.pinned_out, FALSE), proposed_step_id = NULL,
               blocker = NULL, exception = NULL, to_evaluate = TRUE, approval_state = NULL,
               write_uid = %(uid)s, write_date = now() AT TIME ZONE 'UTC'
          FROM crm_collection_item taken
     LEFT JOIN LATERAL (
               SELECT before.* FROM crm_collection_allocation before
                WHERE before.item_id = taken.id
             ORDER BY before.id DESC OFFSET 1 LIMIT 1) AS left_one
               ON left_one.reason_out = 'moved'
         WHERE taken.id = item.id AND item.id = ANY(%(ids)s)""",
        ids=item_ids,
        uid=uid,
    )


def open_allocations_again(item_ids, today, uid, reason):
    """The allocations of items that were just taken back into the phase they had left, of the
    origin they had there. The task that they had there, if nobody did it, is asked for again."""
    return SQL(
        """
        INSERT INTO crm_collection_allocation (
               item_id, phase_id, rule_id, step_id, company_id, partner_id, partner_name, name,
               currency_id, origin, user_id, reason, date_in, day_in, days_in,
               amount_in, amount_in_currency, letter_count, wants_task,
               create_uid, create_date, write_uid, write_date)
        SELECT item.id, item.phase_id, item.rule_id, item.step_id, item.company_id,
               item.partner_id, partner.complete_name, item.name, item.currency_id,
               before.origin, %(uid)s, %(reason)s, %(now)s, %(today)s::date,
               %(today)s::date - item.date_maturity, item.amount_residual,
               item.amount_residual_currency, 0, before.wants_task,
               %(uid)s, %(now)s, %(uid)s, %(now)s
          FROM crm_collection_item item
    CROSS JOIN LATERAL (
               SELECT allocation.origin,
                      allocation.wants_task AND COALESCE(task.state = 'dropped', TRUE)
                          AS wants_task
                 FROM crm_collection_allocation allocation
            LEFT JOIN crm_collection_task task ON task.id = allocation.task_id
                WHERE allocation.item_id = item.id AND allocation.reason_out = 'moved'
             ORDER BY allocation.id DESC LIMIT 1) AS before
     LEFT JOIN res_partner partner ON partner.id = item.partner_id
         WHERE item.id = ANY(%(ids)s) AND item.phase_id IS NOT NULL""",
        ids=item_ids,
        today=today,
        uid=uid,
        reason=reason,
        now=SQL("(now() AT TIME ZONE 'UTC')"),
    )
