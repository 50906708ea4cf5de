import time

from odoo import models

# Seconds that a job works for a company before it makes room for the next in its channel; what
# Odoo's own jobs are patient for comes on top.
TURN = 60


class CrmCollectionRun(models.Model):
    """Each company's work is a job of the queue: no company waits for another.

    It has the same lock as without the queue: who comes second leaves it.
    """

    _inherit = "crm.collection.run"

    def _work_for(self, kind, company, model, method, left=0):
        # EXTENDS 'crm_collection'
        if self._is_by_clock() and self._hand_to_queue(kind, company, model, method):
            return True
        return super()._work_for(kind, company, model, method, left)

    def _hand_to_queue(self, kind, company, model, method):
        """:return: whether the queue does the work"""
        return self.env["crm.collection.queued"]._hand_over(
            *(self._name, "_work_in_queue", f"{kind}:{company.id}"),
            *(kind, company.id, model, method),
        )

    def _work_in_queue(self, kind, company_id, model, method):
        """Work for a company, for a while; what is left is the next job's."""
        company = self.env["res.company"].browse(company_id).exists()
        run = self.with_context(cron_end_time=time.monotonic() + TURN)
        if company and not run._work_here(kind, company, model, method):
            self._hand_to_queue(kind, company, model, method)
