"""Databases of a bench: made, copied, vacuumed and dropped; and the steps that run in them."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg2
from psycopg2 import sql

from odoo.release import version
from odoo.sql_db import connection_info_for
from odoo.tools import config

from .. import databases

ROOT = Path(__file__).resolve().parents[2]
OWN_TABLES = "crm_collection_%"
START = time.monotonic()


def log(message):
    print(f"[{time.monotonic() - START:6.1f} s] {message}", file=sys.stderr, flush=True)


def _odoo_options():
    options = []
    if os.environ.get("ODOO_RC"):
        options += ["--config", os.environ["ODOO_RC"]]
    if os.environ.get("CRM_COLLECTION_ADDONS_PATH"):
        options += ["--addons-path", os.environ["CRM_COLLECTION_ADDONS_PATH"]]
    return options


def run_steps(database, *steps):
    """Run steps, `(name, arguments)`, in a process of their own and return their results."""
    process = subprocess.run(
        [sys.executable, "-m", "tools.bench.steps", database, json.dumps(steps)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=False,
    )
    if process.returncode:
        names = ", ".join(name for name, __ in steps)
        raise SystemExit(f"bench: {names}: failed (see above)")
    results = json.loads(process.stdout.splitlines()[-1])
    for (name, arguments), result in zip(steps, results, strict=True):
        if "seconds" in result:
            log(f"  {name} {arguments.get('label', '')}: {result['seconds']:.2f} s")
    return results


class Databases:
    """Databases whose names begin with `prefix`; `base` has what the module depends on."""

    def __init__(self, prefix, base):
        config.parse_config(_odoo_options())
        self.prefix = prefix
        self.base = base
        self.template = self.name(f"base_{self._hash_sources()}")

    def name(self, suffix):
        return f"{self.prefix}_{suffix}"

    def _hash_sources(self):
        """The template is made anew when the module, Odoo or the base changes."""
        digest = hashlib.sha256(f"{version} {self.base}".encode())
        for path in sorted((ROOT / "crm_collection").rglob("*")):
            if path.suffix in (".py", ".xml", ".csv") and "tests" not in path.parts:
                digest.update(path.read_bytes())
        return digest.hexdigest()[:8]

    def make_template(self):
        if self._find(self.template):
            return
        for name in self._find(self.name("base_%")):
            self.drop(name)
        making = self.name("making")
        if not databases.copy_installed(making):
            self._install(making)
        self._execute("postgres", "ALTER DATABASE {} RENAME TO {}", making, self.template)

    def _install(self, name):
        log("installing the module in a database of its own")
        self.copy(self.base or "template0", name)
        command = [
            sys.executable,
            "-m",
            "odoo",
            *_odoo_options(),
            "--database",
            name,
            "--init",
            "crm_collection",
            "--stop-after-init",
            "--log-level",
            "warn",
            "--no-http",
        ]
        if subprocess.run(command, check=False).returncode:
            raise SystemExit("bench: the module could not be installed (see above)")

    def copy(self, source, target):
        self.drop(target)
        databases.copy(source, target)

    def drop(self, name):
        databases.drop(name)
        shutil.rmtree(config.filestore(name), ignore_errors=True)

    def vacuum(self, name, own=False):
        """What autovacuum does a little later: of everything, or of the module's own tables."""
        tables = self._find_tables(name) if own else []
        for table in tables or [None]:
            self._execute(
                name,
                "VACUUM ANALYZE {}" if table else "VACUUM ANALYZE",
                *([table] if table else []),
            )

    def warm(self, name):
        """Bring the accounting tables into memory, for job and floor alike."""
        for table in ("account_move_line", "account_move", "res_partner"):
            self._execute(name, "SELECT COUNT(*) FROM {} t WHERE t IS NOT NULL", table)

    def _find(self, pattern):
        return self._fetch(
            "postgres",
            "SELECT datname FROM pg_database WHERE datname LIKE %s",
            pattern.replace("_", r"\_"),
        )

    def _find_tables(self, name):
        return self._fetch(
            name,
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE %s",
            OWN_TABLES.replace("_", r"\_", 1),
        )

    def _fetch(self, database, query, *values):
        with closing(self._connect(database)) as connection, connection.cursor() as cr:
            cr.execute(query, values)
            return [row[0] for row in cr.fetchall()]

    def _execute(self, database, query, *names):
        with closing(self._connect(database)) as connection, connection.cursor() as cr:
            cr.execute(sql.SQL(query).format(*map(sql.Identifier, names)))

    def _connect(self, database):
        __, info = connection_info_for(database)
        connection = psycopg2.connect(**info)
        connection.autocommit = True
        return connection
