"""The reports after a replay, against what the file of receivables alone says they must show.

A small file of two years is replayed and checked at every month-end. With
CRM_COLLECTION_RECEIVABLES a real file is replayed and checked in the same way; its columns must
be called and written as those of IBM's sample of late payments. CRM_COLLECTION_REPLAYED_DB may
name the database of a replay of that file that was made before (./dev replay --database): it is
only read.
"""

import csv
import json
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from random import Random

import figures_expect
import pytest

ROOT = Path(__file__).resolve().parent.parent
STEPS = (1, 6, 16, 31)
HEADER = ["customerID", "invoiceNumber", "InvoiceDate", "DueDate", "InvoiceAmount", "SettledDate"]

needs_database = pytest.mark.skipif(
    "CRM_COLLECTION_TEMPLATE_DB" not in os.environ, reason="./dev test sets the database up"
)


def us(day):
    return f"{day.month}/{day.day}/{day.year}"


def write_file(path, seed=3):
    """Write receivables of two short seasons within 26 months, most of them paid late."""
    random = Random(seed)
    rows = []
    seasons = (date(2021, 11, 29), date(2023, 12, 22))
    for number, season in enumerate(seasons):
        # in one of them all happens that may: an item stays in the last phase for two months
        lates = [-3, 0, 1, 6]
        if number == 1:
            lates += [random.randint(2, 5), random.randint(7, 20), 22, 33, 72]
        for late in lates:
            due = season + timedelta(days=random.randint(0, 9))
            issued = due - timedelta(days=random.choice([10, 30]))
            customer = random.choice(["Mills", "Ação Ltda", "O'Neill"])
            amount = f"{random.randint(100, 99999) / 100:.2f}"
            rows.append(
                [
                    customer,
                    str(1000 + len(rows)),
                    us(issued),
                    us(due),
                    amount,
                    us(due + timedelta(days=late)),
                ]
            )
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])


def replay(file, database):
    command = [sys.executable, "-m", "tools.replay", file, "--database", database]
    command += ["--steps", ",".join(map(str, STEPS))]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"


def read_reports(database, file):
    """:return: what the reports of the database show"""
    days = map(str, figures_expect.month_ends(figures_expect.read(file, STEPS)))
    todays = map(str, figures_expect.last_days(file))
    command = [sys.executable, ROOT / "tests" / "replayed_figures.py", database]
    result = subprocess.run(
        [*command, *days, "--", *todays], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def check(file, found):
    """Every report, row by row."""
    is_sent = found.pop("is_sent")
    expected = figures_expect.expect(file, STEPS, figures_expect.last_days(file), is_sent)
    expected = json.loads(json.dumps(expected))
    assert len(expected["aging"]) >= 24, "the file is too short to test anything"
    assert found.keys() == expected.keys()
    for report, figures in expected.items():
        differences = list(differ(found[report], figures))
        assert not differences, f"{report}:\n" + "\n".join(differences[:20])
    return expected


def differ(found, expected, where=""):
    """Yield where two nested structures differ."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted(expected.keys() | found.keys()):
            yield from differ(found.get(key), expected.get(key), f"{where}/{key}")
    elif isinstance(expected, list) and isinstance(found, list):
        if len(found) != len(expected):
            yield f"{where}: {len(found)} rows; the file says {len(expected)}"
        for number, (own, other) in enumerate(zip(found, expected, strict=False)):
            yield from differ(own, other, f"{where}/{number}")
    elif found != expected:
        yield f"{where}: {found}; the file says {expected}"


@pytest.fixture
def database():
    """The name of a database that is dropped in the end."""
    from tools.replay.database import drop_database  # noqa: PLC0415 - needs Odoo

    name = f"crm_collection_figures_{os.getpid()}"
    yield name
    drop_database(name)


@needs_database
def test_a_small_file(tmp_path, database):
    file = tmp_path / "receivables.csv"
    write_file(file)
    replay(file, database)
    found = read_reports(database, file)
    assert found["is_sent"]
    expected = check(file, found)
    assert len(expected["settled"]) == 9
    assert {row[2] for row in expected["roll_rates"]} == {"settled", "stayed", "forward"}


@needs_database
@pytest.mark.timeout(7200)
@pytest.mark.skipif(
    "CRM_COLLECTION_RECEIVABLES" not in os.environ, reason="no file of receivables is named"
)
def test_a_real_file(database):
    file = Path(os.environ["CRM_COLLECTION_RECEIVABLES"])
    replayed = os.environ.get("CRM_COLLECTION_REPLAYED_DB")
    if not replayed:
        replay(file, database)
    check(file, read_reports(replayed or database, file))


# ------------------------------------------------------------
# WITHOUT A DATABASE
# ------------------------------------------------------------


def test_expectation_of_one_item(tmp_path):
    """100 due on 1 March and paid on 20 March, worked out by hand."""
    file = tmp_path / "receivables.csv"
    file.write_text(
        ",".join(HEADER) + "\nMills,1,2/1/2023,3/1/2023,100,3/20/2023\n", encoding="utf-8"
    )
    expected = figures_expect.expect(file, STEPS, [date(2023, 3, 31)])
    (row,) = expected["settled"]
    assert (row["phase"], row["days_overdue"], row["days_in_phase"]) == (16, 19, 3)
    assert (row["letters"], row["days_since_letter"], row["is_attributed"]) == (3, 3, True)
    assert [stay[1:5] for stay in expected["history"]] == [
        [1, "2023-03-02", "2023-03-07", "moved"],
        [6, "2023-03-07", "2023-03-17", "moved"],
        [16, "2023-03-17", "2023-03-20", "settled"],
    ]
    assert expected["aging"]["2023-02-28"]["bucket"] == {"0": "100.00"}
    assert expected["aging"]["2023-03-31"]["bucket"] == {}
    assert expected["roll_rates"] == []
    march = expected["indicators"]["2023-03-31"]["2023-03-31"]
    assert (march["receivables"], march["cei"], march["dso"]) == ("0.00", 100, 0)


def test_differences_are_found():
    assert list(differ({"a": [1, 2]}, {"a": [1, 2]})) == []
    assert list(differ({"a": [1]}, {"a": [1, 2], "b": 3})) == [
        "/a: 1 rows; the file says 2",
        "/b: None; the file says 3",
    ]
    assert list(differ({"a": [1, 4]}, {"a": [1, 2]})) == ["/a/1: 4; the file says 2"]
