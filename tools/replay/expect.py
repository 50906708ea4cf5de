"""What a replay must come to, told by the file of receivables alone.

Nothing here knows of the module: each item is walked day by day from its issue to its
settlement, as a clerk with a calendar would do it. In the morning the item goes to the last
step that its days have reached, and gets the step's letter; later in the day it may be paid.
"""

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import median

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Plan:
    """Steps in days after the due date; letters again every `resend` days, at most so often.

    `resend` 0 sends none again; `max_resends` None sets no limit.
    """

    steps: tuple[int, ...]
    resend: int = 0
    max_resends: int | None = None


@dataclass
class Stay:
    """One item in one phase."""

    step: int
    entered: date
    letters: list[date] = field(default_factory=list)


@dataclass
class Item:
    """An item that entered at least one phase."""

    number: str
    customer: str
    settled: date | None
    stays: list[Stay] = field(default_factory=list)

    @property
    def letters(self):
        return [day for stay in self.stays for day in stay.letters]


def find_period(rows, plan):
    """:return: the first and the last day on which something can happen"""
    reach = timedelta(days=plan.steps[-1])
    return min(row.issued for row in rows), max(row.settled or row.due + reach for row in rows)


def find_first_morning(row, plan):
    """:return: the day on which an item reaches its first step, if it is still owed"""
    return max(row.issued, row.due + timedelta(days=plan.steps[0]))


def expect(rows, plan):
    """:return: the items that enter a phase, by number"""
    if not rows:
        return {}
    _first, last = find_period(rows, plan)
    items = (_walk(row, plan, last) for row in rows)
    return {item.number: item for item in items if item.stays}


def _walk(row, plan, last):
    """Follow one item through its mornings."""
    item = Item(row.number, row.customer, row.settled)
    day = find_first_morning(row, plan)
    while day <= (row.settled or last):
        late = (day - row.due).days
        step = max(step for step in plan.steps if step <= late)
        if not item.stays or item.stays[-1].step != step:
            item.stays.append(Stay(step, day, [day]))
        elif _is_resend_due(item.stays[-1], plan, day):
            item.stays[-1].letters.append(day)
        day += ONE_DAY
    return item


def _is_resend_due(stay, plan, day):
    again = len(stay.letters) - 1
    if not plan.resend or (plan.max_resends is not None and again >= plan.max_resends):
        return False
    return (day - stay.letters[-1]).days >= plan.resend


# ------------------------------------------------------------
# FIGURES
# ------------------------------------------------------------


def summarize(items, plan):
    """:return: the figures of a replay, as its JSON has them"""
    entered, ended = Counter(), Counter()
    sheets, lines = set(), 0
    for item in items.values():
        entered.update({stay.step for stay in item.stays})
        ended[item.stays[-1].step] += 1
        # one letter covers all that a customer is due on a day
        sheets.update((item.customer, day) for day in item.letters)
        lines += len(item.letters)
    return {
        "items": len(items),
        "entered": {str(step): entered[step] for step in plan.steps},
        "ended": {str(step): ended[step] for step in plan.steps},
        "letters": len(sheets),
        "letter_lines": lines,
        "settled": sum(1 for item in items.values() if item.settled),
        **compute_medians(items, plan),
    }


def compute_medians(items, plan):
    """Days from a phase's letter to settlement, over the items that were settled in the phase:
    from the first letter of the stay, and from the last one."""
    first, last = defaultdict(list), defaultdict(list)
    for item in items.values():
        stay = item.stays[-1]
        if item.settled and stay.letters:
            first[stay.step].append((item.settled - stay.letters[0]).days)
            last[stay.step].append((item.settled - stay.letters[-1]).days)
    return {
        "median_days_to_settlement": _medians(first, plan),
        "median_days_from_last_letter": _medians(last, plan),
    }


def _medians(days, plan):
    return {str(step): median(days[step]) if days[step] else None for step in plan.steps}


def format_item(item):
    """:return: the cells of an item in the CSV"""
    phases = " ".join(f"{stay.step}@{stay.entered}" for stay in item.stays)
    return [item.number, phases, " ".join(str(day) for day in item.letters)]


def write_items(path, items):
    with open(path, "w", encoding="utf-8", newline="") as output:
        writer = csv.writer(output, lineterminator="\n")
        writer.writerow(["item", "phases", "letters"])
        writer.writerows(format_item(items[number]) for number in sorted(items))


# ------------------------------------------------------------
# COMPARISON
# ------------------------------------------------------------


def compare(found, expected):
    """Yield a line per item that came out differently."""
    for number in sorted(found.keys() | expected.keys()):
        is_found = format_item(found[number])[1:] if number in found else None
        is_expected = format_item(expected[number])[1:] if number in expected else None
        if is_found != is_expected:
            yield f"{number}: {_tell(is_found)}; the file says {_tell(is_expected)}"


def _tell(cells):
    if cells is None:
        return "in no phase"
    phases, letters = cells
    return f"phases {phases or 'none'}, letters {letters or 'none'}"
