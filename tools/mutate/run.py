"""Tests of a mutant, in a copy of a process that has loaded Odoo already."""

import os
import signal
import sys
import time
import types

import pytest

KILLED, SURVIVED, LATE = "killed", "survived", "killed (late)"


class Tests:
    """The tests that look at a file. They run once as it is: what they need, how long it takes."""

    def __init__(self, database, paths):
        self.options = [
            f"--odoo-database={database}",
            *("--odoo-log-level=critical", "-q", "-x", "-p", "no:cacheprovider"),
            *paths,
        ]
        self.seconds = 0

    def load(self):
        """Load Odoo, the registry and the tests.

        :raise RuntimeError: the tests fail as they are
        """
        if pytest.main([*self.options, "-q", "--collect-only"]):
            raise RuntimeError("the tests cannot be collected")
        start = time.monotonic()
        result = self._in_a_copy(lambda: None, 3600)
        self.seconds = time.monotonic() - start
        if result != SURVIVED:
            raise RuntimeError("the tests fail without a mutation")

    def judge(self, module_name, source):
        """:return: what becomes of the mutant whose file is ``source``"""
        return self._in_a_copy(
            lambda: change(sys.modules[module_name], source), 3 * self.seconds + 30
        )

    def _in_a_copy(self, prepare, limit):
        sys.stdout.flush()
        child = os.fork()
        if not child:
            os.setsid()
            self._run(prepare)
        end = time.monotonic() + limit
        while time.monotonic() < end:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                return SURVIVED if status == 0 else KILLED
            time.sleep(0.2)
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return LATE

    def _run(self, prepare):
        code = 1
        try:
            from odoo.sql_db import close_all  # noqa: PLC0415

            close_all()  # the connections are the parent's
            with open(os.devnull, "w", encoding="utf-8") as nowhere:
                os.dup2(nowhere.fileno(), 1)
                os.dup2(nowhere.fileno(), 2)
                prepare()
                code = int(pytest.main(self.options))
        finally:
            os._exit(code)


def change(module, source):
    """Give the functions of a loaded module the code of another source: whoever imported them
    has them, too."""
    namespace = types.ModuleType(module.__name__)
    namespace.__dict__.update(
        __package__=module.__package__, __file__=module.__file__, __spec__=module.__spec__
    )
    exec(compile(source, module.__file__, "exec"), namespace.__dict__)
    _replace(module.__dict__, namespace.__dict__, module.__name__)


def _replace(old, new, module_name):
    for name, value in new.items():
        before = old.get(name)
        if isinstance(value, types.FunctionType) and isinstance(before, types.FunctionType):
            if before.__module__ == module_name:
                before.__code__ = value.__code__
                before.__defaults__ = value.__defaults__
        elif isinstance(value, type) and getattr(value, "__module__", "") == module_name:
            _replace(dict(vars(before)), dict(vars(value)), module_name)
        elif isinstance(value, dict) and isinstance(before, dict) and not name.startswith("_"):
            before.clear()
            before.update(value)
        elif name.isupper() and name in old and isinstance(value, int | str | tuple):
            old[name] = value
