from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from ..common import TODAY
from ..common_desk import CrmCollectionDeskCommon

LOG = "crm.collection.contact.log"
CONTACT = "crm.collection.contact"


@tagged("post_install", "-at_install")
class TestContactLog(CrmCollectionDeskCommon):
    """One dialog for a call and all that comes of it, written as who was there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.moves = cls._create_overdue(40) | cls._create_overdue(12)
        cls.later = cls._create_overdue(-20)  # not due yet
        cls.berg = cls._create_customer("Berg AG")
        cls.stranger = cls._create_overdue(5, partner=cls.berg)
        cls.person = cls.env["res.partner"].create(
            {"name": "Anna", "parent_id": cls.customer.id, "phone": "+49 30 1234"}
        )

    def setUp(self):
        super().setUp()
        self._allocate()
        self.second, self.first = (
            self._items(self.moves).sorted("date_maturity").with_user(self.collector)
        )

    def _count(self):
        return [self.env[name].sudo().search_count([]) for name in (CONTACT, "crm.collection.hold")]

    # === Logging === #

    def test_two_clicks_and_a_text(self):
        """Opened on the customer: all that is overdue, who was spoken to last, no hold, and the
        next call on the next working day."""
        self._log(self.person)
        self._move_on(4)  # a Friday
        form = Form(self._get_dialog(self.customer))
        self.assertEqual(form.person_id, self.person)
        self.assertEqual(form.person_phone, "+49 30 1234")
        form.outcome_id = self.outcomes["no_answer"]
        form.note = "Nobody there"
        form.save().action_log()
        contact = self.env[CONTACT].search([], limit=1)
        self.assertRecordValues(
            contact,
            [
                {
                    "partner_id": self.customer.id,
                    "person_id": self.person.id,
                    "user_id": self.collector.id,
                    "state": "done",
                    "channel": "call",
                    "is_reached": False,
                    "phase_id": self.phase_third.id,
                    "item_ids": (self.first | self.second).ids,
                    "hold_ids": [],
                    "note": "Nobody there",
                }
            ],
        )
        self.assertRecordValues(
            contact.activity_ids,
            [{"user_id": self.collector.id, "date_deadline": TODAY + timedelta(days=7)}],
        )

    def test_promise_of_the_customer(self):
        """Nothing was picked: one promise, in the collector's name, and on record with the call."""
        day = TODAY + timedelta(days=10)
        contact = self._log(
            self.customer, "promised", date_until=day, amount=70, note="On Thursday"
        )
        self.assertRecordValues(
            contact.hold_ids,
            [
                {
                    "kind": "promise",
                    "partner_id": self.customer.id,
                    "date_until": day,
                    "amount": 70,
                    "user_id": self.collector.id,
                    "reason": "On Thursday",
                    "state": "active",
                }
            ],
        )
        self.assertFalse(contact.activity_ids)

    def test_promise_of_what_was_picked(self):
        """One about all of them, as *Hold...* makes it; what nothing is promised of is not held:
        what is due first is paid first."""
        both = self.first | self.second
        day = TODAY + timedelta(days=10)
        contact = self._log(both, "promised", date_until=day, amount=150)
        self.assertRecordValues(contact.hold_ids, [{"item_ids": both.ids, "amount": 150.0}])
        contact = self._log(both, "promised", date_until=day, amount=100)
        self.assertEqual(contact.hold_ids.item_id, self.second)
        # unchecked in the dialog of the customer
        form = Form(self._get_dialog(self.customer))
        form.outcome_id = self.outcomes["promised"]
        form.date_until = day
        self.assertTrue(form.is_whole)
        form.item_ids.remove(id=self.second.id)
        self.assertFalse(form.is_whole)
        form.save().action_log()
        contact = self.env[CONTACT].search([], limit=1)
        self.assertEqual(contact.hold_ids.item_id, self.first)
        with self.assertRaisesRegex(UserError, "More is promised"):
            self._log(self.first, "promised", date_until=day, amount=101)

    def test_dispute_of_an_invoice(self):
        """A collector's ends where he may hold at most, a manager's when somebody lifts it."""
        move = self.first.move_id
        contact = self._log(move, "dispute", note="Freight is wrong\nand more")
        self.assertRecordValues(
            contact.hold_ids,
            [
                {
                    "kind": "dispute",
                    "item_id": self.first.id,
                    "reason": "Freight is wrong",
                    "date_until": TODAY + timedelta(days=self.company.collection_hold_longest),
                }
            ],
        )
        contact = self._log(move, "dispute", self.manager, reason="Goods", note="Freight")
        self.assertRecordValues(contact.hold_ids, [{"reason": "Goods", "date_until": False}])
        with self.assertRaisesRegex(UserError, "what is disputed"):
            self._log(move, "dispute")

    def test_all_or_nothing(self):
        """Beyond what a collector may set, in the past, without what is needed: no contact and no
        hold is left behind."""
        before = self._count()
        past, far = TODAY - timedelta(days=1), TODAY + timedelta(days=31)
        now = fields.Datetime.now()
        for words, outcome, vals in (
            ("until .* at the latest", "promised", {"date_until": far}),
            ("cannot be in the past", "promised", {"date_until": past}),
            ("which day", "promised", {}),
            ("next action", "refuses", {"next_date": past}),
            ("after it took place", "refuses", {"date": now + timedelta(hours=1)}),
            ("Uncheck it", "refuses", {"item_ids": self._items(self.stranger).ids}),
        ):
            with (
                self.subTest(words),
                self.assertRaisesRegex(UserError, words),
                self.env.cr.savepoint(),
            ):
                self._log(self.customer, outcome, **vals)
            self.assertEqual(self._count(), before)
        with self.assertRaisesRegex(UserError, "what came of it"):
            self._get_dialog(self.customer).create({}).action_log()

    def test_one_customer(self):
        """Whatever it is opened on."""
        both = self._items(self.moves | self.stranger).with_user(self.collector)
        customers = self.env["crm.collection.customer"].with_user(self.collector).search([])
        for records in (both, both.move_id, both.partner_id, customers):
            with self.subTest(records._name):
                with self.assertRaisesRegex(UserError, "with one customer"):
                    records.action_log_contact()
                with self.assertRaisesRegex(UserError, "with one customer"):
                    self._get_dialog(records).default_get(["partner_id"])
                own = records.filtered(
                    lambda one: (
                        one == self.customer
                        if one._name == "res.partner"
                        else one.partner_id == self.customer
                    )
                )
                action = own.action_log_contact()
                context = action["context"]
                dialog = self.env[LOG].with_user(self.collector).with_context(**context)
                self.assertEqual(Form(dialog).partner_id, self.customer)
        with self.assertRaisesRegex(UserError, "no customer"):
            self.env["res.partner"].action_log_contact()

    def test_what_opened_it_says_nothing_else(self):
        """Keys of the context are not values of the contact, nor of its holds."""
        dialog = self._get_dialog(
            self.first,
            default_user_id=self.manager.id,
            default_state="waiting",
            default_partner_id=self.customer.id,
            default_channel="meeting",
            default_kind="block",
        )
        vals = {"outcome_id": self.outcomes["promised"].id, "date_until": TODAY}
        dialog.create(vals).action_log()
        contact = self.env[CONTACT].search([], limit=1)
        self.assertRecordValues(
            contact, [{"user_id": self.collector.id, "state": "done", "channel": "meeting"}]
        )
        self.assertRecordValues(
            contact.hold_ids,
            [{"kind": "promise", "item_id": self.first.id, "partner_id": False}],
        )

    def test_contact_today_is_said(self):
        self._send_letters()
        self._deliver()
        self._log(self.customer, "no_answer", self.manager)
        said = Form(self._get_dialog(self.customer)).contacts_today
        self.assertIn(f"letter {self.phase_third.name}, sent by itself", said)
        self.assertIn(f"Call with {self.manager.name}, No answer", said)
        self.assertFalse(Form(self._get_dialog(self.berg)).contacts_today.count("Call"))
        self._move_on(1)
        self.assertFalse(Form(self._get_dialog(self.customer)).contacts_today)

    # === Who === #

    def test_who_may_log(self):
        """Auditors read what was said; customers see nothing of it."""
        contact = self._log(self.customer)
        auditor, portal = (
            new_test_user(self.env(su=True), login, groups=group, company_id=self.company.id)
            for login, group in (
                ("auditor", "account.group_account_readonly"),
                ("portal", "base.group_portal"),
            )
        )
        for user in (auditor, portal, self.outsider):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self._get_dialog(self.customer, user).create({"partner_id": self.customer.id})
        self.assertEqual(contact.with_user(auditor).note, contact.note)
        for user in (portal, self.outsider):
            with self.assertRaises(AccessError):
                contact.with_user(user).read(["note"])
        # nor what a colleague has typed but not logged
        dialog = self._get_dialog(self.customer).create({})
        with self.assertRaises(AccessError):
            dialog.with_user(self.manager).action_log()

    def test_in_ones_own_name(self):
        """However a contact is made."""
        Contact = self.env[CONTACT].with_user(self.collector)
        vals = {"partner_id": self.customer.id}
        for forged in ({"user_id": self.manager.id}, {"state": "waiting"}):
            with self.subTest(**forged), self.assertRaises(UserError), self.env.cr.savepoint():
                Contact.create({**vals, **forged})
        contact = self._log(self.customer)
        with self.assertRaises(UserError):
            contact.note = "Something else"
        with self.assertRaises(AccessError):  # the right; what else would be refused is the record
            contact.unlink()

    def test_taken_back(self):
        """By who logged it, once; its next action goes, what was agreed on stays."""
        contact = self._log(self.customer, "promised", date_until=TODAY, next_date=TODAY)
        self.assertTrue(contact.activity_ids)
        with self.assertRaises(UserError):
            contact.with_user(self.manager).action_take_back()
        contact.action_take_back()
        self.assertEqual(contact.state, "void")
        self.assertFalse(contact.activity_ids)
        self.assertEqual(contact.hold_ids.state, "active")
        with self.assertRaises(UserError):
            contact.action_take_back()
        self.assertNotIn("Call", Form(self._get_dialog(self.customer)).contacts_today or "")

    def test_archived_collector(self):
        """Who does not work here any more has no next action."""
        gone = self._create_user("gone", "user")
        self.customer.collection_user_id = gone
        form = Form(self._get_dialog(self.customer))
        self.assertEqual(form.next_user_id, gone)
        gone.sudo().action_archive()
        form = Form(self._get_dialog(self.customer))
        self.assertEqual(form.next_user_id, self.collector)
        form.outcome_id = self.outcomes["call_back"]
        form.save().action_log()
        contact = self.env[CONTACT].search([], limit=1)
        self.assertEqual(contact.activity_ids.user_id, self.collector)

    def test_merged_customers(self):
        """What was said stays with who is left."""
        contact = self._log(self.berg)
        merge = self.env["base.partner.merge.automatic.wizard"].sudo()
        merge._merge((self.customer | self.berg).ids, self.customer)
        self.env.invalidate_all()
        self.assertEqual(contact.partner_id, self.customer)
        form = Form(self._get_dialog(self.customer))
        self.assertIn("Call", form.contacts_today)
        self.assertIn(self._items(self.stranger).id, form.item_ids.ids)

    def test_other_company(self):
        """A contact is one company's: items, holds and who reads it."""
        second = self.setup_other_company(name="Second")["company"]
        other = self._create_user("other", "user")
        other.sudo().write({"company_ids": [Command.set(second.ids)], "company_id": second.id})
        contact = self._log(self.first)
        with self.assertRaises(AccessError):
            contact.with_user(other).read(["note"])
        dialog = (
            self.env[LOG]
            .with_user(other)
            .with_context(active_model="res.partner", active_ids=self.customer.ids)
        )
        form = Form(dialog)
        self.assertFalse(form.contacts_today)
        self.assertFalse(form.item_ids.ids)
        form.outcome_id = self.outcomes["promised"]
        form.date_until = TODAY
        form.save().action_log()
        hold = self.env["crm.collection.hold"].sudo().search([], limit=1)
        self.assertEqual(hold.company_id, second)
        self.assertFalse(self.first.is_held)
