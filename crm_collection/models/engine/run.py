import logging
import time

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from ...tools.arguments import get_text
from . import run_queries

_logger = logging.getLogger(__name__)

JOBS = {
    "allocation": "crm_collection.ir_cron_crm_collection_allocate",
    "letters": "crm_collection.ir_cron_crm_collection_letters",
    "forewarning": "crm_collection.ir_cron_crm_collection_forewarn",
}
KINDS = [("allocation", "Allocation"), ("letters", "Letters"), ("forewarning", "Forewarning")]
# Seconds a job goes on after the ten of Odoo's scheduler: it decides about all items at once,
# and would do so again for every ten seconds of writing. Odoo kills jobs after two minutes.
PATIENCE = 50


class CrmCollectionRun(models.Model):
    """The log of a job: one record per company, job and day, however often it ran that day.

    Written by the jobs alone; collection users read it.
    """

    _name = "crm.collection.run"
    _description = "Collection Run"
    _order = "date desc, id desc"

    kind = fields.Selection(
        selection=KINDS,
        required=True,
        readonly=True,
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, index=True
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    date = fields.Date(required=True, readonly=True)
    date_start = fields.Datetime(string="Last Started", readonly=True)
    date_end = fields.Datetime(string="Last Ended", readonly=True)
    duration = fields.Float(string="Duration (s)", readonly=True, help="Of the last execution.")
    state = fields.Selection(
        selection=[
            ("running", "Running"),
            ("done", "Done"),
            ("interrupted", "To be continued"),
            ("continued", "Continued later"),
            ("waiting", "Waiting"),
            ("failed", "Failed"),
        ],
        default="running",
        required=True,
        readonly=True,
    )
    execution_count = fields.Integer(string="Executions", readonly=True)
    user_id = fields.Many2one(comodel_name="res.users", string="By", readonly=True)
    item_new = fields.Integer(string="New Items", readonly=True)
    item_moved = fields.Integer(string="Moved", readonly=True)
    item_proposed = fields.Integer(string="Proposed", readonly=True)
    item_waiting = fields.Integer(string="Awaiting Approval", readonly=True)
    item_settled = fields.Integer(string="Settled", readonly=True)
    item_reopened = fields.Integer(string="Reopened", readonly=True)
    item_cancelled = fields.Integer(string="Cancelled", readonly=True)
    letter_count = fields.Integer(string="Letters", readonly=True)
    letter_line_count = fields.Integer(string="Items in Letters", readonly=True)
    exception_count = fields.Integer(string="Exceptions", readonly=True)
    to_process = fields.Integer(aggregator=None, readonly=True)
    processed = fields.Integer(aggregator=None, readonly=True)
    progress = fields.Float(aggregator=None, compute="_compute_progress")
    message = fields.Char(string="Error", readonly=True)
    fingerprint = fields.Char(
        readonly=True, help="Of everything the last complete execution depended on."
    )
    line_ids = fields.One2many(
        comodel_name="crm.collection.run.line", inverse_name="run_id", string="Details"
    )

    _day_uniq = models.UniqueIndex(
        "(company_id, kind, date)", "There is a log for this company, job and day already."
    )

    @api.depends("kind", "date")
    @api.depends_context("lang")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for run in self:
            day = format_date(self.env, run.date) if run.date else ""
            run.display_name = f"{kinds.get(run.kind, '')} {day}"

    @api.depends("to_process", "processed")
    def _compute_progress(self):
        for run in self:
            share = run.processed / run.to_process if run.to_process else 1.0
            run.progress = min(share, 1.0) * 100

    # === Actions === #

    @api.model
    def action_run_now(self, kind="allocation"):
        """Start a job at the next opportunity (a minute at most), whatever the hour of the
        companies the user works in.

        :param str kind: of ``JOBS``
        """
        if not self.env.user.has_group("crm_collection.group_crm_collection_user"):
            raise AccessError(self.env._("Only collection users start the jobs."))
        kind = get_text(self.env, kind)
        if kind not in JOBS:
            raise UserError(self.env._("There is no such job."))
        self._ask(kind, self.env.companies)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._("The job starts within a minute; follow it under Runs."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def action_refresh(self):
        """Show the record as it is now."""
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    # === Jobs === #

    @api.model
    def _cron_allocate(self):
        self._run_companies("allocation", "crm.collection.engine", "_allocate")

    @api.model
    def _cron_letters(self):
        self._run_companies("letters", "crm.collection.letter", "_run_letters")

    def _run_companies(self, kind, model, method):
        """Call a model's ``method(run)`` for each company whose turn it is (:mod:`.schedule`), in
        the language of its people; one that fails does not stop the next, and one that is being
        worked on already is left alone.
        """
        companies = self._get_due_companies(kind)
        keeping_ids = self._get_keeping_books(companies)
        for position, company in enumerate(companies, start=1):
            left = len(companies) - position
            if not self._get_seconds_left():
                self.env["ir.cron"]._commit_progress(0, remaining=left + 1)
                break
            if company.id not in keeping_ids:
                done = self._work_here(kind, company, self._name, "_pass_over", left)
            else:
                done = self._work_for(kind, company, model, method, left)
            if not done:
                break

    def _work_for(self, kind, company, model, method, left=0):
        """Do a job's work in a company; override to have it done elsewhere, by :meth:`_work_here`.

        :param str model: the model whose ``method(run)`` does it
        :param int left: how many companies come after this one
        :return: whether everything was done (false: time is up), or is somebody else's
        """
        return self._work_here(kind, company, model, method, left)

    def _work_here(self, kind, company, model, method, left=0):
        """As :meth:`_work_for`, in this process; nothing where somebody is at it already."""
        lang = company._get_collection_lang()
        job = getattr(self.env[model].with_context(lang=lang), method)
        in_company = self.with_company(company).with_context(
            crm_collection_companies_left=left, lang=lang
        )
        if not in_company._lock(kind, company):
            _logger.info("The %s job is running for %s already", kind, company.name)
            return True
        try:
            return in_company._run_company(kind, company, job)
        finally:
            in_company._unlock(kind, company)

    def _get_keeping_books(self, companies):
        """:return: the ids of the companies in which a job finds anything"""
        self.env["account.move"].flush_model(["company_id", "journal_id"])
        self.env["crm.collection.hold"].flush_model(["company_id", "state"])
        return {id_ for (id_,) in self.env.execute_query(run_queries.keeping_books(companies.ids))}

    @api.model
    def _pass_over(self, run):
        """The job of a company that keeps no books: it is done at once."""
        return True

    @api.model
    def _get_companies(self):
        """:return: the companies the jobs work for"""
        return self.env["res.company"].sudo().search([])  # pylint: disable=no-search-all

    def _run_company(self, kind, company, job):
        """:return: whether everything was done, or failed (false: time is up)"""
        run = self.browse()
        try:
            run = self._start(kind, company)
            done = job(run)
        except Exception as error:
            self.env.cr.rollback()
            self.env.invalidate_all(flush=False)
            _logger.exception("The %s job failed for %s", kind, company.name)
            if run:
                run._finish("failed", str(error))
            return True
        outcome = "waiting" if run.state == "waiting" else "done"
        run._finish(outcome if done else "interrupted")
        return done

    def _lock(self, kind, company):
        """Take the lock of a job on a company, which outlives its commits: two jobs at once
        would get in each other's way. It goes with the connection when the job is killed.

        :return: whether it is ours
        """
        return self.env.execute_query(run_queries.lock(self._name + kind, company.id))[0][0]

    def _unlock(self, kind, company):
        self.env.execute_query(run_queries.unlock(self._name + kind, company.id))

    def _start(self, kind, company):
        """:return: the company's log of today, marked as running."""
        self.env["crm.collection.run.ask"]._get_due(kind, company).unlink()
        today = company._get_collection_today()
        domain = [("kind", "=", kind), ("company_id", "=", company.id)]
        # nobody else is at work: what still says so was killed on another day. Whatever such a run
        # had left to do is this one's now: nothing goes on there.
        unfinished = [("state", "in", ("running", "interrupted", "waiting")), ("date", "!=", today)]
        self.search([*domain, *unfinished]).write({"state": "continued"})
        run = self.search([*domain, ("date", "=", today)], limit=1) or self.create(
            {"kind": kind, "company_id": company.id, "date": today, "user_id": self.env.uid}
        )
        run.write(
            {
                "state": "running",
                "date_start": fields.Datetime.now(),
                "execution_count": run.execution_count + 1,
                "to_process": 0,
                "processed": 0,
                "message": False,
            }
        )
        run._commit(0)
        return run

    def _finish(self, state, message=False):
        now = fields.Datetime.now()
        self.write(
            {
                "state": state,
                "date_end": now,
                "duration": (now - self.date_start).total_seconds(),
                "message": message and message[:500],
            }
        )
        remaining = self.env.context.get("crm_collection_companies_left", 0)
        if state == "interrupted":
            remaining += max(self.to_process - self.processed, 1)
        self.env["ir.cron"]._commit_progress(0, remaining=remaining)

    def _set_total(self, total):
        self.write({"to_process": total, "processed": 0})

    def _commit(self, processed):
        """Commit what a job has done so far.

        :param int processed: how many more items or customers were worked on
        :return: seconds left for the job, 0 when it has to stop
        """
        if processed:
            self.processed += processed
        remaining = max(self.to_process - self.processed, 0)
        remaining += self.env.context.get("crm_collection_companies_left", 0)
        self.env["ir.cron"]._commit_progress(processed, remaining=remaining)
        return self._get_seconds_left()

    @api.model
    def _get_seconds_left(self):
        """:return: seconds until the scheduled job has to stop, 0 when that is now"""
        end = self.env.context.get("cron_end_time")
        return float("inf") if end is None else max(end + PATIENCE - time.monotonic(), 0)

    # === Log === #

    def _add(self, **counts):
        """Add to the counters of the day."""
        self.write({fname: self[fname] + count for fname, count in counts.items() if count})

    def _log_moves(self, moves):
        """Add what was moved to the picture of the day.

        :param dict moves: {(phase from id or ``None``, phase id): (count, amount)}
        """
        lines = {
            (line.phase_from_id.id or None, line.phase_id.id): line
            for line in self.line_ids
            if line.kind == "moved"
        }
        for key, (count, amount) in moves.items():
            if line := lines.get(key):
                line.write({"count": line.count + count, "amount": line.amount + amount})
        self.line_ids.create(
            [
                {
                    "run_id": self.id,
                    "kind": "moved",
                    "phase_from_id": phase_from_id,
                    "phase_id": phase_id,
                    "count": count,
                    "amount": amount,
                }
                for (phase_from_id, phase_id), (count, amount) in moves.items()
                if (phase_from_id, phase_id) not in lines
            ]
        )

    def _log_blockers(self):
        """Replace the picture of what is held back and why."""
        rows = self.env.execute_query(run_queries.blockers(self.company_id.id))
        self.line_ids.filtered(lambda line: line.kind == "held").unlink()
        self.line_ids.create(
            [
                {
                    "run_id": self.id,
                    "kind": "held",
                    "blocker": blocker,
                    "count": count,
                    "amount": amount,
                }
                for blocker, count, amount in rows
            ]
        )

    def _log_problem(self, message):
        """Note what is wrong with the configuration, once a run."""
        if message[:500] not in self.line_ids.mapped("message"):
            self._log_exception(message)

    def _log_exception(
        self, message, item_id=False, partner_id=False, blocker=False, is_task=False
    ):
        """:param bool is_task: whether somebody has it on his list already"""
        self.line_ids.create(
            {
                "run_id": self.id,
                "kind": "exception",
                "message": message[:500],
                "item_id": item_id,
                "partner_id": partner_id,
                "blocker": blocker,
                "is_task": is_task,
                "count": 1,
            }
        )
        self._add(exception_count=1)

    def _log_skipped(self, skipped):
        """:param dict skipped: {reason: number of customers who were due but got no letter}"""
        said = self.line_ids.filtered(lambda line: line.kind == "held")
        skipped = {reason: count for reason, count in skipped.items() if count}
        if {line.blocker or line.message: line.count for line in said} == skipped:
            return
        said.unlink()
        self.line_ids.create(
            [
                {"run_id": self.id, "kind": "held", "blocker": reason, "count": count}
                for reason, count in skipped.items()
            ]
        )

    def _log_note(self, message):
        """Say why no letter was decided, until one may be (see :meth:`_log_skipped`)."""
        if message in self.line_ids.mapped("message"):
            return
        self._log_skipped({})
        self.line_ids.create({"run_id": self.id, "kind": "held", "message": message})
