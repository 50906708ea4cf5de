"""Collections beside other modules: the same story in a database with collections alone and in one
full of neighbours, and what came of it compared.

    ./dev neighbours [--keep]

The neighbours are those of ``requirements.txt``, which ./dev puts into a folder of their own, and
core's website, sale, point of sale, mass mailing and the localizations of Brazil, France and
Germany. Three companies with three currencies are collected for, by the jobs, as Odoo runs them.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.sql_db import close_db
from odoo.tools import config

from ..replay.database import copy_database, drop_database, make_database
from .screens import open_screens
from .story import live, tell

CORE = (
    *("website", "sale_management", "point_of_sale", "mass_mailing"),
    *("l10n_br", "l10n_fr_account", "l10n_de"),
)
OF_OTHERS = (
    *("account_credit_control", "account_financial_report", "account_financial_risk"),
    *("account_payment_return", "auditlog", "mail_tracking", "partner_statement", "queue_job"),
)
ALONE, BESIDE = "crm_collection_alone", "crm_collection_beside"


def say(text):
    print(f"neighbours: {text}", flush=True)


def get_addons_path(folder):
    paths = [*config["addons_path"], str(folder / "odoo" / "addons")]
    return ",".join(dict.fromkeys(paths))


def install(name, folder):
    """Install the neighbours in a database with collections, as an administrator would."""
    modules = ",".join((*CORE, *OF_OTHERS))
    command = [sys.executable, "-m", "odoo", "-d", name, "-i", modules, "--no-http"]
    command += ["--stop-after-init", "--max-cron-threads=0", "--log-level=warn"]
    command += [f"--addons-path={get_addons_path(folder)}"]
    search = os.pathsep.join([*filter(None, [os.environ.get("PYTHONPATH")]), str(folder)])
    result = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": search},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise SystemExit(f"neighbours: they could not be installed:\n{result.stderr[-4000:]}")
    return [line for line in result.stderr.splitlines() if " odoo.addons.crm_collection" in line]


@contextmanager
def open_database(name, folder):
    options = ["-d", name, "--no-http", "--max-cron-threads=0", "--log-level=warn"]
    config.parse_config([*options, f"--addons-path={get_addons_path(folder)}"], setup_logging=True)
    try:
        with Registry(name).cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})
    finally:
        close_db(name)


@contextmanager
def take_mails():
    """:return: the port of a mail server that keeps all, and the folder it keeps them in"""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tools.smtp_sink", "--port", "0", "--dir", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sink:
            try:
                listening = sink.stdout.readline()
                yield int(listening.partition(",")[0].rpartition(":")[2]), Path(folder)
            finally:
                sink.terminate()


def compare(alone, beside):
    """:return: what differs, a line each"""
    return [
        f"{key}:\n    alone  {alone.get(key)}\n    beside {beside.get(key)}"
        for key in sorted({*alone, *beside})
        if alone.get(key) != beside.get(key)
    ]


def main():
    parser = argparse.ArgumentParser(prog="./dev neighbours", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="keep the two databases")
    arguments = parser.parse_args()
    folder = Path(os.environ["CRM_COLLECTION_NEIGHBOURS"])
    sys.path.append(str(folder))
    config.parse_config([], setup_logging=False)
    told, wrong = {}, []
    try:
        make_database(ALONE, say)
        copy_database(ALONE, BESIDE)
        say("installing the neighbours (some minutes)")
        wrong += install(BESIDE, folder)
        for name in (ALONE, BESIDE):
            say(f"the story in {name}")
            with open_database(name, folder) as env, take_mails() as (port, mails):
                live(env, port)
                told[name] = tell(env) | {("mails",): len(list(mails.glob("*.eml")))}
                if name == BESIDE:
                    modules = env["ir.module.module"].search_count([("state", "=", "installed")])
                    screens, broken = open_screens(env)
                    wrong += broken
        wrong += compare(told[ALONE], told[BESIDE])
    finally:
        if not arguments.keep:
            drop_database(ALONE)
            drop_database(BESIDE)
    if wrong:
        print("\n".join(wrong))
        sys.exit("neighbours: it is not the same beside them")
    items, mails = len(told[ALONE]) - 1, told[ALONE]["mails",]
    say(f"{modules} modules; {items} open items of three companies, {mails} mails: all the same")
    say(f"{screens} screens of collections open")


main()
