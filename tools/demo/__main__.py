"""Bring the demo database to life: a mail server, the jobs as Odoo's cron runs them, a summary.

Where Odoo is and how to reach PostgreSQL come from ODOO_RC, which ./dev writes.
"""

import argparse
from contextlib import contextmanager

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

from .story import ask_for_approvals, print_letters, receive_payments, run_jobs
from .summary import Summary
from .web_files import build_bundles

MAIL_SERVER = "Local mail sink"


@contextmanager
def open_database(name):
    config.parse_config(
        ["-d", name, "--no-http", "--max-cron-threads=0", "--log-level=warn"], setup_logging=True
    )
    with Registry(name).cursor() as cr:
        yield api.Environment(cr, SUPERUSER_ID, {})


def connect(env, smtp_port, url):
    """Send mail to the sink, and put the address of the web client into letters."""
    values = {
        "name": MAIL_SERVER,
        "smtp_host": "127.0.0.1",
        "smtp_port": smtp_port,
        "smtp_encryption": "none",
        "sequence": 1,
    }
    server = env["ir.mail_server"].search([("name", "=", MAIL_SERVER)], limit=1)
    if server:
        server.write(values)
    else:
        env["ir.mail_server"].create(values)
    parameters = env["ir.config_parameter"]
    parameters.set_param("web.base.url", url)
    parameters.set_param("web.base.url.freeze", "True")
    env.cr.commit()


def run_ordinary(env, mail_dir):
    """The company of the demonstration data: what happens today."""
    run_jobs(env)
    ask_for_approvals(env)
    print_letters(env)
    receive_payments(env)
    Summary(env).print(mail_dir)


def stage_brazil(env):
    """The weeks before today, once."""
    from . import brazil  # noqa: PLC0415 (it needs Odoo's addons path)

    brazil.live_through(brazil.set_up(env), lambda text: print(f"    {text}", flush=True))


def run_brazil(env, mail_dir):
    """What the jobs do today, and what came of all the weeks."""
    from . import brazil  # noqa: PLC0415 (as above)

    env = env(context={**env.context, "lang": brazil.LANG})
    run_jobs(env, brazil.WORDS)
    Summary(env, brazil.WORDS).print(mail_dir)
    brazil.print_people()


def parse_arguments():
    parser = argparse.ArgumentParser(prog="python -m tools.demo", description=__doc__)
    parser.add_argument("database")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--prepare", action="store_true", help="build the web client's files")
    what.add_argument("--connect", action="store_true", help="only set the mail server up")
    what.add_argument(
        "--stage", action="store_true", help="set it up, live through a country's weeks"
    )
    what.add_argument("--run", action="store_true", help="set it up, run the jobs, print a summary")
    parser.add_argument("--country", choices=["br"], help="instead of the demonstration data")
    parser.add_argument("--smtp-port", type=int)
    parser.add_argument("--url")
    parser.add_argument("--mail-dir")
    return parser.parse_args()


def main():
    args = parse_arguments()
    with open_database(args.database) as env:
        if args.prepare:
            build_bundles(env)
            return
        connect(env, args.smtp_port, args.url)
        if args.stage:
            stage_brazil(env)
        elif args.run:
            (run_brazil if args.country else run_ordinary)(env, args.mail_dir)


if __name__ == "__main__":
    main()
