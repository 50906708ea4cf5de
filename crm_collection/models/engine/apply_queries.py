"""Writing an allocation plan, slice by slice: a constant number of statements a slice."""

from odoo.tools import SQL

from ..approval.queries import line_waits
from ..portfolio.allocation_queries import open_allocations
from ..portfolio.hold_queries import hold_id, hold_joins
from ..portfolio.payment_queries import line_is_on_its_way
from ..portfolio.queries import line_date_maturity, line_is_owed
from ..portfolio.reposted_queries import said_before

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


def insert_items(company_id, today, uid, first, last):
    """New items of a slice with the allocation they begin.

    An item someone else inserted meanwhile is left to him; one that was paid, held or given
    another due date meanwhile is left for the next run.

    :return: SQL of (phase or NULL, items, amount, proposals)
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
               AND NOT ((plan.moves OR plan.asks) AND %(held)s)
                ON CONFLICT (line_id) WHERE line_id IS NOT NULL DO NOTHING
         RETURNING id, phase_id, rule_id, step_id, company_id, partner_id, name, currency_id,
                   date_maturity, amount_residual, amount_residual_currency, proposed_step_id),
             allocations AS (%(allocations)s)
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
        held=_is_held(company_id, today),
        slice=slice_of_plan(first, last),
        allocations=open_allocations(
            SQL("SELECT * FROM entered WHERE phase_id IS NOT NULL"), "automatic", today, uid
        ),
    )


def _hold_joins(company_id, today):
    return hold_joins(
        company_id, today, SQL("plan.partner_id"), SQL("plan.move_id"), SQL("plan.item_id")
    )


def _is_held(company_id, today):
    """Condition: a hold, or a payment that came on its way, keeps the item where it is."""
    return SQL(
        "(%s IS NOT NULL OR %s)",
        hold_id(),
        line_is_on_its_way(
            *(company_id, today),
            item_id=SQL("plan.item_id"),
            method=SQL(
                """(SELECT move.preferred_payment_method_line_id FROM account_move move
                     WHERE move.id = line.move_id)"""
            ),
        ),
    )


def lock_items(company_id, today, first, last):
    """Lock the known items of a slice: those somebody works on, and those that were changed,
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
           AND NOT ((plan.moves OR plan.asks) AND %(held)s)
           FOR NO KEY UPDATE OF item SKIP LOCKED""",
        plan=SQL.identifier(PLAN_TABLE),
        owed=line_is_owed(),
        hold_joins=_hold_joins(company_id, today),
        held=_is_held(company_id, today),
        slice=slice_of_plan(first, last),
    )


def update_items(item_ids, today, uid):
    """Write the plan of locked items; entering a phase starts a new count of letters, but for
    an item whose entry was posted again as it was: it goes on where it stopped.

    :return: SQL of (item, moves, newly proposed, phase from, phase, amount)
    """
    return SQL(
        """
        UPDATE crm_collection_item item
           SET rule_id = plan.rule_id, step_id = plan.step_id,
               proposed_step_id = plan.proposed_step_id, blocker = plan.blocker,
               approval_state = plan.approval_state, phase_id = plan.phase_id,
               date_phase = CASE WHEN plan.moves THEN %(today)s::date ELSE item.date_phase END,
               letter_count = %(letter_count)s, date_next_letter = %(date_next)s,
               date_letter_kept = plan.date_letter_kept,
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
        letter_count=letter_count_after(SQL("item.letter_count")),
        date_next=next_letter_after(SQL("%s::date", today)),
        today=today,
        uid=uid,
    )


def letter_count_after(count):
    """How many letters an item has had in the phase it is in after a row of the plan (aliases
    ``plan`` and ``said``, see :func:`said_of_plan`)

    :param SQL count: in the phase it is in before
    """
    return SQL("CASE WHEN plan.moves THEN COALESCE(said.round, 0) ELSE %s END", count)


def next_letter_after(today):
    """When the next letter goes after a row of the plan, as :func:`letter_count_after`"""
    return SQL(
        """CASE WHEN NOT plan.moves THEN plan.date_next_letter
                WHEN NOT plan.has_letter THEN NULL
                WHEN said.is_said THEN said.date_next
                ELSE %s END""",
        today,
    )


def said_of_plan():
    """:func:`~..portfolio.reposted_queries.said_before` of a row of the plan (alias ``plan``) that
    moves"""
    return said_before(
        item="item",
        partner_id=SQL("plan.partner_id"),
        phase_id=SQL("plan.phase_id"),
        step_id=SQL("plan.step_id"),
        date_maturity=SQL("plan.date_maturity"),
        currency_id=SQL("plan.currency_id"),
        amount=SQL("plan.amount_residual_currency"),
        where=SQL("FROM crm_collection_item item WHERE plan.moves AND item.id = plan.item_id"),
    )


def count_plan():
    return SQL("SELECT COUNT(*) FROM %s", SQL.identifier(PLAN_TABLE))


def planned_open_item(seq):
    return SQL(
        "SELECT item_id, partner_id, name FROM %s WHERE seq = %s", SQL.identifier(PLAN_TABLE), seq
    )


def set_exception(item_id, message):
    return SQL("UPDATE crm_collection_item SET exception = %s WHERE id = %s", message, item_id)


def open_items_of_plan(first, last):
    """Items of a slice whose step leads into a phase that needs an approval.

    Only those this transaction has just written: the others were left for the next run. Looked
    up one by one: joined, the items just written would be taken for very few, and the slice
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
       CROSS JOIN LATERAL (SELECT * FROM crm_collection_item open_item
                            WHERE open_item.line_id = plan.line_id OFFSET 0) AS item
            WHERE %(slice)s AND plan.asks AND item.state = 'open' AND item.write_date = %(now)s""",
        plan=SQL.identifier(PLAN_TABLE),
        slice=slice_of_plan(first, last),
        now=SQL("(now() AT TIME ZONE 'UTC')"),
    )


def withdraw_of_plan(first, last):
    """Take items of a slice out of requests that the days, or the rule, do not ask for any
    more; as :func:`open_items_of_plan` only those just written."""
    return SQL(
        """UPDATE crm_collection_approval_line line
              SET state = 'withdrawn', write_date = %(now)s,
                  reason_out = CASE WHEN gone.moves THEN 'moved'
                                    WHEN gone.asks THEN 'superseded' ELSE 'not_reached' END
             FROM (SELECT plan.item_id, plan.moves, plan.asks
                     FROM %(plan)s AS plan
               CROSS JOIN LATERAL (SELECT write_date FROM crm_collection_item open_item
                                    WHERE open_item.id = plan.item_id OFFSET 0) AS item
                    WHERE %(slice)s AND plan.withdraws AND item.write_date = %(now)s) AS gone
            WHERE line.item_id = gone.item_id AND %(waits)s
        RETURNING line.approval_id""",
        waits=line_waits(),
        plan=SQL.identifier(PLAN_TABLE),
        slice=slice_of_plan(first, last),
        now=SQL("(now() AT TIME ZONE 'UTC')"),
    )
