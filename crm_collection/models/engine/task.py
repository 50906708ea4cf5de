import logging

import psycopg2

from odoo import api, models
from odoo.tools import split_every

from ...tools.retry import in_transaction
from ..evidence.thread import USER_GROUP
from . import task_queries

_logger = logging.getLogger(__name__)

# Allocations whose tasks are made in one transaction.
MADE_AT_ONCE = 1000


class CrmCollectionEngine(models.AbstractModel):
    """Tasks: what the steps ask somebody to do about the items that entered them.

    Made by what is, not by what happens: whatever entered a step that asks for an activity and
    has no task yet gets it from the next run that finds it free. A run that is killed goes on.
    """

    _inherit = "crm.collection.engine"

    # === For whom === #

    @api.model
    def _get_asked(self, company, today):
        """:return: :class:`~.task_queries.Asked` of a day"""
        partners = self.env["res.partner"].sudo().with_context(active_test=False)
        user_ids = self._get_task_user_ids(company)
        return task_queries.Asked(company, today, user_ids, partners.with_company(company))

    @api.model
    def _get_task_user_ids(self, company):
        """:return: the ids of those who may be given a task of the company: collection users who
        work there"""
        group = self.env.ref(USER_GROUP)
        domain = [("all_group_ids", "in", group.ids), ("company_ids", "in", company.ids)]
        return self.env["res.users"].sudo().search(domain).ids

    # === In the job === #

    def _follow_tasks(self, run):
        """End the tasks that nothing is left of, put back on a list those that are on none, and
        make those that are asked for.

        :return: whether there is time left
        """
        company = run.company_id
        asked = self._get_asked(company, run.date)
        in_transaction(self.env, self._tidy_tasks, asked)
        rows = self.env.execute_query(task_queries.list_wanted(company.id, asked))
        if not rows:
            return True
        self._log_nobody(run, {step_id for _id, step_id, user_id in rows if not user_id})
        run._commit(0)
        todo = [id_ for id_, _step_id, user_id in rows if user_id]
        pieces = list(split_every(MADE_AT_ONCE, todo, list))
        for number, ids in enumerate(pieces, start=1):
            in_transaction(self.env, self._make_safely, asked, ids, run)
            if not run._commit(0) and number < len(pieces):
                return False
        return True

    def _tidy_tasks(self, asked):
        self.env["crm.collection.task"]._drop_idle(asked.company)
        self._list_again(asked)

    def _log_nobody(self, run, step_ids):
        for step in self.env["crm.collection.rule.step"].sudo().browse(sorted(step_ids)):
            run._log_problem(
                self.env._(
                    "Nobody can be given the tasks of %(rule)s, %(step)s: name somebody in the "
                    "step, or a collection manager in the settings.",
                    rule=step.rule_id.display_name,
                    step=step.display_name,
                )
            )

    def _make_safely(self, asked, allocation_ids, run=None):
        """Make tasks together, or in halves when one of them cannot be: an item moves whether
        somebody can be told of it or not."""
        try:
            with self.env.cr.savepoint():
                return self._make(asked, allocation_ids)
        except psycopg2.OperationalError:
            raise  # nobody's fault: the run decides
        except Exception as error:
            if len(allocation_ids) == 1:
                return self._log_not_made(allocation_ids[0], error, run)
        middle = len(allocation_ids) // 2
        for half in (allocation_ids[:middle], allocation_ids[middle:]):
            self._make_safely(asked, half, run)
        return None

    def _log_not_made(self, allocation_id, error, run):
        item = self.env["crm.collection.allocation"].sudo().browse(allocation_id).item_id
        _logger.info("No task could be made of %s: %s", item.name, error)
        if run:
            run._log_exception(f"{item.name}: {error}", item.id, item.partner_id.id)

    # === At once === #

    @api.model
    def _make_tasks_of(self, company, item_ids):
        """The tasks of items that a person has just moved; what cannot be made is left to the
        job, which says why."""
        self.env.flush_all()
        asked = self._get_asked(company, company._get_collection_today())
        rows = self.env.execute_query(task_queries.list_wanted(company.id, asked, item_ids))
        if todo := [id_ for id_, _step_id, user_id in rows if user_id]:
            self._make_safely(asked, todo)

    # === Making === #

    def _make(self, asked, allocation_ids):
        query = task_queries.make(asked.company_id, asked, allocation_ids, self.env.uid)
        rows = self.env.execute_query(query)
        self.env["crm.collection.task"].invalidate_model(flush=False)
        self.env["crm.collection.allocation"].invalidate_model(flush=False)
        tasks = self.env["crm.collection.task"].sudo().browse(row[0] for row in rows)
        every = self.env["crm.collection.item"].sudo().browse(id_ for row in rows for id_ in row[1])
        every.fetch(["name"])
        items = {
            task: every.browse(row[1]).with_prefetch(every._prefetch_ids)
            for task, row in zip(tasks, rows, strict=True)
        }
        new = tasks.browse(row[0] for row in rows if row[2])
        new._put_on_lists(items)
        (tasks - new)._tell_joined(items, asked.today)

    def _list_again(self, asked):
        """Who does not work there any more, or lost it, does it no more: the next one does."""
        Task = self.env["crm.collection.task"].sudo()
        rows = self.env.execute_query(task_queries.lost(asked))
        if not rows:
            return
        lost = Task.browse(row[0] for row in rows)
        lost._get_list_entries().unlink()
        for task, (_id, user_id) in zip(lost, rows, strict=True):
            if task.user_id.id != user_id:
                task._write_evidence({"user_id": user_id})
        lost._put_on_lists({task: task.item_ids for task in lost})

    # === Simulating === #

    @api.model
    def _simulate_tasks(self, company, date, limit):
        """:return: rows of the tasks that come of the plan that is kept"""
        asked = self._get_asked(company, date)
        return self.env.execute_query_dict(task_queries.simulated(company.id, asked, limit))
