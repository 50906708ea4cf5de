"""Fresh databases for replays, copied from one in which the module is installed.

The installed one is kept and made again when the module changes. Where things are is told by
the variables that ./dev sets.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.sql_db import close_db
from odoo.tools import config

from .. import databases

ROOT = Path(__file__).resolve().parents[2]
MODULE = "crm_collection"
IGNORED = {"tests", "static", "__pycache__"}
PREFIX = "crm_collection_replay"


class DatabaseError(Exception):
    """The database of a replay cannot be made."""


@contextmanager
def open_database(name, say):
    """Yield the superuser's environment in a fresh database with the module.

    :param name: its name, and it is kept; without a name it is dropped in the end
    :param say: called with a line of text
    """
    database = name or f"{PREFIX}_run_{os.getpid()}"
    say(f"Making the database {database}")
    try:
        make_database(database, lambda text: say(f"    {text}"))
        options = ["-d", database, "--no-http", "--max-cron-threads=0", "--log-level=warn"]
        config.parse_config(options, setup_logging=True)
        with Registry(database).cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})
    finally:
        close_db(database)
        if not name:
            drop_database(database)


def make_database(name, say):
    """Make a fresh database with the module.

    :param say: called with a line of text when something takes its time
    """
    source = os.environ.get("CRM_COLLECTION_TEMPLATE_DB")
    if not source:
        raise DatabaseError("start the replay with ./dev replay, which sets it up")
    key = f"{source} {hash_module()}"
    installed = f"{PREFIX}_{hashlib.sha256(source.encode()).hexdigest()[:8]}"
    try:
        with lock(installed):
            if databases.read_mark(installed) != key:
                drop_database(installed)
                if databases.copy_installed(installed):
                    copy_files(os.environ["CRM_COLLECTION_INSTALLED_DB"], installed)
                else:
                    say("installing the module in a database to copy (once a version of it)")
                    copy_database(source, installed)
                    install(installed)
                databases.mark(installed, key)
            copy_database(installed, name)
    except psycopg2.Error as error:
        raise DatabaseError(f"PostgreSQL: {str(error).strip()}") from error


def hash_module():
    """:return: what changes when the module would install differently"""
    digest = hashlib.sha256()
    folder = ROOT / MODULE
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not IGNORED.intersection(relative.parts):
            digest.update(f"{relative}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def install(name):
    command = [sys.executable, "-m", "odoo", "-d", name, "-i", MODULE, "--no-http"]
    command += ["--stop-after-init", "--max-cron-threads=0", "--log-level=warn"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode or not is_installed(name):
        raise DatabaseError(f"the module could not be installed:\n{result.stderr[-4000:]}")


def is_installed(name):
    query = "SELECT 1 FROM ir_module_module WHERE name = %s AND state = 'installed'"
    with closing(psycopg2.connect(dbname=name)) as connection, connection.cursor() as cursor:
        cursor.execute(query, [MODULE])
        return bool(cursor.fetchall())


# ------------------------------------------------------------
# SERVER
# ------------------------------------------------------------


@contextmanager
def lock(name):
    """One replay at a time makes or copies the installed database."""
    with databases.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
        yield


def copy_database(source, name):
    drop_database(name)
    databases.copy(source, name)
    copy_files(source, name)


def copy_files(source, name):
    filestore = get_filestore(source)
    if filestore.is_dir():
        shutil.copytree(filestore, get_filestore(name))


def drop_database(name):
    databases.drop(name)
    shutil.rmtree(get_filestore(name), ignore_errors=True)


def get_filestore(name):
    return Path(os.environ["CRM_COLLECTION_DATA_DIR"]) / "filestore" / name
