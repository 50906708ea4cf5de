from collections import defaultdict
from datetime import datetime, time, timedelta
from typing import NamedTuple

from pytz import timezone, utc

FORTNIGHT = 14
WEEK = 7
BANK_HOURS = (8.0, 17.0)  # of Monday to Friday, where a calendar names no hours
LEAVE_ENDS = timedelta(minutes=1)  # a leave up to 23:59:59 is one up to midnight
# A calendar may be closed for good: a due date that meets no working day so long stays.
FURTHEST = 366


class WorkingDays(NamedTuple):
    """Which day that is no working day moves to which: the one that follows.

    Weekdays repeat every fortnight, as Odoo's calendars of two weeks do: numbered from the
    first day there is, Monday 1 January of the year 1. Holidays, and the days that lead up to
    them, are named one by one.
    """

    shifts: tuple  # of each day of a fortnight: how many days later the next working day is
    moved: dict  # the same of days that are not as their weekday: {day: number of days}

    def get_next(self, day):
        """:return: the day itself, or the working day it moves to"""
        return day + timedelta(days=self.moved.get(day, self.shifts[get_number(day)]))

    def is_working(self, day):
        """:return: whether a day is a working day; where none follows for a year, every day is"""
        return self.get_next(day) == day

    def get_longest(self):
        """:return: how many days a day moves at most"""
        return max(*self.shifts, *self.moved.values())


def get_number(day):
    """:return: the number of a day in its fortnight: weekday + 7 in the second week"""
    return (day.toordinal() - 1) % FORTNIGHT


def get_working_days(hours, holidays):
    """:param dict hours: {number in the fortnight: [(from, to)]} of the working days
    :param holidays: dates that are none
    """
    shifts = tuple(
        next((n for n in range(FORTNIGHT) if (number + n) % FORTNIGHT in hours), 0)
        for number in range(FORTNIGHT)
    )
    holidays = {day for day in holidays if get_number(day) in hours}

    def is_working(day):
        return get_number(day) in hours and day not in holidays

    moved = {}
    for holiday in holidays if hours else ():
        day = holiday
        while not is_working(day) and day not in moved:
            later = (day + timedelta(days=number) for number in range(FURTHEST))
            moved[day] = next(((to - day).days for to in later if is_working(to)), 0)
            day -= timedelta(days=1)
    return WorkingDays(shifts, moved)


def get_hours(calendar):
    """:return: {number in the fortnight: [(from, to)]} of a ``resource.calendar``; of a flexible
    one, or one without hours, Monday to Friday"""
    hours = defaultdict(list)
    if not calendar.flexible_hours:
        for attendance in calendar.attendance_ids.filtered(lambda one: one._is_work_period()):
            weeks = (0, 1)
            if calendar.two_weeks_calendar:
                weeks = (int(attendance.week_type or 0),)
            for week in weeks:
                number = int(attendance.dayofweek) + WEEK * week
                hours[number].append((attendance.hour_from, attendance.hour_to))
    return hours or {day + WEEK * week: [BANK_HOURS] for day in range(5) for week in (0, 1)}


def get_holidays(hours, leaves, tz):
    """:param list leaves: (from, to), naive, in UTC
    :return: the days of which leaves cover all the hours, one or several together
    """
    by_day = defaultdict(list)
    for start, end in _join(sorted(_localize(moment, tz) for moment in leave) for leave in leaves):
        for number in range((end.date() - start.date()).days + 1):
            by_day[start.date() + timedelta(days=number)].append((start, end))
    return [
        day
        for day, covered in by_day.items()
        if all(
            any(
                start <= _get_moment(day, hour_from) and _get_moment(day, hour_to) <= end
                for start, end in covered
            )
            for hour_from, hour_to in hours.get(get_number(day), ())
        )
    ]


def _join(leaves):
    """Leaves that touch are one."""
    joined = []
    for start, last in sorted(leaves):
        end = last + LEAVE_ENDS
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _localize(moment, tz):
    return utc.localize(moment).astimezone(timezone(tz)).replace(tzinfo=None)


def _get_moment(day, hour):
    return datetime.combine(day, time.min) + timedelta(hours=hour)
