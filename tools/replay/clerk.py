"""A second clerk at the books of a replay, in a process of its own.

It registers the payments of items that were never late. No job has anything to do with these,
so they go into the books while the letters job is at work, as in any company with more than one
clerk. Requests come as lines of JSON with a day and its items, each is answered by a line.
"""

import json
import subprocess
import sys
from contextlib import contextmanager
from datetime import date, datetime
from datetime import time as day_time
from pathlib import Path

import freezegun

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

from .books import CLERK_JOURNAL, Books

ROOT = Path(__file__).resolve().parents[2]
AFTERNOON = day_time(15)
DONE = "done"
GONE = "the second clerk stopped working; the error is above"


class ClerkError(Exception):
    """The clerk is gone."""


class Clerk:
    """The replay's side: hands over a day's payments, and waits for them."""

    def __init__(self, process):
        self.process = process
        self.is_busy = False

    def start(self, items, day):
        """Have the payments of a day registered in the background."""
        try:
            print(json.dumps([str(day), items]), file=self.process.stdin, flush=True)
        except BrokenPipeError as error:
            raise ClerkError(GONE) from error
        self.is_busy = True

    def wait(self):
        """Wait until the payments handed over last are in the books."""
        if self.is_busy and self.process.stdout.readline().strip() != DONE:
            raise ClerkError(GONE)
        self.is_busy = False


@contextmanager
def run_clerk(database):
    """Yield a clerk at work in the database."""
    command = [sys.executable, "-m", "tools.replay.clerk", database]
    options = {"cwd": ROOT, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    # Ctrl-C is the replay's own: it ends the clerk
    with subprocess.Popen(command, start_new_session=True, **options) as process:
        try:
            yield Clerk(process)
        finally:
            process.terminate()


def work(database, requests):
    config.parse_config(
        ["-d", database, "--no-http", "--max-cron-threads=0", "--log-level=warn"],
        setup_logging=True,
    )
    with (
        Registry(database).cursor() as cr,
        freezegun.freeze_time(real_asyncio=True) as clock,
    ):
        books = Books(api.Environment(cr, SUPERUSER_ID, {}))
        books.commit()  # what the others write from here on is to be seen
        for request in requests:
            day, items = json.loads(request)
            day = date.fromisoformat(day)
            clock.move_to(datetime.combine(day, AFTERNOON))
            books.pay(items, day, CLERK_JOURNAL)
            print(DONE, flush=True)


if __name__ == "__main__":
    work(sys.argv[1], sys.stdin)
