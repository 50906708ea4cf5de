"""What a run on a day would do, without doing it: the plan's own builder, read-only."""

from odoo.tools import SQL

from ..letters.condition_queries import is_due, may_be_written_condition, reaches, waits
from ..letters.credit_queries import is_unpaid, owed_until_here
from ..letters.queries import open_credits
from ..portfolio.queries import letter_day
from .apply_queries import PLAN_TABLE, said_of_plan

# What nobody is asked for; other items that are held back from the next phase count, and the
# letters of the phase they are in leave.
NOT_ASKED = ("no_followup", "blocked", "hold")


def moves(limit):
    return SQL(
        """SELECT line_id, item_id, partner_id, name, phase_from_id, phase_id, step_id, rule_id,
                  proposed_step_id, blocker, hold_id, amount_residual AS amount, days, moves
             FROM %s
            WHERE moves OR proposed_step_id IS DISTINCT FROM proposed_from_id
               OR blocker NOT IN ('not_due')
         ORDER BY moves DESC, amount_residual DESC, line_id LIMIT %s""",
        SQL.identifier(PLAN_TABLE),
        limit,
    )


def totals():
    """One row: items looked at, moves, their amount, proposals, held back."""
    return SQL(
        """SELECT COUNT(*), COUNT(*) FILTER (WHERE moves),
                  COALESCE(SUM(amount_residual) FILTER (WHERE moves), 0),
                  COUNT(*) FILTER (WHERE proposed_step_id IS NOT NULL
                                   AND proposed_step_id IS DISTINCT FROM proposed_from_id),
                  COUNT(*) FILTER (WHERE blocker != 'not_due' AND NOT moves)
             FROM %s""",
        SQL.identifier(PLAN_TABLE),
    )


def letters(company, today, limit):
    """Customers who would get a letter: most severe phase, items, amount, open credits;
    ``total`` is the number of all of them, listed or not."""
    return SQL(
        """
        WITH placed AS (
                SELECT plan.*, phase.sequence AS phase_sequence,
                       (plan.moves AND plan.has_letter
                        AND (said.is_said IS NULL OR said.date_next <= %(today)s))
                       OR (NOT plan.moves AND %(may_be_written)s AND %(is_due)s) AS due
                  FROM %(plan)s AS plan
             LEFT JOIN crm_collection_item item ON item.id = plan.item_id
             LEFT JOIN crm_collection_allocation allocation
                       ON allocation.item_id = plan.item_id AND allocation.date_out IS NULL
             LEFT JOIN crm_collection_rule rule ON rule.id = plan.rule_id
             LEFT JOIN crm_collection_rule_step step
                       ON step.id = plan.step_id AND step.phase_id = plan.phase_id
             LEFT JOIN LATERAL (%(said)s) AS said ON TRUE
             LEFT JOIN crm_collection_phase phase ON phase.id = plan.phase_id
                 WHERE plan.partner_id IS NOT NULL
                   AND (plan.days > 0 OR plan.phase_id IS NOT NULL)
                   AND (plan.blocker IS NULL OR plan.blocker NOT IN %(not_asked)s)),
             open_item AS (SELECT placed.*, %(until_here)s AS until_here FROM placed),
             credit AS (%(credits)s),
             credit_in_all AS (
                SELECT partner_id, SUM(amount) AS amount FROM credit GROUP BY partner_id)
        SELECT open_item.partner_id,
               (array_agg(open_item.phase_id
                          ORDER BY open_item.phase_sequence DESC, open_item.phase_id DESC)
                FILTER (WHERE open_item.due))[1] AS phase_id,
               array_agg(open_item.name ORDER BY open_item.date_maturity)
                   FILTER (WHERE open_item.due) AS names,
               array_remove(array_agg(open_item.item_id) FILTER (WHERE open_item.due), NULL)
                   AS item_ids,
               SUM(open_item.amount_residual) FILTER (WHERE open_item.due) AS amount,
               COALESCE(MIN(credit_in_all.amount), 0) AS credit, COUNT(*) OVER () AS total
          FROM open_item
     LEFT JOIN credit_in_all ON credit_in_all.partner_id = open_item.partner_id
     LEFT JOIN credit ON credit.partner_id = open_item.partner_id
                     AND credit.currency_id = open_item.currency_id
         WHERE NOT EXISTS (
                SELECT FROM crm_collection_letter written
                 WHERE written.company_id = %(company_id)s
                   AND written.partner_id = open_item.partner_id
                   AND (%(waits)s OR %(reaches)s
                        AND %(day)s > %(today)s::date - %(quiet_days)s::integer
                        AND %(day)s <= %(today)s))
      GROUP BY open_item.partner_id
        HAVING BOOL_OR(open_item.due AND %(unpaid)s)
           AND SUM(open_item.amount_residual) + COALESCE(MIN(credit_in_all.amount), 0) > 0
      ORDER BY amount DESC, open_item.partner_id LIMIT %(limit)s""",
        company_id=company.id,
        today=today,
        day=letter_day(company._get_collection_tz(), "written"),
        quiet_days=company.collection_quiet_days or 0,
        reaches=reaches("written"),
        waits=waits("written"),
        may_be_written=may_be_written_condition(SQL("plan.amount_residual")),
        is_due=is_due(today),
        credits=open_credits(company.id),
        until_here=owed_until_here("placed"),
        unpaid=is_unpaid(),
        said=said_of_plan(),
        not_asked=NOT_ASKED,
        plan=SQL.identifier(PLAN_TABLE),
        limit=limit,
    )
