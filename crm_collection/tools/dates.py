from datetime import date


def days_before(day, days):
    """:return: the date ``days`` days before ``day``, or the calendar's end where there is none"""
    ordinal = day.toordinal() - days
    return date.fromordinal(min(max(ordinal, date.min.toordinal()), date.max.toordinal()))
