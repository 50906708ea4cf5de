"""Rules for every test run: what the module logs as a warning or worse is a failure, and tests
that run side by side share no files.

A test that expects such a log says so with assertLogs or Odoo's mute_logger, which both take
the record before it is seen here.
"""

import logging
import shutil
from pathlib import Path
from unittest.mock import patch

import pytest

LOGGER = "odoo.addons.crm_collection"


class Recorder(logging.Handler):
    """Keeps the text of what is logged."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append(f"{record.levelname} {record.name}: {record.getMessage()}")


def _fail_on_logs(item, when):
    recorder = Recorder()
    logger = logging.getLogger(LOGGER)
    logger.addHandler(recorder)
    try:
        result = yield
    finally:
        logger.removeHandler(recorder)
    if recorder.lines:
        lines = "\n".join(recorder.lines)
        pytest.fail(f"logged during {when} of {item.name}:\n{lines}", pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    return (yield from _fail_on_logs(item, "setup"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    return (yield from _fail_on_logs(item, "call"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item):
    return (yield from _fail_on_logs(item, "teardown"))


@pytest.fixture(scope="session", autouse=True)
def load_registry(load_registry, request):
    """Give each of several processes a folder of files of its own.

    pytest-odoo makes each a database and lets them share the folder of the one it was copied
    from; what one process's database does not name, its garbage collector deletes for all.
    """
    if not hasattr(request.config, "workerinput"):
        yield
        return
    from odoo.tests.common import get_db_name  # noqa: PLC0415 - Odoo is there by now
    from odoo.tools import config  # noqa: PLC0415

    shared = Path(config.filestore(get_db_name()))
    own = shared.with_name(f"{shared.name}-{request.config.workerinput['workerid']}")
    shutil.rmtree(own, ignore_errors=True)
    if shared.exists():
        shutil.copytree(shared, own)
    with patch.object(config, "filestore", lambda dbname: str(own)):
        yield
    shutil.rmtree(own, ignore_errors=True)
