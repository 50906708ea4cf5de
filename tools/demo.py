"""Bring the demo database to life: a mail server, the jobs as Odoo's cron runs them, a summary.

Where Odoo is and how to reach PostgreSQL come from ODOO_RC, which ./dev writes.
"""

import argparse
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

MAIL_SERVER = "Local mail sink"
MAIL_QUEUE = "mail.ir_cron_mail_scheduler_action"
PAYMENTS = 5
JOBS = {
    "allocation job": "crm_collection.ir_cron_crm_collection_allocate",
    "letters job": "crm_collection.ir_cron_crm_collection_letters",
}

# what a person's first page asks for, in Odoo's terms: (bundle, has scripts, has styles)
BUNDLES = [
    ("web.assets_web", True, True),
    ("web.assets_web_print", False, True),
    ("web.assets_frontend", False, True),
    ("web.assets_frontend_lazy", True, False),
    ("web.assets_frontend_minimal", True, False),
    ("web.assets_tests", True, False),
    ("web.report_assets_common", False, True),
]


@contextmanager
def open_database(name):
    config.parse_config(
        ["-d", name, "--no-http", "--max-cron-threads=0", "--log-level=warn"], setup_logging=True
    )
    with Registry(name).cursor() as cr:
        yield api.Environment(cr, SUPERUSER_ID, {})


def build_bundles(env):
    """Build the web client's files now, not when somebody waits for the first page."""
    qweb = env["ir.qweb"]
    for name, scripts, styles in BUNDLES:
        bundle = qweb._get_asset_bundle(name, css=styles, js=scripts)
        if scripts:
            bundle.js()
        if styles:
            bundle.css()
    env.cr.commit()


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


def trigger(env, xmlid):
    """Run a scheduled job as Odoo's cron would; end the command when it failed."""
    job = env.ref(xmlid)
    result = job.method_direct_trigger()
    env.cr.commit()  # a new transaction, which sees what the job's own one did
    if isinstance(result, dict) or job.failure_count:
        sys.exit(f"dev: the job '{job.name}' failed; its error is above")


def run_jobs(env):
    for label, xmlid in JOBS.items():
        start = time.monotonic()
        trigger(env, xmlid)
        print(f"    {label}: {time.monotonic() - start:.1f} s", flush=True)
    start = time.monotonic()
    deliver(env)
    print(f"    mail queue: {time.monotonic() - start:.1f} s", flush=True)


def deliver(env):
    """Run the mail queue until it is empty or no longer gets shorter."""
    outgoing = [("state", "=", "outgoing")]
    waiting = env["mail.mail"].search_count(outgoing)
    while waiting:
        trigger(env, MAIL_QUEUE)
        before, waiting = waiting, env["mail.mail"].search_count(outgoing)
        if waiting >= before:
            break


def ask_for_approvals(env):
    """Ask, as the administrator, for what the rules propose for phases that need an approval."""
    admin = env.ref("base.user_admin")
    items = env["crm.collection.item"].search(
        [("state", "=", "open"), ("proposed_step_id", "!=", False), ("approval_state", "=", False)]
    )
    for (phase, company), of_phase in items.grouped(
        lambda item: (item.proposed_phase_id, item.company_id)
    ).items():
        if phase.is_guarded and company in admin.company_ids:
            mine = of_phase.with_user(admin).with_context(allowed_company_ids=company.ids)
            mine._maintain(phase.with_user(admin), "Proposed by the sending rule")
    env.cr.commit()


def receive_payments(env):
    """Some customers pay what a letter asked for, one of them a part: entered once, as a
    bookkeeper does, so that the reports have something to tell."""
    if env["crm.collection.settlement"].search_count([("phase_id", "!=", False)], limit=1):
        return
    admin = env.ref("base.user_admin")
    asked = env["crm.collection.item"].search(
        [
            ("state", "=", "open"),
            ("company_id", "=", admin.company_id.id),
            ("letter_count", ">", 0),
            ("approval_state", "=", False),
        ],
        order="date_maturity, id",
    )
    payments = env["account.payment.register"].with_user(admin)
    for number, item in enumerate(asked[:: len(asked) // PAYMENTS or 1][:PAYMENTS]):
        payment = payments.with_context(
            active_model="account.move.line", active_ids=item.line_id.ids
        ).create({})
        if not number:
            payment.amount /= 2
        payment.action_create_payments()
    env.cr.commit()
    trigger(env, JOBS["allocation job"])  # nothing of it waits for tomorrow's


def settlement_rows(env):
    yield "Kind", "Rows", "Settled"
    model = env["crm.collection.settlement"]
    labels = dict(model._fields["kind"]._description_selection(env))
    for kind, company, count, amount in model._read_group(
        [], ["kind", "company_id"], ["__count", "amount:sum"]
    ):
        yield labels[kind], f"{count:,}", f"{amount:,.2f} {company.currency_id.name}"


def approval_rows(env):
    yield "Waiting for approval", "Titles", "Owed"
    for approval in env["crm.collection.approval"].search([("state", "=", "pending")]):
        owed = f"{approval.amount:,.2f} {approval.company_currency_id.name}"
        yield approval.display_name, f"{approval.item_count:,}", owed


def table(title, rows):
    """Print rows of cells below each other, the first cell to the left, the others right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    print(f"\n{title}")
    for first, *others in rows:
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        print("    " + "   ".join(cells))


def phase_rows(env):
    groups = env["crm.collection.item"]._read_group(
        [("state", "=", "open")], ["phase_id", "company_id"], ["__count", "amount_residual:sum"]
    )
    groups.sort(key=lambda group: (not group[0], group[0].sequence, group[0].id, group[1].id))
    yield "Phase", "Company", "Titles", "Owed"
    for phase, company, count, amount in groups:
        owed = f"{amount:,.2f} {company.currency_id.name}"
        yield phase.name or "(no phase yet)", company.name, f"{count:,}", owed


def letter_rows(env):
    model = env["crm.collection.letter"]
    labels = dict(model._fields["state"]._description_selection(env))
    yield "State", "Letters"
    for state, count in model._read_group([], ["state"], ["__count"]):
        yield labels.get(state, state), f"{count:,}"


def summarize(env, mail_dir):
    table("Open titles by phase", list(phase_rows(env)))
    table("Letters by state", list(letter_rows(env)))
    table("Settled", list(settlement_rows(env)))
    table("Approvals", list(approval_rows(env)))
    kept = len(list(Path(mail_dir).glob("*.eml")))
    print(f"\nThe local mail server keeps its messages, {kept} so far, one file each, in")
    print(f"    {mail_dir}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--prepare", action="store_true", help="build the web client's files")
    what.add_argument("--connect", action="store_true", help="only set the mail server up")
    what.add_argument("--run", action="store_true", help="set it up, run the jobs, print a summary")
    parser.add_argument("--smtp-port", type=int)
    parser.add_argument("--url")
    parser.add_argument("--mail-dir")
    args = parser.parse_args()

    with open_database(args.database) as env:
        if args.prepare:
            build_bundles(env)
            return
        connect(env, args.smtp_port, args.url)
        if args.run:
            run_jobs(env)
            ask_for_approvals(env)
            receive_payments(env)
            summarize(env, args.mail_dir)


if __name__ == "__main__":
    main()
