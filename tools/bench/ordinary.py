"""What is none of the module's business: messages, partners and invoices that are paid in time, in
a database without the module and in one with it."""

import statistics
import sys
import threading
import time

from odoo.fields import Command

COUNT = 1000
BATCHES = 10  # the fastest one counts: others share the machine's caches with whatever else runs
COUNTED = 50  # under a profiler: every call is seen, and takes long
OWN = "/crm_collection/models/"  # where the module is, and not this tool
GROUPS = ("base.group_user", "base.group_partner_manager")
COMPANY = "Bench Invoices"
TITLES = {
    "messages": "1,000 messages",
    "partners": "1,000 partners",
    "invoices": "100 invoices: created, posted, paid, unmatched, reset",
}
# One takes as long as sixty messages.
COUNTS = {"invoices": 100}


class BenchOrdinary:
    """Post messages and create partners as an employee does, invoices as an accountant, one after
    the other."""

    def __init__(self, env):
        self.accounting = self._prepare_accounting(env)
        user = (
            env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "name": "Employee",
                    "login": "bench_employee",
                    "group_ids": [env.ref(xmlid).id for xmlid in GROUPS],
                }
            )
        )
        self.env = env(user=user.id)
        self.partner = self.env["res.partner"].create({"name": "Customer"})
        self.works = {
            "messages": self._post,
            "partners": self._create,
            "invoices": self._invoice,
        }

    def _prepare_accounting(self, env):
        """:return: the environment of an accountant of a company with a chart of accounts, whose
        loading is committed: the next round finds it"""
        company = env["res.company"].search([("name", "=", COMPANY)])
        if not company:
            company = company.create({"name": COMPANY})
            env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
        user = (
            env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "name": "Accountant",
                    "login": "bench_accountant",
                    "company_id": company.id,
                    "company_ids": [Command.set(company.ids)],
                    "group_ids": [env.ref("account.group_account_manager").id],
                }
            )
        )
        return env(user=user.id, context={"allowed_company_ids": company.ids})

    def run(self):
        """:return: {what: CPU seconds of this process and statements for `COUNT`, and how often
        each record called the module}"""
        results = {}
        for name, work in self.works.items():
            count = COUNTS.get(name, COUNT)
            counted = min(COUNTED, count // BATCHES)
            self._do(work, counted)  # caches are warm from here on
            calls = self._count_calls(work, counted)
            thread = threading.current_thread()
            thread.query_count = 0
            seconds = [self._time(work, count // BATCHES) for _batch in range(BATCHES)]
            results[name] = {
                "cpu_s": min(seconds) * BATCHES,
                "queries": thread.query_count,
                "own_calls": calls / counted,
            }
        return results

    def _post(self, number):
        self.partner.message_post(body=f"Message {number}")

    def _create(self, number):
        self.env["res.partner"].create(
            {"name": f"Partner {number}", "email": f"partner{number}@example.com"}
        )

    def _invoice(self, _number):
        """An invoice that is paid before it is due: it never is in collection."""
        line = {"name": "Service", "price_unit": 100, "tax_ids": []}
        move = self.accounting["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner.id,
                "invoice_line_ids": [Command.create(line)],
            }
        )
        move.action_post()
        wizard = self.accounting["account.payment.register"].with_context(
            active_model=move._name, active_ids=move.ids
        )
        wizard.create({})._create_payments()
        lines = move.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        lines.remove_move_reconcile()
        move.button_draft()

    def _do(self, work, count):
        """As `count` calls of a client: each writes what it did."""
        for number in range(count):
            work(number)
            self.env.flush_all()

    def _time(self, work, count):
        """:return: CPU seconds of a batch"""
        start = time.process_time()
        self._do(work, count)
        return time.process_time() - start

    def _count_calls(self, work, count):
        calls = 0

        def profile(frame, event, _argument):
            nonlocal calls
            if event == "call" and OWN in frame.f_code.co_filename:
                calls += 1

        sys.setprofile(profile)
        try:
            self._do(work, count)
        finally:
            sys.setprofile(None)
        return calls


def compare(rounds):
    """:param list rounds: [(without, with)], of the same moment each
    :return: {what: medians, what the module costs in percent, statements and calls}"""
    result = {}
    for name in rounds[0][0]:
        without, installed = ([one[side][name] for one in rounds] for side in (0, 1))
        medians = [statistics.median(one["cpu_s"] for one in each) for each in (without, installed)]
        ratios = [
            second["cpu_s"] / first["cpu_s"]
            for first, second in zip(without, installed, strict=True)
        ]
        result[name] = {
            "without_s": medians[0],
            "with_s": medians[1],
            "percent": 100 * (statistics.median(ratios) - 1),
            "queries_without": without[-1]["queries"],
            "queries_with": installed[-1]["queries"],
            "own_calls": installed[-1]["own_calls"],
        }
    return result


def print_ordinary(result):
    """As a Markdown table."""
    print(
        "\n| Without letters or items | Without the module, CPU s | With it | More | Statements |"
        " With it | Calls of the module each |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|")
    for name, one in result.items():
        print(
            f"| {TITLES[name]} | {one['without_s']:.2f} | {one['with_s']:.2f} |"
            f" {one['percent']:+.1f} % | {one['queries_without']:,} | {one['queries_with']:,} |"
            f" {one['own_calls']:.1f} |"
        )
