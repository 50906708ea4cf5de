"""What the reports must show after a replay, told by the file of receivables alone.

Nothing here knows of the module or reads through its tools: the file is read with the csv module,
and every figure is worked out with loops over its rows, as a clerk with a calendar would do it. A
item is in the last step its days have reached, from the morning of that day; its letter leaves
that morning, its payment comes in the afternoon.
"""

import csv
from bisect import bisect_left
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median

ONE_DAY = timedelta(days=1)
LIMITS = (0, 30, 60, 90, 120)
ATTRIBUTION_DAYS = 7


class Item:
    """One row of the file and the phases it went through, `[step, day in, day out]`."""

    def __init__(self, row, steps):
        self.number, self.customer = row["invoiceNumber"], row["customerID"]
        self.issued, self.due = read_day(row["InvoiceDate"]), read_day(row["DueDate"])
        self.settled = read_day(row["SettledDate"])
        self.amount = Decimal(row["InvoiceAmount"])
        days = [max(self.issued, self.due + timedelta(days=step)) for step in steps]
        # of the steps reached on one morning the last one counts
        entered = {day: step for day, step in zip(days, steps, strict=True) if day <= self.settled}
        ends = [*list(entered)[1:], self.settled][: len(entered)]
        self.stays = [
            [step, day, end] for (day, step), end in zip(entered.items(), ends, strict=True)
        ]

    def is_owed(self, day):
        return self.issued <= day < self.settled

    def phase(self, day):
        """:return: the step it was in at the end of a day, if any"""
        return next((step for step, first, end in self.stays if first <= day < end), None)


def read_day(text):
    return datetime.strptime(text, "%m/%d/%Y").date()


def read(path, steps):
    with open(path, encoding="utf-8", newline="") as file:
        return [Item(row, steps) for row in csv.DictReader(file)]


def month_ends(items):
    """:return: the last days of all months from the first invoice to the last payment"""
    day, last = min(item.issued for item in items), max(item.settled for item in items)
    ends = []
    while not ends or ends[-1] < last:
        day = next_month(day)
        ends.append(day - ONE_DAY)
    return ends


def next_month(day):
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


# ------------------------------------------------------------
# REPORTS 1 TO 4
# ------------------------------------------------------------


def settled(items, is_sent=True):
    """Report 1, a row per payment of an item in collection.

    :param is_sent: the letters reached the customers
    """
    rows = []
    for item in items:
        if not item.stays:
            continue
        step, entered, _end = item.stays[-1]
        since = (item.settled - entered).days
        rows.append(
            {
                "item": item.number,
                "date": str(item.settled),
                "amount": money(item.amount),
                "kind": "payment",
                "phase": step,
                "days_overdue": (item.settled - item.due).days,
                "days_in_phase": since,
                "letters": len(item.stays) if is_sent else 0,
                "days_since_letter": since if is_sent else 0,
                "is_attributed": is_sent and since <= ATTRIBUTION_DAYS,
            }
        )
    return sorted(rows, key=lambda row: row["item"])


def history(items):
    """Report 2, a row per stay of an item in a phase."""
    rows = []
    for item in items:
        for stay in item.stays:
            step, first, end = stay
            why = "settled" if stay is item.stays[-1] else "moved"
            days = (first - item.due).days
            rows.append([item.number, step, str(first), str(end), why, money(item.amount), days])
    return sorted(rows)


def aging(items, days):
    """Report 3: {day: {bucket, phase and customer: {which: owed}}}."""
    result = {}
    for day in days:
        sums = {"bucket": Counter(), "phase": Counter(), "customer": Counter()}
        for item in items:
            if item.is_owed(day):
                bucket = bisect_left(LIMITS, (day - item.due).days)
                sums["bucket"][str(bucket)] += item.amount
                sums["phase"][str(item.phase(day))] += item.amount
                sums["customer"][item.customer] += item.amount
        result[str(day)] = {
            kind: {key: money(amount) for key, amount in sorted(amounts.items())}
            for kind, amounts in sums.items()
        }
    return result


def results(items, is_sent=True):
    """Report 4, a row per phase."""
    stays = defaultdict(list)
    for item in items:
        for stay in item.stays:
            stays[stay[0]].append((item, stay))
    return {str(step): _summarize(rows, is_sent) for step, rows in sorted(stays.items())}


def _summarize(rows, is_sent):
    ended = [(item, stay) for item, stay in rows if stay is item.stays[-1]]
    entered = sum(item.amount for item, _stay in rows)
    recovered = sum(item.amount for item, _stay in ended)
    return {
        "in": len(rows),
        "settled": len(ended),
        "moved": len(rows) - len(ended),
        "median_days": float(median((stay[2] - stay[1]).days for _item, stay in ended))
        if ended
        else None,
        "amount_in": money(entered),
        "recovered": money(recovered),
        "rate": round(float(100 * recovered / entered), 6),
        # one letter is about all that enter on a day
        "letters": len({(item.customer, stay[1]) for item, stay in rows}) if is_sent else 0,
    }


def roll_rates(items):
    """Report 4, the matrix: {month, phase when it began, what became of it, phase at its end:
    items}."""
    counts = Counter()
    for item in items:
        for step, first, end in item.stays:
            day = next_month(first)
            while day <= end:
                counts[(str(day), step, *_place(item, step, next_month(day)))] += 1
                day = next_month(day)
    return sorted([*key, number] for key, number in counts.items())


def _place(item, step, day):
    last = [stay for stay in item.stays if stay[1] < day][-1]
    if last[2] < day:
        return "settled", 0
    return ("stayed" if last[0] == step else "forward"), last[0]


# ------------------------------------------------------------
# REPORT 5
# ------------------------------------------------------------


def indicators(items, today):
    """Report 5: {day: {indicator: value}} for the month-ends of two years and for today."""
    days = [today]
    while len(days) < 25:
        days.append(days[-1].replace(day=1) - ONE_DAY)
    first = min(item.issued for item in items)
    return {str(day): _indicate(items, day) for day in days if day >= first}


def _indicate(items, day):
    first = day.replace(day=1)
    owed = sum_owed(items, day)
    overdue = sum(item.amount for item in items if item.is_owed(day) and item.due < day)
    before, sold = sum_owed(items, first - ONE_DAY), sum_sold(items, first, day)
    quarter = (((first - ONE_DAY).replace(day=1)) - ONE_DAY).replace(day=1)
    quarter = max(quarter, min(item.issued for item in items).replace(day=1))
    quarter_sold, days = sum_sold(items, quarter, day), (day - quarter).days + 1
    due = before + sold - owed + overdue
    return {
        "receivables": money(owed),
        "overdue": money(overdue),
        "sales": money(sold),
        "dso": number(_count_back(items, day, owed)),
        "dso_best": number((owed - overdue) * days / quarter_sold if quarter_sold else 0),
        "days_delinquent": number(overdue * days / quarter_sold if quarter_sold else 0),
        "cei": number(100 * (before + sold - owed) / due if due else 0),
        "overdue_share": number(100 * overdue / owed if owed else 0),
    }


def sum_owed(items, day):
    return sum((item.amount for item in items if item.is_owed(day)), Decimal())


def sum_sold(items, first, last):
    return sum((item.amount for item in items if first <= item.issued <= last), Decimal())


def _count_back(items, day, rest):
    """Days of sales, the last ones first, until they make up what is owed."""
    days = Decimal()
    while rest:
        first = day.replace(day=1)
        sold, length = sum_sold(items, first, day), (day - first).days + 1
        if rest < sold:
            return days + length * rest / sold
        days, rest, day = days + length, rest - sold, first - ONE_DAY
    return days


def money(amount):
    return f"{amount:.2f}"


def number(value):
    return round(float(value), 3)


def expect(path, steps, todays, is_sent=True):
    """:return: all that the reports must show, as replayed_figures.py tells what they do show"""
    items = read(path, steps)
    return {
        "settled": settled(items, is_sent),
        "history": history(items),
        "aging": aging(items, month_ends(items)),
        "results": results(items, is_sent),
        "roll_rates": roll_rates(items),
        "indicators": {str(day): indicators(items, day) for day in todays},
    }


def last_days(path):
    """:return: two days on which to look at the indicators: within the file, and after it"""
    items = read(path, (1,))
    last = max(item.settled for item in items)
    return [last - timedelta(days=40), date(last.year + 1, 1, 15)]
