import ast
import re
from collections import defaultdict
from pathlib import Path

import polib

from odoo.tests import BaseCase, tagged

MODULE = Path(__file__).parents[2]
MODELS = MODULE / "models"
# The module, and those of its repository that build on it.
MODULES = sorted(path.parent for path in MODULE.parent.glob(f"{MODULE.name}*/__manifest__.py"))
LONGEST_FILE = 400
# Nine methods of ten are read without scrolling, and without losing the thread.
LONGEST_METHOD = 22
STATEMENT = re.compile(r"\b(SELECT\b.+\bFROM|UPDATE \w+ SET|INSERT INTO)\b")
TITLE = re.compile(r"\btitles?\b", re.IGNORECASE)
TAG = re.compile(r"<[^>]*>")


def read_sources(*folders):
    """Yield (path, syntax tree) of the modules' own Python files, without their tests."""
    for module in MODULES:
        for folder in folders or ("controllers", "models", "report", "tools", "wizard"):
            for path in sorted((module / folder).rglob("*.py")):
                yield path, ast.parse(path.read_text(encoding="utf-8"))


def get_name(path):
    return path.relative_to(MODULE.parent).as_posix()


def get_methods(tree):
    """Yield (class, method) of a file."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef):
                    yield node, method


def get_model(node):
    """:return: the name of the model that a class makes or extends, if it is one alone"""
    named = {
        target.id: line.value.value
        for line in node.body
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant)
        for target in line.targets
    }
    return named.get("_name") or named.get("_inherit")


def get_rooms():
    """:return: the rooms in their order: each may import from those before it"""
    [imported] = ast.parse((MODELS / "__init__.py").read_text(encoding="utf-8")).body
    return [alias.name for alias in imported.names]


@tagged("post_install", "-at_install")
class TestHouse(BaseCase):
    """Where things are, so that they are found: a subject in one room, its SQL beside it; and how
    they are written, in the modules that build on this one, too.

    Each case was seen to fail with one file, import, method or word in the wrong place.
    """

    def _assert_none(self, found):
        self.assertFalse(found, "\n" + "\n".join(found))

    def test_every_model_is_in_a_room(self):
        outside = [path.name for path in MODELS.iterdir() if path.is_file()]
        self.assertEqual(outside, ["__init__.py"])
        rooms = {path.parent.name for path in MODELS.glob("*/__init__.py")}
        self.assertEqual(rooms, set(get_rooms()))

    def test_rooms_import_from_those_before_them(self):
        rooms, found = get_rooms(), []
        for path, tree in read_sources("models"):
            if MODELS not in path.parents:
                continue  # it has no rooms
            here = path.relative_to(MODELS).parts[0]
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom) and node.level == 2 and here in rooms:
                    names = [node.module] if node.module else [one.name for one in node.names]
                    others = {name.split(".")[0] for name in names}
                    found += [
                        f"{get_name(path)} imports from {other}"
                        for other in others
                        if rooms.index(other) > rooms.index(here)
                    ]
        self._assert_none(found)

    def test_nothing_is_overridden_unseen(self):
        """A model is spread over files: a method that another file has already calls it.

        Seen to fail with letters whose rounds were released by the hand-over's method.
        """
        replacing = defaultdict(list)
        for path, tree in read_sources("models", "wizard"):
            for node, method in get_methods(tree):
                calls = (one.func for one in ast.walk(method) if isinstance(one, ast.Call))
                if not any(isinstance(one, ast.Name) and one.id == "super" for one in calls):
                    replacing[get_model(node), method.name].append(get_name(path))
        self._assert_none(
            [
                f"{model}.{name}: {', '.join(paths)}"
                for (model, name), paths in replacing.items()
                if model and len(paths) > 1
            ]
        )

    def test_sql_is_in_the_query_files(self):
        """They build statements and have no side effects; nobody else writes SQL."""
        found = []
        for path, tree in read_sources():
            if path.name.endswith("queries.py"):
                continue
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom) and "SQL" in {one.name for one in node.names}:
                    found.append(f"{get_name(path)} imports SQL")
                text = node.value if isinstance(node, ast.Constant) else None
                if isinstance(text, str) and STATEMENT.search(text):
                    found.append(f"{get_name(path)}:{node.lineno} has SQL")
        self._assert_none(found)

    def test_public_methods_say_what_they_do(self):
        """Whoever calls them through RPC, a button or a route reads it here."""
        self._assert_none(
            [
                f"{get_name(path)}:{method.lineno} {node.name}.{method.name}"
                for path, tree in read_sources("controllers", "models", "report", "wizard")
                for node, method in get_methods(tree)
                if not method.name.startswith("_") and not ast.get_docstring(method)
            ]
        )

    def test_files_and_methods_are_short(self):
        lengths, found = [], []
        for path, tree in read_sources():
            count = len(path.read_text(encoding="utf-8").splitlines())
            if count > LONGEST_FILE:
                found.append(f"{get_name(path)} has {count} lines")
            lengths += [
                node.end_lineno - node.lineno + 1
                for node in ast.walk(tree)
                if isinstance(node, ast.FunctionDef)
            ]
        self._assert_none(found)
        self.assertLessEqual(sorted(lengths)[len(lengths) * 9 // 10], LONGEST_METHOD)

    def test_an_open_item_is_no_title(self):
        """In English no receivable is called a title: see docs/glossary.md."""
        for module in MODULES:
            template = polib.pofile(str(module / "i18n" / f"{module.name}.pot"))
            self._assert_none(
                [entry.msgid for entry in template if TITLE.search(TAG.sub("", entry.msgid))]
            )
            pages = {*module.glob("readme/*.md"), *module.glob("static/description/*.html")}
            pages -= {module / "readme" / "HISTORY.md"}  # of days on which they were called so
            self.assertTrue(pages)
            self._assert_none(
                [str(page) for page in pages if TITLE.search(TAG.sub("", page.read_text("utf-8")))]
            )
