"""What a run on a day would do, without doing it: the plan's own builder, read-only."""

from odoo.tools import SQL

from .apply import said_of_plan
from .common import letter_day
from .letters import is_repeated, leaves_by_itself, reaches, waits

# Held back from the next phase; the letters of the one they are in leave.
WRITABLE = ("unapproved", "not_due", "approval", "refused")
SIMULATION_TABLE = "crm_collection_simulation"


def create_table(plan):
    return SQL("CREATE TEMPORARY TABLE %s ON COMMIT DROP AS %s", _table(), plan)


def drop_table():
    return SQL("DROP TABLE IF EXISTS pg_temp.%s", _table())


def _table():
    return SQL.identifier(SIMULATION_TABLE)


def moves(limit):
    return SQL(
        """SELECT line_id, item_id, partner_id, name, phase_from_id, phase_id, step_id, rule_id,
                  proposed_step_id, blocker, hold_id, amount_residual AS amount, days, moves
             FROM %s
            WHERE moves OR proposed_step_id IS DISTINCT FROM proposed_from_id
               OR blocker NOT IN ('not_due')
         ORDER BY moves DESC, amount_residual DESC, line_id LIMIT %s""",
        _table(),
        limit,
    )


def totals():
    """One row: titles looked at, moves, their amount, proposals, held back."""
    return SQL(
        """SELECT COUNT(*), COUNT(*) FILTER (WHERE moves),
                  COALESCE(SUM(amount_residual) FILTER (WHERE moves), 0),
                  COUNT(*) FILTER (WHERE proposed_step_id IS NOT NULL
                                   AND proposed_step_id IS DISTINCT FROM proposed_from_id),
                  COUNT(*) FILTER (WHERE blocker != 'not_due' AND NOT moves)
             FROM %s""",
        _table(),
    )


def letters(company, today, limit):
    """Customers who would get a letter: most severe phase, titles, amount, open credits;
    ``total`` is the number of all of them, listed or not."""
    return SQL(
        """
        WITH title AS (
                SELECT plan.*, phase.sequence AS phase_sequence,
                       (plan.moves AND plan.has_letter
                        AND (said.is_said IS NULL OR said.date_next <= %(today)s))
                       OR (NOT plan.moves AND plan.phase_id IS NOT NULL
                           AND item.date_next_letter <= %(today)s AND %(leaves)s
                           AND (item.letter_count = 0 OR COALESCE(%(repeated)s, FALSE))) AS due
                  FROM %(plan)s AS plan
             LEFT JOIN crm_collection_item item ON item.id = plan.item_id
             LEFT JOIN crm_collection_allocation stay
                       ON stay.item_id = plan.item_id AND stay.date_out IS NULL
             LEFT JOIN crm_collection_rule rule ON rule.id = plan.rule_id
             LEFT JOIN crm_collection_rule_step step ON step.id = plan.step_id
             LEFT JOIN LATERAL (%(said)s) AS said ON TRUE
             LEFT JOIN crm_collection_phase phase ON phase.id = plan.phase_id
                 WHERE plan.partner_id IS NOT NULL
                   AND (plan.blocker IS NULL OR plan.blocker IN %(writable)s
                        OR plan.blocker = 'no_rule' AND stay.origin != 'automatic')),
             credit AS (
                SELECT partner.commercial_partner_id AS partner_id,
                       SUM(line.amount_residual) AS amount
                  FROM account_move_line line
                  JOIN account_account account ON account.id = line.account_id
                       AND account.account_type = 'asset_receivable'
                  JOIN res_partner partner ON partner.id = line.partner_id
                 WHERE line.company_id = %(company_id)s AND line.parent_state = 'posted'
                   AND line.reconciled IS NOT TRUE AND line.amount_residual < 0
              GROUP BY 1)
        SELECT title.partner_id,
               (array_agg(title.phase_id ORDER BY title.phase_sequence DESC, title.phase_id DESC)
                FILTER (WHERE title.due))[1] AS phase_id,
               array_agg(title.name ORDER BY title.date_maturity) FILTER (WHERE title.due) AS names,
               array_remove(array_agg(title.item_id) FILTER (WHERE title.due), NULL) AS item_ids,
               SUM(title.amount_residual) FILTER (WHERE title.due) AS amount,
               COALESCE(MIN(credit.amount), 0) AS credit, COUNT(*) OVER () AS total
          FROM title LEFT JOIN credit ON credit.partner_id = title.partner_id
         WHERE NOT EXISTS (
                SELECT FROM crm_collection_letter written
                 WHERE written.company_id = %(company_id)s
                   AND written.partner_id = title.partner_id
                   AND (%(waits)s OR %(reaches)s
                        AND %(day)s > %(today)s::date - %(quiet_days)s::integer
                        AND %(day)s <= %(today)s))
      GROUP BY title.partner_id
        HAVING BOOL_OR(title.due)
           AND COALESCE(SUM(title.amount_residual)
                FILTER (WHERE title.days > 0 OR title.phase_id IS NOT NULL), 0)
               + COALESCE(MIN(credit.amount), 0) > 0
      ORDER BY amount DESC, title.partner_id LIMIT %(limit)s""",
        company_id=company.id,
        today=today,
        day=letter_day(company._get_collection_tz(), "written"),
        quiet_days=company.collection_quiet_days or 0,
        reaches=reaches("written"),
        waits=waits("written"),
        repeated=is_repeated(),
        leaves=leaves_by_itself(today),
        said=said_of_plan(),
        writable=WRITABLE,
        plan=_table(),
        limit=limit,
    )
