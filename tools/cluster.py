"""A PostgreSQL server of the caller's own: it may be stopped, and killed, whenever he likes.

Nobody else's is ever touched: its files are in a folder of its own, and it listens on a socket
there and nowhere else. Where commands of ./dev share a server, that is ``dev.d/postgres.sh``'s.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from . import databases

# Safe when the server is killed, as long as the machine goes on: what was committed is there.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "timezone": "UTC",
}
WAIT = 120  # seconds for one of its programs


class NoServer(Exception):
    """PostgreSQL's programs are not where Debian puts them."""


class Cluster:
    """A server run by somebody who is not root, as PostgreSQL asks for."""

    def __init__(self, folder, **settings):
        folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not folders:
            raise NoServer("initdb is not where Debian puts it")
        self.programs = folders[-1].parent
        self.folder = Path(folder)
        self.settings = {**SETTINGS, "unix_socket_directories": folder, **settings}
        self.owner = []
        if os.geteuid() == 0:
            self.owner = ["runuser", "-u", "postgres", "--"]
            shutil.chown(folder, "postgres")
        locale = ("--encoding=UTF8", "--locale=C.UTF-8")
        self.run("initdb", "--username=odoo", "--auth=trust", "--no-sync", *locale)

    def run(self, program, *arguments):
        subprocess.run(
            [*self.owner, self.programs / program, f"--pgdata={self.folder}/data", *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
            timeout=WAIT,
        )

    @property
    def variables(self):
        """What libpq, and Odoo, are told where it is by."""
        return {"PGHOST": str(self.folder), "PGPORT": "5432", "PGUSER": "odoo"}

    @property
    def pid_file(self):
        return self.folder / "data/postmaster.pid"

    def start(self):
        options = " ".join(f"-c {name}={value}" for name, value in self.settings.items())
        log = self.folder / "server.log"
        self.run("pg_ctl", "start", "--wait", f"--log={log}", f"--options={options}")

    def stop(self, mode="immediate"):
        self.run("pg_ctl", "stop", f"--mode={mode}", "--wait")

    def crash(self):
        """As an immediate stop, without anybody who waits."""
        os.kill(int(self.pid_file.read_text().split()[0]), signal.SIGQUIT)
        while True:
            try:
                databases.ping()
            except psycopg2.OperationalError:
                return

    def fetch(self, source, name, variables):
        """Copy a database from another server, which goes on.

        :param dict variables: what libpq is told where that is by
        """
        databases.copy("template0", name)
        dump = subprocess.Popen(
            [self.programs / "pg_dump", "--format=custom", "--compress=0", source],
            env={**os.environ, **variables},
            stdout=subprocess.PIPE,
        )
        command = [self.programs / "pg_restore", "--no-owner", f"--dbname={name}"]
        with dump:
            subprocess.run(command, stdin=dump.stdout, check=True)
        if dump.returncode:
            raise subprocess.CalledProcessError(dump.returncode, dump.args)


@contextmanager
def run_cluster(**settings):
    """Yield a server that is there while it is needed; libpq's variables name it meanwhile."""
    # not below a folder that nobody but its owner may enter
    with tempfile.TemporaryDirectory(prefix="crm_collection_server_") as folder:
        cluster = Cluster(folder, **settings)
        names = (*cluster.variables, "PGPASSWORD", "PGSERVICE")
        before = {name: os.environ.pop(name) for name in names if name in os.environ}
        os.environ.update(cluster.variables)
        try:
            cluster.start()
            yield cluster
        finally:
            if cluster.pid_file.exists():
                cluster.stop()
            for name in cluster.variables:
                del os.environ[name]
            os.environ.update(before)
