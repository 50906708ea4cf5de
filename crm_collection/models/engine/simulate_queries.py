"""What a run on a day would do, without doing it: the plan's own builder, read-only."""

from odoo.tools import SQL

from ..letters.condition_queries import is_due, may_be_written_condition
from ..letters.credit_queries import owing
from ..letters.queries import asked_by, judge, open_credits
from ..portfolio.calendar_queries import counted_from
from .apply_queries import PLAN_TABLE, said_of_plan

# What nobody is asked for; other items that are held back from the next phase count, and the
# letters of the phase they are in leave.
NOT_ASKED = ("no_followup", "blocked", "hold", "processing")


def open_items(limit):
    """What moves, is proposed, and is held back: an item is in each list it belongs to.

    :param int limit: rows of each list at most, of those that owe most
    """
    return SQL(
        """
        SELECT listed.*
          FROM (SELECT list.kind, plan.line_id, plan.item_id, plan.partner_id, plan.name,
                       plan.phase_from_id, plan.step_id, plan.rule_id, plan.proposed_step_id,
                       CASE WHEN list.kind = 'held' THEN plan.blocker END AS blocker,
                       plan.hold_id, plan.amount_residual AS amount, plan.days,
                       CASE list.kind WHEN 'move' THEN plan.phase_id
                            WHEN 'proposed' THEN (
                                SELECT step.phase_id FROM crm_collection_rule_step step
                                 WHERE step.id = plan.proposed_step_id) END AS phase_id,
                       ROW_NUMBER() OVER (PARTITION BY list.kind
                            ORDER BY plan.amount_residual DESC, plan.line_id) AS place
                  FROM %(plan)s AS plan
            CROSS JOIN LATERAL (VALUES ('move', plan.moves), ('proposed', %(proposed)s),
                                       ('held', %(held)s)) AS list (kind, is_listed)
                 WHERE list.is_listed) AS listed
         WHERE listed.place <= %(limit)s
      ORDER BY listed.kind, listed.place""",
        plan=SQL.identifier(PLAN_TABLE),
        proposed=_is_proposed(),
        held=_is_held(),
        limit=limit,
    )


def _is_proposed():
    """Condition on ``plan``: the item is proposed that day, and was not before."""
    return SQL(
        """(plan.proposed_step_id IS NOT NULL
            AND plan.proposed_step_id IS DISTINCT FROM plan.proposed_from_id)"""
    )


def _is_held():
    """Condition on ``plan``: something holds the item back, other than that its day has not come;
    one that waits for an approval may move as far as it may meanwhile."""
    return SQL("COALESCE(plan.blocker != 'not_due', FALSE)")


def totals():
    """One row: items looked at, moves, their amount, proposals, held back."""
    return SQL(
        """SELECT COUNT(*), COUNT(*) FILTER (WHERE moves),
                  COALESCE(SUM(amount_residual) FILTER (WHERE moves), 0),
                  COUNT(*) FILTER (WHERE %(proposed)s), COUNT(*) FILTER (WHERE %(held)s)
             FROM %(plan)s AS plan""",
        proposed=_is_proposed(),
        held=_is_held(),
        plan=SQL.identifier(PLAN_TABLE),
    )


def letters(company, today, limit):
    """Customers who would get a letter: most severe phase, items, amount, open credits in its
    currencies; ``total`` is the number of all of them, listed or not. Who gets one, and about
    what, is decided as the letters job does it, from where the items would be."""
    return SQL(
        """
        WITH asked AS (%(asked)s),
             family AS (%(family)s),
             credit AS (%(credit)s),
             owing AS (%(owing)s),
             judged AS (%(judged)s),
             written AS (
                SELECT asked.* FROM asked
                  JOIN judged ON judged.partner_id = asked.partner_id
                       AND judged.verdict IS NULL AND asked.line_id = ANY(judged.line_ids)),
             credit_in_all AS (
                SELECT partner_id, SUM(amount) AS amount FROM credit
                 WHERE (partner_id, currency_id) IN (SELECT partner_id, currency_id FROM written)
              GROUP BY partner_id)
        SELECT written.partner_id,
               (array_agg(phase_id ORDER BY phase_sequence DESC, phase_id DESC))[1] AS phase_id,
               array_agg(name ORDER BY date_maturity) AS names,
               array_remove(array_agg(item_id), NULL) AS item_ids,
               SUM(amount_residual) AS amount,
               COALESCE(MIN(credit_in_all.amount), 0) AS credit, COUNT(*) OVER () AS total
          FROM written
     LEFT JOIN credit_in_all ON credit_in_all.partner_id = written.partner_id
      GROUP BY written.partner_id
      ORDER BY amount DESC, written.partner_id LIMIT %(limit)s""",
        asked=_asked(company, today),
        credit=open_credits(company),
        family=_asked_by_family(company, today),
        owing=owing("family", "credit"),
        judged=judge(company, today),
        limit=limit,
    )


def _asked_by_family(company, today):
    """What is asked, and what the companies may ask for that are one creditor with this one: as
    it is now, as each of them is simulated by itself."""
    columns = SQL(
        """partner_id, currency_id, item_id, line_id, date_maturity, amount_residual_currency,
           is_due, is_late"""
    )
    others = company._get_collection_family() - company.sudo()
    return SQL(" UNION ALL ").join(
        [
            SQL("SELECT %s FROM asked", columns),
            *(
                SQL("SELECT %s FROM (%s) AS other", columns, asked_by(company, other, today))
                for other in others
            ),
        ]
    )


def _asked(company, today):
    """What customers may be asked for where the plan would have put it, and whether a letter is
    due about it: the first one of the phase an item enters, or as for items that stay."""
    return SQL(
        """SELECT plan.*, phase.sequence AS phase_sequence, plan.days > 0 AS is_late,
                  COALESCE((plan.moves AND plan.has_letter
                            AND (said.is_said IS NULL OR said.date_next <= %(today)s))
                       OR (NOT plan.moves AND %(may_be_written)s AND %(is_due)s), FALSE) AS is_due
             FROM %(plan)s AS plan
        LEFT JOIN crm_collection_item item ON item.id = plan.item_id
        LEFT JOIN crm_collection_allocation allocation
                  ON allocation.item_id = plan.item_id AND allocation.date_out IS NULL
        LEFT JOIN crm_collection_rule rule ON rule.id = plan.rule_id
        LEFT JOIN crm_collection_rule_step step
                  ON step.id = plan.step_id AND step.phase_id = plan.phase_id
        LEFT JOIN LATERAL (%(said)s) AS said ON TRUE
        LEFT JOIN crm_collection_phase phase ON phase.id = plan.phase_id
            WHERE plan.partner_id IS NOT NULL AND (plan.days > 0 OR plan.phase_id IS NOT NULL)
              AND (plan.blocker IS NULL OR plan.blocker NOT IN %(not_asked)s)""",
        today=today,
        may_be_written=may_be_written_condition(),
        is_due=is_due(
            today,
            SQL("plan.date_next_letter"),
            SQL("plan.amount_residual"),
            counted_from(company._get_collection_phase_days(), SQL("plan.date_maturity")),
        ),
        plan=SQL.identifier(PLAN_TABLE),
        said=said_of_plan(),
        not_asked=NOT_ASKED,
    )
