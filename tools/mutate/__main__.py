"""``./dev mutate FILE``: which mistakes in a file no test would notice.

Each mutant is one mistake: another comparison, AND for OR, a condition or a member of a list left
out, a number that is one more. The tests that call its function run on it in a copy of a process
that has loaded Odoo, those first that have killed most. What is known is kept in the cache and not
tried again until the file changes.
"""

import argparse
import json
import os
import random
import sys
import time
from pathlib import Path

from . import mutants, run

ROOT = Path(__file__).parents[2]
MODULE = ROOT / "crm_collection"
TESTS = MODULE / "tests"
# The tests that look at a file, the quick ones first; a file of no line is looked at by those of
# its room.
LOOKED_AT_BY = {
    "models/approval/queries.py": [
        *("approval/test_approval_allocation.py", "approval/test_approval_decision.py"),
        *("approval/test_approval_amount.py", "approval/test_approval_screens.py"),
    ],
    "models/approval/power.py": ["approval/test_approval_decision.py"],
    "models/approval/decide.py": [
        *("approval/test_approval_decision.py", "approval/test_approval_allocation.py"),
        "approval/test_approval_definition.py",
    ],
    "models/ledger/queries.py": [
        *("ledger/test_settlement_kinds.py", "ledger/test_settlement.py"),
        "ledger/test_settlement_letters.py",
    ],
    "models/letters/condition_queries.py": ["letters/test_letter_conditions.py"],
    "models/letters/credit_queries.py": ["letters/test_letter_reckoning.py"],
    "models/portfolio/queries.py": ["portfolio/test_conditions.py"],
}
# They need a browser or a database of their own.
LEFT_OUT = ("tour", "concurrency", "portal", "interrupted", "pdf_network", "chatter_route")


def main():
    arguments = _parse()
    path = Path(arguments.file).resolve()
    name = path.relative_to(MODULE).as_posix()
    source = path.read_text(encoding="utf-8")
    todo = mutants.get_mutants(source)
    if arguments.lines:
        first, last = (int(number) for number in arguments.lines.split("-"))
        todo = [mutant for mutant in todo if first <= mutant.line <= last]
    state = Path(os.environ["CRM_COLLECTION_CACHE"]) / "mutate" / f"{name.replace('/', '-')}.json"
    known = _read(state)
    tests = _get_tests(name, arguments.tests)
    left = [mutant for mutant in todo if not _is_known(known.get(mutant.key), tests)]
    random.Random(name).shuffle(left)  # whatever the time allows is spread over the file
    print(f"{name}: {len(todo)} mutants, {len(todo) - len(left)} known", flush=True)
    if left and not arguments.list:
        _judge(left, name, tests, known, (state, arguments.seconds))
    _report(todo, known)


def _parse():
    parser = argparse.ArgumentParser(prog="./dev mutate", description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--seconds", type=int, default=1800, help="how long to go on (1800)")
    parser.add_argument("--lines", help="only mutants of these lines, such as 10-40")
    parser.add_argument("--list", action="store_true", help="only say what is known")
    parser.add_argument("tests", nargs="*", help="files of tests, in crm_collection/tests")
    return parser.parse_intermixed_args()


def _is_known(result, tests):
    """Whom some tests killed is dead; who survived them may be killed by others."""
    return bool(result) and (result[0] != run.SURVIVED or result[1] == tests)


def _judge(left, name, tests, known, limits):
    state, seconds = limits
    end = time.monotonic() + seconds
    process = run.Tests(os.environ["CRM_COLLECTION_TEST_DB"], [str(TESTS / test) for test in tests])
    module_name = "odoo.addons.crm_collection." + name.removesuffix(".py").replace("/", ".")
    seconds = process.load(module_name, left[0].source)
    print(f"the tests take {seconds:.0f} s", flush=True)
    for mutant in left:
        if time.monotonic() > end:
            break
        known[mutant.key] = [process.judge(module_name, mutant), tests]
        print(f"{known[mutant.key][0]:13} {mutant}", flush=True)
        state.parent.mkdir(exist_ok=True)
        state.write_text(json.dumps(known, indent=0), encoding="utf-8")


def _get_tests(name, chosen):
    if not chosen:
        room = Path(name).parent.name
        chosen = LOOKED_AT_BY.get(name) or sorted(
            path.relative_to(TESTS).as_posix()
            for path in (TESTS / room).glob("test_*.py")
            if not any(word in path.name for word in LEFT_OUT)
        )
    return list(chosen)


def _report(todo, known):
    tried = [mutant for mutant in todo if mutant.key in known]
    survived = [mutant for mutant in tried if known[mutant.key][0] == run.SURVIVED]
    print(f"\n{len(tried)} of {len(todo)} tried, {len(survived)} survived")
    for mutant in survived:
        print(f"  {mutant}")


def _read(state):
    return json.loads(state.read_text(encoding="utf-8")) if state.exists() else {}


if __name__ == "__main__":
    sys.exit(main())
