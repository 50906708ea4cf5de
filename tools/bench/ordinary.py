"""What is none of the module's business: messages and partners, in a database without the module
and in one with it."""

import statistics
import sys
import threading
import time

COUNT = 1000
BATCHES = 10  # the fastest one counts: others share the machine's caches with whatever else runs
COUNTED = 50  # under a profiler: every call is seen, and takes long
OWN = "/crm_collection/models/"  # where the module is, and not this tool
GROUPS = ("base.group_user", "base.group_partner_manager")
TITLES = {"messages": "1,000 messages", "partners": "1,000 partners"}


class BenchOrdinary:
    """Post messages and create partners as an employee does, one after the other."""

    def __init__(self, env):
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
        self.works = {"messages": self._post, "partners": self._create}

    def run(self):
        """:return: {what: CPU seconds of this process and statements for `COUNT`, and how often
        each record called the module}"""
        results = {}
        for name, work in self.works.items():
            self._do(work, COUNTED)  # caches are warm from here on
            calls = self._count_calls(work)
            thread = threading.current_thread()
            thread.query_count = 0
            seconds = [self._time(work) for _batch in range(BATCHES)]
            results[name] = {
                "cpu_s": min(seconds) * BATCHES,
                "queries": thread.query_count,
                "own_calls": calls / COUNTED,
            }
        return results

    def _post(self, number):
        self.partner.message_post(body=f"Message {number}")

    def _create(self, number):
        self.env["res.partner"].create(
            {"name": f"Partner {number}", "email": f"partner{number}@example.com"}
        )

    def _do(self, work, count):
        """As `count` calls of a client: each writes what it did."""
        for number in range(count):
            work(number)
            self.env.flush_all()

    def _time(self, work):
        """:return: CPU seconds of a batch"""
        start = time.process_time()
        self._do(work, COUNT // BATCHES)
        return time.process_time() - start

    def _count_calls(self, work):
        calls = 0

        def profile(frame, event, _argument):
            nonlocal calls
            if event == "call" and OWN in frame.f_code.co_filename:
                calls += 1

        sys.setprofile(profile)
        try:
            self._do(work, COUNTED)
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
