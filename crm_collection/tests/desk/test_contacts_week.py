from datetime import timedelta

from odoo.fields import Domain
from odoo.tests import Form, tagged

from ..common import TODAY
from ..common_desk import CrmCollectionDeskCommon

WEEK = timedelta(days=7)


@tagged("post_install", "-at_install")
class TestContactsWeek(CrmCollectionDeskCommon):
    """Letters that leave by themselves wait while the customer had as many contacts within a week
    as the company allows.

    Seen to fail with letters, calls, statements or reminders left out, with calls of customers,
    by mistake, of others or of one company alone, with eight days instead of seven, not asked when
    a letter is handed over, with one contact more, and without reminders to come, each.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"collection_contacts_week": 1, "collection_promise_remind": True})
        cls.branch = (
            cls.env["res.company"].sudo().create({"name": "Branch", "parent_id": cls.company.id})
        )
        cls.move = cls._create_overdue(5)

    def setUp(self):
        super().setUp()
        self._allocate()
        self.item = self._items(self.move)

    def _expect(self):
        self.item.invalidate_recordset()
        return self.item.date_expected_letter

    def _today(self):
        Contact = self.env["crm.collection.contact"].with_user(self.collector)
        return Contact._describe_today(self.customer, self.company).splitlines()

    def _create_contact(self, days=0, **vals):
        date = f"{TODAY - timedelta(days=days)} 08:00:00"
        vals = {"partner_id": self.customer.id, "company_id": self.company.id, "date": date, **vals}
        return self.env["crm.collection.contact"].sudo().create(vals)

    def _send_statement(self):
        action = self.customer.with_user(self.manager).action_send_collection_statement()
        Wizard = self.env["crm.collection.statement.send"].with_user(self.manager)
        form = Form(Wizard.with_company(self.company).with_context(**action["context"]))
        form.save().with_context(force_report_rendering=True).action_send()

    def _remind(self):
        tomorrow = TODAY + timedelta(days=1)
        self._hold(self.customer, kind="promise", amount=100, date_until=tomorrow)
        self._send_letters()
        self._deliver(model="crm.collection.hold")

    def _send_by_hand(self):
        self._send_now(self.item)
        self._deliver()

    def test_what_counts(self):
        """Whatever he got, and calls; nothing that was none, or is another's, or a week old. The
        desk tells of the same today."""
        other = self._create_customer("Other")
        soon, moved = TODAY + timedelta(days=1), TODAY + timedelta(days=5)
        for kind, act, expected, told in (
            ("nothing", lambda: None, TODAY, 0),
            ("call", lambda: self._log(self.customer), TODAY + WEEK, 1),
            ("letter", self._send_by_hand, TODAY + WEEK, 1),
            ("statement", self._send_statement, TODAY + WEEK, 1),
            ("reminder", self._remind, TODAY + WEEK, 1),
            ("branch", lambda: self._create_contact(company_id=self.branch.id), TODAY + WEEK, 0),
            ("six days", lambda: self._create_contact(6), soon, 0),
            ("a week", lambda: self._create_contact(7), TODAY, 0),
            ("other", lambda: self._create_contact(partner_id=other.id), TODAY, 0),
            ("mistake", lambda: self._create_contact(state="void"), TODAY, 0),
            ("his", lambda: self._create_contact(direction="in"), TODAY, 1),
        ):
            with self.subTest(kind), self.env.cr.savepoint() as savepoint:
                act()
                self.env.flush_all()
                self.assertEqual(self._expect(), expected)
                self.assertEqual(len(self._today()), told)
                savepoint.rollback()
                self.env.invalidate_all()
        self.company.collection_contacts_week = 0
        self._send_by_hand()
        self.assertEqual(self._expect(), moved)

    def test_letters_wait(self):
        """GIVEN two contacts a week, a call, and a letter that waits in the queue
        WHEN there is another call before it is handed over
        THEN it does not leave; the run, the item and the simulation say when it does, and it does.
        """
        self.company.collection_contacts_week = 2
        self._log(self.customer)
        self._send_letters()
        self.assertEqual(self._letters().state, "outgoing")
        self._log(self.customer)
        self.assertFalse(self._deliver())
        letter = self._letters()
        self.assertEqual(letter.state, "cancelled")
        self.assertIn("contacts", letter.failure_reason)
        self._send_letters()
        domain = Domain("kind", "=", "letters") & Domain("company_id", "=", self.company.id)
        run = self.env["crm.collection.run"].search(domain, limit=1)
        self.assertRecordValues(run.line_ids, [{"blocker": "contacts", "count": 1}])
        self.assertEqual(self._expect(), TODAY + WEEK)
        [said] = [fact["text"] for fact in self.item._get_facts() if "letter" in fact["label"]]
        self.assertIn("seven days", said)
        Engine = self.env["crm.collection.engine"].sudo()
        for days, number in ((6, 0), (7, 1)):
            result = Engine._simulate(self.company, TODAY + timedelta(days=days))
            self.assertEqual(result["totals"]["letters"], number)
        for days, number in ((6, 0), (1, 1)):
            self._move_on(days)
            self._allocate()
            self._send_letters()
            self.assertEqual(len(self._deliver()), number)

    def test_reminders_to_come(self):
        """GIVEN a promise about another item for in four days, of which the customer is reminded
        the day before, and a letter that is held back until that day
        THEN item and simulation say that the letter waits for a week after the reminder: it does.
        """
        later = self._create_overdue(5)
        self._allocate()
        promised, item = self._items(self.move), self._items(later)
        until = TODAY + timedelta(days=4)
        self._hold(item, date_until=TODAY + timedelta(days=2))
        self._hold(promised, kind="promise", amount=100, date_until=until, date_from=TODAY)
        reminded = until - timedelta(days=1)
        item.invalidate_recordset()
        self.assertEqual(item.date_expected_letter, reminded + WEEK)
        Engine = self.env["crm.collection.engine"].sudo()
        for days, number in ((3, 0), (9, 0), (10, 1)):
            result = Engine._simulate(self.company, TODAY + timedelta(days=days))
            self.assertEqual(result["totals"]["letters"], number, days)
        for _day in range(3):
            self._move_on(1)
            self._allocate()
            self._send_letters()
            self._deliver(model="crm.collection.hold")
            self.assertFalse(self._deliver())
        item.invalidate_recordset()
        self.assertEqual(item.date_expected_letter, reminded + WEEK)
