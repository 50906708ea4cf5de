"""Rules for every test run: what the module logs as a warning or worse is a failure, tests that
run side by side share no files, and Odoo's caches outlive the tests that leave them alone.

A test that expects such a log says so with assertLogs or Odoo's mute_logger, which both take
the record before it is seen here.
"""

import logging
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest

LOGGER = "odoo.addons.crm_collection"

# read by each new connection: what is prepared is planned once (crm_collection/tests/planned.py)
os.environ.setdefault("PGOPTIONS", "-c plan_cache_mode=force_generic_plan")


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


class Invalidated:
    """What was invalidated of Odoo's caches since they were emptied.

    Odoo empties all of them after each test, and an eighth of a run went by filling them again:
    views, templates, rights, names. What a test changes it invalidates, as it would in a
    server, and that is emptied; what the set-up of a class changes, after the class.
    """

    def __init__(self):
        self.by_test, self.by_class = set(), set()
        self.in_test = False

    def add(self, names):
        (self.by_test if self.in_test else self.by_class).update(names)

    def take(self):
        """:return: the names of the caches to empty now"""
        names, self.by_test = self.by_test, set()
        if not self.in_test:
            names, self.by_class = names | self.by_class, set()
        return names

    @contextmanager
    def recording(self):
        """Empty what was invalidated, where Odoo would empty everything."""
        from odoo.orm.registry import _CACHES_BY_KEY, Registry  # noqa: PLC0415 - Odoo is there now

        clear_cache, clear_all_caches = Registry.clear_cache, Registry.clear_all_caches

        def clear_named(registry, *names):
            self.add(names or ("default",))
            clear_cache(registry, *names)

        def clear_invalidated(registry):
            if registry.registry_invalidated or not registry.ready:
                self.add(_CACHES_BY_KEY)
                clear_all_caches(registry)
            elif names := self.take():
                clear_cache(registry, *names)

        with (
            patch.object(Registry, "clear_cache", clear_named),
            patch.object(Registry, "clear_all_caches", clear_invalidated),
        ):
            yield


invalidated = Invalidated()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    return (yield from _fail_on_logs(item, "setup"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    invalidated.in_test = True
    try:
        return (yield from _fail_on_logs(item, "call"))
    finally:
        invalidated.in_test = False


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item):
    return (yield from _fail_on_logs(item, "teardown"))


@pytest.fixture(scope="session", autouse=True)
def load_registry(load_registry, request):
    """The registry, with what all tests run with."""
    from odoo.addons.crm_collection.tests.planned import planned_once  # noqa: PLC0415

    with invalidated.recording(), own_folder(request.config), planned_once():
        prepare_books(request.config)
        yield


def prepare_books(pytest_config):
    """Where each of several processes has a database of its own, classes share a company in it."""
    if not hasattr(pytest_config, "workerinput"):
        return
    from odoo import SUPERUSER_ID, api  # noqa: PLC0415 - Odoo is there by now
    from odoo.modules.registry import Registry  # noqa: PLC0415
    from odoo.tests.common import get_db_name  # noqa: PLC0415

    from odoo.addons.crm_collection.tests.common import CrmCollectionCommon  # noqa: PLC0415

    with Registry(get_db_name()).cursor() as cr:
        CrmCollectionCommon.prepare_books(api.Environment(cr, SUPERUSER_ID, {}))


@contextmanager
def own_folder(pytest_config):
    """Give each of several processes a folder of files of its own.

    pytest-odoo makes each a database and lets them share the folder of the one it was copied
    from; what one process's database does not name, its garbage collector deletes for all.
    """
    if not hasattr(pytest_config, "workerinput"):
        yield
        return
    from odoo.tests.common import get_db_name  # noqa: PLC0415 - Odoo is there by now
    from odoo.tools import config  # noqa: PLC0415

    shared = Path(config.filestore(get_db_name()))
    own = shared.with_name(f"{shared.name}-{pytest_config.workerinput['workerid']}")
    shutil.rmtree(own, ignore_errors=True)
    if shared.exists():
        shutil.copytree(shared, own)
    with patch.object(config, "filestore", lambda dbname: str(own)):
        yield
    shutil.rmtree(own, ignore_errors=True)
