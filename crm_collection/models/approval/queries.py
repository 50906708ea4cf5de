"""Items that wait for an approval: asking, withdrawing, remembering what was refused."""

from odoo.tools import SQL

from ..portfolio.queries import step_version

NOW = SQL("(now() AT TIME ZONE 'UTC')")


def line_waits(line="line"):
    """Condition: an item waits in the request of this line. An item waits in one at most."""
    return SQL("(%s = 'pending')", SQL.identifier(line, "state"))


def waiting_items(company_id):
    """The items of a company that wait: item, the phase and step they are to enter, whether with
    its letter, who asked."""
    return SQL(
        """SELECT line.item_id, line.phase_id, line.step_id, line.send_letter, approval.origin
             FROM crm_collection_approval_line line
             JOIN crm_collection_approval approval ON approval.id = line.approval_id
            WHERE %(waits)s AND line.company_id = %(company_id)s""",
        waits=line_waits(),
        company_id=company_id,
    )


def open_items_by_id(item_ids, phase_id, today, send_letter, pinned):
    """Items a person wants in a phase that needs an approval."""
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


def ask(open_items, origin, uid, moment, reason=None):
    """Have items wait, in one request per customer and phase; one that nobody has decided about
    yet and that the same user asked for, for the same reason, takes more items.

    The requests that take more are locked: somebody may be about to decide. An item finds its
    request by number, not by a join: of rows just written the planner knows nothing, it would
    compare each item with each request. Hints save nothing beyond that: 60,000 items take 3.1 s
    with ``MATERIALIZED`` and without.

    :param moment: since when they wait
    :return: SQL of (ids of new requests, ids of those that take more, number of items)
    """
    return SQL(
        """
        WITH open_item AS (%(numbered_items)s),
             wanted AS (%(wanted_requests)s),
             request AS (%(found_requests)s),
             numbered AS (
                SELECT array_agg(id ORDER BY number) AS ids FROM request),
             created AS (%(create_requests)s),
             line AS (%(create_lines)s)
        SELECT COALESCE(array_agg(id ORDER BY id) FILTER (WHERE is_new), '{}'),
               COALESCE(array_agg(id ORDER BY id) FILTER (WHERE NOT is_new), '{}'),
               COALESCE(SUM(items), 0)
          FROM request""",
        numbered_items=_numbered_items(open_items),
        wanted_requests=_wanted_requests(),
        found_requests=_found_requests(origin, uid, reason),
        create_requests=_create_requests(origin, uid, moment, reason),
        create_lines=_create_lines(uid),
    )


def _numbered_items(open_items):
    """The items that do not wait yet, with the number of the request they belong in."""
    return SQL(
        """SELECT open_item.*, dense_rank() OVER (
                      ORDER BY open_item.company_id, open_item.partner_id,
                               open_item.phase_id) AS number
             FROM (%(open_items)s) AS open_item
            WHERE NOT EXISTS (SELECT FROM crm_collection_approval_line line
                               WHERE line.item_id = open_item.item_id AND %(waits)s)""",
        open_items=open_items,
        waits=line_waits(),
    )


def _wanted_requests():
    """One request per customer and phase, with what its items owe together."""
    return SQL(
        """SELECT number, company_id, partner_id, phase_id, COUNT(*) AS items,
                  SUM(amount) AS amount, MAX(days) AS days
             FROM open_item GROUP BY number, company_id, partner_id, phase_id"""
    )


def _found_requests(origin, uid, reason):
    """The requests wanted with their ids: of one that takes more, or a new one."""
    return SQL(
        """SELECT wanted.*, free.id IS NULL AS is_new, COALESCE(
                      free.id, nextval('crm_collection_approval_id_seq'))::integer AS id
             FROM wanted
        LEFT JOIN LATERAL (
               SELECT approval.id FROM crm_collection_approval approval
                WHERE approval.partner_id = wanted.partner_id
                  AND approval.phase_id = wanted.phase_id
                  AND approval.company_id = wanted.company_id
                  AND approval.state = 'pending' AND approval.kind = 'allocation'
                  AND approval.origin = %(origin)s AND approval.user_id = %(uid)s
                  AND approval.reason IS NOT DISTINCT FROM %(reason)s
                  AND NOT EXISTS (SELECT FROM crm_collection_approval_decision decision
                                   WHERE decision.approval_id = approval.id)
             ORDER BY approval.id DESC LIMIT 1
                  FOR NO KEY UPDATE SKIP LOCKED) AS free ON TRUE""",
        origin=origin,
        uid=uid,
        reason=reason,
    )


def _create_requests(origin, uid, moment, reason):
    """Write the new requests; the first level of their rule decides first."""
    return SQL(
        """INSERT INTO crm_collection_approval (
                  id, kind, company_id, partner_id, phase_id, approval_rule_id, level_id,
                  state, origin, user_id, date_request, reason, amount, item_count,
                  days_oldest, create_uid, create_date, write_uid, write_date)
           SELECT request.id, 'allocation', request.company_id, request.partner_id,
                  request.phase_id, phase.approval_rule_id, (
                      SELECT level.id FROM crm_collection_approval_level level
                       WHERE level.rule_id = phase.approval_rule_id
                    ORDER BY level.sequence, level.id LIMIT 1),
                  'pending', %(origin)s, %(uid)s, %(moment)s, %(reason)s, request.amount,
                  request.items, request.days, %(uid)s, %(now)s, %(uid)s, %(now)s
             FROM request
             JOIN crm_collection_phase phase ON phase.id = request.phase_id
            WHERE request.is_new""",
        origin=origin,
        uid=uid,
        moment=moment,
        reason=reason,
        now=NOW,
    )


def _create_lines(uid):
    """Write the items that wait, each in its request."""
    return SQL(
        """INSERT INTO crm_collection_approval_line (
                  approval_id, item_id, company_id, name, date_maturity, days_overdue,
                  phase_from_id, phase_id, rule_id, step_id, currency_id, amount,
                  amount_currency, send_letter, pinned, state, create_uid, create_date,
                  write_uid, write_date)
           SELECT (SELECT ids FROM numbered)[open_item.number], open_item.item_id,
                  open_item.company_id, open_item.name, open_item.date_maturity,
                  open_item.days, open_item.phase_from_id, open_item.phase_id,
                  open_item.rule_id, open_item.step_id, open_item.currency_id,
                  open_item.amount, open_item.amount_currency, open_item.send_letter,
                  open_item.pinned, 'pending', %(uid)s, %(now)s, %(uid)s, %(now)s
             FROM open_item""",
        uid=uid,
        now=NOW,
    )


def refresh_totals(approval_ids):
    """What the waiting items of requests owe, how many and how old they are; a request without
    any is over. Of a request that is decided the figures stay as they were.

    :return: SQL of the ids of the requests that are over
    """
    return SQL(
        """
        WITH total AS (
            SELECT approval.id, waiting.*
              FROM crm_collection_approval approval
        CROSS JOIN LATERAL (
                SELECT COUNT(*) AS items, COALESCE(MAX(line.days_overdue), 0) AS days,
                       COALESCE(SUM((SELECT item.amount_residual FROM crm_collection_item item
                                      WHERE item.id = line.item_id)), 0) AS amount
                  FROM crm_collection_approval_line line
                 WHERE line.approval_id = approval.id AND %(waits)s) AS waiting
             WHERE approval.id = ANY(%(ids)s) AND approval.kind = 'allocation'
               AND approval.state = 'pending'),
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
        waits=line_waits(),
        now=NOW,
    )


def requests_of_open_items(item_ids):
    """The requests in which these items wait."""
    return SQL(
        """SELECT DISTINCT line.approval_id FROM crm_collection_approval_line line
            WHERE %s AND line.item_id = ANY(%s)""",
        line_waits(),
        item_ids,
    )


def withdraw_open_items(item_ids, reason):
    """Take items out of the requests they wait in; :return: SQL of the ids of the requests."""
    return SQL(
        """UPDATE crm_collection_approval_line line
              SET state = 'withdrawn', reason_out = %s, write_date = %s
            WHERE %s AND line.item_id = ANY(%s) RETURNING line.approval_id""",
        reason,
        NOW,
        line_waits(),
        item_ids,
    )


def set_waiting(item_ids, waiting, uid):
    """Say on items that they wait for an approval, or do not any more."""
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
    """End the waiting of lines; of those that wait no more nothing is rewritten."""
    return SQL(
        """UPDATE crm_collection_approval_line line
              SET state = %s, reason_out = %s, write_date = %s
            WHERE line.id = ANY(%s) AND %s""",
        state,
        reason_out,
        NOW,
        line_ids,
        line_waits(),
    )


def remember_refusal(line_ids, uid):
    """Keep on the items what was refused, so that it is not asked again while rule, phase and
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


def of_different(column, figure):
    """The figure of a group of which no two rows have the same ``column``."""
    return SQL("CASE WHEN COUNT(*) = COUNT(DISTINCT %s) THEN %s END", column, figure)
