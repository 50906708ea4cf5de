"""What the tests of real processes share: a database, a mail server, Odoo processes.

They need the variables that ./dev test sets.
"""

import os
import subprocess
import sys
import threading

import pytest
from processes import Odoo

from tools import readme
from tools.mail_server import MailServer


@pytest.fixture(scope="module")
def mail_server(tmp_path_factory):
    server = MailServer(tmp_path_factory.mktemp("mail"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def wheels(tmp_path_factory):
    """A folder with the wheels of all add-ons, built by what their pyproject.toml names."""
    folder = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-build-isolation", "--wheel-dir", folder]
    subprocess.run([*command, *readme.find_addons()], check=True, stdin=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="session")
def installed_wheels(wheels):
    """The addons path of a folder of its own in which nothing but the wheels is installed."""
    target = wheels / "target"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-index", "--target", target]
    subprocess.run([*command, *wheels.glob("*.whl")], check=True, stdin=subprocess.DEVNULL)
    return target / "odoo" / "addons"


@pytest.fixture(scope="module")
def database():
    """A fresh database with the module."""
    if "CRM_COLLECTION_TEMPLATE_DB" not in os.environ:
        pytest.skip("./dev test sets the database up")
    from tools.replay.database import drop_database, make_database  # noqa: PLC0415 - needs Odoo

    name = f"crm_collection_delivery_{os.getpid()}"
    make_database(name, lambda text: print(text, file=sys.stderr))
    yield name
    drop_database(name)


@pytest.fixture(scope="module")
def start_odoo(database, tmp_path_factory):
    """A function that starts an Odoo process; all are ended after the module's tests."""
    odoo = Odoo(database, tmp_path_factory.mktemp("odoo"))
    yield odoo.start
    odoo.stop()


@pytest.fixture(scope="module")
def collector_id(start_odoo, mail_server):
    """The database is prepared; the id of its collector."""
    return start_odoo()("prepare", smtp_port=mail_server.port)


@pytest.fixture
def odoo(start_odoo, collector_id, mail_server):
    """A process for the test, with the mail server in order."""
    mail_server.refuse.clear()
    mail_server.on_message = mail_server.on_recipient = None
    mail_server.drop = 0
    process = start_odoo()
    yield process
    process.kill()


@pytest.fixture
def later():
    """A function that calls another one after so many seconds, from a thread of its own."""
    timers = []

    def call(seconds, function):
        timer = threading.Timer(seconds, function)
        timer.start()
        timers.append(timer)
        return timer

    yield call
    for timer in timers:
        timer.cancel()
        timer.join()
