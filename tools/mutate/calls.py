"""Which functions of a file each test calls: a mutant is shown to those that call its function."""

import ast
import json
import time
from collections import defaultdict

import pytest

NAME = "_functions_called"  # in the module that is looked at


def _get_functions(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def instrument(source):
    """:return: the source, each function of which notes where it begins when it is called"""
    tree = ast.parse(source)
    for function in _get_functions(tree):
        note = ast.parse(f"{NAME}.add({function.lineno})").body
        has_docstring = ast.get_docstring(function) is not None
        function.body[has_docstring:has_docstring] = note
    return ast.unparse(ast.fix_missing_locations(tree))


def get_function(source, line):
    """:return: the line on which the function around a line begins, ``None`` outside of all.
    What stands in its head is read when the file is loaded."""
    inside = [
        function.lineno
        for function in _get_functions(ast.parse(source))
        if function.body[0].lineno <= line <= function.end_lineno
    ]
    return max(inside, default=None)


def _now():
    """Tests stop the clock."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


class Notebook:
    """A plugin of pytest that notes of each test what it called and how long it took, and which
    one failed."""

    def __init__(self, path):
        self.path = path
        self.called = set()
        self.tests = []
        self.failed = None
        self.start = _now()  # of a first test that is skipped
        self.of_class = {}  # what setting a class up calls is called by each of its tests

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item):
        self.called.clear()
        result = yield
        self.called |= self.of_class.setdefault(get_class(item.nodeid), set(self.called))
        self.start = _now()
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item):
        seconds = _now() - self.start
        result = yield
        self.tests.append({"test": item.nodeid, "took": seconds, "called": sorted(self.called)})
        return result

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed = report.nodeid

    def pytest_sessionfinish(self):
        noted = {"tests": self.tests, "failed": self.failed}
        self.path.write_text(json.dumps(noted), encoding="utf-8")


def get_class(test):
    """:return: what tests with one set-up have in common"""
    return test.rpartition("::")[0]


def choose(tests, function, kills):
    """:return: the tests that call a function (all, for ``None``), class by class: first those
    that have killed before, then the quick ones

    :param list tests: as noted by :class:`Notebook`
    :param Counter kills: how many mutants a test has killed
    """
    chosen = [test for test in tests if function is None or function in test["called"]]
    of_class = defaultdict(list)
    for test in sorted(chosen, key=lambda test: (-kills[test["test"]], test["took"])):
        of_class[get_class(test["test"])].append(test)
    classes = sorted(
        of_class.values(),
        key=lambda group: (-max(kills[one["test"]] for one in group), sum_up(group)),
    )
    return [test for group in classes for test in group]


def sum_up(tests):
    """:return: the seconds some tests take"""
    return sum(test["took"] for test in tests)
