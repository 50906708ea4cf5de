from odoo.tests import tagged

from ..common_desk import CrmCollectionDeskCommon
from ..common_engine import CrmCollectionEngineCommon


@tagged("post_install", "-at_install")
class TestContactReport(CrmCollectionDeskCommon, CrmCollectionEngineCommon):
    """How often somebody was reached who can decide, and what was paid after which contact."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.move, cls.other = cls._create_overdue(12), cls._create_overdue(5)

    def setUp(self):
        super().setUp()
        self._allocate()

    def _paid(self, *contacts):
        """What is said to have been paid after each of the contacts."""
        self.env.invalidate_all()
        Report = self.env["crm.collection.contact.report"].with_user(self.collector)
        paid = {row.contact_id: row.amount_paid for row in Report.search([])}
        return [paid.get(contact) for contact in contacts]

    def test_rate(self):
        """Of what we began alone, without what was taken back; of a group that of its sums."""
        self._log(self.customer)
        for _number in range(3):
            self._log(self.customer, "no_answer", self.manager)
        self._log(self.customer, "refuses", self.manager)
        self._log(self.customer, "refuses", self.manager, direction="in")
        self._log(self.customer, "refuses", self.manager).action_take_back()
        Report = self.env["crm.collection.contact.report"].with_user(self.collector)
        specs = ["contact_count:sum", "attempt_count:sum", "reached_rate:avg"]
        self.assertEqual(
            Report._read_group([], ["user_id"], specs),
            [(self.collector, 1, 1, 100.0), (self.manager, 5, 4, 25.0)],
        )
        self.assertEqual(Report._read_group([], [], specs), [(6, 5, 40.0)])
        incoming = Report._read_group([("direction", "=", "in")], [], specs)
        self.assertEqual(incoming, [(1, 0, False)])

    def test_paid_after(self):
        """A payment is the last contact's that reached somebody about its item, and no other's."""
        item, other = self._items(self.move), self._items(self.other)
        early = self._log(item)
        self._move_on(2)
        whole, unreached = self._log(self.customer), self._log(self.customer, "no_answer")
        about_other = self._log(other)
        self.assertEqual(whole.item_ids, item | other)
        self._register_payment(self.move, 30)
        self.assertEqual(self._paid(early, whole, unreached, about_other), [0.0, 30.0, 0.0, 0.0])
        self._register_payment(self.other, 20)
        self.assertEqual(self._paid(early, whole, about_other), [0.0, 30.0, 20.0])
        # after the last of the days nobody's
        self._move_on(self.company.collection_attribution_days + 1)
        self._register_payment(self.move, 10)
        self.assertEqual(self._paid(early, whole, about_other), [0.0, 30.0, 20.0])
        whole.action_take_back()
        self.assertEqual(self._paid(early, whole, about_other), [30.0, None, 20.0])

    def test_last_day(self):
        """The last of the days is one of them, the day after is not."""
        days = self.company.collection_attribution_days
        contact = self._log(self.customer)
        self._move_on(days)
        self._register_payment(self.move, 30)
        self.assertEqual(self._paid(contact), [30.0])
        self._move_on(1)
        self._register_payment(self.move, 20)
        self.assertEqual(self._paid(contact), [30.0])

    def test_returned(self):
        """Taken off where it was counted, however much later; paid again it is the later one's."""
        contact = self._log(self.customer)
        self._register_payment(self.move)
        self.assertEqual(self._paid(contact), [100.0])
        self._move_on(20)
        self._unmatch(self.move)
        self._allocate()
        again = self._log(self.customer)
        self.assertEqual(self._paid(contact, again), [0.0, 0.0])
        self._register_payment(self.move)
        self.assertEqual(self._paid(contact, again), [0.0, 100.0])

    def test_about_everything(self):
        """A contact that names no item is about what was in collection then; a credit note is no
        payment."""
        contact = (
            self.env["crm.collection.contact"]
            .with_user(self.collector)
            .create({"partner_id": self.customer.id, "outcome_id": self.outcomes["refuses"].id})
        )
        self.env.cr.execute("UPDATE crm_collection_item SET create_date = %s", [contact.date])
        self._register_payment(self.move, 30)
        self.assertEqual(self._paid(contact), [30.0])
        credit = self._create_credit(40)
        self._receivables(credit | self.other).reconcile()
        self.assertEqual(self._paid(contact), [30.0])
        later = self._create_overdue(2)
        self._allocate()
        self._register_payment(later)
        self.assertEqual(self._paid(contact), [30.0])
