"""Steps of a bench, in a process of their own: `python -m tools.bench.steps DATABASE STEPS`.

Every job is the first step of a fresh process, as in a cron worker, so that the peak of its
memory is its own. The result is a line of JSON on standard output; Odoo's log goes to standard
error.
"""

import odoo.init  # noqa: F401  first of all: it patches the standard library  # isort: skip

import json
import os
import resource
import sys
import threading
import time
from datetime import timedelta

import odoo
from odoo import api, fields
from odoo.api import SUPERUSER_ID
from odoo.modules.registry import Registry
from odoo.tools import SQL, config

from .approval import count_requests, guard_phases
from .check import check_fill
from .fill import BenchFill
from .floor import BenchFloor
from .letters import BenchLetters
from .ordinary import BenchOrdinary
from .rules import create_rules, give_own_rules
from .screens import BenchScreens
from .settle import settle

CRON_ALLOCATE = "crm_collection.ir_cron_crm_collection_allocate"
CRON_LETTERS = "crm_collection.ir_cron_crm_collection_letters"
LETTER_CUSTOMERS = 1000
LOGIN = "bench"
COUNTERS = (
    "item_new",
    "item_moved",
    "item_waiting",
    "item_settled",
    "letter_count",
    "letter_line_count",
)


def open_registry(database):
    options = ["--database", database, "--log-level", "warn", "--max-cron-threads", "0"]
    if os.environ.get("ODOO_RC"):
        options += ["--config", os.environ["ODOO_RC"]]
    if os.environ.get("CRM_COLLECTION_ADDONS_PATH"):
        options += ["--addons-path", os.environ["CRM_COLLECTION_ADDONS_PATH"]]
    config.parse_config(options, setup_logging=True)
    threading.current_thread().dbname = database
    return Registry(database)


def set_day(registry, days):
    """The companies' day is `days` after the real one; nothing else knows."""
    company = registry["res.company"]
    today = getattr(company, "_bench_today", company._get_collection_today)
    company._bench_today = today
    company._get_collection_today = lambda self: today(self) + timedelta(days=days)


def peak_mb():
    """Highest resident memory of this process since it started (`getrusage`), in MB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def query_count():
    """SQL statements of this thread since the job began."""
    return threading.current_thread().query_count


# ------------------------------------------------------------
# FILL
# ------------------------------------------------------------


def step_fill(env, items):
    start = time.perf_counter()
    fill = BenchFill(env, items, fields.Date.today())
    fill.run()
    rules = create_rules(env, fill.categories)
    env.flush_all()
    give_own_rules(env, rules, fill.base["res_partner"])
    env.company.write({"collection_auto_send": True, "collection_tz": "UTC"})
    _create_user(env)
    env.cr.commit()
    return {"seconds": time.perf_counter() - start, "wrong": check_fill(env)}


def _create_user(env):
    env["res.users"].with_context(no_reset_password=True).create(
        {
            "name": "Collector",
            "login": LOGIN,
            "group_ids": [
                env.ref(xmlid).id
                for xmlid in (
                    "crm_collection.group_crm_collection_user",
                    "account.group_account_invoice",
                )
            ],
        }
    )


def step_settle(env):
    settled, partly = settle(env, fields.Date.today())
    return {"settled": settled, "partly": partly}


# ------------------------------------------------------------
# JOBS
# ------------------------------------------------------------


def step_job(env, label, cron=CRON_ALLOCATE, days=0):
    """Run a scheduled job until it is done, as the scheduler does, and measure it."""
    set_day(env.registry, days)
    env.company._set_collection_live()  # it is a copy of the one that was filled
    env.cr.commit()
    record = env.ref(cron)
    before = _read_counters(env)
    start_mb = peak_mb()
    threading.current_thread().query_count = 0
    start, runs = time.perf_counter(), 0
    while True:
        runs += 1
        error = record.method_direct_trigger()
        if error is not True:
            raise RuntimeError(f"{label}: {error}")
        if not _is_unfinished(env, record):
            break
    seconds = time.perf_counter() - start
    after = _read_counters(env)
    return {
        "start": start,
        "seconds": seconds,
        "triggers": runs,
        "queries": query_count(),
        "peak_mb": peak_mb(),
        "start_mb": start_mb,
        "rows": {name: after[name] - before[name] for name in COUNTERS},
    }


def _is_unfinished(env, cron):
    env.cr.commit()
    progress = env["ir.cron.progress"].search([("cron_id", "=", cron.id)], order="id desc", limit=1)
    return progress.remaining > 0


def _read_counters(env):
    env.cr.execute(
        SQL(
            "SELECT %s FROM crm_collection_run WHERE kind != 'simulation'",
            SQL(", ").join(
                SQL("COALESCE(SUM(%s), 0)::int AS %s", SQL.identifier(name), SQL.identifier(name))
                for name in COUNTERS
            ),
        )
    )
    return env.cr.dictfetchone()


def step_guard(env):
    return guard_phases(env)


def step_requests(env):
    return count_requests(env)


def step_letters(env, days, pdfs):
    """The letters of some customers, by the job; its parts are told apart."""

    def run_job():
        return step_job(env, "letters", CRON_LETTERS, days)

    return BenchLetters(env, run_job, peak_mb, query_count, pdfs).run()


def step_limit(env):
    """Letters are due for some customers only."""
    env.cr.execute(
        """
        WITH chosen AS (
            SELECT partner_id FROM crm_collection_item
             WHERE state = 'open' AND date_next_letter IS NOT NULL
             GROUP BY partner_id ORDER BY md5(partner_id::text) LIMIT %s
        )
        UPDATE crm_collection_item SET date_next_letter = NULL
         WHERE date_next_letter IS NOT NULL AND partner_id NOT IN (SELECT partner_id FROM chosen)
        """,
        [LETTER_CUSTOMERS],
    )
    limited = env.cr.rowcount
    env.cr.commit()
    return {"limited": limited}


# ------------------------------------------------------------
# FLOORS, SCREENS, FACTS
# ------------------------------------------------------------


def step_floor(env, days=0, create=False):
    floor = BenchFloor(env, fields.Date.today())
    if create:
        floor.create_tables()
    narrow = {}
    if create:
        narrow["narrow_s"], narrow["narrow_rows"] = floor.allocate_narrowly()
    seconds, rows = floor.allocate(days)
    return {"seconds": seconds, "rows": rows, "differ": floor.compare(), **narrow}


def step_screens(env, repeat=5):
    user = env["res.users"].search([("login", "=", LOGIN)])
    return BenchScreens(env(user=user.id), repeat).run()


def step_ordinary(env):
    """Messages and partners; the database may be without the module."""
    try:
        return BenchOrdinary(env).run()
    finally:
        env.cr.rollback()


def step_facts(env):
    env.cr.execute(
        "SELECT version(), pg_database_size(current_database()),"
        " (SELECT COUNT(*) FROM account_move_line)"
    )
    version, size, lines = env.cr.fetchone()
    settings = ("shared_buffers", "work_mem", "fsync", "synchronous_commit")
    return {
        "postgresql": version.split(" on ")[0],
        "settings": {name: _show(env, name) for name in settings},
        "odoo": odoo.release.version,
        "database_mb": round(size / 1024**2),
        "journal_items": lines,
    }


def _show(env, name):
    env.cr.execute(SQL("SHOW %s", SQL.identifier(name)))
    return env.cr.fetchone()[0]


def main():
    """Run the steps given as JSON, `[[name, arguments], ...]`, in one process."""
    database, steps = sys.argv[1:]
    registry = open_registry(database)
    results = []
    for name, arguments in json.loads(steps):
        with registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            results.append(globals()[f"step_{name}"](env, **arguments))
    print(json.dumps(results), flush=True)


if __name__ == "__main__":
    main()
