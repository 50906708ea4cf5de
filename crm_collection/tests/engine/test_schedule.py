from datetime import datetime, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytz
from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo import fields
from odoo.tests import tagged

from ..common_engine import CrmCollectionEngineCommon

ALLOCATE = "ir_cron_crm_collection_allocate"
LETTERS = "ir_cron_crm_collection_letters"
# zones and the day before their clocks change, or one on which they do not
CHANGES = (
    *(("America/New_York", "2026-03-07"), ("America/New_York", "2026-10-31")),
    *(("Europe/Lisbon", "2026-03-28"), ("Europe/Lisbon", "2026-10-24")),
    *(("Africa/Cairo", "2026-04-23"), ("Africa/Cairo", "2026-10-29")),
    *(("Australia/Lord_Howe", "2026-04-04"), ("Australia/Lord_Howe", "2026-10-03")),
    *(("Pacific/Kiritimati", "2026-06-01"), ("Asia/Kathmandu", "2026-06-01")),
)


@tagged("post_install", "-at_install")
class TestSchedule(CrmCollectionEngineCommon):
    """The jobs start at each company's own hour, on its own clock, once a day.

    Seen to fail with jobs that start at one hour of the server for all companies.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.move = cls._create_overdue(9)
        cls.other = cls.setup_other_company(name="Other Ltd")["company"]
        cls._set_clock(cls.company, "America/Sao_Paulo", 5, 6)
        cls._set_clock(cls.other.sudo(), "Asia/Kolkata", 5.25, 22)
        cls.both = cls.company | cls.other
        Run = cls.registry["crm.collection.run"]
        cls.startClassPatcher(
            patch.object(Run, "_get_companies", lambda run: cls.both.with_env(run.env).sudo())
        )

    @staticmethod
    def _set_clock(company, zone, hour, letters_hour):
        company.write(
            {
                "collection_tz": zone,
                "collection_hour": hour,
                "collection_letters_hour": letters_hour,
            }
        )

    def _tick(self, *xmlids):
        """The scheduler finds the jobs ready, in the order of their priority."""
        for xmlid in xmlids or (ALLOCATE, LETTERS):
            cron = self.env.ref(f"crm_collection.{xmlid}").sudo()
            with self.enter_registry_test_mode():
                self.env.invalidate_all(flush=True)
                job = cron._acquire_one_job(self.env.cr, cron.id, include_not_ready=True)
                self.registry["ir.cron"]._process_job(self.env.cr, job)
            self.env.invalidate_all()

    def _runs(self, company, kind="allocation"):
        domain = [("company_id", "=", company.id), ("kind", "=", kind)]
        return self.env["crm.collection.run"].sudo().search(domain, order="date")

    def test_each_company_has_its_hour(self):
        """GIVEN a company in Brazil and one in India, whose letters leave in the evening
        WHEN the scheduler looks every hour
        THEN each one's jobs have run once on its day, at its hour or at the next look.
        """
        day = fields.Date.to_date("2026-03-17")
        with freeze_time(day) as clock:
            for hours in range(18):
                clock.move_to(datetime(2026, 3, 17, hours))
                self._tick()
        for company, kind, expected in (
            (self.company, "allocation", "2026-03-17 08:00"),
            (self.company, "letters", "2026-03-17 09:00"),
            (self.other, "allocation", "2026-03-17 00:00"),  # since a quarter of an hour
            (self.other, "letters", "2026-03-17 17:00"),
        ):
            with self.subTest(company=company.name, kind=kind):
                run = self._runs(company, kind).filtered(lambda run: run.date == day)
                self.assertEqual(run.date_start.strftime("%Y-%m-%d %H:%M"), expected)
                self.assertEqual(run.execution_count, 1)

    def test_scheduler_is_told_of_the_next_hour(self):
        """It looks within the hour, and to the minute when a company's comes."""
        cron = self.env.ref(f"crm_collection.{ALLOCATE}").sudo()
        now = self.env.cr.now().replace(microsecond=0, second=0, minute=10)
        self._set_clock(self.other, "UTC", 23.75, 23.75)
        for hour, expected in ((22, "23:10"), (23, "23:45")):
            moment = now.replace(hour=hour)
            self.env.cr._now = moment
            cron.nextcall = moment
            self.env.flush_all()
            with freeze_time(moment):
                self._tick(ALLOCATE)
            self.assertEqual(cron.nextcall.strftime("%H:%M"), expected)

    def test_what_was_missed_is_caught_up(self):
        """A server that stood still begins at once, once for each company whose hour has passed."""
        with freeze_time("2026-03-18 12:00:00"):
            self._tick()
            self._tick()
        self.assertEqual(self._runs(self.company).mapped("execution_count"), [1])
        self.assertEqual(self._runs(self.other).mapped("execution_count"), [1])
        self.assertEqual(self._runs(self.company, "letters").mapped("state"), ["done"])
        self.assertFalse(self._runs(self.other, "letters"))  # its evening is yet to come

    def test_idle_look_is_cheap(self):
        """Companies, what was asked for, and the last runs: it writes nothing."""
        with freeze_time("2026-03-18 12:00:00"):
            self._tick()
            Run = self.env["crm.collection.run"].sudo().with_context(cron_id=1)
            self.env.invalidate_all()
            with self.assertQueryCount(8):
                self.assertFalse(Run._get_due_companies("allocation"))
            before = self._get_versions(["crm_collection_run"])
            self._tick()
            self.assertEqual(self._get_versions(["crm_collection_run"]), before)

    # === By hand === #

    def test_run_now_is_for_the_companies_of_who_asks(self):
        """GIVEN two companies whose hours are yet to come
        WHEN a collector of one of them starts the jobs
        THEN they work for his at once, though they know nothing of the hour; at the hour they
        work again; and the other company is left alone.

        Seen to fail with jobs that work for all companies.
        """
        self.other.write({"collection_hour": 20, "collection_letters_hour": 20})
        with freeze_time("2026-03-18 06:00:00"):
            self._tick()
            self.assertFalse(self._runs(self.company) | self._runs(self.other))
            self.env["crm.collection.run"].with_user(self.collector).action_run_now()
            self._tick()
            self._tick()
            self.assertEqual(self._runs(self.company).mapped("execution_count"), [1])
            self.assertFalse(self._runs(self.company, "letters"))
            self.assertFalse(self._runs(self.other))
        with freeze_time("2026-03-18 08:00:00"):
            self._tick()
            self.assertEqual(self._runs(self.company).mapped("execution_count"), [2])

    def test_administrator_starts_the_job_for_all(self):
        """From the list of scheduled actions, whatever the hour."""
        with freeze_time("2026-03-18 06:00:00"):
            self._allocate()
        self.assertEqual([len(self._runs(company)) for company in self.both], [1, 1])

    def test_what_was_begun_goes_on(self):
        """GIVEN work that was interrupted before the company's hour, by the clock or a kill
        THEN the next look goes on, after midnight, too; and a run that failed is tried again."""
        run = self._runs(self.company)
        for state, day, due in (
            *(("interrupted", 18, True), ("running", 18, True), ("waiting", 18, True)),
            *(("done", 18, False), ("failed", 18, False), ("interrupted", 16, False)),
        ):
            with self.subTest(state=state, day=day), freeze_time("2026-03-18 06:00:00"):
                vals = {"kind": "allocation", "company_id": self.company.id, "state": state}
                run = run.create({**vals, "date": f"2026-03-{day}", "date_start": "2026-03-18"})
                run.date_start = fields.Datetime.now() - timedelta(days=18 - day)
                self.assertEqual(run._is_due("allocation", self.company, run), due)
            run.unlink()
        with freeze_time("2026-03-18 03:30:00"):  # half past midnight
            vals = {"kind": "allocation", "company_id": self.company.id, "date": "2026-03-17"}
            run = run.create({**vals, "state": "interrupted", "date_start": "2026-03-18 02:50:00"})
            self.assertTrue(run._is_due("allocation", self.company, run))
        with freeze_time("2026-03-18 09:00:00"):
            run.write({"state": "failed", "date": "2026-03-18"})
            self.assertTrue(run._is_due("allocation", self.company, run))

    # === Clocks that change === #

    def test_no_day_is_skipped_or_doubled(self):
        """GIVEN a zone in days on which its clocks change, an hour, and a standstill
        WHEN the scheduler looks as it is told to
        THEN each day has one run, at the hour or as soon as the standstill is over.
        """
        Run = self.env["crm.collection.run"].sudo()

        @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.sampled_from(CHANGES), st.integers(0, 95), st.integers(0, 90), st.integers(0, 30))
        def check(change, quarter, stop, hours):
            zone, day = change
            first = datetime.combine(fields.Date.to_date(day), datetime.min.time())
            now = pytz.timezone(zone).localize(first).astimezone(pytz.utc).replace(tzinfo=None)
            self._set_clock(self.company, zone, quarter / 4, quarter / 4)
            Run.search([]).unlink()
            standstill = (now + timedelta(hours=stop), now + timedelta(hours=stop + hours))
            starts = self._simulate(Run, now, now + timedelta(days=4), standstill)
            self._assert_once_a_day(zone, first.date(), quarter * 15, starts, standstill)

        check()

    def _simulate(self, Run, now, end, standstill):
        """:return: when the scheduler found the company's turn had come"""
        starts = []
        with freeze_time(now) as clock:  # once: to begin with, it looks at every module
            while now < end:
                if standstill[0] <= now < standstill[1]:
                    now = standstill[1]
                    continue
                clock.move_to(now)
                due = Run.with_context(cron_id=1)._get_due_companies("allocation")
                for company in due & self.company:
                    starts.append(now)
                    self._record(Run, company, now)
                now = min(now + timedelta(hours=1), Run._get_next_start("allocation"))
        return starts

    def _record(self, Run, company, now):
        vals = {"kind": "allocation", "company_id": company.id}
        vals["date"] = company._get_collection_today()
        run = Run.search([(key, "=", value) for key, value in vals.items()]) or Run.create(vals)
        run.write({"state": "done", "date_start": now})

    def _assert_once_a_day(self, zone, first, minutes, starts, standstill):
        here = ZoneInfo(zone)
        days = [start.replace(tzinfo=pytz.utc).astimezone(here) for start in starts]
        for number in range(3):
            day = first + timedelta(days=number)
            of_day = [start for start in days if start.date() == day]
            hour = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)
            due = hour.replace(tzinfo=here).astimezone(pytz.utc).replace(tzinfo=None)
            if standstill[0] <= due < standstill[1]:
                over = standstill[1].replace(tzinfo=pytz.utc).astimezone(here)
                expected = [over] if over.date() == day else []
            else:
                expected = [due.replace(tzinfo=pytz.utc).astimezone(here)]
            self.assertEqual(of_day, expected, f"{zone} {day}")

    # === Reminders === #

    def test_nobody_is_reminded_before_his_day_has_begun(self):
        Approval = self.env["crm.collection.approval"].sudo()
        mine = Approval.new({"company_id": self.company.id})
        nobodys = Approval.new({})
        by_clock = (mine | nobodys).with_context(cron_id=1).with_company(self.other)
        for moment, expected in (
            ("2026-03-18 08:30:00", nobodys.browse()),
            ("2026-03-18 09:00:00", mine),
            ("2026-03-18 16:30:00", mine | nobodys),
        ):
            with self.subTest(moment), freeze_time(moment):
                self.assertEqual(by_clock._get_by_day(), expected)
                self.assertEqual((mine | nobodys)._get_by_day(), mine | nobodys)
