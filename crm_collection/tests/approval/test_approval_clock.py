from datetime import timedelta

from freezegun import freeze_time

from odoo.tests import tagged

from ..common import TODAY
from ..common_approval import CrmCollectionApprovalCommon

# An instant at which it is still, or already, another day than in UTC.
BEFORE_MIDNIGHT = ("America/Sao_Paulo", "2026-03-17 01:30:00", TODAY)
AFTER_MIDNIGHT = ("Pacific/Auckland", "2026-03-16 23:30:00", TODAY + timedelta(days=1))


@tagged("post_install", "-at_install")
class TestApprovalClock(CrmCollectionApprovalCommon):
    """Around midnight there is one clock: the company's, whoever looks from wherever.

    Seen to fail with the days of users' time zones and of UTC, and with days of 24 hours.
    """

    def _ask(self, **vals):
        self._give_role(self.director)
        self._guard(self.phase_second, levels=self._get_team(), **vals)
        move = self._create_overdue(2)
        self._allocate()
        self._items(move).with_user(self.collector)._maintain(self.phase_second, "Because")
        self.env.invalidate_all()
        return self._requests()

    def _delegate(self, date_from, date_to):
        return (
            self.env["crm.collection.approval.delegation"]
            .with_user(self.approver)
            .create({"delegate_id": self.director.id, "date_from": date_from, "date_to": date_to})
        )

    def _set_zones(self, zone):
        """The company is there, everybody else on the other side of the earth."""
        self.company.collection_tz = zone
        (self.approver | self.director | self.manager).sudo().tz = "Etc/GMT+12"

    def test_delegation_has_the_companys_days(self):
        """GIVEN an absence of one day
        WHEN it is that day where the company is
        THEN who stands in decides, in the form and in the list, and the day before and after not.
        """
        request = self._ask()
        for zone, moment, day in (BEFORE_MIDNIGHT, AFTER_MIDNIGHT):
            self._set_zones(zone)
            for shift in (-1, 0, 1):
                date = day + timedelta(days=shift)
                delegation = self._delegate(date, date)
                with self.subTest(zone=zone, shift=shift), freeze_time(moment):
                    of_director = request.with_user(self.director)
                    of_director.invalidate_recordset(["can_decide"])
                    self.assertEqual(of_director.can_decide, not shift)
                    found = of_director.search([("can_decide", "=", True)])
                    self.assertEqual(bool(found), not shift)
                    standing_in = delegation._get_delegates(self.approver, self.company)
                    self.assertEqual(bool(standing_in), not shift)
                delegation.sudo().active = False

    def test_decision_is_of_the_companys_day(self):
        """GIVEN a decision under an absence, on its last day where the company is
        WHEN the absence is cut short to that day
        THEN it can be, though in UTC the decision was of another day."""
        request = self._ask()
        zone, moment, day = BEFORE_MIDNIGHT
        self._set_zones(zone)
        delegation = self._delegate(day, day + timedelta(days=5))
        with freeze_time(moment):
            self._say(request, "approve", self.director)
            delegation.with_user(self.approver).date_to = day
            self.assertEqual(delegation.date_to, day)

    def test_reminders_count_the_companys_days(self):
        """GIVEN a request of late in the evening, to be reminded of after a day
        WHEN it is the next day where the company is
        THEN it is reminded of, on that day, and not before."""
        zone, moment, day = BEFORE_MIDNIGHT  # 22:30
        self._set_zones(zone)
        with freeze_time(moment):
            request = self._ask(remind_days=1)
            self.assertEqual(request.days_waiting, 0)
            self._remind()
            self.assertFalse(request.date_reminded)
        with freeze_time("2026-03-17 03:30:00"):  # half past midnight
            request.invalidate_recordset()
            self.assertEqual(request.days_waiting, 1)
            self._remind()
            self.assertEqual(request.date_reminded, day + timedelta(days=1))

    def _remind(self):
        self.env["crm.collection.approval"]._cron_remind()
        self.env.invalidate_all()

    def test_days_begin_where_the_company_is(self):
        """Defaults, the period of the report of decisions, the filters of items."""
        for zone, moment, day in (BEFORE_MIDNIGHT, AFTER_MIDNIGHT):
            self._set_zones(zone)
            with self.subTest(zone=zone), freeze_time(moment):
                env = self.env(user=self.approver)
                Delegation = env["crm.collection.approval.delegation"]
                Report = env["crm.collection.approval.report"]
                self.assertEqual(Delegation.default_get(["date_from"])["date_from"], day)
                report = Report.create({})
                self.assertEqual(report.date_to, day)
                self.assertEqual(report.date_from, day.replace(day=1))
                letter = self.env["crm.collection.letter"].new({"company_id": self.company.id})
                self.assertGreaterEqual(letter._get_deadline(), day + timedelta(days=10))

    def test_report_has_the_decisions_of_the_companys_days(self):
        zone, moment, day = BEFORE_MIDNIGHT
        self._set_zones(zone)
        with freeze_time(moment):
            request = self._ask()
            self._say(request, "approve")
        Report = self.env["crm.collection.approval.report"].with_user(self.approver)
        for shift in (-1, 0, 1):
            date = day + timedelta(days=shift)
            report = Report.create({"date_from": date, "date_to": date})
            with self.subTest(shift=shift):
                self.assertEqual(report._get_decisions(), request.decision_ids[: not shift])

    def _set_next_letter(self, item, day):
        self.env.cr.execute(
            "UPDATE crm_collection_item SET date_next_letter = %s WHERE id = %s", [day, item.id]
        )
        self.env.invalidate_all()

    def test_overdue_and_next_letter_by_the_companys_day(self):
        """The filters of the portfolio, for a user on the other side of the earth."""
        move = self._create_overdue(1)
        self._allocate()
        item = self._items(move)
        filters = self.env.ref("crm_collection.crm_collection_item_view_search").arch
        self.assertNotIn("'date_maturity', '&lt;'", filters)
        Item = self.env["crm.collection.item"].with_user(self.collector)
        self.collector.sudo().tz = "Etc/GMT+12"
        for zone, moment, day in (BEFORE_MIDNIGHT, AFTER_MIDNIGHT):
            self._set_zones(zone)
            with self.subTest(zone=zone), freeze_time(moment):
                self._set_next_letter(item, day)
                self.assertIn(item, Item.search([("days_to_letter", "<=", 0)]))
                self._set_next_letter(item, day + timedelta(days=1))
                self.assertNotIn(item, Item.search([("days_to_letter", "<=", 0)]))
                self.assertEqual(item.days_to_letter, 1)
