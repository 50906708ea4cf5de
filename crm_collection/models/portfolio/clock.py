"""The clock of a place: the time zone of a country, and when an hour of a day comes there."""

from datetime import datetime, time, timedelta

from pytz import country_timezones, timezone, utc

HOURS_OF_DAY = 24
LAST_MINUTE = HOURS_OF_DAY * 60 - 1
FURTHEST_HOURS = 4  # days; a zone may leave out hours, or a whole day, once
# Where most companies of a country are, where that is not the first zone in the list.
USUAL_ZONES = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "FM": "Pacific/Pohnpei",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "UZ": "Asia/Tashkent",
}


def get_usual_zone(country_code):
    """:return: the time zone most companies of a country go by, ``False`` where none is known"""
    code = (country_code or "").upper()
    return USUAL_ZONES.get(code) or next(iter(country_timezones.get(code, ())), False)


def get_moment(zone, day, hours=0.0):
    """:return: when an hour of a day comes on the clocks of a zone, naive, in UTC: the first time
    where it comes twice; where it is left out, as much later as the clocks go forward"""
    wall = datetime.combine(day, time.min) + timedelta(minutes=min(round(hours * 60), LAST_MINUTE))
    here = timezone(zone)
    moments = [here.localize(wall, is_dst=is_dst).astimezone(utc) for is_dst in (True, False)]
    shown = [moment for moment in moments if moment.astimezone(here).replace(tzinfo=None) == wall]
    return (min(shown) if shown else max(moments)).replace(tzinfo=None)


def get_next_moment(zone, moment, hour_from, hour_to):
    """:return: the moment itself (naive, in UTC) where it is within hours of the day on the clocks
    of a zone, else the next one at which they begin; when an hour comes says :func:`get_moment`

    :param float hour_to: 24 for the end of the day
    """
    day = utc.localize(moment).astimezone(timezone(zone)).date()
    for number in range(FURTHEST_HOURS):
        here = day + timedelta(days=number)
        begins = get_moment(zone, here, hour_from)
        if hour_to < HOURS_OF_DAY:
            ends = get_moment(zone, here, hour_to)
        else:
            ends = get_moment(zone, here + timedelta(days=1))
        if max(begins, moment) < ends:  # where clocks leave out all of the hours there are none
            return max(begins, moment)
    return moment
