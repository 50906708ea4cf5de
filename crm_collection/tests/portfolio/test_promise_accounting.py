from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import TODAY
from ..common_engine import CrmCollectionEngineCommon


@tagged("post_install", "-at_install")
class TestPromiseAccounting(CrmCollectionEngineCommon):
    """P1: accounting is never written, whatever collections do in the whole life of an item.

    The checksum has the place of every row version: rewriting a row with the values it has
    changes it too.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.moves = (
            cls._create_overdue(5)
            | cls._create_overdue(12, amount=300, terms=(0, 5, 60))
            | cls._create_overdue(70)
            | cls._create_entry(12)
        )
        cls.credit = cls._create_credit(10)

    def setUp(self):
        super().setUp()
        self.before = self._accounting_checksum()

    def _assert_untouched(self):
        self.assertEqual(self._accounting_checksum(), self.before)

    def test_the_checksum_sees_a_row_rewritten(self):
        """The test of the test: a row written with its own values is seen."""
        self.env.cr.execute(
            "UPDATE account_move_line SET name = name WHERE id = %s",
            [self._receivables(self.moves)[0].id],
        )
        self.assertNotEqual(self._accounting_checksum(), self.before)

    def test_run(self):
        """The job finds, moves, proposes, sweeps and runs again.

        Seen to fail with the slice writing the ``write_date`` of its journal items.
        """
        self._allocate()
        self.assertEqual(len(self._items(self.moves)), 5)
        self._assert_untouched()
        self._allocate()
        self._move_on(20)
        self._allocate()
        self._assert_untouched()

    def test_letters(self):
        """Letters are decided, written, queued, delivered and cancelled.

        Seen to fail with the invoices of a letter marked as sent.
        """
        self._allocate()
        self._send_letters()
        self.assertTrue(self._deliver())
        self.assertEqual(self._letters().state, "sent")
        self._move_on(20)
        self._allocate()
        self._send_letters()
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            self._deliver(error=ConnectionRefusedError("down"))
        self._assert_untouched()

    def test_maintenance(self):
        """Phase maintenance, pins, taking in what accounting leaves out.

        Seen to fail with ``no_followup`` written on the journal item instead of the item.
        """
        self._allocate()
        items = self._items(self.moves).with_user(self.collector)
        items.filtered("no_followup").action_take_in()
        self._allocate()
        result = items._maintain(self.phase_third, "All of them", pin=True)
        self.assertTrue(result["done"])
        items.action_release_pin()
        items._maintain(self.no_phase, "Out again")
        self._allocate()
        self._assert_untouched()

    def test_holds(self):
        """Holds of every scope, promises kept and broken, and their end.

        Seen to fail with a hold that blocks its invoice for payment.
        """
        self._allocate()
        Hold = self.env["crm.collection.hold"].with_user(self.collector)
        item = self._items(self.moves)[0]
        for scope in (
            {"item_id": item.id},
            {"move_id": self.moves[1].id},
            {"partner_id": self.customer.id, "kind": "promise", "date_until": TODAY},
        ):
            Hold.create({"reason": "Wait", **scope})
        self._allocate()
        Hold.search([])[0].action_lift("Over")
        self._move_on(1)
        self._allocate()
        self._assert_untouched()

    def test_reading(self):
        """What the screens show is computed: status, explanation, invoice and customer fields,
        simulation, reports.

        Seen to fail with reading an invoice that writes its row.
        """
        self._allocate()
        env = self.env(user=self.collector)
        env["crm.collection.status"].get_status()
        env["crm.collection.customer"].search([]).read()
        items = env["crm.collection.item"].search([])
        items.read(["explanation", "days_overdue", "date_next_step", "hold_id"])
        moves = env["account.move"].search([("collection_phase_id", "!=", False)])
        moves.read(["collection_phase_id", "collection_rule_id", "collection_approval_state"])
        env["account.move"]._read_group([], ["collection_phase_id"], ["__count"])
        items.partner_id.read(["collection_amount", "collection_item_count"])
        env["crm.collection.engine"]._simulate(self.company, TODAY)
        self._assert_untouched()

    def test_only_the_bookkeeper_writes(self):
        """What a payment writes in accounting is what it writes without any item: the hooks
        add nothing.

        Seen to fail with the hook of reconciliation writing the journal item.
        """
        self._allocate()
        lines = self._receivables(self.moves[0] | self.credit)
        self._as_bookkeeper(lines).reconcile()
        after = self._accounting_checksum()
        self.assertNotEqual(after, self.before)
        self.env["crm.collection.item"]._sync_lines(lines)
        self.env["crm.collection.item"]._sync_moves(lines.move_id)
        self._allocate()
        self.assertEqual(self._accounting_checksum(), after)
