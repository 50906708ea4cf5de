"""Databases of a bench: made, copied, vacuumed and dropped; and the steps that run in them."""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
from psycopg2 import sql

from odoo.release import version
from odoo.sql_db import connection_info_for
from odoo.tools import config

ROOT = Path(__file__).resolve().parent.parent
OWN_TABLES = "crm_collection_%"
START = time.monotonic()


def log(message):
    print(f"[{time.monotonic() - START:6.1f} s] {message}", file=sys.stderr, flush=True)


def run_step(name, database, **arguments):
    """Run a step in a process of its own and return its result."""
    process = subprocess.run(
        [
            sys.executable,
            str(ROOT / "tools" / "bench_steps.py"),
            name,
            database,
            json.dumps(arguments),
        ],
        stdout=subprocess.PIPE,
        check=False,
    )
    if process.returncode:
        raise SystemExit(f"bench: step {name} failed (see above)")
    result = json.loads(process.stdout.splitlines()[-1])
    if "seconds" in result:
        log(f"  {name} {json.dumps(arguments) if arguments else ''}: {result['seconds']:.2f} s")
    return result


class Databases:
    def __init__(self, prefix, template=None):
        options = ["--config", os.environ["ODOO_RC"]] if os.environ.get("ODOO_RC") else []
        config.parse_config(options)
        self.prefix = prefix
        self.template = template or self.name(f"base_{self._hash_sources()}")

    def name(self, suffix):
        return f"{self.prefix}_{suffix}"

    def _hash_sources(self):
        """The template is made anew when the module or Odoo changes."""
        digest = hashlib.sha256(version.encode())
        for path in sorted((ROOT / "crm_collection").rglob("*")):
            if path.suffix in (".py", ".xml", ".csv"):
                digest.update(path.read_bytes())
        return digest.hexdigest()[:8]

    def make_template(self):
        if self._exists(self.template):
            return
        log("installing the module in a new database")
        for name in self._find(self.name("base_%")):
            self.drop(name)
        making = self.name("making")
        self.drop(making)
        self._execute(
            "postgres",
            "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C'",
            making,
        )
        command = [
            sys.executable,
            "-m",
            "odoo",
            "-d",
            making,
            "-i",
            "crm_collection",
            "--stop-after-init",
            "--log-level",
            "warn",
            "--no-http",
        ]
        if os.environ.get("CRM_COLLECTION_ADDONS_PATH"):
            command += ["--addons-path", os.environ["CRM_COLLECTION_ADDONS_PATH"]]
        if os.environ.get("ODOO_RC"):
            command += ["--config", os.environ["ODOO_RC"]]
        if subprocess.run(command, check=False).returncode:
            raise SystemExit("bench: the module could not be installed (see above)")
        self._execute("postgres", "ALTER DATABASE {} RENAME TO {}", making, self.template)

    def copy(self, source, target):
        self.drop(target)
        self._execute("postgres", "CREATE DATABASE {} TEMPLATE {}", target, source)

    def drop(self, name):
        self._execute("postgres", "DROP DATABASE IF EXISTS {}", name)

    def vacuum(self, name, own=False):
        """What autovacuum does a little later: of everything, or of the module's own tables."""
        tables = self._find_tables(name) if own else []
        for table in tables or [None]:
            self._execute(
                name,
                "VACUUM ANALYZE {}" if table else "VACUUM ANALYZE",
                *([table] if table else []),
            )

    def _exists(self, name):
        return bool(self._find(name))

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
        with self._connect(database) as connection, connection.cursor() as cr:
            cr.execute(query, values)
            return [row[0] for row in cr.fetchall()]

    def _execute(self, database, query, *names):
        with self._connect(database) as connection, connection.cursor() as cr:
            cr.execute(sql.SQL(query).format(*map(sql.Identifier, names)))

    def _connect(self, database):
        __, info = connection_info_for(database)
        connection = psycopg2.connect(**info)
        connection.autocommit = True
        return connection
