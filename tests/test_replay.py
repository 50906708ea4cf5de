"""The replay of a file, by the tool itself on a database of its own, against the file alone.

CRM_COLLECTION_RECEIVABLES may name a real file of receivables: it is replayed as well.
"""

import csv
import email
import io
import json
import os
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from email import policy
from pathlib import Path
from random import Random

import pytest
from pypdf import PdfReader

from tools.replay import expect, receivables
from tools.replay.expect import Plan

ROOT = Path(__file__).resolve().parent.parent

needs_database = pytest.mark.skipif(
    "CRM_COLLECTION_TEMPLATE_DB" not in os.environ, reason="./dev test sets the database up"
)


def write_file(path, count, seed):
    """Write `count` receivables of a few customers, paid early and late, and some broken rows."""
    random = Random(seed)
    header = [
        "SettledDate",
        "customerID",
        "DueDate",
        "Disputed",
        "invoiceNumber",
        "InvoiceDate",
        "InvoiceAmount",
    ]
    rows = []
    for number in range(count):
        issued = date(2023, 2, 20) + timedelta(days=random.randint(0, 6))
        due = issued + timedelta(days=random.choice([0, 2, 7]))
        settled = max(issued, due + timedelta(days=random.randint(-4, 13)))
        amount = f"{random.randint(100, 99999) / 100:.2f}"
        customer = random.choice(["Ação Ltda", "Müller & Söhne", "O'Neill"])
        item = f"T/{2000 + number}"
        rows.append([us(settled), customer, us(due), "No", item, us(issued), amount])
    broken = [
        ["1/1/2023", "A", "3/1/2023", "No", "B1", "2/1/2023", "10"],
        ["4/1/2023", "A", "3/1/2023", "No", "B2", "2/1/2023", "-10"],
        ["4/1/2023", "A", "3/1/2023", "No", "T/2000", "2/1/2023", "10"],
        ["4/1/2023", "A", "31/1/2023", "No", "B3", "2/1/2023", "10"],
    ]
    output = io.StringIO(newline="")
    csv.writer(output, delimiter=";").writerows([header, *rows, *broken])
    path.write_bytes(output.getvalue().encode("latin-1"))


def us(day):
    return f"{day.month}/{day.day}/{day.year}"


def run_tool(file, folder, *arguments):
    """:return: the process, and what it wrote"""
    command = [sys.executable, "-m", "tools.replay", file, "--mail", folder / "mail"]
    command += ["--json", folder / "out.json", "--titles", folder / "items.csv", *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if not (folder / "out.json").exists():
        pytest.fail(f"no result:\n{result.stdout}\n{result.stderr}")
    return result, json.loads((folder / "out.json").read_text("utf-8"))


def check_against_the_file(file, plan, result, figures, folder):
    rows = receivables.read(file).rows
    items = expect.expect(rows, plan)
    expected = expect.summarize(items, plan)
    assert {key: figures[key] for key in expected} == expected, result.stdout
    with open(folder / "items.csv", encoding="utf-8", newline="") as opened:
        found = list(csv.reader(opened))
    cells = [expect.format_item(items[number]) for number in sorted(items)]
    assert found == [["item", "phases", "letters"], *cells]
    assert figures["agrees"], result.stdout
    assert result.returncode == 0
    return items


@needs_database
def test_a_generated_file(tmp_path):
    """Some invoices are issued after the day of the first step; test_figures.py replays another
    file without a letter that goes again."""
    arguments = ["--steps", "-5,1,6", "--resend", "2", "--max-resends", "1"]
    plan = Plan((-5, 1, 6), 2, 1)
    file = tmp_path / "receivables.csv"
    write_file(file, 24, 6)
    result, figures = run_tool(file, tmp_path, *arguments)
    items = check_against_the_file(file, plan, result, figures, tmp_path)
    assert len(items) > 8, "the file is too tame to test anything"
    assert len(figures["skipped"]) == 4
    assert "T/2000: the number is already on line 2" in result.stderr
    check_messages(tmp_path / "mail", figures, receivables.read(file).rows)


def check_messages(folder, figures, rows):
    """Every letter arrived as a message with a PDF that can be read."""
    paths = sorted(folder.glob("*.eml"))
    assert len(paths) == figures["letters"]
    customers = {row.customer for row in rows}
    for path in paths:
        message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
        (pdf,) = [
            part
            for part in message.iter_attachments()
            if part.get_content_type() == "application/pdf"
        ]
        text = "".join(
            page.extract_text() for page in PdfReader(io.BytesIO(pdf.get_content())).pages
        )
        assert any(customer in text for customer in customers)
        assert "Replay Company" in text


@needs_database
@pytest.mark.timeout(7200)
@pytest.mark.skipif(
    "CRM_COLLECTION_RECEIVABLES" not in os.environ, reason="no file of receivables is named"
)
def test_a_real_file(tmp_path):
    file = Path(os.environ["CRM_COLLECTION_RECEIVABLES"])
    result, figures = run_tool(file, tmp_path)
    check_against_the_file(file, Plan((1, 6, 16, 31)), result, figures, tmp_path)


# ------------------------------------------------------------
# WITHOUT A DATABASE
# ------------------------------------------------------------


@pytest.fixture(scope="module")
def replay():
    return pytest.importorskip("tools.replay.command", reason="Odoo is not importable")


@pytest.mark.parametrize(("text", "steps"), [("31,1,6", (1, 6, 31)), ("-3,0", (-3, 0))])
def test_steps(replay, text, steps):
    assert replay.parse_arguments(["file.csv", "--steps", text]).steps == steps


@pytest.mark.parametrize(
    "arguments",
    [
        ["--steps", "1,1"],
        ["--steps", "1,x"],
        ["--steps", ""],
        ["--steps", "99999"],
        ["--resend", "-1"],
        ["--max-resends", "often"],
    ],
)
def test_arguments_that_will_not_do(replay, arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        replay.parse_arguments(["file.csv", *arguments])
    assert caught.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def test_a_file_that_will_not_do(replay, tmp_path, capsys):
    file = tmp_path / "receivables.csv"
    file.write_text("invoiceNumber,customerID\n1,A\n", encoding="utf-8")
    assert replay.main([str(file)]) == 2
    assert "lacks InvoiceDate, DueDate" in capsys.readouterr().err
    assert replay.main([str(tmp_path / "missing.csv")]) == 2
    assert replay.main([str(file), "--max-resends", "2"]) == 2
    assert "--max-resends needs --resend" in capsys.readouterr().err


def test_differences_are_problems(replay):
    plan = Plan((1, 6))
    due = date(2023, 3, 1)
    row = receivables.Receivable("1", "A", due, due, Decimal(10), due + timedelta(days=9), 2)
    items = expect.expect([row], plan)
    expected = expect.summarize(items, plan)
    arguments = replay.parse_arguments(["file.csv"])
    figures = {**expected, "messages": 2, "messages_with_pdf": 2, "letter_states": {"sent": 2}}
    assert list(replay.find_problems(arguments, figures, expected, [])) == []
    figures.update(items=0, messages_with_pdf=1, letter_states={"sent": 1, "failed": 1})
    problems = list(replay.find_problems(arguments, figures, expected, ["1: differs"] * 30))
    assert problems[0] == "items: 0; the file says 1"
    assert problems[1] == "messages_with_pdf: 1; the file says 2"
    assert problems[2].startswith("letters by state")
    assert len(problems) == 3 + replay.SHOWN_DIFFERENCES + 1
