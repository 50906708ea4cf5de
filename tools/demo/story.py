"""What happens in the demonstration: the jobs run, approvals are asked for, customers pay."""

import sys
import time
from functools import partial

MAIL_QUEUE = "mail.ir_cron_mail_scheduler_action"
PAYMENTS = 5
JOBS = {
    "allocation job": "crm_collection.ir_cron_crm_collection_allocate",
    "letters job": "crm_collection.ir_cron_crm_collection_letters",
}


def trigger(env, xmlid):
    """Run a scheduled job as Odoo's cron would; end the command when it failed."""
    job = env.ref(xmlid)
    result = job.method_direct_trigger()
    env.cr.commit()  # a new transaction, which sees what the job's own one did
    if isinstance(result, dict) or job.failure_count:
        sys.exit(f"dev: the job '{job.name}' failed; its error is above")


def run_jobs(env, words=None):
    """
    :param words: {label: what is printed for it}; others are printed as they are
    """
    work = {label: partial(trigger, env, xmlid) for label, xmlid in JOBS.items()}
    for label, job in {**work, "mail queue": partial(deliver, env)}.items():
        start = time.monotonic()
        job()
        print(
            f"    {(words or {}).get(label, label)}: {time.monotonic() - start:.1f} s", flush=True
        )


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


def print_letters(env):
    """Of the letters by post the first is printed and taken to the post, the second is printed,
    and the others wait."""
    admin = env.ref("base.user_admin")
    waiting = env["crm.collection.letter"].search(
        [("state", "=", "to_print"), ("company_id", "=", admin.company_id.id)], order="id"
    )
    if env["crm.collection.batch"].search_count([], limit=1) or len(waiting) < 2:
        return
    first, second = waiting[:2].with_user(admin)
    first.action_print_batch()
    first.batch_id._post(admin.company_id._get_collection_today())
    second.action_print_batch()
    env.cr.commit()


def receive_payments(env):
    """Some customers pay what a letter asked for, one of them a part: entered once, as a
    bookkeeper does, so that the reports have something to tell."""
    if env["crm.collection.settlement"].search_count([("phase_id", "!=", False)], limit=1):
        return
    admin = env.ref("base.user_admin")
    asked = (
        env["crm.collection.item"]
        .search(
            [
                ("state", "=", "open"),
                ("company_id", "=", admin.company_id.id),
                ("letter_count", ">", 0),
                ("approval_state", "=", False),
            ],
            order="date_maturity, id",
        )
        .filtered(lambda item: not item.broken_note)
    )  # whoever broke a promise does not pay either
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
