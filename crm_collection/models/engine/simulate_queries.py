"""What a run on a day would do, without doing it: the plan's own builder, read-only."""

from odoo.tools import SQL

from ..approval.queries import waiting_items
from ..letters.condition_queries import is_due, may_be_written_condition
from ..letters.content_queries import asked_of
from ..letters.credit_queries import owing
from ..letters.queries import judge, open_credit_lines
from ..portfolio.calendar_queries import counted_by_company
from ..portfolio.queries import letter_template
from . import foresee_queries
from .apply_queries import PLAN_TABLE, said_of_plan

# What nobody is asked for; other items that are held back from the next phase count, and the
# letters of the phase they are in leave.
NOT_ASKED = ("no_followup", "refund", "blocked", "hold", "processing", "collected")


def together(plans):
    """The plans of companies that are one creditor, all rows of each.

    :param dict plans: {company's id: its plan}
    """
    return SQL(" UNION ALL ").join(
        SQL(
            """SELECT plan.*, %s AS company_id, NULL::integer AS assigned_id
                 FROM (%s) AS plan""",
            company_id,
            plan.query(False),
        )
        for company_id, plan in plans.items()
    )


def with_new_items(query):
    """Ask ``query`` of the open items there are with those that the plan makes, as far as rules of
    assignment look at items."""
    return SQL(
        """WITH crm_collection_item AS (
                SELECT item.company_id, item.partner_id, item.amount_residual, item.state,
                       item.user_id
                  FROM crm_collection_item item WHERE item.state = 'open'
                 UNION ALL
                SELECT plan.company_id, plan.partner_id, plan.amount_residual, 'open', plan.user_id
                  FROM %s AS plan WHERE plan.item_id IS NULL)
           SELECT * FROM (%s) AS asked""",
        SQL.identifier(PLAN_TABLE),
        query,
    )


def assign_plan(company_id, user_by_partner):
    """What nobody works of these customers is their collector's, in the plan."""
    return SQL(
        """UPDATE %(plan)s AS plan SET assigned_id = chosen.user_id
             FROM unnest(%(partner_ids)s, %(user_ids)s) AS chosen (partner_id, user_id)
            WHERE plan.company_id = %(company_id)s AND plan.partner_id = chosen.partner_id""",
        plan=SQL.identifier(PLAN_TABLE),
        company_id=company_id,
        partner_ids=list(user_by_partner),
        user_ids=list(user_by_partner.values()),
    )


def analyze_plan():
    """Few rows are expected of a table nobody has counted, and each is compared with each."""
    return SQL("ANALYZE %s", SQL.identifier(PLAN_TABLE))


def open_items(company_id, limit):
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
                 WHERE list.is_listed AND plan.company_id = %(company_id)s) AS listed
         WHERE listed.place <= %(limit)s
      ORDER BY listed.kind, listed.place""",
        plan=SQL.identifier(PLAN_TABLE),
        proposed=_is_proposed(),
        held=_is_held(),
        company_id=company_id,
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


def totals(company_id):
    """One row: items looked at, moves, their amount, proposals, held back."""
    return SQL(
        """SELECT COUNT(*), COUNT(*) FILTER (WHERE moves),
                  COALESCE(SUM(amount_residual) FILTER (WHERE moves), 0),
                  COUNT(*) FILTER (WHERE %(proposed)s), COUNT(*) FILTER (WHERE %(held)s)
             FROM %(plan)s AS plan WHERE plan.company_id = %(company_id)s""",
        company_id=company_id,
        proposed=_is_proposed(),
        held=_is_held(),
        plan=SQL.identifier(PLAN_TABLE),
    )


def letters(company, companies, today, limit, partner_ids=None, anew_ids=()):
    """Customers who would get a letter of ``company``: most severe phase with its step and the
    collector of that item, items, what they owe and what the letter would ask for, in company
    currency at the rate each item is booked at, as the letter itself says it; ``lines`` is what
    it would say of each item in its own currency, ``total`` the number of all letters, listed or
    not. Who gets one, and about what, is decided as the letters job does it, from where the items
    would be.

    :param companies: those that are one creditor with it and were planned, it included
    :param list partner_ids: the customers that were planned, where they are some alone
    :param anew_ids: letters of the company that were written before, and are decided anew on this
        day: what they say is due as it was
    """
    return SQL(
        """
        WITH planned AS (%(planned)s),
             credit_line AS (%(credit_lines)s),
             owing AS (%(owing)s),
             judged AS (%(judged)s),
             letter AS (
                SELECT partner_id, line_ids FROM judged WHERE verdict IS NULL),
             asked AS (
                SELECT planned.partner_id AS letter, planned.currency_id,
                       planned.line_id AS item_id, planned.line_id, planned.date_maturity,
                       planned.amount_residual_currency, planned.is_late,
                       planned.line_id = ANY(letter.line_ids) AS is_due
                  FROM planned JOIN letter ON letter.partner_id = planned.partner_id),
             credit AS (
                SELECT partner_id AS letter, currency_id, line_id, date, amount_currency
                  FROM credit_line WHERE partner_id IN (SELECT partner_id FROM letter))
        SELECT partner_id, %(tone)s, %(lines)s AS lines,
               array_agg(name ORDER BY date_maturity, line_id) AS names,
               array_remove(array_agg(planned.item_id), NULL) AS item_ids,
               SUM(amount_residual) AS amount,
               SUM(now.amount_credit * %(rate)s) AS credit,
               SUM((now.amount_fine + now.amount_interest) * %(rate)s) AS charges,
               SUM(now.amount_asked * %(rate)s) AS asked, COUNT(*) OVER () AS total
          FROM (%(asked_of)s) AS now
          JOIN planned ON planned.line_id = now.item_id
      GROUP BY partner_id
      ORDER BY amount DESC, partner_id LIMIT %(limit)s""",
        planned=_planned(company, companies, today, anew_ids),
        tone=_tone(),
        lines=_lines(),
        credit_lines=open_credit_lines(company, partner_ids),
        owing=owing("planned", "credit_line"),
        judged=judge(company, today, "planned", without=anew_ids),
        asked_of=asked_of(
            company,
            today,
            SQL("(SELECT line_id AS id, line_id, partner_id, company_id, rule_id FROM planned)"),
        ),
        rate=SQL("amount_residual / amount_residual_currency"),
        limit=limit,
    )


def waiting(company_id, limit):
    """Customers with items that would go into a phase with a letter if an approval were given,
    told as :func:`letters` tells those who get one."""
    return SQL(
        """
        WITH planned AS (
                SELECT plan.*, phase.id AS letter_phase_id, phase.sequence AS phase_sequence,
                       COALESCE(CASE WHEN item.id IS NULL THEN plan.user_id
                                     ELSE item.user_id END, plan.assigned_id)
                           AS worked_by_id
                  FROM %(plan)s AS plan
             LEFT JOIN (%(waiting)s) AS waiting ON waiting.item_id = plan.item_id
                  JOIN crm_collection_phase phase ON phase.id = CASE
                       WHEN plan.asks THEN plan.target_phase_id ELSE waiting.phase_id END
             LEFT JOIN crm_collection_rule_step step ON step.phase_id = phase.id
                       AND step.id = CASE WHEN plan.asks THEN plan.target_step_id
                                          ELSE waiting.step_id END
             LEFT JOIN crm_collection_item item ON item.id = plan.item_id
                 WHERE plan.company_id = %(company_id)s AND plan.partner_id IS NOT NULL
                   AND plan.blocker = 'approval' AND (plan.asks OR waiting.send_letter)
                   AND %(letter)s IS NOT NULL)
        SELECT partner_id,
               (array_agg(letter_phase_id ORDER BY phase_sequence DESC, letter_phase_id DESC))[1]
                   AS phase_id, NULL::integer AS step_id,
               (array_agg(worked_by_id ORDER BY phase_sequence DESC, days DESC))[1] AS user_id,
               json_agg(json_build_object(
                   'line_id', line_id, 'item_id', item_id, 'name', name,
                   'phase_id', letter_phase_id, 'currency_id', currency_id, 'days', days,
                   'date_maturity', date_maturity,
                   'amount_residual_currency', amount_residual_currency, 'amount_asked', 0)
                   ORDER BY date_maturity, line_id) AS lines,
               array_agg(name ORDER BY date_maturity, line_id) AS names,
               SUM(amount_residual) AS amount, 0 AS asked
          FROM planned GROUP BY partner_id ORDER BY amount DESC, partner_id LIMIT %(limit)s""",
        plan=SQL.identifier(PLAN_TABLE),
        company_id=company_id,
        waiting=waiting_items(company_id),
        letter=letter_template(),
        limit=limit,
    )


def _tone():
    """What the item says that sets the tone of a letter, as where letters are written."""
    return SQL(", ").join(
        SQL(
            "(array_agg(%s ORDER BY phase_sequence DESC, phase_id DESC, days DESC))[1] AS %s",
            SQL.identifier(source),
            SQL.identifier(name),
        )
        for name, source in (
            ("phase_id", "phase_id"),
            ("step_id", "step_id"),
            ("user_id", "worked_by_id"),
        )
    )


def _lines():
    """What a letter says of each of its items."""
    said = {
        **dict.fromkeys(("line_id", "item_id", "company_id", "phase_id", "name", "currency_id")),
        **dict.fromkeys(("date_maturity", "days", "amount_residual", "amount_residual_currency")),
        "round": SQL("planned.letters_before + 1"),
        **{
            name: SQL.identifier("now", name)
            for name in ("amount_credit", "amount_fine", "amount_interest", "amount_asked")
        },
    }
    return SQL(
        "json_agg(json_build_object(%s) ORDER BY date_maturity, planned.line_id)",
        SQL(", ").join(
            SQL("%s::text, %s", name, source or SQL.identifier("planned", name))
            for name, source in said.items()
        ),
    )


def _planned(company, companies, today, anew_ids):
    """What customers may be asked for where the plan would have put it, and whether the letter is
    due about it: the first one of the phase an item enters, or as for items that stay. It takes
    along what is due in companies that are one creditor with this one and send by themselves."""
    senders = companies.filtered(lambda one: one == company or one.collection_auto_send)
    working_days = {one.id: one._get_collection_due_days() for one in companies}
    return SQL(
        """SELECT plan.*, phase.sequence AS phase_sequence, plan.days > 0 AS is_late,
                  COALESCE(CASE WHEN item.id IS NULL THEN plan.user_id
                                     ELSE item.user_id END, plan.assigned_id)
                      AS worked_by_id,
                  CASE WHEN plan.moves THEN 0 ELSE COALESCE(item.letter_count, 0) END
                      AS letters_before,
                  COALESCE(plan.company_id = ANY(%(senders)s) AND (
                       (plan.moves AND plan.has_letter
                            AND (said.is_said IS NULL OR said.date_next <= %(today)s))
                       OR (NOT plan.moves AND %(may_be_written)s AND %(is_due)s)), FALSE) AS is_due
             FROM %(plan)s AS plan
        LEFT JOIN %(items)s AS item ON item.id = plan.item_id
        LEFT JOIN (%(queued)s) AS queued ON queued.item_id = plan.item_id
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
        senders=senders.ids,
        may_be_written=may_be_written_condition(),
        is_due=is_due(
            today,
            SQL("COALESCE(queued.date_due, plan.date_next_letter)"),
            SQL("plan.amount_residual"),
            counted_by_company(
                {company_id: days for company_id, days in working_days.items() if days},
                SQL("plan.company_id"),
                SQL("plan.date_maturity"),
            ),
        ),
        plan=SQL.identifier(PLAN_TABLE),
        said=said_of_plan(),
        not_asked=NOT_ASKED,
        items=_items_before(anew_ids),
        queued=foresee_queries.in_queue(list(anew_ids)),
    )


def _items_before(anew_ids):
    """The items there are; those of letters that are decided anew as if they had not been
    written."""
    if not anew_ids:
        return SQL("crm_collection_item")
    return SQL(
        """(SELECT now.* FROM crm_collection_item item
         LEFT JOIN (%s) AS queued ON queued.item_id = item.id
        CROSS JOIN LATERAL (
                SELECT item.* WHERE queued.item_id IS NULL
                 UNION ALL
                SELECT changed.* FROM jsonb_populate_record(
                       item, jsonb_build_object('letter_count', queued.letter_count)) AS changed
                 WHERE queued.item_id IS NOT NULL) AS now)""",
        foresee_queries.in_queue(list(anew_ids)),
    )
