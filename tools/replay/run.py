"""Live through the days of a file of receivables with the module's own scheduled jobs."""

import time
from collections import Counter, defaultdict
from contextlib import contextmanager
from datetime import datetime, timedelta
from datetime import time as day_time

import freezegun

from .books import MAIN_JOURNAL, Books
from .expect import find_first_morning, find_period

JOBS = {
    "allocation": "crm_collection.ir_cron_crm_collection_allocate",
    "letters": "crm_collection.ir_cron_crm_collection_letters",
}
MAIL_QUEUE = "mail.ir_cron_mail_scheduler_action"
MORNING, AFTERNOON = day_time(6), day_time(15)
ONE_DAY = timedelta(days=1)
TONES = ("friendly", "firm", "final")

# the clock of the machine, whatever the clock of the replay says
real_clock = time.perf_counter.__call__  # freezegun replaces the function itself


class ReplayError(Exception):
    """A job failed."""


class Replay:
    """The company, its rule, and the days.

    :param env: superuser's environment in a fresh database
    :param rows: receivables of the file
    :param plan: steps and resends
    :param clerk: registers the payments of items that no job has to do with
    :param smtp_port: where mail is delivered; None leaves it in the queue
    :param say: called with the day, the share of days gone by and a text
    """

    def __init__(self, env, rows, plan, clerk, smtp_port, say):
        self.env = env
        self.rows = rows
        self.plan = plan
        self.clerk = clerk
        self.smtp_port = smtp_port
        self.say = say
        self.books = Books(env)
        self.step_days = {}
        self.seconds = defaultdict(float)
        self.mornings = self.looked_at = 0

    @contextmanager
    def _timed(self, part):
        start = real_clock()
        try:
            yield
        finally:
            self.seconds[part] += real_clock() - start

    # ------------------------------------------------------------
    # SET-UP
    # ------------------------------------------------------------

    def set_up(self):
        self._set_up_company()
        self._set_up_rule()
        self.books.open_banks()
        if self.smtp_port:
            self._set_up_mail_server()
        self.env.cr.commit()

    def _set_up_company(self):
        self.env.company.write(
            {
                "name": "Replay Company",
                "street": "1 Main Street",
                "city": "Springfield",
                "email": "collections@company.example",
                "phone": "+1 555 0100",
                "collection_auto_send": True,
                "collection_quiet_days": 0,
                "collection_tz": "UTC",
            }
        )

    def _set_up_rule(self):
        """One automatic phase per step, the letter the sterner the later."""
        phases = self.env["crm.collection.phase"].create(
            [
                {
                    "name": f"Day {days}",
                    "sequence": 1000 + position,
                    "allocation_mode": "automatic",
                    "template_id": self._find_template(days, position).id,
                }
                for position, days in enumerate(self.plan.steps)
            ]
        )
        self.env["crm.collection.rule"].search([]).action_archive()
        rule = self.env["crm.collection.rule"].create(
            {
                "name": "Replay",
                "step_ids": [
                    (0, 0, self._prepare_step(days, phase))
                    for days, phase in zip(self.plan.steps, phases, strict=True)
                ],
            }
        )
        self.step_days = {step.id: step.days for step in rule.step_ids}

    def _prepare_step(self, days, phase):
        again = self.plan.resend if self.plan.max_resends != 0 else 0
        return {
            "days": days,
            "phase_id": phase.id,
            "attach_pdf": True,
            "resend_interval": again,
            "resend_unit": "day",
            "resend_max": self.plan.max_resends or 0,
        }

    def _find_template(self, days, position):
        after = position - sum(step < 0 for step in self.plan.steps)
        tone = "reminder" if days < 0 else TONES[min(after, len(TONES) - 1)]
        return self.env.ref(f"crm_collection.mail_template_{tone}")

    def _set_up_mail_server(self):
        self.env["ir.mail_server"].search([]).action_archive()
        self.env["ir.mail_server"].create(
            {
                "name": "Replay",
                "smtp_host": "127.0.0.1",
                "smtp_port": self.smtp_port,
                "smtp_encryption": "none",
            }
        )

    # ------------------------------------------------------------
    # DAYS
    # ------------------------------------------------------------

    def run(self):
        first, last = find_period(self.rows, self.plan)
        with freezegun.freeze_time(datetime.combine(first, MORNING), real_asyncio=True) as clock:
            self._load(first)
            day = first
            while day <= last:
                self._live(day, clock)
                self.say(day, (day - first) / max(last - first, ONE_DAY), self._tell())
                day += ONE_DAY

    def _load(self, first):
        """Post the invoices, except those that would reach their first step before their issue:
        they are posted on the morning of their issue."""
        self._plan_days()
        early = [row for row in self._in_order() if not self._is_issued_late(row)]
        with self._timed("invoices"):
            self.books.add_customers({row.customer for row in self.rows})
            for done in self.books.post_invoices(early):
                self.say(first, 0, f"{done:,} of {len(self.rows):,} invoices posted")

    def _plan_days(self):
        """What happens on which day.

        The jobs run from the eve of an item's first step to the day after its settlement: on
        other days there is nothing that they could touch, not even by mistake.
        """
        self.issued, self.change = defaultdict(list), Counter()
        self.paid_in_time, self.paid_late = defaultdict(list), defaultdict(list)
        for row in self._in_order():
            if self._is_issued_late(row):
                self.issued[row.issued].append(row)
            morning = find_first_morning(row, self.plan)
            if row.settled:
                in_time = row.settled < morning
                (self.paid_in_time if in_time else self.paid_late)[row.settled].append(row)
            eve = max(row.issued, morning - ONE_DAY)
            if not row.settled or row.settled >= eve:
                self.change[eve] += 1
            if row.settled and row.settled >= eve:
                self.change[row.settled + 2 * ONE_DAY] -= 1

    def _in_order(self):
        return sorted(self.rows, key=lambda row: (row.issued, row.line))

    def _is_issued_late(self, row):
        return find_first_morning(row, self.plan) == row.issued

    def _live(self, day, clock):
        clock.move_to(datetime.combine(day, MORNING))
        if self.issued[day]:
            with self._timed("invoices"):
                for _done in self.books.post_invoices(self.issued[day]):
                    pass
        self.looked_at += self.change[day]
        self._work(day, is_working_day=bool(self.looked_at))
        self._pay(day, clock)

    def _work(self, day, is_working_day):
        """A morning: the jobs as Odoo's cron runs them.

        After the allocation job has had its chance, the other clerk begins with the payments of
        items that are not in any phase.
        """
        if is_working_day:
            self.mornings += 1
            self._run("allocation")
        if items := self._find_items(self.paid_in_time[day]):
            self.clerk.start(items, day)
        if is_working_day:
            self._run("letters")
            if self.smtp_port:
                with self._timed("delivery"):
                    self._deliver()

    def _pay(self, day, clock):
        """An afternoon: the day's payments; the other clerk's are done by then too."""
        clock.move_to(datetime.combine(day, AFTERNOON))
        with self._timed("payments"):
            if items := self._find_items(self.paid_late[day]):
                self.books.pay(items, day, MAIN_JOURNAL)
            self.clerk.wait()

    def _find_items(self, rows):
        return [self.books.item_ids[row.number] for row in rows]

    def _run(self, part):
        with self._timed(part):
            self._trigger(JOBS[part])

    def _deliver(self):
        outgoing = [("state", "=", "outgoing")]
        waiting = self.env["mail.mail"].search_count(outgoing)
        while waiting:
            self._trigger(MAIL_QUEUE)
            before, waiting = waiting, self.env["mail.mail"].search_count(outgoing)
            if waiting >= before:
                raise ReplayError(f"{waiting} messages stay in the mail queue")

    def _trigger(self, xmlid):
        job = self.env.ref(xmlid)
        result = job.method_direct_trigger()
        self.books.commit()
        if isinstance(result, dict) or job.failure_count:
            raise ReplayError(f"the job '{job.name}' failed; its error is above")

    def _tell(self):
        self.env.cr.execute(
            "SELECT (SELECT count(*) FROM crm_collection_item WHERE state = 'open'),"
            " (SELECT count(*) FROM crm_collection_letter)"
        )
        items, letters = self.env.cr.fetchone()
        return f"{items:,} items in collection, {letters:,} letters so far"
