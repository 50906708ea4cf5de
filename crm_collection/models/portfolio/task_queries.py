"""Tasks of steps that ask for an activity: which of them nothing is left of."""

from odoo.tools import SQL


def idle_of_company(company_id):
    """Condition on ``task``: it is the company's."""
    return SQL("task.company_id = %s", company_id)


def idle_of_items(item_ids):
    """Condition on ``task``: it was about one of these items."""
    return SQL(
        """task.id IN (SELECT about.task_id FROM crm_collection_allocation about
                        WHERE about.item_id = ANY(%s) AND about.task_id IS NOT NULL)""",
        item_ids,
    )


def drop_idle(scope, uid):
    """End the open tasks about nothing that is still in the step: it was paid, or moved on.

    :param SQL scope: condition on ``task``
    :return: SQL of their ids
    """
    return SQL(
        """UPDATE crm_collection_task task
              SET state = 'dropped', date_done = now() AT TIME ZONE 'UTC', write_uid = %(uid)s,
                  write_date = now() AT TIME ZONE 'UTC'
            WHERE task.state = 'open' AND %(scope)s
              AND NOT EXISTS (SELECT FROM crm_collection_allocation allocation
                               WHERE allocation.task_id = task.id AND allocation.date_out IS NULL)
        RETURNING task.id""",
        scope=scope,
        uid=uid,
    )
