"""Odoo in processes of their own, which are commanded, and killed, by :mod:`.processes`.

The first process loads Odoo once. For each line on its standard input, the path of a socket, it
forks one that connects there and takes commands: lines of JSON, [name, arguments], each answered
by a line of JSON, {"result": ...} or {"error": ...}. Jobs run as Odoo's scheduler runs them.
"""

import json
import os
import signal
import socket
import sys
import traceback

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.sql_db import close_all
from odoo.tools import config

JOBS = {
    "allocate": "crm_collection.ir_cron_crm_collection_allocate",
    "letters": "crm_collection.ir_cron_crm_collection_letters",
    "queue": "mail.ir_cron_mail_scheduler_action",
}


class JobCommands:
    """What can be asked of the jobs; each command is a transaction, or several."""

    def __init__(self, database):
        self.registry = Registry(database)

    def _environment(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {})

    def run(self, job):
        """Run a job now, as its button does; :return: errors of failed runs."""
        with self.registry.cursor() as cr:
            env = self._environment(cr)
            self._forget_kills(cr)
            result = env.ref(JOBS[job]).method_direct_trigger()
            if isinstance(result, dict):
                raise RuntimeError(json.dumps(result, default=str))
            cr.commit()
            runs = env["crm.collection.run"].search([("state", "=", "failed")])
            return runs.mapped("message")

    def _forget_kills(self, cr):
        """The scheduler leaves a job out once that was killed three times; nobody waits here."""
        cr.execute("UPDATE ir_cron_progress SET timed_out_counter = 0")
        cr.commit()

    def run_beside(self):
        """The letters job without the scheduler's lock: what two schedulers would do."""
        with self.registry.cursor() as cr:
            self._environment(cr)["crm.collection.run"]._cron_letters()

    def deliver_beside(self):
        """The mail queue without the scheduler's lock: a second sender."""
        with self.registry.cursor() as cr:
            self._environment(cr)["mail.mail"].process_email_queue()

    def wait(self):
        """The time has come for whatever waits in the mail queue."""
        with self.registry.cursor() as cr:
            env = self._environment(cr)
            waiting = [("state", "=", "outgoing"), ("scheduled_date", "!=", False)]
            env["mail.mail"].search(waiting).scheduled_date = False
            env["crm.collection.fuse"].search([]).action_try_now()

    def count_queued(self):
        """:return: how many mails wait in the queue"""
        with self.registry.cursor() as cr:
            return self._environment(cr)["mail.mail"].search_count([("state", "=", "outgoing")])

    def go_on(self):
        """Somebody says that this is the live database."""
        with self.registry.cursor() as cr:
            self._environment(cr).company._set_collection_live()


def serve(path, commands):
    """Take commands from a socket until it is closed."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        channel = connection.makefile("rw", encoding="utf-8")

        def answer(values):
            channel.write(json.dumps(values) + "\n")
            channel.flush()

        answer({"result": os.getpid()})
        for line in channel:
            name, arguments = json.loads(line)
            try:
                answer({"result": getattr(commands, name)(**arguments)})
            except Exception as error:
                traceback.print_exc()
                answer({"error": f"{type(error).__name__}: {error}"})


def main(make_commands):
    """Serve commands about the database that is named on the command line.

    :param make_commands: called with its name
    """
    database = sys.argv[1]
    options = ["-d", database, "--no-http", "--max-cron-threads=0", "--log-level=warn"]
    config.parse_config(options, setup_logging=True)
    commands = make_commands(database)
    close_all()  # each process opens connections of its own
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        if not os.fork():
            try:
                serve(line.strip(), commands)
            finally:
                os._exit(0)
