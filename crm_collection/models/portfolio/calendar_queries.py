"""The working day a due date moves to, in SQL: as :class:`.working_days.WorkingDays` says."""

from odoo.tools import SQL


def shift(working_days, day):
    """How many days later the next working day is, of a day that is none. Without a join: for
    the few rows of letters.

    :param WorkingDays working_days: none where due dates stay where they are
    """
    if working_days is None:
        return SQL("0")
    if not working_days.moved:
        return _shift_of_weekday(working_days, day)
    return SQL(
        "COALESCE((SELECT number FROM (%s) AS moved_day WHERE day = %s), %s)",
        _moved_days(working_days),
        day,
        _shift_of_weekday(working_days, day),
    )


def counted_from(working_days, day):
    """The day that days are counted from: the due date ``day``, or the working day it moves to.

    :param WorkingDays working_days: see :func:`shift`
    """
    return day if working_days is None else SQL("(%s + %s)", day, shift(working_days, day))


def counted_by_company(by_company, company_id, day):
    """As :func:`counted_from`, of rows of several companies.

    :param dict by_company: {company's id: WorkingDays}, of those whose due dates move
    :param SQL company_id: the company of the row, not asked for where no due date moves
    """
    if not by_company:
        return day
    moved = [
        SQL("WHEN %s THEN %s", one_id, shift(working_days, day))
        for one_id, working_days in by_company.items()
    ]
    return SQL("(%s + CASE %s %s ELSE 0 END)", day, company_id, SQL(" ").join(moved))


def shift_joined(working_days, day):
    """As :func:`shift`, for many rows.

    :return: (expression, join)
    """
    if working_days is None or not working_days.moved:
        return shift(working_days, day), SQL()
    return (
        SQL("COALESCE(moved_day.number, %s)", _shift_of_weekday(working_days, day)),
        SQL("LEFT JOIN (%s) AS moved_day ON moved_day.day = %s", _moved_days(working_days), day),
    )


def _moved_days(working_days):
    days = list(working_days.moved)
    return SQL(
        "SELECT day, number FROM unnest(%s::date[], %s::integer[]) AS moved (day, number)",
        days,
        [working_days.moved[day] for day in days],
    )


def _shift_of_weekday(working_days, day):
    return SQL(
        "(%s::integer[])[(%s - DATE '0001-01-01') %% 14 + 1]", list(working_days.shifts), day
    )
