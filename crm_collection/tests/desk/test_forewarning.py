from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..common import TODAY
from ..common_approval import CrmCollectionApprovalCommon


@tagged("post_install", "-at_install")
class TestForewarning(CrmCollectionApprovalCommon):
    """In the evening it is said what leaves tomorrow, and that is what leaves."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.collection_forewarn = True
        cls.own = cls._create_customer("Brandt AG", collection_user_id=cls.collector.id)
        cls.mixed = cls._create_customer("Conrad AG", collection_user_id=cls.collector.id)
        cls.nobodys = cls._create_customer("Dorn AG")
        cls.guarded = cls._create_customer("Ernst AG", collection_user_id=cls.collector.id)
        cls.guard = cls._guard(cls.phase_third, levels=cls._get_team())
        # tomorrow they move on, and one would if it were agreed to
        cls.moving = cls._create_overdue(9, partner=cls.own)
        cls.staying = cls._create_overdue(9, partner=cls.mixed, amount=30)
        cls._create_overdue(0, partner=cls.nobodys, amount=55)
        cls._create_overdue(29, partner=cls.guarded, amount=500)
        cls._create_overdue(5)  # nothing tomorrow

    def setUp(self):
        super().setUp()
        # the day on which something is set is the day of its transaction
        self.env.cr._now = fields.Datetime.now()

    def _live_today(self):
        self._allocate()
        self._send_letters()
        self._deliver()
        # posted in the afternoon: it comes into collection tomorrow, with its letter
        self.entering = self._create_overdue(0, partner=self.mixed, amount=70)
        self._run_job("ir_cron_crm_collection_forewarn")

    def _get_told(self, state="leaves", user=None):
        Forewarning = self.env["crm.collection.forewarning"].with_user(user or self.collector)
        return Forewarning.search([("state", "=", state)])

    def _get_notices(self, users):
        partners = users.partner_id.ids
        domain = [
            ("notified_partner_ids", "in", partners),
            ("message_type", "=", "user_notification"),
        ]
        messages = self.env["mail.message"].sudo().search(domain)
        return messages.filtered(lambda one: "leave" in (one.subject or ""))

    def _open_hold(self, action, **vals):
        """The dialog of a new hold, saved by the collector."""
        Hold = self.env[action["res_model"]].with_user(self.collector)
        until = fields.Date.add(TODAY, days=5)
        hold = Hold.with_context(**action["context"]).create(
            {"reason": "He pays on Friday", "date_until": until, **vals}
        )
        self.env.flush_all()
        return hold

    def test_what_is_said_is_what_leaves(self):
        """GIVEN letters of four customers that leave tomorrow, one of them if it is agreed to
        WHEN the collector holds one, one item of another, and lets a third leave
        THEN the letters of tomorrow are those that are left, about what was said, and nothing is
        announced any more when they are written.

        Seen to fail with holds that nobody follows, and with letters that are announced on."""
        self._live_today()
        told = self._get_told()
        expected = {
            (self.own, self.collector, self.phase_second, 100.0),
            (self.mixed, self.collector, self.phase_second, 100.0),
            (self.nobodys, self.manager, self.phase_first, 55.0),
        }
        said = {(one.partner_id, one.user_id, one.phase_id, one.amount) for one in told}
        self.assertEqual(said, expected)
        waiting = self._get_told("approval")
        self.assertEqual((waiting.partner_id, waiting.phase_id), (self.guarded, self.phase_third))
        by_partner = {one.partner_id: one for one in told}
        self._open_hold(by_partner[self.own].action_hold())
        self.assertEqual(by_partner[self.own].state, "stays")
        self.assertTrue(by_partner[self.own].can_take_back)
        self.assertFalse(by_partner[self.mixed].can_take_back)
        by_partner[self.own].action_take_back()
        self.assertEqual(by_partner[self.own].state, "leaves")
        self._open_hold(by_partner[self.own].action_hold())
        items = by_partner[self.mixed].item_ids
        self.assertEqual(len(items), 2)
        entering = items.filtered(lambda one: not one.item_id)
        self.assertEqual(entering.line_id.sudo().move_id, self.entering)
        self._open_hold(entering.action_hold())
        subject = by_partner[self.mixed].letter_subject
        left = {(one.partner_id, one.phase_id, one.amount_asked) for one in self._get_told()}
        self.assertEqual({row[0] for row in left}, {self.mixed, self.nobodys})
        before = self.env["crm.collection.letter"].search([])
        self._move_on(1)
        self._allocate()
        self._send_letters()
        letters = self.env["crm.collection.letter"].search([]) - before
        written = {(one.partner_id, one.phase_id, one.amount_asked) for one in letters}
        self.assertEqual(written, left)
        of_mixed = letters.filtered(lambda letter: letter.partner_id == self.mixed)
        self.assertEqual(of_mixed.sudo().mail_id.subject, subject)
        self.assertFalse(self.env["crm.collection.forewarning"].search([]))

    def test_who_is_told(self):
        """One message for each who looks after customers to whom something leaves, once; nobody
        where nothing leaves, the company does not want it, or it does not send.

        Seen to fail with each of the three left out."""
        waiter = self._create_customer("Falk AG", collection_user_id=self.director.id)
        self._create_overdue(29, partner=waiter, amount=500)
        self._live_today()
        self.assertEqual(len(self._get_notices(self.collector)), 1)
        self.assertIn("2 letters", self._get_notices(self.collector).subject)
        self.assertFalse(self._get_notices(self.collector).email_add_signature)
        self.assertIn("Brandt AG", self._get_notices(self.collector).body)
        self.assertIn("waits for an approval", self._get_notices(self.collector).body)
        self.assertEqual(len(self._get_notices(self.manager)), 1)
        self.assertIn("Dorn AG", self._get_notices(self.manager).body)
        self.assertFalse(self._get_notices(self.approver | self.director))
        self.env["crm.collection.forewarning"].sudo().search([]).unlink()
        for vals in ({"collection_forewarn": False}, {"collection_auto_send": False}):
            self.company.write({"collection_forewarn": True, "collection_auto_send": True, **vals})
            self._run_job("ir_cron_crm_collection_forewarn")
            self.assertFalse(self._get_told(), vals)
        self.assertEqual(len(self._get_notices(self.collector)), 1)

    def test_who_stands_in_is_told(self):
        """Seen to fail with absences not looked at."""
        Absence = self.env["crm.collection.approval.delegation"].with_user(self.collector)
        Absence.create({"date_from": TODAY, "date_to": TODAY, "delegate_id": self.director.id})
        self._live_today()
        self.assertFalse(self._get_notices(self.collector))
        self.assertIn("Brandt AG", self._get_notices(self.director).body)
        self.assertIn("Dorn AG", self._get_notices(self.manager).body)

    def test_day_without_letters_is_passed_over(self):
        """Where none leave tomorrow, which is a holiday, it is told what leaves after it, and on
        the holiday nothing.

        Seen to fail with tomorrow whatever it is, and with a second message.
        """
        self.company.collection_letters_workday = True
        tomorrow, after = (fields.Date.add(TODAY, days=number) for number in (1, 2))
        self.env["resource.calendar.leaves"].sudo().create(
            {
                "calendar_id": self.company.resource_calendar_id.id,
                "date_from": f"{tomorrow} 00:00:00",
                "date_to": f"{tomorrow} 23:59:59",
            }
        )
        self._live_today()
        self.assertEqual(set(self._get_told().mapped("date")), {after})
        self.assertIn("letters leave on 03/18/2026", self._get_notices(self.collector).subject)
        desk = self.env["crm.collection.desk"].with_user(self.collector)
        self.assertIn("leave on 03/18/2026", desk.get_work()["leaving"])
        self._move_on(1)
        self._run_job("ir_cron_crm_collection_forewarn")
        self.assertEqual(len(self._get_notices(self.collector)), 1)
        self.assertEqual(desk.get_work()["leaving"], "2 letters leave tomorrow")

    def test_page(self):
        """Who opens the page sees it as it is now, with the letter; My Work says how many.

        Seen to fail with the simulation asked for today."""
        self._live_today()
        desk = self.env["crm.collection.desk"].with_user(self.collector)
        self.assertEqual(desk.get_work()["leaving"], "2 letters leave tomorrow")
        self.assertEqual(desk.get_work({"scope": "all"})["leaving"], "3 letters leave tomorrow")
        one = self._get_told().filtered(lambda each: each.partner_id == self.mixed)
        for said in (self.entering.name, self.staying.name, "Conrad AG"):
            self.assertIn(said, one.letter_body)
        self.assertIn("conrad@customer.example", one.letter_email_to)
        self._pay(self.moving)
        Forewarning = self.env["crm.collection.forewarning"]
        action = Forewarning.with_user(self.collector).action_open()
        self.assertEqual(action["res_model"], Forewarning._name)
        self.assertEqual(self._get_told("stays").partner_id, self.own)
        self.assertFalse(self._get_told("stays").letter_body)
        self.assertEqual(desk.get_work()["leaving"], "A letter leaves tomorrow")
        with self.assertRaises(UserError):
            self._get_told("stays").action_take_back()
        late = self._create_overdue(0, partner=self._create_customer("Falk AG"))
        Forewarning.with_user(self.manager).action_open()
        self.assertIn(late.partner_id, self._get_told().partner_id)
        with self.assertRaises(AccessError):
            Forewarning.with_user(self.outsider).action_open()
