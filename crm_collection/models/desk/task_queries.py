"""Tasks that nobody did in time, and those that a contact was about."""

from odoo.tools import SQL

from ..engine.task_queries import NO_TASK, first_of
from ..portfolio.hold_queries import held_item_ids


def escalate(asked, uid):
    """Note to whom tasks escalate that are still open so many days after their day, once: the
    user the step names, else the head of the team of who has it, else the company's collection
    manager, as far as they may be given tasks and are somebody else. Not while all that a task is
    about is held back.

    :param asked: :class:`~..engine.task_queries.Asked`
    :return: SQL of (task, to whom), NULL where there is nobody
    """
    return SQL(
        """
        WITH late AS (
                SELECT task.id, %(user)s AS user_id
                  FROM crm_collection_task task
                  JOIN crm_collection_rule_step step ON step.id = task.step_id
                 WHERE task.company_id = %(company_id)s AND task.state = 'open'
                   AND task.date_escalated IS NULL AND step.escalation_days > 0
                   AND task.date + step.escalation_days <= %(today)s::date
                   AND EXISTS (
                       SELECT FROM crm_collection_allocation allocation
                         JOIN crm_collection_item item ON item.id = allocation.item_id
                        WHERE allocation.task_id = task.id AND allocation.date_out IS NULL
                          AND COALESCE(item.blocker NOT IN %(no_task)s, TRUE)
                          AND item.id NOT IN %(held)s)),
             escalated AS (
                UPDATE crm_collection_task task
                   SET date_escalated = %(today)s::date, escalated_to_id = late.user_id,
                       write_uid = %(uid)s, write_date = now() AT TIME ZONE 'UTC'
                  FROM late WHERE late.id = task.id AND late.user_id IS NOT NULL)
        SELECT id, user_id FROM late ORDER BY id""",
        user=first_of(_others(asked), asked.user_ids),
        company_id=asked.company_id,
        today=asked.today,
        no_task=NO_TASK,
        held=held_item_ids(asked.company_id, asked.today),
        uid=uid,
    )


def _others(asked):
    """Whom a task may escalate to; nobody escalates to himself."""
    head = SQL(
        """(SELECT team.leader_id FROM crm_collection_team team
              JOIN crm_collection_team_user_rel member
                   ON member.crm_collection_team_id = team.id
                  AND member.res_users_id = task.user_id
             WHERE team.active AND team.leader_id <> task.user_id
               AND (team.company_id IS NULL OR team.company_id = %s)
               AND team.leader_id = ANY(%s)
          ORDER BY team.id LIMIT 1)""",
        asked.company_id,
        asked.user_ids,
    )
    return [
        SQL("NULLIF(%s, task.user_id)", one)
        for one in (SQL("step.escalation_user_id"), head, SQL("%s::integer", asked.manager_id))
    ]


def about(company_id, partner_id, item_ids, activity_kind_ids):
    """The open tasks of a customer of these kinds of activity, about some of these items.

    :param list item_ids: empty: about any of his
    """
    return SQL(
        """SELECT task.id FROM crm_collection_task task
            WHERE task.company_id = %s AND task.partner_id = %s AND task.state = 'open'
              AND task.activity_kind_id = ANY(%s)
              AND (%s OR EXISTS (
                   SELECT FROM crm_collection_allocation allocation
                    WHERE allocation.task_id = task.id AND allocation.date_out IS NULL
                      AND allocation.item_id = ANY(%s)))""",
        company_id,
        partner_id,
        activity_kind_ids,
        not item_ids,
        item_ids,
    )
