from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.fields import Command
from odoo.tests import BaseCase, tagged
from odoo.tools import SQL

from ...models.portfolio.calendar_queries import shift, shift_joined
from ...models.portfolio.working_days import get_number, get_working_days
from ..common import TODAY, CrmCollectionCommon

SATURDAY, SUNDAY = TODAY - timedelta(days=2), TODAY - timedelta(days=1)
CARNIVAL = date(2026, 2, 16)  # Monday, and Tuesday
ZONES = ("America/Sao_Paulo", "Pacific/Auckland", "UTC")

holidays = st.lists(st.integers(0, 60), max_size=25).map(
    lambda numbers: {TODAY + timedelta(days=number) for number in numbers}
)
weekdays = st.sets(st.integers(0, 13), min_size=1)


@tagged("post_install", "-at_install")
class TestNextWorkingDay(BaseCase):
    @settings(
        max_examples=100,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(weekdays=weekdays, holidays=holidays, number=st.integers(-20, 80))
    def test_is_the_first_one_from_the_day_on(self, weekdays, holidays, number):
        """GIVEN any working days of a fortnight, any holidays and any day
        WHEN it moves
        THEN to the first working day, itself included."""
        days = get_working_days({each: [] for each in weekdays}, holidays)
        day = expected = TODAY + timedelta(days=number)
        while get_number(expected) not in weekdays or expected in holidays:
            expected += timedelta(days=1)
        self.assertEqual(days.get_next(day), expected)
        self.assertLessEqual((expected - day).days, days.get_longest())

    def test_closed_for_good(self):
        """A day that meets no working day stays where it is."""
        far = [TODAY + timedelta(days=number) for number in range(3000)]
        days = get_working_days({number: [] for number in range(14)}, far)
        self.assertEqual(days.get_next(TODAY), TODAY)


@tagged("post_install", "-at_install")
class TestCompanyCalendar(CrmCollectionCommon):
    """Due dates that are no working day, by the company's calendar.

    Seen to fail with the due date itself, and with weekends alone.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.calendar = cls.company.resource_calendar_id
        cls.calendar.tz = "America/Sao_Paulo"
        cls.Leave = cls.env["resource.calendar.leaves"].sudo()

    def _close(self, start, hours=24, **vals):
        """Everybody is off from an hour (naive, where the company is)."""
        shift = timedelta(hours=3)  # in March, and without daylight saving time
        vals = {"calendar_id": self.calendar.id, "resource_id": False, **vals}
        end = start + timedelta(hours=hours, seconds=-1)
        return self.Leave.create({"date_from": start + shift, "date_to": end + shift, **vals})

    def _close_day(self, day, **vals):
        return self._close(datetime(day.year, day.month, day.day), **vals)

    def _get_next(self, day):
        days = self.company._get_collection_working_days()
        for expression, join in (
            (shift(days, SQL("due.day")), SQL()),
            shift_joined(days, SQL("due.day")),
        ):
            query = SQL(
                "SELECT due.day + %s FROM (SELECT %s::date AS day) AS due %s", expression, day, join
            )
            self.env.cr.execute(query)
            self.assertEqual(self.env.cr.fetchone()[0], days.get_next(day))
        return days.get_next(day)

    def test_weekend(self):
        for day in (SATURDAY, SUNDAY, TODAY):
            self.assertEqual(self._get_next(day), TODAY)

    def test_carnival(self):
        """Monday and Tuesday after a weekend: four days in a row."""
        for number in range(2):
            self._close_day(CARNIVAL + timedelta(days=number))
        ash_wednesday = CARNIVAL + timedelta(days=2)
        for number in range(-2, 3):
            self.assertEqual(self._get_next(CARNIVAL + timedelta(days=number)), ash_wednesday)
        friday = CARNIVAL - timedelta(days=3)
        self.assertEqual(self._get_next(friday), friday)

    def test_holiday_before_a_weekend(self):
        """Good Friday."""
        friday = date(2026, 4, 3)
        self._close_day(friday)
        for number in range(4):
            day = friday + timedelta(days=number)
            self.assertEqual(self._get_next(day), date(2026, 4, 6))

    def test_half_a_day_is_worked(self):
        """A day counts as closed where its hours are: in one leave or several."""
        morning = datetime(2026, 3, 18, 8)
        self._close(morning, hours=4)
        self.assertEqual(self._get_next(morning.date()), morning.date())
        self._close(morning + timedelta(hours=4), hours=6)
        self.assertEqual(self._get_next(morning.date()), morning.date() + timedelta(days=1))

    def test_whose_leaves_count(self):
        """Those for everybody: of the calendar, or of all calendars of the company."""
        day = date(2026, 3, 18)
        resource = self.env["resource.resource"].sudo().create({"name": "Ana"})
        other = self.calendar.sudo().copy()
        company = self.env["res.company"].sudo().create({"name": "Other"})
        for vals, counts in (
            ({"resource_id": resource.id}, False),
            ({"calendar_id": other.id}, False),
            ({"calendar_id": False, "company_id": company.id}, False),
            ({"time_type": "other"}, False),
            ({"calendar_id": False, "company_id": self.company.id}, True),
            ({}, True),
        ):
            with self.subTest(**vals):
                leave = self._close_day(day, **vals)
                if "company_id" in vals:
                    leave.company_id = vals["company_id"]
                self.assertEqual(self._get_next(day) != day, counts)
                leave.unlink()

    def test_the_day_is_the_calendars(self):
        """A holiday of one day is one day wherever the calendar is."""
        day = date(2026, 3, 18)
        for zone in ZONES:
            with self.subTest(zone=zone):
                self.calendar.tz = zone
                shift = {"America/Sao_Paulo": 3, "Pacific/Auckland": -13, "UTC": 0}[zone]
                start = datetime(2026, 3, 18) + timedelta(hours=shift)
                leave = self.Leave.create(
                    {
                        "calendar_id": self.calendar.id,
                        "date_from": start,
                        "date_to": start + timedelta(hours=24, seconds=-1),
                    }
                )
                next_days = [self._get_next(day + timedelta(days=number)) for number in (-1, 0, 1)]
                self.assertEqual(next_days, [day + timedelta(days=number) for number in (-1, 1, 1)])
                leave.unlink()

    def test_two_weeks(self):
        """Odoo counts them from the first Monday there is."""
        Attendance = self.env["resource.calendar.attendance"]
        monday = TODAY
        week = str(Attendance.get_week_type(monday))
        self.calendar.write(
            {
                "two_weeks_calendar": True,
                "attendance_ids": [Command.clear()]
                + [
                    Command.create(
                        {
                            "name": "Work",
                            "dayofweek": weekday,
                            "week_type": of_week,
                            "hour_from": 8,
                            "hour_to": 16,
                        }
                    )
                    for weekday, of_week in (("1", week), ("3", str(1 - int(week))))
                ],
            }
        )
        tuesday, thursday = monday + timedelta(days=1), monday + timedelta(days=10)
        self.assertEqual(self._get_next(monday), tuesday)
        self.assertEqual(self._get_next(tuesday + timedelta(days=1)), thursday)

    def test_calendar_without_hours(self):
        """Banks work from Monday to Friday."""
        for vals in ({"schedule_type": "flexible"}, {"attendance_ids": [Command.clear()]}):
            self.calendar.write(vals)
            self.assertEqual(self._get_next(SATURDAY), TODAY)
            self.assertEqual(self._get_next(TODAY), TODAY)

    def test_saturday_is_worked(self):
        self.calendar.attendance_ids = [
            Command.create({"name": "Saturday", "dayofweek": "5", "hour_from": 8, "hour_to": 12})
        ]
        self.assertEqual(self._get_next(SATURDAY), SATURDAY)

    def test_on_for_companies_in_brazil(self):
        """GIVEN a company of Brazil, another one, and one that moves there
        THEN it is on for those in Brazil; what a manager chose stays."""
        brazil = self.env.ref("base.br")
        Company = self.env["res.company"].sudo()
        brazilian, other = Company.create(
            [{"name": "Aurora", "country_id": brazil.id}, {"name": "Else"}]
        )
        self.assertTrue(brazilian.collection_charges_workday)
        self.assertFalse(other.collection_charges_workday)
        self.assertFalse((brazilian | other).filtered("collection_phases_workday"))
        other.country_id = brazil
        self.assertTrue(other.collection_charges_workday)
        brazilian.collection_charges_workday = False
        brazilian.name = "Aurora Ltda."
        self.assertFalse(brazilian.collection_charges_workday)
