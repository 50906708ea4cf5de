"""Where a trial takes place: a PostgreSQL server of its own, databases that are copies of one,
Odoo's processes, and a mail server for each database."""

import os
import random
import re
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .. import databases
from ..cluster import run_cluster
from ..mail_server import MailServer
from ..processes import ANSWER_SECONDS, Odoo
from .alike import find_known

BASE = "crm_collection_soak"
WORKER = ("-P", "-m", "tools.soak.worker")
PATIENCE = 60  # seconds that a server may take to undo what a dead process was doing
# What the scheduler says where a process that died still has its lock.
STILL_AT_IT = ("already executing", "is running already", "already locked", "currently being")
QUEUE = "Failed processing mail queue"
ENTRY = re.compile(r"^(?=\d{4}-\d\d-\d\d )", re.MULTILINE)
START = time.monotonic()
COMPLAINT = re.compile(
    r"\S+ \S+ \d+ (WARNING|ERROR|CRITICAL) \S+ "
    r"(?!odoo\.sql_db:|\S+mail_mail: (failed sending mail|Exception while processing mail))"
)
# How libpq, and psycopg2, say that the server went away.
LOST = (
    *("server closed the connection", "connection already closed", "cursor already closed"),
    *("terminating connection", "the database system is", "OperationalError: connection to server"),
    *("could not receive data", "could not send data", "SSL connection"),
)


class Trouble(Exception):
    """Something is not as the module promises."""


def say(text):
    print(f"soak: {time.monotonic() - START:5.0f} s: {text}", file=sys.stderr, flush=True)


class Stage:
    def __init__(self, cluster, folder, base, known):
        self.cluster = cluster
        self.folder = folder
        self.base = base
        self.known = known
        self.odoo = None
        self.servers = {}
        self.read = 0  # of the log

    def load(self, base):
        """Load Odoo, once for all processes."""
        self.odoo = Odoo(base, self.folder, *WORKER)

    def copy(self, name, make_server=MailServer):
        """Make a copy of the base, with a mail server of its own.

        :return: the name of the database
        """
        from ..replay.database import copy_database  # noqa: PLC0415 - needs Odoo

        database = f"{BASE}_{os.getpid()}_{name}"
        copy_database(self.base, database)
        folder = self.folder / f"mail_{name}"
        self.servers[database] = make_server(folder)
        return database

    def start(self, database, day=0, first=False, patience=ANSWER_SECONDS):
        """:return: a process that works in a database

        :param bool first: whether nobody did before
        :param patience: seconds that an answer may take
        """
        process = self.odoo.start(patience)
        port = self.servers[database].port if first else None
        process("enter", database=database, day=day, port=port)
        return process

    def get_message_ids(self, database):
        return [str(one["Message-Id"]).strip() for one in self.servers[database].messages()]

    def read_log(self):
        return self.odoo.log.read_text(errors="replace")

    def find_errors(self):
        """:return: what Odoo complained of since it was asked last, a text each; not of statements
        that are tried again, of mails that a server refused, and of core's own mails where another
        queue is at the same: it has a lock for that, which is not taken here"""
        log = self.read_log()
        new, self.read = log[self.read :], len(log)
        return [
            told
            for told in ENTRY.split(new)
            if COMPLAINT.match(told) and not (QUEUE in told and "could not serialize" in told)
        ]

    def stop(self):
        from ..replay.database import get_filestore  # noqa: PLC0415 - needs Odoo

        for server in self.servers.values():
            server.stop()
        if self.odoo:
            self.odoo.stop()
        for database in (*self.servers, self.base):
            shutil.rmtree(get_filestore(database), ignore_errors=True)


@contextmanager
def open_stage(source, items):
    """Yield a stage with a base of so many items.

    :param str source: a database with the module, of the server that libpq's variables name
    """
    from ..replay.database import copy_files  # noqa: PLC0415 - needs Odoo

    names = ("PGHOST", "PGPORT", "PGUSER")
    elsewhere = {name: os.environ[name] for name in names if name in os.environ}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crm_collection_")))
        # a payment that somebody was told of is there after a crash
        cluster = stack.enter_context(run_cluster(synchronous_commit="on", max_connections=60))
        base = f"{BASE}_{os.getpid()}"
        cluster.fetch(source, base, elsewhere)
        copy_files(source, base)
        stage = Stage(cluster, folder, base, {})
        stack.callback(stage.stop)
        stage.load(base)
        process = stage.odoo.start()
        process("set_up", items=items)
        process.kill()
        close_connections(base)
        stage.known = find_known(base)
        say(f"{items:,} items are there")
        yield stage


def close_connections(database):
    """End what a process that died has left at the server."""
    databases.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", database
    )
    wait_until_left(database)


def wait_until_left(database):
    """Until the server has undone what processes that died were doing, and their locks are gone."""
    query = "SELECT 1 FROM pg_stat_activity WHERE datname = %s"
    end = time.monotonic() + PATIENCE
    while databases.execute(query, database):
        if time.monotonic() > end:
            raise Trouble(f"somebody stays in {database}")
        time.sleep(0.02)


def do_to_its_end(process, work, **arguments):
    """Do a piece of work; again where a process that died is still at it."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return process("do", work=work, **arguments)
        except RuntimeError as error:
            if not any(said in str(error) for said in STILL_AT_IT) or time.monotonic() > end:
                raise
            time.sleep(0.2)


def deliver_all(process):
    """Let the mail queue run until it is empty."""
    for _time in range(20):
        process("wait")
        do_to_its_end(process, "job", job="queue")
        if not process("count_queued"):
            return
    raise Trouble("the mail queue does not become empty")


def answer_questions(stage, database, process):
    """What nobody but a person can say after a crash: letters that may have left, and those that no
    job survived.

    :return: how many there were
    """
    arrived = stage.get_message_ids(database)
    questions = process("do", work="answer", arrived=arrived) + process("do", work="retry")
    if questions:
        deliver_all(process)
    return questions


def check_mails(stage, database):
    """:return: what is wrong with what reached the mail server, a line each"""
    wrong, ids = [], stage.get_message_ids(database)
    for message_id in sorted({one for one in ids if ids.count(one) > 1}):
        wrong.append(f"a message reached the mail server twice: {message_id}")
    return wrong


def is_lost(error):
    """Whether it is the connection to the database that is gone."""
    return any(text in str(error) for text in LOST)


def make_random(seed, part):
    return random.Random(f"{seed} {part}")
