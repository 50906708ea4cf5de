"""Titles that wait for an approval: asking, withdrawing, remembering what was refused."""

from odoo.tools import SQL

from .apply import PLAN_TABLE, slice_of_plan
from .common import step_version

NOW = SQL("(now() AT TIME ZONE 'UTC')")


def titles_of_plan(first, last):
    """Titles of a slice whose step leads into a phase that needs an approval.

    Only those this transaction has just written: the others were left for the next run. Looked
    up one by one: joined, the titles just written would be taken for very few, and the slice
    be read for each of them.
    """
    return SQL(
        """SELECT item.id AS item_id, item.company_id, item.partner_id,
                  plan.target_phase_id AS phase_id, item.phase_id AS phase_from_id,
                  plan.rule_id, plan.target_step_id AS step_id, item.name, item.date_maturity,
                  plan.days, item.currency_id, item.amount_residual AS amount,
                  item.amount_residual_currency AS amount_currency,
                  TRUE AS send_letter, FALSE AS pinned
             FROM %(plan)s AS plan
       CROSS JOIN LATERAL (SELECT * FROM crm_collection_item title
                            WHERE title.line_id = plan.line_id OFFSET 0) AS item
            WHERE %(slice)s AND plan.asks AND item.state = 'open' AND item.write_date = %(now)s""",
        plan=SQL.identifier(PLAN_TABLE),
        slice=slice_of_plan(first, last),
        now=NOW,
    )


def titles_by_id(item_ids, phase_id, today, send_letter, pinned):
    """Titles a person wants in a phase that needs an approval."""
    return SQL(
        """SELECT item.id AS item_id, item.company_id, item.partner_id,
                  phase.id AS phase_id, item.phase_id AS phase_from_id, item.rule_id,
                  step.id AS step_id, item.name, item.date_maturity,
                  %(today)s::date - item.date_maturity AS days, item.currency_id,
                  item.amount_residual AS amount,
                  item.amount_residual_currency AS amount_currency,
                  %(send_letter)s AS send_letter, %(pinned)s AS pinned
             FROM crm_collection_item item
             JOIN crm_collection_phase phase ON phase.id = %(phase_id)s
        LEFT JOIN crm_collection_rule_step step
                  ON step.rule_id = item.rule_id AND step.phase_id = phase.id
            WHERE item.id = ANY(%(item_ids)s)""",
        item_ids=item_ids,
        phase_id=phase_id,
        today=today,
        send_letter=send_letter,
        pinned=pinned,
    )


def create_requests(titles, origin, uid, moment, reason=None):
    """One request per customer and phase; one that nobody has decided about yet and that the
    same user asked for takes more titles.

    The requests that take more are locked: somebody may be about to decide.

    :param moment: since when they wait
    :return: SQL of (ids of new requests, ids of those that take more)
    """
    return SQL(
        """
        WITH wanted AS MATERIALIZED (
                SELECT DISTINCT title.company_id, title.partner_id, title.phase_id
                  FROM (%(titles)s) AS title
                 WHERE NOT EXISTS (SELECT FROM crm_collection_approval_line line
                                    WHERE line.item_id = title.item_id AND line.state = 'pending')),
             free AS (
                SELECT approval.id, approval.company_id, approval.partner_id, approval.phase_id
                  FROM crm_collection_approval approval
                 WHERE approval.state = 'pending' AND approval.kind = 'allocation'
                   AND approval.origin = %(origin)s AND approval.user_id = %(uid)s
                   AND (approval.company_id, approval.partner_id, approval.phase_id) IN (
                        SELECT company_id, partner_id, phase_id FROM wanted)
                   AND NOT EXISTS (SELECT FROM crm_collection_approval_decision decision
                                    WHERE decision.approval_id = approval.id)
                   FOR NO KEY UPDATE SKIP LOCKED),
             taking AS MATERIALIZED (
                SELECT DISTINCT ON (company_id, partner_id, phase_id) *
                  FROM free ORDER BY company_id, partner_id, phase_id, id DESC),
             created AS (
                INSERT INTO crm_collection_approval (
                       kind, company_id, partner_id, phase_id, approval_rule_id, level_id, state,
                       origin, user_id, date_request, reason, amount, item_count, days_oldest,
                       create_uid, create_date, write_uid, write_date)
                SELECT 'allocation', wanted.company_id, wanted.partner_id, wanted.phase_id,
                       phase.approval_rule_id, (
                           SELECT level.id FROM crm_collection_approval_level level
                            WHERE level.rule_id = phase.approval_rule_id
                         ORDER BY level.sequence, level.id LIMIT 1),
                       'pending', %(origin)s, %(uid)s, %(moment)s, %(reason)s, 0, 0, 0,
                       %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM wanted
                  JOIN crm_collection_phase phase ON phase.id = wanted.phase_id
                 WHERE (wanted.company_id, wanted.partner_id, wanted.phase_id) NOT IN (
                        SELECT company_id, partner_id, phase_id FROM taking)
             RETURNING id)
        SELECT COALESCE((SELECT array_agg(id ORDER BY id) FROM created), '{}'),
               COALESCE((SELECT array_agg(id ORDER BY id) FROM taking), '{}')""",
        titles=titles,
        origin=origin,
        uid=uid,
        moment=moment,
        reason=reason,
        now=NOW,
    )


def create_lines(titles, approval_ids, uid):
    """The titles into the requests of their customers.

    Not in one statement with :func:`create_requests`: joined there, both sides would be taken
    for a row or two each, and the join would be a loop.
    """
    return SQL(
        """
        INSERT INTO crm_collection_approval_line (
               approval_id, item_id, company_id, name, date_maturity, days_overdue, phase_from_id,
               phase_id, rule_id, step_id, currency_id, amount, amount_currency, send_letter,
               pinned, state, create_uid, create_date, write_uid, write_date)
        SELECT approval.id, title.item_id, title.company_id, title.name, title.date_maturity,
               title.days, title.phase_from_id, title.phase_id, title.rule_id, title.step_id,
               title.currency_id, title.amount, title.amount_currency, title.send_letter,
               title.pinned, 'pending', %(uid)s, %(now)s, %(uid)s, %(now)s
          FROM (%(titles)s) AS title
          JOIN crm_collection_approval approval
               ON approval.id = ANY(%(approval_ids)s) AND approval.company_id = title.company_id
              AND approval.partner_id = title.partner_id AND approval.phase_id = title.phase_id
            ON CONFLICT (item_id) WHERE state = 'pending' DO NOTHING""",
        titles=titles,
        approval_ids=approval_ids,
        uid=uid,
        now=NOW,
    )


def refresh_totals(approval_ids):
    """What the waiting titles of requests owe, how many and how old they are; a request without
    any is over. Of a request that is decided the figures stay as they were.

    :return: SQL of the ids of the requests that are over
    """
    return SQL(
        """
        WITH total AS (
            SELECT approval.id, COUNT(item.id) AS items, COALESCE(SUM(item.amount_residual), 0)
                       AS amount, COALESCE(MAX(line.days_overdue), 0) AS days
              FROM crm_collection_approval approval
         LEFT JOIN crm_collection_approval_line line
                   ON line.approval_id = approval.id AND line.state = 'pending'
         LEFT JOIN crm_collection_item item ON item.id = line.item_id
             WHERE approval.id = ANY(%(ids)s) AND approval.kind = 'allocation'
               AND approval.state = 'pending'
          GROUP BY approval.id),
             written AS (
            UPDATE crm_collection_approval approval
               SET amount = CASE WHEN total.items > 0 THEN total.amount ELSE approval.amount END,
                   item_count = CASE WHEN total.items > 0 THEN total.items
                                     ELSE approval.item_count END,
                   days_oldest = CASE WHEN total.items > 0 THEN total.days
                                      ELSE approval.days_oldest END,
                   state = CASE WHEN total.items > 0 THEN 'pending' ELSE 'cancelled' END,
                   date_end = CASE WHEN total.items > 0 THEN NULL ELSE %(now)s END,
                   write_date = %(now)s
              FROM total WHERE total.id = approval.id
         RETURNING approval.id, total.items)
        SELECT id FROM written WHERE items = 0""",
        ids=approval_ids,
        now=NOW,
    )


def requests_of_titles(item_ids):
    return SQL(
        """SELECT DISTINCT approval_id FROM crm_collection_approval_line
            WHERE state = 'pending' AND item_id = ANY(%s)""",
        item_ids,
    )


def withdraw_titles(item_ids, reason):
    """Take titles out of the requests they wait in; :return: SQL of the ids of the requests."""
    return SQL(
        """UPDATE crm_collection_approval_line SET state = 'withdrawn', reason_out = %s,
                  write_date = %s
            WHERE state = 'pending' AND item_id = ANY(%s) RETURNING approval_id""",
        reason,
        NOW,
        item_ids,
    )


def withdraw_of_plan(first, last):
    """Take titles of a slice out of requests that the days, or the rule, do not ask for any
    more; as :func:`titles_of_plan` only those just written."""
    return SQL(
        """UPDATE crm_collection_approval_line line
              SET state = 'withdrawn', write_date = %(now)s,
                  reason_out = CASE WHEN gone.moves THEN 'moved'
                                    WHEN gone.asks THEN 'superseded' ELSE 'not_reached' END
             FROM (SELECT plan.item_id, plan.moves, plan.asks
                     FROM %(plan)s AS plan
               CROSS JOIN LATERAL (SELECT write_date FROM crm_collection_item title
                                    WHERE title.id = plan.item_id OFFSET 0) AS item
                    WHERE %(slice)s AND plan.withdraws AND item.write_date = %(now)s) AS gone
            WHERE line.item_id = gone.item_id AND line.state = 'pending'
        RETURNING line.approval_id""",
        plan=SQL.identifier(PLAN_TABLE),
        slice=slice_of_plan(first, last),
        now=NOW,
    )


def set_waiting(item_ids, waiting, uid):
    """Say on titles that they wait for an approval, or do not any more."""
    return SQL(
        """UPDATE crm_collection_item
              SET approval_state = %(state)s,
                  blocker = CASE WHEN %(state)s IS NOT NULL AND blocker IS NULL THEN 'approval'
                                 WHEN %(state)s IS NULL AND blocker = 'approval' THEN NULL
                                 ELSE blocker END,
                  write_uid = %(uid)s, write_date = %(now)s
            WHERE id = ANY(%(ids)s)""",
        state=SQL("'pending'") if waiting else SQL("NULL"),
        ids=item_ids,
        uid=uid,
        now=NOW,
    )


def end_lines(line_ids, state, reason_out=None):
    return SQL(
        """UPDATE crm_collection_approval_line SET state = %s, reason_out = %s, write_date = %s
            WHERE id = ANY(%s) AND state = 'pending'""",
        state,
        reason_out,
        NOW,
        line_ids,
    )


def remember_refusal(line_ids, uid):
    """Keep on the titles what was refused, so that it is not asked again while rule, phase and
    debt are the same."""
    return SQL(
        """UPDATE crm_collection_item item
              SET approval_state = 'refused', blocker = COALESCE(
                      NULLIF(item.blocker, 'approval'), 'refused'),
                  refused_phase_id = line.phase_id, refused_amount = item.amount_residual,
                  refused_version = (
                      SELECT %(version)s FROM crm_collection_rule_step step
                        JOIN crm_collection_rule rule ON rule.id = step.rule_id
                        JOIN crm_collection_phase phase ON phase.id = step.phase_id
                       WHERE step.id = line.step_id),
                  write_uid = %(uid)s, write_date = %(now)s
             FROM crm_collection_approval_line line
            WHERE line.id = ANY(%(ids)s) AND item.id = line.item_id""",
        version=step_version(),
        ids=line_ids,
        uid=uid,
        now=NOW,
    )
