"""The bench's result as Markdown tables, for the README."""

import os
import platform

TITLES = {
    "first": "First allocation",
    "second": "Second run, same day",
    "approval": "First allocation, all under approval (floor: without)",
    "settlement": "Settlement sweep",
    "next_day": "Next day's run",
    "letters_1000": "Letters for 1,000 customers: decide and write",
    "mails_1000": "Their mails: check again, compose, queue",
    "pdfs": "PDFs of some of the letters (floor: WeasyPrint alone)",
    "pdfs_at_once": "The same, one process for each core",
    "work_mine": "My Work, mine",
    "work_all": "My Work, all",
    "customer_page": "A customer's page",
    "portfolio_list": "Portfolio, list",
    "portfolio_kanban": "Portfolio, kanban",
    "customers": "Customers, list",
    "cockpit": "Cockpit",
    "collectors": "Collectors",
    "expected_cash": "Expected cash",
    "expected_list": "Expected cash, list",
    "leaves_next": "What leaves next",
    "settlements": "Settled collections, list",
    "settlements_by_phase": "Settled collections, by phase",
    "results_by_phase": "What works, by phase",
    "roll_rates_by_phase": "Roll rates, by phase",
    "aging": "Aging, list",
    "aging_pivot": "Aging, pivot",
    "aging_by_customer": "Aging, by customer",
    "past_aging_pivot": "Aging of a past day, pivot",
    "past_aging_by_customer": "Aging of a past day, by customer",
    "indicators": "Indicators",
    "invoices_by_phase_filter": "Invoice list, filtered by phase",
    "invoices_by_phase_group": "Invoice list, grouped by phase",
}


def machine_facts():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "ram_gb": round(memory / 1024**3, 1),
        "cpu": _cpu_name(),
        "python": platform.python_version(),
        "system": platform.system(),
        "memory": "peak resident memory of the job's process, Odoo included (getrusage)",
    }


def _cpu_name():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(
                line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")
            )
    except (OSError, StopIteration):
        return platform.processor()


def print_table(result):
    machine = result["machine"]
    print(f"\n### {result['items']:,} installments\n")
    print(
        f"{machine['cores']} cores, {machine['ram_gb']} GB, {machine['postgresql']},"
        f" Python {machine['python']}, Odoo {machine['odoo']}\n"
    )
    print("| Job | s | Floor, s | Ratio | Narrow floor, s | Ratio | Rows | Queries | Peak, MB |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for name, job in result["jobs"].items():
        floor, narrow = (
            f"{job[f'{name}_s']:.2f} | {job[ratio]:.1f}" if job[f"{name}_s"] else "|"
            for name, ratio in (("floor", "ratio"), ("narrow", "narrow_ratio"))
        )
        print(
            f"| {TITLES[name]} | {job['median_s']:.2f} | {floor} | {narrow} | {job['rows']:,} |"
            f" {job['queries']:,} | {job['peak_mb']:.0f} |"
        )
    print("\n| Screen | s |")
    print("|---|--:|")
    for name, screen in result["screens"].items():
        print(f"| {TITLES[name]} | {screen['median_s']:.3f} |")
    for error in result["errors"]:
        print(f"\n**Wrong:** {error}")


def print_growth(results):
    sizes = [f"{result['items']:,}" for result in results]
    print("\n### Growth: seconds (peak MB)\n")
    print(f"| | {' | '.join(sizes)} |")
    print(f"|---|{'--:|' * len(sizes)}")
    for name in results[0]["jobs"]:
        jobs = [result["jobs"].get(name) for result in results]
        cells = [f"{job['median_s']:.2f} ({job['peak_mb']:.0f})" if job else "" for job in jobs]
        print(f"| {TITLES[name]} | {' | '.join(cells)} |")
    for name in results[0]["screens"]:
        cells = [f"{r['screens'][name]['median_s']:.3f}" for r in results]
        print(f"| {TITLES[name]} | {' | '.join(cells)} |")
