"""Rules for every test run: what the module logs as a warning or worse is a failure.

A test that expects such a log says so with assertLogs or Odoo's mute_logger, which both take
the record before it is seen here.
"""

import logging

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
