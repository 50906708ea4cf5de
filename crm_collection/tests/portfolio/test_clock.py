import importlib.util
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytz
from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.errors import CheckViolation

from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from ...models.portfolio import payment_queries
from ...models.portfolio.clock import USUAL_ZONES, get_moment, get_next_moment, get_usual_zone
from ..common import TODAY, CrmCollectionCommon

UTC = ZoneInfo("UTC")
MIGRATION = Path(__file__).parents[2] / "migrations/19.0.2.2.0/post-company-tz.py"
# on both sides of the date line, at quarters of an hour, with clocks that change and that do not
ZONES = (
    *("Pacific/Kiritimati", "Pacific/Honolulu", "America/Sao_Paulo", "America/New_York"),
    *("Asia/Kathmandu", "Australia/Lord_Howe", "Europe/Lisbon", "Africa/Cairo", "UTC"),
)
MOMENTS = st.datetimes(datetime(2023, 1, 1), datetime(2030, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0)
)


def migrate(cr):
    spec = importlib.util.spec_from_file_location("post_company_tz", MIGRATION)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.migrate(cr, "19.0.2.1.0")


@tagged("post_install", "-at_install")
class TestMoment(BaseCase):
    """When an hour of a day comes, whatever clocks do on that day."""

    @settings(max_examples=400, deadline=None)
    @given(
        st.sampled_from(pytz.common_timezones),
        st.dates(date(2023, 1, 1), date(2030, 12, 31)),
        st.integers(0, 24 * 60 - 1),
    )
    def test_an_hour_comes_once_a_day(self, zone, day, minutes):
        """It is on the day, not before the hour, and a minute earlier it is before it; so each
        day has one, and it is the first where the clocks go back over it.
        """
        here = pytz.timezone(zone)
        wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)
        moment = get_moment(zone, day, minutes / 60)

        def show(at):
            return pytz.utc.localize(at).astimezone(here).replace(tzinfo=None)

        shown = show(moment)
        self.assertEqual(shown.date(), day)
        self.assertGreaterEqual(shown, wall)
        left_out = shown - wall
        self.assertLess(show(moment - left_out - timedelta(minutes=1)), wall)
        if not left_out:  # the clock has not shown it in the hours before
            earlier = (show(moment - timedelta(minutes=minute)) for minute in range(1, 181))
            self.assertNotIn(wall, earlier)

    @settings(max_examples=400, deadline=None)
    @given(
        st.sampled_from(pytz.common_timezones),
        MOMENTS,
        st.tuples(st.integers(0, 96), st.integers(0, 96)).filter(lambda pair: pair[0] < pair[1]),
    )
    def test_next_moment_within_hours(self, zone, moment, quarters):
        """It is within the hours by the clock there, now or the moment they begin, and at most a
        day away; where the clocks change about then, the hours of a day are what comes between
        their first and their last moment.
        """
        here = pytz.timezone(zone)
        hour_from, hour_to = (quarter / 4 for quarter in quarters)
        found = get_next_moment(zone, moment, hour_from, hour_to)

        def get_hour(at):
            shown = pytz.utc.localize(at).astimezone(here)
            return shown.hour + shown.minute / 60 + shown.second / 3600

        def get_offset(at):
            return pytz.utc.localize(at).astimezone(here).utcoffset()

        self.assertGreaterEqual(found, moment)
        day = timedelta(days=1)
        if get_offset(moment - day) != get_offset(found + day):
            self.assertLessEqual(found - moment, 2 * day + timedelta(hours=2))
            return
        self.assertLess(found - moment, day)
        self.assertTrue(hour_from <= get_hour(found) < hour_to)
        if hour_from <= get_hour(moment) < hour_to:
            self.assertEqual(found, moment)
        else:
            self.assertAlmostEqual(get_hour(found), hour_from)

    def test_next_moment_where_clocks_change(self):
        """In Lisbon at one o'clock, forward on 29 March, back at two on 25 October; hours that are
        left out are none, and those that come twice last an hour longer."""
        for moment, hours, found in (
            (datetime(2026, 3, 29, 0, 30), (1, 2), datetime(2026, 3, 30, 0)),
            (datetime(2026, 3, 29, 0, 30), (1.5, 4), datetime(2026, 3, 29, 1, 30)),
            (datetime(2026, 3, 29, 0, 30), (9, 24), datetime(2026, 3, 29, 8)),
            (datetime(2026, 10, 25, 1, 30), (1, 3), datetime(2026, 10, 25, 1, 30)),
            (datetime(2026, 10, 25, 23, 59), (0, 24), datetime(2026, 10, 25, 23, 59)),
            (datetime(2026, 10, 25, 23, 59), (0, 23), datetime(2026, 10, 26)),
        ):
            with self.subTest(moment=moment, hours=hours):
                self.assertEqual(get_next_moment("Europe/Lisbon", moment, *hours), found)

    def test_zone_of_a_country(self):
        """The list of zones begins in the east of a country, where nobody lives in some."""
        self.assertEqual(get_usual_zone("BR"), "America/Sao_Paulo")
        self.assertEqual(get_usual_zone("PT"), "Europe/Lisbon")
        self.assertFalse(get_usual_zone(False))
        for code, zone in USUAL_ZONES.items():
            self.assertIn(zone, pytz.country_timezones[code])
        for code in pytz.country_timezones:
            self.assertIn(get_usual_zone(code), pytz.all_timezones)


@tagged("post_install", "-at_install")
class TestCompanyClock(CrmCollectionCommon):
    """Whose day it is: the company's, whoever asks and wherever the server is."""

    def test_day_is_the_companys(self):
        """GIVEN a company's zone, any zones of its manager, its contact, the user and the context,
        and any moment
        THEN the day is that of the company's zone, in Python and in SQL.

        Seen to fail with the manager's zone, the contact's, and the context's.
        """
        self.company.collection_manager_id = self.manager
        zones = st.sampled_from((*ZONES, False))

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        @given(zones, st.tuples(zones, zones, zones, zones), MOMENTS)
        def check(zone, others, moment):
            self.company.collection_tz = zone
            people = (self.company.partner_id, self.manager.sudo(), self.collector.sudo())
            for person, other in zip(people, others[:3], strict=True):
                person.tz = other
            self.env.flush_all()
            here = self.company.with_user(self.collector).with_context(tz=others[3])
            expected = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone or "UTC")).date()
            clock.move_to(moment)
            self.assertEqual(here._get_collection_today(), expected)
            midnight = here._get_collection_midnight(expected)
            self.assertTrue(midnight <= moment < midnight + timedelta(hours=26))
            [(_days, tz)] = self.env.execute_query(payment_queries._company(self.company.id))
            self.assertEqual(tz, zone or "UTC")

        with freeze_time(TODAY) as clock:  # once: to begin with, it looks at every module
            check()

    # === Where it comes from === #

    def _make_company(self, **vals):
        return self.env["res.company"].sudo().create({"name": "New", **vals})

    def test_zone_is_offered(self):
        """Of the country; without one of the company above, the calendar, or who sets it up."""
        brazil, germany = self.env.ref("base.br"), self.env.ref("base.de")
        company = self._make_company(country_id=brazil.id)
        self.assertEqual(company.collection_tz, "America/Sao_Paulo")
        company.country_id = germany
        self.assertEqual(company.collection_tz, "America/Sao_Paulo")  # nobody changed it
        branch = self._make_company(parent_id=company.id, country_id=False, name="Branch")
        self.assertEqual(branch.collection_tz, "America/Sao_Paulo")
        own = self._make_company(country_id=brazil.id, collection_tz="America/Manaus", name="Own")
        self.assertEqual(own.collection_tz, "America/Manaus")

    def test_zone_where_no_country_says(self):
        company = self._make_company()
        company.collection_tz = False
        company.resource_calendar_id.tz = "Asia/Tokyo"
        self.assertEqual(company._get_usual_collection_tz(), "Asia/Tokyo")
        company.resource_calendar_id.tz = "UTC"  # as nobody looked at it
        self.manager.sudo().tz = "Asia/Kolkata"
        self.assertEqual(company.with_user(self.manager)._get_usual_collection_tz(), "Asia/Kolkata")
        company.country_id = self.env.ref("base.br")  # it is offered as soon as somebody says
        self.assertEqual(company.collection_tz, "America/Sao_Paulo")

    def test_hours_are_of_a_day(self):
        for hours in ((-0.5, 6), (5, 24), (7, 6)):
            with (
                self.subTest(hours),
                mute_logger("odoo.sql_db"),
                self.assertRaises(CheckViolation),
                self.env.cr.savepoint(),
            ):
                self.company.write(
                    {"collection_hour": hours[0], "collection_letters_hour": hours[1]}
                )
                self.env.flush_all()

    # === Companies of the version before === #

    def test_update_keeps_day_and_hours(self):
        """GIVEN jobs at 05:30 and 23:15 UTC, as an administrator set them
        WHEN the module is updated
        THEN each company keeps its zone, and its jobs start at that moment on its own clock; the
        scheduler looks every hour, but for a job somebody lets run once a week.
        """
        jobs = {
            name: self.env.ref(f"crm_collection.ir_cron_crm_collection_{name}").sudo()
            for name in ("allocate", "letters", "approvals")
        }
        for name, call in (("allocate", "05:30:00"), ("letters", "23:15:00")):
            jobs[name].write(
                {"nextcall": f"2026-03-17 {call}", "interval_type": "days", "interval_number": 1}
            )
        jobs["approvals"].write({"interval_type": "days", "interval_number": 7})
        companies = [self._make_company(name=name) for name in ("Own", "Manager's", "Nobody's")]
        own, of_manager, nobodys = companies
        for company in companies:
            company.partner_id.tz = False
        own.partner_id.tz = "Asia/Kathmandu"
        self.manager.sudo().tz = "America/Sao_Paulo"
        (own | of_manager).collection_manager_id = self.manager
        nobodys.country_id = self.env.ref("base.br")
        self.env.flush_all()
        migrate(self.env.cr)
        self.env.invalidate_all()
        self.assertEqual(
            [(one.collection_tz, one._get_collection_tz()) for one in companies],
            [
                ("Asia/Kathmandu", "Asia/Kathmandu"),
                ("America/Sao_Paulo", "America/Sao_Paulo"),
                (False, "UTC"),
            ],
        )
        hours = [(one.collection_hour, one.collection_letters_hour) for one in companies]
        # 05:00 on the next day in Kathmandu: not before the allocation
        self.assertEqual(hours, [(11.25, 11.25), (2.5, 20.25), (5.5, 23.25)])
        intervals = [(job.interval_number, job.interval_type) for job in jobs.values()]
        self.assertEqual(intervals, [(1, "hours"), (1, "hours"), (7, "days")])
