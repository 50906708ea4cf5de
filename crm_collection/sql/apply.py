"""Writing an allocation plan, slice by slice: a constant number of statements a slice."""

from odoo.tools import SQL

from .common import (
    date_of_last_letter,
    letter_template,
    line_date_maturity,
    line_is_owed,
    next_letter_date,
)
from .hold import hold_id, hold_joins

PLAN_TABLE = "crm_collection_plan"


def create_plan(plan):
    """Keep the plan for the run: it outlives the commits between the slices and nothing else."""
    return SQL(
        "CREATE TEMPORARY TABLE %s ON COMMIT PRESERVE ROWS AS %s",
        SQL.identifier(PLAN_TABLE),
        plan,
    )


def index_plan():
    return SQL("CREATE UNIQUE INDEX ON %s (seq)", SQL.identifier(PLAN_TABLE))


def drop_plan():
    return SQL("DROP TABLE IF EXISTS pg_temp.%s", SQL.identifier(PLAN_TABLE))


def slice_of_plan(first, last):
    return SQL("plan.seq BETWEEN %s AND %s", first, last)


def open_stays(source, origin, today, uid, reason=None, approval_id=None):
    """Insert one stay for each row of ``source``: item rows as written, with their phase."""
    return SQL(
        """
        INSERT INTO crm_collection_allocation (
               item_id, phase_id, rule_id, step_id, company_id, partner_id, partner_name, name,
               currency_id, origin, user_id, reason, approval_id, date_in, day_in, days_in,
               amount_in, amount_in_currency, amount_settled, letter_count,
               create_uid, create_date, write_uid, write_date)
        SELECT entered.id, entered.phase_id, entered.rule_id, entered.step_id, entered.company_id,
               entered.partner_id, partner.complete_name, entered.name, entered.currency_id,
               %(origin)s, %(uid)s, %(reason)s, %(approval_id)s, %(now)s, %(today)s::date,
               %(today)s::date - entered.date_maturity, entered.amount_residual,
               entered.amount_residual_currency, 0, 0, %(uid)s, %(now)s, %(uid)s, %(now)s
          FROM (%(source)s) AS entered
     LEFT JOIN res_partner partner ON partner.id = entered.partner_id""",
        source=source,
        origin=origin,
        uid=uid,
        reason=reason,
        approval_id=SQL("%s::integer", approval_id),
        today=today,
        now=SQL("(now() AT TIME ZONE 'UTC')"),
    )


def insert_items(company_id, today, uid, first, last):
    """New titles of a slice with the stay they begin.

    A title someone else inserted meanwhile is left to him; one that was paid, held or given
    another due date meanwhile is left for the next run.

    :return: SQL of (phase or NULL, titles, amount, proposals)
    """
    return SQL(
        """
        WITH entered AS (
            INSERT INTO crm_collection_item (
                   line_id, move_id, company_id, partner_id, name, date_maturity, currency_id,
                   amount_residual, amount_residual_currency, no_followup, state, phase_id,
                   rule_id, step_id, date_phase, date_next_letter, letter_count, user_id,
                   proposed_step_id, blocker, approval_state,
                   create_uid, create_date, write_uid, write_date)
            SELECT plan.line_id, plan.move_id, %(company_id)s, plan.partner_id, plan.name,
                   plan.date_maturity, plan.currency_id, line.amount_residual,
                   line.amount_residual_currency, plan.no_followup, 'open', plan.phase_id,
                   plan.rule_id, plan.step_id,
                   CASE WHEN plan.moves THEN %(today)s::date END,
                   CASE WHEN plan.moves AND plan.has_letter THEN %(today)s::date END,
                   0, plan.user_id, plan.proposed_step_id, plan.blocker, plan.approval_state,
                   %(uid)s, %(now)s, %(uid)s, %(now)s
              FROM %(plan)s AS plan
              JOIN account_move_line line ON line.id = plan.line_id AND %(owed)s
                   AND %(date_maturity)s = plan.date_maturity
            %(hold_joins)s
             WHERE %(slice)s AND plan.item_id IS NULL
               AND NOT ((plan.moves OR plan.asks) AND %(hold)s IS NOT NULL)
                ON CONFLICT (line_id) WHERE line_id IS NOT NULL DO NOTHING
         RETURNING id, phase_id, rule_id, step_id, company_id, partner_id, name, currency_id,
                   date_maturity, amount_residual, amount_residual_currency, proposed_step_id),
             stays AS (%(stays)s)
        SELECT phase_id, COUNT(*), SUM(amount_residual), COUNT(proposed_step_id)
          FROM entered GROUP BY phase_id""",
        company_id=company_id,
        today=today,
        uid=uid,
        now=SQL("(now() AT TIME ZONE 'UTC')"),
        plan=SQL.identifier(PLAN_TABLE),
        owed=line_is_owed(),
        date_maturity=line_date_maturity(),
        hold_joins=_hold_joins(company_id, today),
        hold=hold_id(),
        slice=slice_of_plan(first, last),
        stays=open_stays(
            SQL("SELECT * FROM entered WHERE phase_id IS NOT NULL"), "automatic", today, uid
        ),
    )


def _hold_joins(company_id, today):
    return hold_joins(
        company_id, today, SQL("plan.partner_id"), SQL("plan.move_id"), SQL("plan.item_id")
    )


def lock_items(company_id, today, first, last):
    """Lock the known titles of a slice: those somebody works on, and those that were changed,
    paid or held since the plan was made, are left for the next run."""
    return SQL(
        """
        SELECT item.id FROM crm_collection_item item
          JOIN %(plan)s AS plan ON plan.item_id = item.id
          JOIN account_move_line line ON line.id = item.line_id AND %(owed)s
        %(hold_joins)s
         WHERE %(slice)s AND item.state = 'open'
           AND item.phase_id IS NOT DISTINCT FROM plan.phase_from_id
           AND item.write_date IS NOT DISTINCT FROM plan.item_write_date
           AND NOT ((plan.moves OR plan.asks) AND %(hold)s IS NOT NULL)
           FOR NO KEY UPDATE OF item SKIP LOCKED""",
        plan=SQL.identifier(PLAN_TABLE),
        owed=line_is_owed(),
        hold_joins=_hold_joins(company_id, today),
        hold=hold_id(),
        slice=slice_of_plan(first, last),
    )


def update_items(item_ids, today, uid):
    """Write the plan of locked titles; entering a phase starts a new count of letters, but for
    a title whose entry was posted again as it was: it goes on where it stopped.

    :return: SQL of (title, moves, newly proposed, phase from, phase, amount)
    """
    return SQL(
        """
        UPDATE crm_collection_item item
           SET rule_id = plan.rule_id, step_id = plan.step_id,
               proposed_step_id = plan.proposed_step_id, blocker = plan.blocker,
               approval_state = plan.approval_state, phase_id = plan.phase_id,
               date_phase = CASE WHEN plan.moves THEN %(today)s::date ELSE item.date_phase END,
               letter_count = CASE WHEN plan.moves THEN COALESCE(said.round, 0)
                                   ELSE item.letter_count END,
               date_next_letter = CASE WHEN NOT plan.moves AND item.letter_count > 0
                                            AND plan.step_id IS DISTINCT FROM item.step_id
                                       THEN (%(again)s)
                                       WHEN NOT plan.moves THEN item.date_next_letter
                                       WHEN NOT plan.has_letter THEN NULL
                                       WHEN said.is_said THEN said.date_next
                                       ELSE %(today)s::date END,
               to_evaluate = FALSE, exception = NULL,
               write_uid = %(uid)s, write_date = now() AT TIME ZONE 'UTC'
          FROM %(plan)s AS plan
     LEFT JOIN LATERAL (%(said)s) AS said ON TRUE
         WHERE plan.item_id = item.id AND item.id = ANY(%(item_ids)s)
     RETURNING item.id, plan.moves, plan.proposed_step_id IS NOT NULL
               AND plan.proposed_step_id IS DISTINCT FROM plan.proposed_from_id,
               plan.phase_from_id, plan.phase_id, item.amount_residual""",
        plan=SQL.identifier(PLAN_TABLE),
        item_ids=item_ids,
        said=said_of_plan(),
        again=_next_of_another_step(),
        today=today,
        uid=uid,
    )


def _next_of_another_step():
    """When the next letter goes of a title that stays in its phase under another step (its rule
    was exchanged): counted from the last one, as the step says."""
    return SQL(
        """SELECT %s FROM crm_collection_rule_step step CROSS JOIN LATERAL (%s) AS last
            WHERE step.id = plan.step_id AND step.phase_id = item.phase_id""",
        next_letter_date(SQL("last.date"), SQL("item.letter_count")),
        date_of_last_letter("item"),
    )


def said_of_plan():
    """:func:`_said_before` of a row of the plan (alias ``plan``) that moves"""
    return _said_before(
        SQL(
            """SELECT item.*, plan.phase_id AS entered_id, plan.step_id AS entered_step_id,
                      plan.date_maturity AS due, plan.currency_id AS owed_in,
                      plan.amount_residual_currency AS owed, plan.partner_id AS customer_id
                 FROM crm_collection_item item WHERE plan.moves AND item.id = plan.item_id"""
        )
    )


def _said_before(title):
    """The last letter of the phase a title enters, or of one after it, where since then its
    entry was only reset to draft and posted again: the customer has it, or may have, word for
    word. One that waits in the queue is taken back, it is about a stay that is over.

    :param SQL title: the title, what it enters and what it owes
    :return: SQL of (TRUE, round, date of the next letter) of at most one row; of a letter of a
        phase after the one it enters no round and no date: a milder one does not follow
    """
    return SQL(
        """SELECT TRUE AS is_said, CASE WHEN said.is_same THEN said.round END AS round,
                  CASE WHEN said.is_same THEN %(date_next)s END AS date_next
             FROM (
                SELECT line.round, letter.date, title.entered_step_id,
                       stay.phase_id = title.entered_id AS is_same
                  FROM (%(title)s) AS title
                  JOIN crm_collection_phase entered ON entered.id = title.entered_id
            CROSS JOIN LATERAL (SELECT * FROM crm_collection_allocation
                                 WHERE item_id = title.id OFFSET 0) AS stay
                  JOIN crm_collection_phase phase ON phase.id = stay.phase_id
                  JOIN crm_collection_letter_line line ON line.allocation_id = stay.id
                       AND (line.name, line.currency_id, line.date_maturity, line.amount_residual)
                         IS NOT DISTINCT FROM
                           (title.name, title.owed_in, title.due, title.owed)
                  JOIN crm_collection_letter letter ON letter.id = line.letter_id
                       AND letter.partner_id = title.customer_id
                       AND (letter.state = 'sent' OR letter.delivery_started IS NOT NULL
                            AND letter.state IN ('outgoing', 'failed'))
                 WHERE stay.reason_out = 'cancelled'
                   AND (phase.sequence, phase.id) >= (entered.sequence, entered.id)
                   AND NOT EXISTS (
                       SELECT FROM crm_collection_allocation later
                         JOIN crm_collection_phase since ON since.id = later.phase_id
                        WHERE later.item_id = title.id AND later.id > stay.id
                          AND later.reason_out IS DISTINCT FROM 'cancelled'
                          AND (since.sequence, since.id) >= (phase.sequence, phase.id))
              ORDER BY phase.sequence DESC, phase.id DESC, line.round DESC LIMIT 1) AS said
        LEFT JOIN crm_collection_rule_step step ON step.id = said.entered_step_id""",
        title=title,
        date_next=next_letter_date(SQL("said.date"), SQL("said.round")),
    )


def close_stays(item_ids, reason_out, today, uid):
    """End the current stays of titles: what was settled is what it owed on entry, less what it
    owes now."""
    return SQL(
        """
        UPDATE crm_collection_allocation stay
           SET date_out = now() AT TIME ZONE 'UTC', day_out = %(today)s, reason_out = %(reason)s,
               user_out_id = %(uid)s,
               amount_settled = CASE WHEN %(reason)s = 'cancelled' THEN 0
                    ELSE GREATEST(stay.amount_in - item.amount_residual, 0) END,
               date_settled = CASE WHEN %(reason)s = 'settled' THEN (
                    SELECT MAX(partial.max_date) FROM account_partial_reconcile partial
                     WHERE partial.debit_move_id = item.line_id) END,
               write_uid = %(uid)s, write_date = now() AT TIME ZONE 'UTC'
          FROM crm_collection_item item
         WHERE item.id = stay.item_id AND stay.date_out IS NULL AND stay.item_id = ANY(%(ids)s)
           AND item.id = ANY(%(ids)s)  -- said twice, the table is not read as a whole
        """,
        ids=item_ids,
        reason=reason_out,
        today=today,
        uid=uid,
    )


def open_stays_of_items(item_ids, origin, today, uid, reason=None, approval_id=None):
    """The stays of titles that were just moved, as their rows now say."""
    return open_stays(
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
    )


def blockers_summary(company_id):
    """Open titles that something holds back: (blocker, count, amount)."""
    return SQL(
        """SELECT blocker, COUNT(*), SUM(amount_residual) FROM crm_collection_item
            WHERE company_id = %s AND state = 'open' AND blocker IS NOT NULL
         GROUP BY blocker ORDER BY blocker""",
        company_id,
    )


def count_plan():
    return SQL("SELECT COUNT(*) FROM %s", SQL.identifier(PLAN_TABLE))


def entered_with_activity(first, last):
    """Titles of a slice that entered a step with a follow-up activity."""
    return SQL(
        """SELECT item.id FROM %s AS plan
             JOIN crm_collection_item item ON item.line_id = plan.line_id
              AND item.phase_id = plan.phase_id
             JOIN crm_collection_rule_step step ON step.id = plan.step_id
            WHERE %s AND plan.moves AND step.activity_type_id IS NOT NULL""",
        SQL.identifier(PLAN_TABLE),
        slice_of_plan(first, last),
    )


def planned_title(seq):
    return SQL(
        "SELECT item_id, partner_id, name FROM %s WHERE seq = %s", SQL.identifier(PLAN_TABLE), seq
    )


def set_exception(item_id, message):
    return SQL("UPDATE crm_collection_item SET exception = %s WHERE id = %s", message, item_id)


def maintain_items(
    item_ids, phase_id, today, pinned, send_letter, uid, is_approved=False, by_itself=False
):
    """Phase maintenance: titles into a phase, with the step their rule has for it.

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
        said=_said_before(
            SQL(
                """SELECT moved.*, phase.id AS entered_id, step.id AS entered_step_id,
                          moved.date_maturity AS due, moved.currency_id AS owed_in,
                          moved.amount_residual_currency AS owed, moved.partner_id AS customer_id"""
            )
        ),
        letter=letter_template(),
        uid=uid,
    )
