"""Twelve weeks of the distributor, lived through day by day: the jobs in the morning, people during
the day, the bank in the afternoon."""

from datetime import timedelta

from ..story import JOBS, deliver, trigger
from .books import Books
from .clock import run_clock
from .desk import Desk
from .events import EVENTS
from .rules import Rules

WEEKS = 12
MORNING, NOON, AFTERNOON, EVENING = 9, 11, 16, 17
ONE_DAY = timedelta(days=1)
SATURDAY = 5
TOLD_EVERY = 14  # days
FOREWARNING = "crm_collection.ir_cron_crm_collection_forewarn"


class Weeks:
    """The people at work, on one day after the other."""

    def __init__(self, office):
        self.office = office
        self.env = office.env
        self.today = office.company._get_collection_today()
        self.books = Books(office, self.today)
        self.rules = Rules(office)
        self.desk = Desk(office, self.books, self.rules)
        self.events = sorted(EVENTS, key=lambda event: event.day)
        self.holidays = office.company._get_collection_closed_days()

    def live(self, say):
        """Up to yesterday by a clock of its own; what happens today is today's."""
        day = self.today - timedelta(weeks=WEEKS)
        with run_clock(self.env.cr, day, MORNING) as clock:
            self._begin(day)
            while day < self.today:
                if day.weekday() < SATURDAY and day not in self.holidays:
                    self._live(day, clock)
                if not (self.today - day).days % TOLD_EVERY:
                    say(f"{day:%d/%m}: {self._tell()}")
                day += ONE_DAY

    def _begin(self, day):
        self.rules.set_up()
        self.rules.set_targets(day)
        self.books.add_customers()
        self.books.post_invoices(day)
        self.env.cr.commit()

    def _live(self, day, clock):
        clock.move(day, MORNING)
        self.books.post_invoices(day)
        self._work()
        clock.move(day, NOON)
        self._happen(day)
        clock.move(day, AFTERNOON)
        self.books.receive()
        self.env.cr.commit()
        clock.move(day, EVENING)
        self._tell_what_leaves()

    def _work(self):
        """A morning: the jobs as Odoo's cron runs them."""
        self.env.cr.commit()
        for job in JOBS.values():
            trigger(self.env, job)
        deliver(self.env)

    def _tell_what_leaves(self):
        """An evening, once the manager has it told."""
        if self.office.company.collection_forewarn:
            trigger(self.env, FOREWARNING)
            deliver(self.env)

    def _happen(self, day):
        """What people do up to a day."""
        while self.events and self.books.get_day(self.events[0].day) <= day:
            event = self.events.pop(0)
            owners = (self.desk, self.books, self.rules)
            owner = next(one for one in owners if hasattr(one, event.what))
            getattr(owner, event.what)(*event.arguments, **event.named)
            self.env.cr.commit()
        deliver(self.env)

    def finish(self):
        """Today, by the clock on the wall."""
        self.books.post_invoices(self.today)
        self._work()
        self._happen(self.today)
        self.books.receive()
        self._work()
        self._tell_what_leaves()

    def _tell(self):
        items = self.env["crm.collection.item"].search_count([("state", "=", "open")])
        letters = self.env["crm.collection.letter"].search_count([("state", "=", "sent")])
        return f"{items} títulos em aberto, {letters} cartas enviadas"


def live_through(office, say):
    """:param say: called with a line of text as the weeks go by"""
    weeks = Weeks(office)
    weeks.live(say)
    weeks.finish()
