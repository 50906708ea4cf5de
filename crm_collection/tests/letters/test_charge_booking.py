from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..common import TODAY
from ..common_letters import CrmCollectionLettersCommon


@tagged("post_install", "-at_install")
class TestChargeBooking(CrmCollectionLettersCommon):
    """A person makes a draft invoice of the fine and interest that a letter asked for.

    The fine is 2 %, the interest 3 % a month: a thousandth of what is owed each day. A thousand is
    owed, 12 days late when the first letter goes and 32 when the second one does:

        first letter   fine 20.00   interest 12.00
        second letter  fine 20.00   interest 32.00   less what is booked
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {
                "collection_fine_percent": 2,
                "collection_interest_percent": 3,
                "collection_charge_account_id": cls.company_data["default_account_revenue"].id,
            }
        )
        cls.biller = new_test_user(
            cls.env(su=True),
            "biller",
            groups="account.group_account_invoice",
            email="biller@creditor.example",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.move = cls._create_overdue(12, amount=1000.0)

    def _send(self):
        """A letter goes to the customer, and its mail server takes it."""
        self._allocate()
        self._send_letters()
        self._deliver()
        letter = self._letters().sorted("id")[-1]
        self.assertEqual(letter.state, "sent")
        return letter.with_user(self.biller)

    def _book(self, letter):
        letter.action_book_charges()
        self.env.invalidate_all()
        return letter.charge_ids.move_id.sorted("id")[-1:]

    def _get_asked(self, letter, move=None):
        line = letter.line_ids.filtered(lambda line: line.item_id.move_id == (move or self.move))
        return line.amount_fine, line.amount_interest

    def test_draft(self):
        """Seen to fail with the invoice posted, without the check of the role, and with a second
        draft of one letter."""
        self._allocate()
        self._send_letters()
        with self.assertRaisesRegex(UserError, "not sent"):
            self._letters().with_user(self.biller).action_book_charges()
        letter = self._send()
        before = self.env["account.move"].search_count([])
        for user in (self.collector, self.manager):
            self.assertFalse(letter.with_user(user).can_book_charges)
            with self.assertRaisesRegex(AccessError, "Only who makes invoices"):
                letter.with_user(user).action_book_charges()
        self.assertTrue(letter.can_book_charges)
        self.company.collection_charge_account_id = False
        with self.assertRaisesRegex(UserError, "booked to"):
            letter.action_book_charges()
        account = self.company_data["default_account_revenue"]
        self.company.collection_charge_account_id = account
        draft = self._book(letter)
        self.assertEqual(self.env["account.move"].search_count([]), before + 1)
        self.assertRecordValues(
            draft,
            [
                {
                    "state": "draft",
                    "move_type": "out_invoice",
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "invoice_origin": self.move.name,
                }
            ],
        )
        self.assertRecordValues(
            draft.invoice_line_ids,
            [
                {"price_unit": 20.0, "account_id": account.id},
                {"price_unit": 12.0, "account_id": account.id},
            ],
        )
        self.assertIn(self.move.name, draft.invoice_line_ids[0].name)
        self.assertIn("03/16/2026", draft.invoice_line_ids[1].name)
        self.assertFalse(letter.can_book_charges)
        with self.assertRaisesRegex(UserError, "booked already"):
            letter.action_book_charges()
        self.assertIn("draft invoice", letter.sudo().message_ids[0].body)
        with self.assertRaises(AccessError):
            letter.charge_ids.write({"amount_fine": 0.0})

    def test_never_twice(self):
        """Later letters ask for what is not booked, and customer's page and simulation say the
        same; of the invoice of charges there are none.

        Seen to fail without what is booked taken off, in the letter and in the simulation each,
        and with charges on the invoice of charges.
        """
        first = self._send()
        self.assertEqual(self._get_asked(first), (20.0, 12.0))
        draft = self._book(first)
        draft.invoice_date = TODAY
        draft.invoice_date_due = TODAY
        draft.action_post()
        self._move_on(20)
        desk = self.env["crm.collection.desk"].with_user(self.collector)
        page = desk.get_customer(self.customer.id, self.company.id)
        # 20.00 + 32.00 less 20.00 and 12.00; none of the 32.00 that are booked
        self.assertEqual(page["groups"][0]["charges"], 20.0)
        today = self.company._get_collection_today()
        [simulated] = self.env["crm.collection.engine"]._simulate(self.company, today)["letters"]
        self.assertEqual(simulated["charges"], 20.0)
        second = self._send()
        self.assertEqual(self._get_asked(second), (0.0, 20.0))
        self.assertEqual(self._get_asked(second, draft), (0.0, 0.0))
        self.assertEqual(second.amount_asked, 1000.0 + 20.0 + 32.0)
        lines = self._book(second).invoice_line_ids
        self.assertEqual(lines.mapped("price_unit"), [20.0])

    def test_last_letter(self):
        """Only the last letter about an item is booked: it asks for what the earlier did. What is
        cancelled or deleted was not booked, and is asked for again.

        Seen to fail with an earlier letter booked after a later one, and with a cancelled draft
        that counts.
        """
        first = self._send()
        cancelled = self._book(first)
        cancelled.button_cancel()
        self.env.invalidate_all()
        self.assertTrue(first.can_book_charges)
        self._book(first).unlink()
        self.assertTrue(first.can_book_charges)
        self._move_on(20)
        second = self._send()
        self.assertEqual(self._get_asked(second), (20.0, 32.0))
        self.assertFalse(first.can_book_charges)
        with self.assertRaisesRegex(UserError, "later letter"):
            first.action_book_charges()
        lines = self._book(second).invoice_line_ids
        self.assertEqual(lines.mapped("price_unit"), [20.0, 32.0])
