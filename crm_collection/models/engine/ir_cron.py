from contextvars import ContextVar

from odoo import models

from .run import JOBS

BY_HAND = ContextVar("crm_collection_by_hand", default=False)
# Whoever lets the jobs run less often than once a day means it.
DAILY = {("minutes", None), ("hours", None), ("days", 1)}


class IrCron(models.Model):
    """The scheduler looks at the jobs every hour, and when the hour of a company comes."""

    _inherit = "ir.cron"

    def method_direct_trigger(self):
        """EXTENDS 'base': who starts a job by hand has it work at once for every company."""
        token = BY_HAND.set(True)
        try:
            return super().method_direct_trigger()
        finally:
            BY_HAND.reset(token)

    def _trigger_list(self, at_list):
        """Whoever triggers a job asks for the companies of the context, or for all of them."""
        triggers = super()._trigger_list(at_list)
        if triggers and (kind := self._get_collection_kind()):
            ids = self.env.context.get("crm_collection_asked_ids")
            self.env["crm.collection.run.ask"]._add(kind, ids, triggers.mapped("call_at"))
        return triggers

    def _reschedule_later(self, job):
        super()._reschedule_later(job)
        cron = self.sudo().browse(job["id"])
        kind = cron._get_collection_kind()
        if kind and not BY_HAND.get() and self._is_daily(job):
            start = self.env["crm.collection.run"]._get_next_start(kind)
            cron.invalidate_recordset(["nextcall"], flush=False)
            if start and start < cron.nextcall:
                cron.nextcall = start

    def _is_daily(self, job):
        unit, number = job["interval_type"], job["interval_number"]
        return (unit, number) in DAILY or (unit, None) in DAILY

    def _get_collection_kind(self):
        """:return: which of the jobs it is, ``None`` for what is none of them"""
        ref = self.env.ref
        kinds = (
            kind for kind, xmlid in JOBS.items() if ref(xmlid, raise_if_not_found=False) == self
        )
        return next(kinds, None)
