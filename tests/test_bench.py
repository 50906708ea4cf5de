"""./dev bench on a small database: it measures everything, and what it measures is right."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ITEMS = 400
WITH_FLOOR = {
    "first",
    "second",
    "approval",
    "settlement",
    "next_day",
    "letters_1000",
    "mails_1000",
    "pdfs",
    "pdfs_at_once",
}
SCREENS = {
    "work_mine",
    "work_all",
    "customer_page",
    "portfolio_list",
    "portfolio_kanban",
    "cockpit",
    "collectors",
    "expected_cash",
    "expected_list",
    "leaves_next",
    "customers",
    "invoices_by_phase_filter",
    "invoices_by_phase_group",
    "settlements",
    "settlements_by_phase",
    "results_by_phase",
    "roll_rates_by_phase",
    "aging",
    "aging_pivot",
    "aging_by_customer",
    "past_aging_pivot",
    "past_aging_by_customer",
    "indicators",
}


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    if not os.environ.get("ODOO_RC"):
        pytest.skip("the bench needs an Odoo: run it through ./dev test")
    target = tmp_path_factory.mktemp("bench") / "bench.json"
    command = [
        sys.executable,
        "-m",
        "tools.bench",
        "--items",
        str(ITEMS),
        "--repeat",
        "1",
        "--quick",
    ]
    command += ["--json", target]
    command += ["--pdfs", "5"]  # printing is slow, and no more right for a hundred
    # a name of its own, so that a bench somebody runs meanwhile is left alone
    command += ["--prefix", "crm_collection_bench_test"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert target.exists(), process.stderr
    return json.loads(target.read_text()) | {"output": process.stdout}


def test_nothing_is_wrong(result):
    """Among others: rows filled are as the ORM writes them, jobs end with the rows of plain SQL."""
    assert result["errors"] == []


def test_every_job_has_its_floor(result):
    assert set(result["jobs"]) == WITH_FLOOR
    for name, job in result["jobs"].items():
        assert job["median_s"] > 0
        assert job["peak_mb"] >= job["start_mb"]
        assert job["floor_s"] > 0, name
    assert result["jobs"]["first"]["narrow_s"] > 0


def test_jobs_did_what_plain_sql_does(result):
    jobs = result["jobs"]
    assert jobs["first"]["rows"] == jobs["first"]["floor_rows"]["new"] > ITEMS / 3
    assert jobs["second"]["rows"] == 0
    assert jobs["settlement"]["rows"] == jobs["settlement"]["floor_rows"]["settled"] > 0
    assert jobs["letters_1000"]["rows"] == jobs["letters_1000"]["floor_rows"]["letters"] > 0


def test_every_screen_opens(result):
    assert set(result["screens"]) == SCREENS
    assert all(screen["median_s"] > 0 for screen in result["screens"].values())


def test_report_names_the_machine(result):
    assert {"cores", "ram_gb", "postgresql", "python", "odoo"} <= set(result["machine"])
    assert "| First allocation |" in result["output"]
