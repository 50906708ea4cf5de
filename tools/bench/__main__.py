"""Measure the collection jobs and screens on a filled database, beside their floors.

    ./dev bench [--items N] [--repeat N] [--growth] [--json OUT]
    ./dev bench --ordinary [--repeat N]

Jobs run as the scheduler runs them, each in a fresh process, on a copy of the same database;
the floor is the least plain SQL that does the same, run in the same copy right after the job.
"""

import argparse
import json
import os
import statistics
import sys
from pathlib import Path

from .database import Databases, log, run_steps
from .ordinary import compare, print_ordinary
from .report import machine_facts, print_growth, print_table

# Which counter of the run's log says what a job did.
ROWS = {
    "first": "item_new",
    "second": "item_moved",
    "approval": "item_waiting",
    "settlement": "item_settled",
    "next_day": "item_moved",
    "letters_1000": "letter_count",
    "mails_1000": "letter_count",
    "pdfs": "letter_count",
    "pdfs_at_once": "letter_count",
}
# The jobs that are stages of their own, and the stages after which autovacuum would come.
MEASURED = ("first", "second", "settlement", "next_day")
VACUUMED_AFTER = ("first", "next_day", "limit")
GROWTH = (10_000, 100_000, 1_000_000)
# Larger ones are not measured under approval: it says the same again, and takes as long.
MAX_APPROVAL_ITEMS = 200_000


def parse_arguments(argv):
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=100_000, help="receivable installments")
    parser.add_argument("--growth", action="store_true", help="10,000, 100,000 and 1,000,000")
    parser.add_argument(
        "--ordinary",
        action="store_true",
        help="only messages and partners, in databases without and with the module",
    )
    parser.add_argument("--repeat", type=int, default=3, help="runs per median (default 3)")
    parser.add_argument("--pdfs", type=int, default=100, help="letters to print (default 100)")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="all in one process and without vacuum: what is right, and not how fast",
    )
    parser.add_argument("--json", type=Path, help="write the result here")
    parser.add_argument(
        "--base",
        default=os.environ.get("CRM_COLLECTION_TEMPLATE_DB"),
        help="database to install the module in a copy of (else a new one)",
    )
    parser.add_argument("--prefix", default="crm_collection_bench", help="name of the databases")
    parser.add_argument("--keep", action="store_true", help="leave the databases behind")
    arguments = parser.parse_args(argv)
    if arguments.items < 100 or arguments.repeat < 1:
        parser.error("--items starts at 100 and --repeat at 1")
    return arguments


def main(argv=None):
    arguments = parse_arguments(argv)
    databases = Databases(arguments.prefix, arguments.base)
    databases.make_template()
    if arguments.ordinary:
        return bench_ordinary(databases, arguments)
    sizes = GROWTH if arguments.growth else (arguments.items,)
    results = [bench(databases, items, arguments) for items in sizes]
    for result in results:
        print_table(result)
    if len(results) > 1:
        print_growth(results)
    result = results[-1]
    if len(results) > 1:
        result["growth"] = [
            {"items": each["items"], "jobs": each["jobs"], "screens": each["screens"]}
            for each in results
        ]
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")
    return 1 if any(each["errors"] for each in results) else 0


def bench_ordinary(databases, arguments):
    """What the module costs who does not use it. The rounds of both are interleaved: a machine that
    is busy is so for both, and the median of their ratios says what is the module's."""
    if not arguments.base:
        raise SystemExit("bench: --ordinary needs --base, a database without the module")
    names = databases.name("without"), databases.name("work")
    for name, source in zip(names, (databases.base, databases.template), strict=True):
        databases.copy(source, name)
        databases.vacuum(name)
    rounds = []
    for number in range(1, arguments.repeat + 1):
        log(f"messages and partners: round {number} of {arguments.repeat}")
        sides = names if number % 2 else names[::-1]  # neither is always the first
        measured = {name: run_steps(name, ("ordinary", {}))[0] for name in sides}
        rounds.append(tuple(measured[name] for name in names))
    result = compare(rounds)
    print_ordinary(result)
    if arguments.json:
        arguments.json.write_text(json.dumps({"ordinary": result}, indent=2) + "\n")
    if not arguments.keep:
        for name in names:
            databases.drop(name)
    return 0


def bench(databases, items, arguments):
    """Fill once, then measure on a fresh copy per repetition."""
    log(f"{items:,} installments: filling")
    filled, work = databases.name("filled"), databases.name("work")
    databases.copy(databases.template, filled)
    fill, facts = run_steps(filled, ("fill", {"items": items}), ("facts", {}))
    if not arguments.quick:
        databases.vacuum(filled)
    rounds = []
    for number in range(1, arguments.repeat + 1):
        log(f"{items:,} installments: round {number} of {arguments.repeat}")
        databases.copy(filled, work)
        last = number == arguments.repeat
        rounds.append(measure(databases, work, arguments, screens=last))
        if items <= MAX_APPROVAL_ITEMS:
            databases.copy(filled, work)
            measure_approval(databases, work, arguments.quick, rounds[-1])
    if not arguments.keep:
        databases.drop(work)
        databases.drop(filled)
    return summarise(items, fill, facts, rounds)


def measure(databases, work, arguments, screens):
    """One round: the jobs in their order, each followed by its floor."""
    letters = {"days": 1, "pdfs": arguments.pdfs}
    stages = {
        "first": [("job", {"label": "first"}), ("floor", {"create": True})],
        "second": [("job", {"label": "second"}), ("floor", {}), ("settle", {})],
        "settlement": [("job", {"label": "settlement"}), ("floor", {})],
        "next_day": [("job", {"label": "next_day", "days": 1}), ("floor", {"days": 1})],
        "screens": [("screens", {})] if screens else [],
        "limit": [("limit", {})],
        "letters": [("letters", letters)],
    }
    results = run_stages(databases, work, stages, arguments.quick)
    jobs = {name: results[name][0] for name in MEASURED}
    floors = {name: results[name][1] for name in MEASURED}
    [of_letters] = results["letters"]
    return {
        "jobs": jobs | of_letters["jobs"],
        "floors": floors | of_letters["floors"],
        "screens": results["screens"][0] if screens else {},
        "paid": results["second"][2],
    }


def run_stages(databases, work, stages, quick):
    """Each stage in a process of its own, or all of them in one.

    :return: {name: results of its steps}
    """
    if quick:
        results = iter(run_steps(work, *(step for steps in stages.values() for step in steps)))
        return {name: [next(results) for _step in steps] for name, steps in stages.items()}
    results = {}
    databases.warm(work)
    for name, steps in stages.items():
        results[name] = run_steps(work, *steps) if steps else []
        if name in VACUUMED_AFTER:
            databases.vacuum(work, own=True)
    return results


def measure_approval(databases, work, quick, result):
    """The first allocation once more, every phase under approval: its floor is the one without."""
    stages = {
        "guard": [("guard", {})],
        "approval": [("job", {"label": "approval"}), ("requests", {})],
    }
    job, waiting = run_stages(databases, work, stages, quick)["approval"]
    result["jobs"]["approval"] = job
    result["floors"]["approval"] = {
        "seconds": result["jobs"]["first"]["seconds"],
        "rows": waiting | {"moved": job["rows"]["item_moved"]},
    }


def summarise(items, fill, facts, rounds):
    return {
        "items": items,
        "jobs": {name: summarise_job(name, rounds) for name in rounds[0]["jobs"]},
        "screens": rounds[-1]["screens"],
        "fill_s": round(fill["seconds"], 1),
        "machine": machine_facts() | facts,
        "errors": find_errors(fill, rounds),
    }


def summarise_job(name, rounds):
    runs = [each["jobs"][name] for each in rounds]
    floors = [each["floors"][name] for each in rounds if name in each["floors"]]
    median = statistics.median(run["seconds"] for run in runs)
    floor = statistics.median(run["seconds"] for run in floors) if floors else None
    narrow = [run["narrow_s"] for run in floors if "narrow_s" in run]
    narrow = statistics.median(narrow) if narrow else None
    return {
        "median_s": round(median, 4),
        "floor_s": floor and round(floor, 4),
        "ratio": floor and round(median / floor, 2),
        "narrow_s": narrow and round(narrow, 4),
        "narrow_ratio": narrow and round(median / narrow, 2),
        "rows": runs[0]["rows"][ROWS[name]],
        "floor_rows": floors[0]["rows"] if floors else None,
        "peak_mb": max(run["peak_mb"] for run in runs),
        "start_mb": max(run["start_mb"] for run in runs),
        "queries": runs[0]["queries"],
        "triggers": max(run["triggers"] for run in runs),
        "runs_s": [round(run["seconds"], 4) for run in runs],
        "floor_runs_s": [round(run["seconds"], 4) for run in floors],
    }


def find_errors(fill, rounds):
    """What must hold, whatever the speed: job and floor end with the same rows."""
    errors = [f"fill: {name} differs" for name in fill["wrong"]]
    for each in rounds:
        for name, floor in each["floors"].items():
            if any(floor.get("differ", {}).values()):
                errors.append(f"{name}: job and floor differ: {floor['differ']}")
        if each["floors"].get("approval", {}).get("rows", {}).get("moved"):
            errors.append("items entered a phase without its approval")
        if any(each["jobs"]["second"]["rows"].values()):
            errors.append(f"second run changed rows: {each['jobs']['second']['rows']}")
        settled = each["jobs"]["settlement"]["rows"]["item_settled"]
        if settled != each["paid"]["settled"]:
            errors.append(f"{each['paid']['settled']} items were paid, {settled} settled")
    return errors


if __name__ == "__main__":
    sys.exit(main())
