from odoo import api, models

from ...tools.retry import in_transaction
from . import task_queries


class CrmCollectionEngine(models.AbstractModel):
    """Tasks that nobody did in time are somebody else's, too, once."""

    _inherit = "crm.collection.engine"

    def _follow_tasks(self, run):
        # EXTENDS: those that are late
        if not super()._follow_tasks(run):
            return False
        asked = self._get_asked(run.company_id, run.date)
        in_transaction(self.env, self._escalate, asked, run)
        return True

    @api.model
    def _escalate(self, asked, run):
        """Give what is late to somebody else, too; he is told who had it."""
        rows = self.env.execute_query(task_queries.escalate(asked, self.env.uid))
        tasks = self.env["crm.collection.task"].sudo().browse(row[0] for row in rows if row[1])
        self.env["crm.collection.task"].invalidate_model(flush=False)
        tasks._put_on_other_lists()
        if len(tasks) < len(rows):
            run._log_problem(
                self.env._(
                    "There is nobody that late tasks could escalate to: name somebody in the step, "
                    "a head of the team, or a collection manager in the settings."
                )
            )
