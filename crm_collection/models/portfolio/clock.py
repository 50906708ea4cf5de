"""The clock of a place: the time zone of a country, and when an hour of a day comes there."""

from datetime import datetime, time, timedelta

from pytz import country_timezones, timezone, utc

LAST_MINUTE = 24 * 60 - 1
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
