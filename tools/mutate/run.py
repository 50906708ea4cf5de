"""Tests of a mutant, in a copy of a process that has loaded Odoo already."""

import json
import os
import signal
import sys
import tempfile
import time
import types
from collections import Counter
from pathlib import Path

import pytest

from . import calls

KILLED, SURVIVED, LATE = "killed", "survived", "killed (late)"


class Tests:
    """The tests that look at a file. They run once as it is: how long each takes, and which
    functions of the file it calls. A mutant is shown to those that call its function."""

    def __init__(self, database, paths):
        self.options = [
            f"--odoo-database={database}",
            *("--odoo-log-level=critical", "-q", "-x", "-p", "no:cacheprovider"),
        ]
        self.paths = paths
        self.tests = []  # see :class:`.calls.Notebook`
        self.kills = Counter()

    def load(self, module_name, source):
        """Load Odoo, the registry and the tests.

        :return: the seconds that the tests take
        :raise RuntimeError: the tests fail as they are
        """
        if pytest.main([*self.options, *self.paths, "-q", "--collect-only"]):
            raise RuntimeError("the tests cannot be collected")

        def prepare(notebook):
            module = sys.modules[module_name]
            module.__dict__[calls.NAME] = notebook.called
            change(module, calls.instrument(source))

        result, noted = self._in_a_copy(prepare, self.paths, 3600)
        if result != SURVIVED:
            raise RuntimeError(f"a test fails without a mutation: {noted}")
        self.tests = noted["tests"]
        return calls.sum_up(self.tests)

    def judge(self, module_name, mutant):
        """:return: what becomes of a mutant, shown to the tests that call its function"""
        function = calls.get_function(mutant.source, mutant.line)
        chosen = calls.choose(self.tests, function, self.kills)
        if not chosen:
            return SURVIVED
        result, noted = self._in_a_copy(
            lambda _notebook: change(sys.modules[module_name], mutant.mutated),
            [test["test"] for test in chosen],
            3 * calls.sum_up(chosen) + 300,  # setting classes up is not in the sum
        )
        if noted:
            self.kills[noted["failed"]] += 1
        return result

    def _in_a_copy(self, prepare, paths, limit):
        """:return: (what becomes of the mutant, what was noted)"""
        with tempfile.TemporaryDirectory() as folder:
            notebook = calls.Notebook(Path(folder) / "noted.json")
            result = self._fork(lambda: self._run(prepare, paths, notebook), limit)
            noted = notebook.path.exists() and json.loads(notebook.path.read_text("utf-8"))
        return result, noted or None

    def _fork(self, run, limit):
        sys.stdout.flush()
        child = os.fork()
        if not child:
            os.setsid()
            run()
        end = time.monotonic() + limit
        while time.monotonic() < end:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                return self._read(os.waitstatus_to_exitcode(status))
            time.sleep(0.2)
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return LATE

    def _read(self, code):
        if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED):
            raise RuntimeError("the tests were not found")
        return SURVIVED if code == 0 else KILLED

    def _run(self, prepare, paths, notebook):
        code = 1
        try:
            from odoo.sql_db import close_all  # noqa: PLC0415

            close_all()  # the connections are the parent's
            with open(os.devnull, "w", encoding="utf-8") as nowhere:
                os.dup2(nowhere.fileno(), 1)
                os.dup2(nowhere.fileno(), 2)
                prepare(notebook)
                code = int(pytest.main([*self.options, *paths], plugins=[notebook]))
        finally:
            os._exit(code)


def change(module, source):
    """Give a loaded module the code of another source: whoever imported its functions, classes and
    constants has the other ones. Of models the registry, which is made later, takes the other
    source's classes in the place of those there were: beside them each would extend the other."""
    before = dict(module.__dict__)
    exec(compile(source, module.__file__, "exec"), module.__dict__)
    module.__dict__.update(_replace(before, dict(module.__dict__), module.__name__))


def _replace(old, new, module_name):
    """:return: {name: what there was and is changed now, to be kept under its name}"""
    kept = {}
    for name, value in new.items():
        before = old.get(name)
        if value is before:
            continue
        if isinstance(value, types.FunctionType) and isinstance(before, types.FunctionType):
            before.__code__ = value.__code__
            before.__defaults__ = value.__defaults__
            kept[name] = before
        elif _is_model(value):
            _register_instead(before, value)
        elif isinstance(value, type) and getattr(value, "__module__", "") == module_name:
            _replace(dict(vars(before)), dict(vars(value)), module_name)
            kept[name] = before
        elif isinstance(value, dict) and isinstance(before, dict) and not name.startswith("_"):
            before.clear()
            before.update(value)
            kept[name] = before
        elif name.isupper() and name in old:
            _replace_everywhere(name, before, value)
    return kept


def _is_model(value):
    from odoo.models import MetaModel  # noqa: PLC0415 - Odoo is there by now

    return isinstance(value, MetaModel)


def _register_instead(before, model):
    models = type(model)._module_to_models__[model._module]
    models.remove(model)  # it was added as another one
    models[models.index(before)] = model


def _replace_everywhere(name, before, value):
    """A constant has a new value for those, too, who imported it."""
    for module in list(sys.modules.values()):
        if getattr(module, "__dict__", {}).get(name) is before:
            setattr(module, name, value)
