"""Tasks of steps that ask for an activity: which are to be made, of what, for whom and by when.

Aliases ``item`` (a row of :func:`of_items` or :func:`of_plan`), ``step``, ``phase`` and, for whom
it is, ``partner``.
"""

from odoo.tools import SQL

from ..letters.condition_queries import is_asked_again, is_leaving
from ..portfolio.calendar_queries import counted_from
from ..portfolio.hold_queries import held_item_ids
from ..portfolio.queries import letter_day, letter_template, phase_can_act
from ..portfolio.rule_queries import customer_collector
from .apply_queries import PLAN_TABLE

TASK_MODEL = "crm.collection.task"
# What nobody is asked for is nobody's task either.
NO_TASK = (
    *("no_partner", "no_followup", "refund", "blocked", "hold", "processing", "collected"),
    *("no_rule", "empty", "below_minimum"),
)


class Asked:
    """For whom tasks are made, and of which day.

    :param company: ``res.company``
    :param today: the day that is asked about
    :param list user_ids: of the users who may be given tasks
    :param partners: ``res.partner`` in the company's context
    """

    def __init__(self, company, today, user_ids, partners):
        self.company = company
        self.company_id = company.id
        self.today = today
        self.now = company._get_collection_today()
        self.tz = company._get_collection_tz()
        self.manager_id = company.sudo().collection_manager_id.id or None
        self.working_days = company._get_collection_phase_days()
        self.user_ids = user_ids
        self.partners = partners


def of_items(company_id, allocation_ids=None, item_ids=None):
    """Items that entered a step which asks for an activity, and have none yet."""
    return SQL(
        """SELECT allocation.id AS allocation_id, item.id, item.partner_id, item.phase_id,
                  item.step_id, item.user_id, item.blocker, allocation.day_in
             FROM crm_collection_allocation allocation
             JOIN crm_collection_item item ON item.id = allocation.item_id
            WHERE allocation.company_id = %s AND allocation.wants_task
              AND allocation.task_id IS NULL AND allocation.date_out IS NULL
              AND item.state = 'open' AND %s AND %s""",
        company_id,
        _is_among(SQL("allocation.id"), allocation_ids),
        _is_among(SQL("item.id"), item_ids),
    )


def _is_among(column, ids):
    return SQL("TRUE") if ids is None else SQL("%s = ANY(%s)", column, list(ids))


def of_plan(company_id, today):
    """As :func:`of_items`, of where the plan of a day puts the items."""
    return SQL(
        """SELECT allocation.id AS allocation_id, plan.item_id AS id, plan.partner_id,
                  plan.phase_id, plan.step_id, plan.blocker, plan.line_id, plan.name,
                  plan.date_maturity, plan.amount_residual,
                  COALESCE(CASE WHEN plan.item_id IS NULL THEN plan.user_id
                                ELSE item.user_id END, plan.assigned_id) AS user_id,
                  CASE WHEN plan.moves THEN %(today)s::date ELSE allocation.day_in END AS day_in
             FROM %(plan)s AS plan
        LEFT JOIN crm_collection_item item ON item.id = plan.item_id
        LEFT JOIN crm_collection_allocation allocation ON NOT plan.moves
                  AND allocation.item_id = plan.item_id AND allocation.date_out IS NULL
            WHERE plan.company_id = %(company_id)s
              AND (plan.moves OR allocation.wants_task AND allocation.task_id IS NULL)""",
        plan=SQL.identifier(PLAN_TABLE),
        company_id=company_id,
        today=today,
    )


def wanted(source, asked):
    """Items of which a task is to be made: with whose it is (``made_for_id``, NULL: nobody's) and
    when it is due.

    :param SQL source: :func:`of_items` or :func:`of_plan`
    :param Asked asked: for whom, and of which day
    """
    return SQL(
        """SELECT item.*, step.activity_type_id, %(user)s AS made_for_id,
                  GREATEST(%(due)s, %(today)s::date) AS date
             FROM (%(source)s) AS item
             JOIN crm_collection_rule_step step ON step.id = item.step_id
                  AND step.phase_id = item.phase_id AND step.activity_type_id IS NOT NULL
             JOIN crm_collection_phase phase ON phase.id = item.phase_id
             JOIN res_partner partner ON partner.id = item.partner_id
       CROSS JOIN LATERAL (SELECT %(begins)s AS day) AS begins
            WHERE begins.day IS NOT NULL AND %(can_act)s AND NOT %(asked_again)s
              AND COALESCE(item.blocker NOT IN %(no_task)s, TRUE)
              AND COALESCE(item.id NOT IN %(held)s, TRUE)""",
        source=source,
        today=asked.today,
        user=_user(asked),
        begins=_begins(asked),
        due=counted_from(asked.working_days, SQL("(begins.day + step.activity_days)")),
        can_act=phase_can_act(),
        asked_again=is_asked_again(),
        no_task=NO_TASK,
        held=held_item_ids(asked.company_id, asked.today),
    )


def _begins(asked):
    """The day from which a task counts: the item entered the step or, where the step waits for a
    letter it sends, that letter left. NULL: not yet. As with phases that wait for letters it has
    left the day after: nobody is called the day he is written to."""
    return SQL(
        """CASE WHEN step.activity_after = 'letter' AND %(letter)s IS NOT NULL THEN (
                SELECT MIN(%(day)s) FROM crm_collection_letter_line line
                  JOIN crm_collection_letter letter ON letter.id = line.letter_id
                 WHERE line.allocation_id = item.allocation_id AND %(day)s < %(today)s::date
                   AND (letter.state = 'sent' OR %(is_leaving)s AND %(today)s::date > %(now)s))
                ELSE item.day_in END""",
        letter=letter_template(),
        day=letter_day(asked.tz),
        is_leaving=is_leaving("letter"),
        today=asked.today,
        now=asked.now,
    )


def _user(asked):
    """Who does it, of those who may be given tasks: the step's own, else the item's collector,
    else the customer's, else the company's collection manager."""
    candidates = (
        SQL("step.activity_user_id"),
        SQL("item.user_id"),
        customer_collector(asked.partners, asked.company_id),
        SQL("%s::integer", asked.manager_id),
    )
    return first_of(candidates, asked.user_ids)


def first_of(candidates, user_ids):
    """The first of some expressions of a user that is one of ``user_ids``"""
    cases = [SQL("WHEN %s = ANY(%s) THEN %s", one, user_ids, one) for one in candidates]
    return SQL("CASE %s END", SQL(" ").join(cases))


def list_wanted(company_id, asked, item_ids=None):
    """(allocation, step, whose) of what a task is to be made of, customer by customer."""
    return SQL(
        """SELECT allocation_id, step_id, made_for_id FROM (%s) AS wanted
         ORDER BY partner_id, step_id, allocation_id""",
        wanted(of_items(company_id, item_ids=item_ids), asked),
    )


def make(company_id, asked, allocation_ids, uid):
    """Make the tasks of some allocations: one for each customer, step and responsible person,
    which further items join while it is open.

    :return: SQL of (task, items, whether it is new)
    """
    return SQL(
        """
        WITH wanted AS MATERIALIZED (
                SELECT * FROM (%(wanted)s) AS wanted WHERE made_for_id IS NOT NULL),
             known AS (
                SELECT DISTINCT ON (task.partner_id, task.step_id, task.made_for_id)
                       task.id, task.partner_id, task.step_id, task.made_for_id
                  FROM crm_collection_task task
                 WHERE task.company_id = %(company_id)s AND task.state = 'open'
                   AND (task.partner_id, task.step_id, task.made_for_id) IN (
                       SELECT partner_id, step_id, made_for_id FROM wanted)
              ORDER BY task.partner_id, task.step_id, task.made_for_id, task.id),
             made AS (
                INSERT INTO crm_collection_task (
                       company_id, partner_id, customer_key, step_id, phase_id, activity_kind_id,
                       made_for_id, user_id, date, state,
                       create_uid, create_date, write_uid, write_date)
                SELECT %(company_id)s, partner_id, partner_id, step_id, MIN(phase_id),
                       MIN(activity_type_id), made_for_id, made_for_id, MIN(date), 'open',
                       %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM wanted
                 WHERE NOT EXISTS (
                       SELECT FROM known WHERE known.partner_id = wanted.partner_id
                          AND known.step_id = wanted.step_id
                          AND known.made_for_id = wanted.made_for_id)
              GROUP BY partner_id, step_id, made_for_id
                    ON CONFLICT (company_id, customer_key, step_id, made_for_id)
                       WHERE state = 'open' DO NOTHING
             RETURNING id, partner_id, step_id, made_for_id),
             task AS (
                SELECT known.*, FALSE AS is_new FROM known
                 UNION ALL SELECT made.*, TRUE FROM made),
             joined AS (
                UPDATE crm_collection_allocation allocation
                   SET task_id = task.id, write_uid = %(uid)s, write_date = %(now)s
                  FROM wanted JOIN task USING (partner_id, step_id, made_for_id)
                 WHERE allocation.id = wanted.allocation_id AND allocation.task_id IS NULL
             RETURNING allocation.task_id, allocation.item_id, task.is_new)
        SELECT task_id, array_agg(item_id ORDER BY item_id), BOOL_OR(is_new)
          FROM joined GROUP BY task_id ORDER BY task_id""",
        wanted=wanted(of_items(company_id, allocation_ids), asked),
        company_id=company_id,
        uid=uid,
        now=SQL("(now() AT TIME ZONE 'UTC')"),
    )


def lost(asked):
    """Open tasks on nobody's list, or on that of somebody who may not be given any more: with
    whose they are from now on. (task, user)"""
    candidates = (
        SQL("task.user_id"),
        customer_collector(asked.partners, asked.company_id),
        SQL("%s::integer", asked.manager_id),
    )
    return SQL(
        """SELECT lost.* FROM (
               SELECT task.id, %(user)s AS user_id
                 FROM crm_collection_task task
                 JOIN res_partner partner ON partner.id = task.partner_id
                WHERE task.company_id = %(company_id)s AND task.state = 'open'
                  AND (NOT task.user_id = ANY(%(user_ids)s) OR NOT EXISTS (
                       SELECT FROM mail_activity activity
                        WHERE activity.res_model = %(model)s AND activity.res_id = task.id
                          AND activity.active AND activity.automated))) AS lost
            WHERE lost.user_id IS NOT NULL ORDER BY lost.id""",
        user=first_of(candidates, asked.user_ids),
        company_id=asked.company_id,
        user_ids=asked.user_ids,
        model=TASK_MODEL,
    )


def add_notes(notes):
    """Add to the notes of activities, in one statement.

    :param dict notes: {activity id: HTML that is added}
    """
    return SQL(
        """UPDATE mail_activity activity SET note = COALESCE(activity.note, '') || added.note
             FROM unnest(%s::integer[], %s::text[]) AS added (id, note)
            WHERE added.id = activity.id""",
        list(notes),
        [str(note) for note in notes.values()],
    )


def simulated(company_id, asked, limit):
    """The tasks that the plan of a day leads to, one row each; ``total`` is the number of all.

    :param int limit: rows at most, of those about most
    """
    return SQL(
        """SELECT wanted.partner_id, wanted.phase_id, wanted.step_id, wanted.activity_type_id,
                  wanted.made_for_id AS user_id, MIN(wanted.date) AS date,
                  array_agg(wanted.name ORDER BY wanted.date_maturity, wanted.line_id) AS names,
                  SUM(wanted.amount_residual) AS amount, COUNT(*) OVER () AS total
             FROM (%(wanted)s) AS wanted
            WHERE wanted.made_for_id IS NOT NULL
         GROUP BY wanted.partner_id, wanted.phase_id, wanted.step_id, wanted.activity_type_id,
                  wanted.made_for_id
         ORDER BY amount DESC, wanted.partner_id, wanted.step_id LIMIT %(limit)s""",
        wanted=wanted(of_plan(company_id, asked.today), asked),
        limit=limit,
    )
