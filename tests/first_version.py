"""A database of the module's first version that lived three weeks, made once for all test runs.

What it is made of never changes: the version comes from the repository's history, the weeks from
``update_fill.py``. ``./dev test`` calls this while it installs today's module, which leaves a core
idle; a test that finds none makes it itself.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import psycopg2

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools import databases  # noqa: E402

FIRST_VERSION = "6923bd9678db87f4ffbcb98d444beab2d733c557"
REFUSED = {"sorrel@customer.example": "550 no such user"}
PREFIX = "crm_collection_first"


class NoHistory(Exception):
    """The first version is not to be had: there is no git, or it does not reach back so far."""


def get_name():
    """:return: the name of the database, by what it is made from; and its mark"""
    digest = hashlib.sha256(f"{os.environ['CRM_COLLECTION_TEMPLATE_DB']} {FIRST_VERSION}".encode())
    for path in sorted(Path(__file__).parent.glob("update_*.py")):
        digest.update(path.read_bytes())
    digest.update(Path(__file__).read_bytes())
    return f"{PREFIX}_{digest.hexdigest()[:8]}", digest.hexdigest()


def get_or_make():
    """:return: the name of the database
    :raise NoHistory: there is no such version
    """
    from tools.replay.database import drop_database, lock  # noqa: PLC0415 - needs Odoo

    name, mark = get_name()
    with lock(PREFIX):
        if databases.read_mark(name) != mark:
            query = "SELECT datname FROM pg_database WHERE datname LIKE %s"
            for (old,) in databases.execute(query, f"{PREFIX}%"):
                drop_database(old)
            with tempfile.TemporaryDirectory() as folder:
                extract(folder)
                make(name, Path(folder))
            databases.mark(name, mark)
    return name


def extract(folder):
    """The first version's files"""
    command = ["git", "-C", str(ROOT), "archive", FIRST_VERSION, "crm_collection"]
    try:
        archive = subprocess.run(command, capture_output=True, check=True).stdout
    except FileNotFoundError as error:
        raise NoHistory("the first version is in the history, and there is no git") from error
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode().strip()
        raise NoHistory(
            f"the history does not reach back to {FIRST_VERSION[:7]}: {reason}"
        ) from error
    subprocess.run(["tar", "--extract", "--directory", folder], input=archive, check=True)


def make(name, folder):
    """Install the version, live with it, and keep what was seen at the end."""
    from tools.mail_server import MailServer  # noqa: PLC0415
    from tools.replay.database import copy_database  # noqa: PLC0415 - needs Odoo

    addons_path = f"{get_odoo_addons()},{folder}"
    copy_database(os.environ["CRM_COLLECTION_TEMPLATE_DB"], name)
    run_odoo(name, addons_path, "-i")
    (folder / "mail").mkdir()
    mail_server = MailServer(folder / "mail")
    mail_server.refuse.update(REFUSED)
    try:
        before, _log = ask(name, addons_path, folder, "fill", smtp_port=mail_server.port)
    finally:
        mail_server.stop()
    execute(name, "CREATE TABLE first_version_seen (answer text)")
    execute(name, "INSERT INTO first_version_seen VALUES (%s)", json.dumps(before))


def read_seen(name):
    """:return: what was seen of it at the end of its three weeks"""
    [[answer]] = execute(name, "SELECT answer FROM first_version_seen")
    return json.loads(answer)


def execute(name, query, *values):
    with closing(psycopg2.connect(dbname=name)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchall() if cursor.description else []


def get_odoo_addons():
    paths = os.environ["CRM_COLLECTION_ADDONS_PATH"].split(",")
    return ",".join(path for path in paths if Path(path).resolve() != ROOT)


def run_odoo(database, addons_path, option):
    """:return: the lines of the log"""
    command = [sys.executable, "-m", "odoo", "-d", database, option, "crm_collection"]
    command += ["--addons-path", addons_path, "--no-http", "--stop-after-init"]
    command += ["--max-cron-threads=0", "--log-level=info"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not result.returncode, result.stderr[-4000:]
    return result.stderr.splitlines()


def ask(database, addons_path, folder, name, **arguments):
    """Ask one version, in a process of its own (``update_process.py``).

    :return: the answer, and what was logged
    """
    request, answer = folder / f"{name}.request", folder / f"{name}.answer"
    request.write_text(json.dumps([name, arguments]))
    script = Path(__file__).with_name("update_process.py")
    command = [sys.executable, str(script), database, addons_path, str(request), str(answer)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not result.returncode, result.stderr[-4000:]
    return json.loads(answer.read_text()), result.stderr.splitlines()


if __name__ == "__main__":
    try:
        get_or_make()
    except NoHistory as error:
        print(error)
