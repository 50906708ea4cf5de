import sys
from datetime import date, datetime
from types import SimpleNamespace
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from ..common import CrmCollectionCommon

NEW_YEAR, ANNIVERSARY = date(2026, 1, 1), date(2026, 1, 25)
REPUBLIC, TIRADENTES = date(2026, 11, 15), date(2026, 4, 21)  # a Sunday, and a Tuesday


def country_holidays(country, subdiv=None, years=None, language=None):
    """What the library answers, which need not be installed where tests run."""
    name = "Tiradentes" if language == "pt_BR" else "Tiradentes' Day"
    days = {NEW_YEAR: "New Year", TIRADENTES: name, REPUBLIC: "Republic"}
    return days | ({ANNIVERSARY: "Anniversary"} if subdiv == "SP" else {})


LIBRARY = SimpleNamespace(
    country_holidays=country_holidays,
    list_supported_countries=lambda: {"BR": ["RJ", "SP"]},
    list_localized_countries=lambda: {"BR": ["en_US", "pt_BR"]},
)


@tagged("post_install", "-at_install")
class TestPublicHolidays(CrmCollectionCommon):
    """Public holidays of a year become time off for everybody, once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(patch.dict(sys.modules, {"holidays": LIBRARY}))
        cls.calendar = cls.company.resource_calendar_id
        cls.calendar.tz = "America/Sao_Paulo"
        state = cls.env.ref("base.state_br_sp")
        vals = {"country_id": state.country_id.id, "state_id": state.id}
        cls.company.sudo().partner_id.write(vals)
        cls.admin = new_test_user(
            cls.env(su=True),
            "administrator",
            groups="base.group_system,crm_collection.group_crm_collection_manager",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def _open(self, user=None):
        Wizard = self.env["crm.collection.holidays"].with_user(user or self.admin)
        return Form(Wizard.with_company(self.company))

    def _get_leaves(self):
        return self.env["resource.calendar.leaves"].search([("calendar_id", "=", self.calendar.id)])

    def test_added_once_in_the_working_hours(self):
        """GIVEN a holiday that is there already
        THEN the others are shown and added, those of the state and on a Sunday, too, each from
        midnight to midnight of the working hours; a second time nothing is.
        """
        self.env["resource.calendar.leaves"].sudo().create(
            {
                "calendar_id": self.calendar.id,
                "date_from": datetime(2026, 1, 1, 3),
                "date_to": datetime(2026, 1, 2, 2, 59, 59),
            }
        )
        form = self._open()
        self.assertFalse(form.problem)
        self.assertEqual(form.year, 2026)
        self.assertIn("New Year", form.known_days)
        self.assertEqual(len(form.new_days.splitlines()), 3)
        self.assertIn("21 Apr 2026: Tiradentes' Day", form.new_days)
        form.save().action_add()
        leave = self._get_leaves().filtered(lambda leave: leave.name == "Tiradentes' Day")
        self.assertRecordValues(
            leave,
            [
                {
                    "date_from": datetime(2026, 4, 21, 3),
                    "date_to": datetime(2026, 4, 22, 2, 59, 59),
                    "company_id": self.company.id,
                    "resource_id": False,
                    "time_type": "leave",
                }
            ],
        )
        self.assertEqual(
            self.company._get_collection_working_days().get_next(TIRADENTES), date(2026, 4, 22)
        )
        again = self._open()
        self.assertEqual(len(again.known_days.splitlines()), 4)
        with self.assertRaisesRegex(UserError, "there already"):
            again.save().action_add()
        self.assertEqual(len(self._get_leaves()), 4)

    def test_what_is_not_known_is_said(self):
        """A state or a country the library does not know, a year, and no library."""
        form = self._open()
        form.state_id = self.env.ref("base.state_br_ac")
        self.assertIn("Those of Acre alone", form.problem)
        self.assertEqual(len(form.new_days.splitlines()), 3)
        form.year = 0
        self.assertIn("1990", form.problem)
        form.year = 2026
        form.country_id = self.env.ref("base.aq")
        self.assertFalse(form.state_id)
        self.assertIn("Antarctica", form.problem)
        with self.assertRaisesRegex(UserError, "by hand"):
            form.save().action_add()
        with patch.dict(sys.modules, {"holidays": None}):
            self.assertIn("pip install holidays", self._open().problem)

    def test_working_hours_are_an_administrators(self):
        with self.assertRaises(AccessError):
            self._open(self.manager)
        page = self.env["crm.collection.settings"]
        for user, is_there in ((self.admin, True), (self.manager, False)):
            arch = page.with_user(user).get_view(view_type="form")["arch"]
            self.assertEqual("Fetch Public Holidays" in arch, is_there)
