from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from .ir_cron import BY_HAND
from .run import JOBS

# Work that runs past midnight goes on, though the hour of the new day is yet to come.
PAST_MIDNIGHT = timedelta(hours=2)


class CrmCollectionRun(models.Model):
    """Whose turn it is: each company's jobs start at its own hour, by its own clock.

    The hour is passed once a day, and what was missed is caught up: what counts is whether the
    company's day has a run that started after it, not when the scheduler looks.
    """

    _inherit = "crm.collection.run"

    @api.model
    def _is_by_clock(self):
        """Whether it is the scheduler that calls, and no person."""
        return bool(self.env.context.get("cron_id")) and not BY_HAND.get()

    @api.model
    def _get_due_companies(self, kind):
        """:return: the companies a job works for now: all of them where a person starts it; where
        the scheduler does, those whose hour has come and those somebody asked for"""
        companies = self._get_companies()
        if not self._is_by_clock():
            return companies
        asked = self.env["crm.collection.run.ask"]._get_due(kind, companies).company_id
        last = self._get_last(kind, companies)
        return companies.filtered(
            lambda company: company in asked or self._is_due(kind, company, last.get(company))
        )

    def _get_last(self, kind, companies):
        """:return: {company: its last run}, of those of the last days"""
        recent = fields.Datetime.now().date() - timedelta(days=3)
        runs = self.search(
            Domain("kind", "=", kind)
            & Domain("company_id", "in", companies.ids)
            & Domain("date", ">=", recent),
            order="date, id",
        )
        return {run.company_id: run for run in runs}

    @api.model
    def _is_due(self, kind, company, last):
        """Whether the company's hour has come and its work of the day is not done, or what was
        begun is not."""
        today, now = company._get_collection_today(), fields.Datetime.now()
        if last and last._is_unfinished(today, now):
            return True
        start = company._get_collection_start(kind, today)
        done = last and last.date == today and last.state == "done" and last.date_start >= start
        return start <= now and not done

    def _is_unfinished(self, today, now):
        if self.date == today:
            return self.state in ("running", "interrupted", "waiting")
        begun = self.state in ("running", "interrupted")
        return begun and self.date_start > now - PAST_MIDNIGHT

    @api.model
    def _get_next_start(self, kind):
        """:return: when the hour of a company comes next, ``None`` without any company"""
        now = fields.Datetime.now()
        starts = [
            company._get_collection_start(kind, company._get_collection_today() + timedelta(days))
            for company in self._get_companies()
            for days in range(2)
        ]
        return min((start for start in starts if start > now), default=None)

    # === Asking === #

    @api.model
    def _ask(self, kind, companies, at=None):
        """Have a job work for companies soon, or at a time, whatever their hour."""
        if job := self.env.ref(JOBS[kind], raise_if_not_found=False):
            # users do not see scheduled actions
            job.sudo().with_context(crm_collection_asked_ids=companies.ids)._trigger(at)
