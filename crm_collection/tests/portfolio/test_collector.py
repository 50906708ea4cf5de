from odoo.tests import tagged

from ..common import TODAY
from ..common_letters import CrmCollectionLettersCommon


@tagged("post_install", "-at_install")
class TestCollector(CrmCollectionLettersCommon):
    """A customer's collector works what the customer owes; one who is given much is told once."""

    def setUp(self):
        super().setUp()
        self.moves = self.env["account.move"].union(*(self._create_overdue(12) for _i in range(3)))
        self._allocate()
        self.items = self._items(self.moves)
        self.second = self._create_user("second_collector", "user")

    def test_items_and_letters_follow_their_customer(self):
        """Seen to fail: items that were there kept nobody, and so did the letters about them."""
        letter = self.env["crm.collection.letter"].sudo()._create_due(self.company, TODAY)
        before = self._accounting_checksum()
        self.customer.collection_user_id = self.collector
        self.assertEqual(self.items.user_id, self.collector)
        self.assertEqual(letter.user_id, self.collector)
        self.items[0].user_id = self.manager  # a person's choice
        self.customer.collection_user_id = self.second
        self.assertEqual(self.items[0].user_id, self.manager)
        self.assertEqual(self.items[1:].user_id, self.second)
        self.assertEqual(letter.user_id, self.second)
        self.assertEqual(self._accounting_checksum(), before)

    def test_without_a_collector_it_is_the_salesperson(self):
        self.customer.user_id = self.second
        self.assertEqual(self.items.user_id, self.second)
        self.customer.collection_user_id = self.collector
        self.assertEqual(self.items.user_id, self.collector)
        self.customer.collection_user_id = False
        self.assertEqual(self.items.user_id, self.second)

    def test_what_is_done_is_not_handed_over(self):
        self.customer.collection_user_id = self.collector
        self._send_letters()
        self._deliver()
        letter = self._letters()
        self._pay(self.moves[0])
        paid = self._items(self.moves[0])
        self.customer.collection_user_id = self.second
        self.assertEqual(paid.user_id, self.collector)
        self.assertEqual(letter.user_id, self.collector)
        self.assertEqual((self.items - paid).user_id, self.second)

    def test_many_items_are_one_notice(self):
        """Seen to fail with a mail for each of them."""
        Message = self.env["mail.message"].sudo()
        items = self.items
        domain = [("message_type", "=", "user_notification")]
        domain += [("partner_ids", "in", self.collector.partner_id.ids)]
        before = Message.search(domain)
        items.with_user(self.manager).user_id = self.collector
        [notice] = Message.search(domain) - before
        self.assertIn("3 open items", notice.subject)
        for item in items:
            self.assertIn(item.display_name, notice.body)
        self.assertIn(self.collector.partner_id, items.message_partner_ids)
