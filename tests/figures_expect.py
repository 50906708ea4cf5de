"""What the reports must show after a replay, told by the file of receivables alone.

Nothing here knows of the module or reads through its tools: the file is read with the csv module,
and every figure is worked out with loops over its rows, as a clerk with a calendar would do it. A
title is in the last step its days have reached, from the morning of that day; its letter leaves
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


class Title:
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
        return [Title(row, steps) for row in csv.DictReader(file)]


def month_ends(titles):
    """:return: the last days of all months from the first invoice to the last payment"""
    day, last = min(title.issued for title in titles), max(title.settled for title in titles)
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


def settled(titles, is_sent=True):
    """Report 1, a row per payment of a title in collection.

    :param is_sent: the letters reached the customers
    """
    rows = []
    for title in titles:
        if not title.stays:
            continue
        step, entered, _end = title.stays[-1]
        since = (title.settled - entered).days
        rows.append(
            {
                "title": title.number,
                "date": str(title.settled),
                "amount": money(title.amount),
                "kind": "payment",
                "phase": step,
                "days_overdue": (title.settled - title.due).days,
                "days_in_phase": since,
                "letters": len(title.stays) if is_sent else 0,
                "days_since_letter": since if is_sent else 0,
                "is_attributed": is_sent and since <= ATTRIBUTION_DAYS,
            }
        )
    return sorted(rows, key=lambda row: row["title"])


def history(titles):
    """Report 2, a row per stay of a title in a phase."""
    rows = []
    for title in titles:
        for stay in title.stays:
            step, first, end = stay
            why = "settled" if stay is title.stays[-1] else "moved"
            days = (first - title.due).days
            rows.append(
                [title.number, step, str(first), str(end), why, money(title.amount), days]
            )
    return sorted(rows)


def aging(titles, days):
    """Report 3: {day: {bucket, phase and customer: {which: owed}}}."""
    result = {}
    for day in days:
        sums = {"bucket": Counter(), "phase": Counter(), "customer": Counter()}
        for title in titles:
            if title.is_owed(day):
                bucket = bisect_left(LIMITS, (day - title.due).days)
                sums["bucket"][str(bucket)] += title.amount
                sums["phase"][str(title.phase(day))] += title.amount
                sums["customer"][title.customer] += title.amount
        result[str(day)] = {
            kind: {key: money(amount) for key, amount in sorted(amounts.items())}
            for kind, amounts in sums.items()
        }
    return result


def results(titles, is_sent=True):
    """Report 4, a row per phase."""
    stays = defaultdict(list)
    for title in titles:
        for stay in title.stays:
            stays[stay[0]].append((title, stay))
    return {str(step): _summarize(rows, is_sent) for step, rows in sorted(stays.items())}


def _summarize(rows, is_sent):
    ended = [(title, stay) for title, stay in rows if stay is title.stays[-1]]
    entered = sum(title.amount for title, _stay in rows)
    recovered = sum(title.amount for title, _stay in ended)
    return {
        "in": len(rows),
        "settled": len(ended),
        "moved": len(rows) - len(ended),
        "median_days": float(median((stay[2] - stay[1]).days for _title, stay in ended))
        if ended else None,
        "amount_in": money(entered),
        "recovered": money(recovered),
        "rate": round(float(100 * recovered / entered), 6),
        "letters": len(rows) if is_sent else 0,
    }


def roll_rates(titles):
    """Report 4, the matrix: {month, phase when it began, what became of it, phase at its end:
    titles}."""
    counts = Counter()
    for title in titles:
        for step, first, end in title.stays:
            day = next_month(first)
            while day <= end:
                counts[(str(day), step, *_place(title, step, next_month(day)))] += 1
                day = next_month(day)
    return sorted([*key, number] for key, number in counts.items())


def _place(title, step, day):
    last = [stay for stay in title.stays if stay[1] < day][-1]
    if last[2] < day:
        return "settled", 0
    return ("stayed" if last[0] == step else "forward"), last[0]


# ------------------------------------------------------------
# REPORT 5
# ------------------------------------------------------------


def indicators(titles, today):
    """Report 5: {day: {indicator: value}} for the month-ends of two years and for today."""
    days = [today]
    while len(days) < 25:
        days.append(days[-1].replace(day=1) - ONE_DAY)
    first = min(title.issued for title in titles)
    return {str(day): _indicate(titles, day) for day in days if day >= first}


def _indicate(titles, day):
    first = day.replace(day=1)
    owed = sum_owed(titles, day)
    overdue = sum(title.amount for title in titles if title.is_owed(day) and title.due < day)
    before, sold = sum_owed(titles, first - ONE_DAY), sum_sold(titles, first, day)
    quarter = (((first - ONE_DAY).replace(day=1)) - ONE_DAY).replace(day=1)
    quarter = max(quarter, min(title.issued for title in titles).replace(day=1))
    quarter_sold, days = sum_sold(titles, quarter, day), (day - quarter).days + 1
    due = before + sold - owed + overdue
    return {
        "receivables": money(owed),
        "overdue": money(overdue),
        "sales": money(sold),
        "dso": number(_count_back(titles, day, owed)),
        "dso_best": number((owed - overdue) * days / quarter_sold if quarter_sold else 0),
        "days_delinquent": number(overdue * days / quarter_sold if quarter_sold else 0),
        "cei": number(100 * (before + sold - owed) / due if due else 0),
        "overdue_share": number(100 * overdue / owed if owed else 0),
    }


def sum_owed(titles, day):
    return sum((title.amount for title in titles if title.is_owed(day)), Decimal())


def sum_sold(titles, first, last):
    return sum((title.amount for title in titles if first <= title.issued <= last), Decimal())


def _count_back(titles, day, rest):
    """Days of sales, the last ones first, until they make up what is owed."""
    days = Decimal()
    while rest:
        first = day.replace(day=1)
        sold, length = sum_sold(titles, first, day), (day - first).days + 1
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
    titles = read(path, steps)
    return {
        "settled": settled(titles, is_sent),
        "history": history(titles),
        "aging": aging(titles, month_ends(titles)),
        "results": results(titles, is_sent),
        "roll_rates": roll_rates(titles),
        "indicators": {str(day): indicators(titles, day) for day in todays},
    }


def last_days(path):
    """:return: two days on which to look at the indicators: within the file, and after it"""
    titles = read(path, (1,))
    last = max(title.settled for title in titles)
    return [last - timedelta(days=40), date(last.year + 1, 1, 15)]
