from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from ..common import TODAY
from ..common_portal import CrmCollectionPortalCommon


@tagged("post_install", "-at_install")
class TestRefund(CrmCollectionPortalCommon):
    """Money that went to a customer is on his account and no claim: nobody is asked for it unless
    a person puts it into collection, and it is called by what it was for.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls._create_provider()
        cls.move = cls._create_overdue(40)
        cls.bank = cls.company_data["default_journal_bank"]

    def _pay_online(self):
        payment_sudo = self.env["payment.transaction"].sudo()
        payment_sudo = payment_sudo.create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.provider.payment_method_ids.id,
                "amount": 100.0,
                "currency_id": self.company.currency_id.id,
                "partner_id": self.customer.id,
                "invoice_ids": [Command.set(self.move.ids)],
                "operation": "online_redirect",
            }
        )
        payment_sudo._set_done()
        payment_sudo._post_process()
        return payment_sudo

    def _refund(self, payment_sudo, amount=100.0):
        """:return: the open journal item of the customer's account"""
        refund_sudo = payment_sudo._create_child_transaction(amount, is_refund=True)
        refund_sudo._set_done()
        refund_sudo._post_process()
        self._end_transaction()
        return self._get_open_line(refund_sudo.payment_id.move_id)

    def _get_open_line(self, move):
        line = self._receivables(move.with_env(self.env))
        self.assertTrue(line.amount_residual > 0)
        return line

    def _item_of(self, line):
        return self.env["crm.collection.item"].search([("line_id", "=", line.id)])

    def _send_out(self, user):
        """:return: a payment to the customer, as the bookkeeper enters it"""
        payment = self.env["account.payment"].create(
            {
                "payment_type": "outbound",
                "partner_type": "customer",
                "partner_id": self.customer.id,
                "amount": 50.0,
                "journal_id": self.bank.id,
                "memo": "Goodwill",
            }
        )
        payment.action_post()
        return payment.move_id

    def _reverse_payment(self):
        """:return: the entry that reverses a payment whose invoice stays paid"""
        move = self._create_overdue(40, amount=70.0)
        payment = self._pay(move)
        vals = [{"date": fields.Date.today(), "journal_id": self.bank.id}]
        reversal = payment.move_id._reverse_moves(vals)
        reversal.action_post()
        return reversal

    def _take_back_by_bank(self):
        """:return: the entry of a bank statement with a debit to the customer's account"""
        line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.bank.id,
                "payment_ref": "Returned debit",
                "partner_id": self.customer.id,
                "amount": -30.0,
                "date": TODAY,
            }
        )
        _liquidity, suspense, _other = line._seek_for_lines()
        suspense.account_id = self.company_data["default_account_receivable"]
        return line.move_id

    # === What is asked === #

    def test_refunded_online_payment_is_not_asked_for(self):
        self._allocate()
        line = self._refund(self._pay_online())
        self.assertEqual(self._items(self.move).state, "settled")
        for _days in range(3):
            self._move_on(35)
            self.assertFalse(self._write_letters())
        item = self._item_of(line)
        self.assertRecordValues(
            item, [{"blocker": "refund", "phase_id": False, "name": self.move.name}]
        )
        self.assertIn("Money sent to the customer.", item.explanation)
        self.assertEqual(line._get_collection_name(), self.move.name)
        self._check_customers_side(line)
        # a person decides otherwise
        item.with_user(self.collector).action_take_in()
        letter = self._write_letters()
        self.assertEqual(letter.line_ids.mapped("name"), [self.move.name])
        Statement = self.env["crm.collection.statement"]
        self.assertEqual(Statement._get_open_items(line)[0]["status"], "overdue")

    def _check_customers_side(self, line):
        Statement = self.env["crm.collection.statement"]
        (statement,) = Statement._get_statements(self.customer, self.company)
        (group,) = statement["groups"]
        (open_item,) = group["open_items"]
        self.assertEqual((open_item["line"], open_item["status"]), (line, "refund"))
        self.assertEqual(open_item["number"], self.move.name)
        self.assertEqual((group["residual"], group["overdue"]), (100.0, 0.0))
        customers = Statement._get_customer_domain(self.customer)
        (account,) = Statement._get_accounts(customers, self.company)
        self.assertEqual((account["residual"], account["overdue"]), (100.0, 0.0))
        self.assertFalse(Statement._get_payment(line))
        self._login(self.portal_user)
        self.assertIn("Refunded to you", self._get("/my/collections"))

    def test_settlement_is_taken_back(self):
        """GIVEN a payment that was refunded, in part and then in full
        WHEN the allocation job looks, and looks again
        THEN what it settled is taken back with the last of it, and once.
        """
        self._allocate()
        payment_sudo = self._pay_online()
        settlements = self.env["crm.collection.settlement"].search(
            [("item_id", "=", self._items(self.move).id)]
        )
        self._refund(payment_sudo, 40.0)
        for amount, expected in ((60.0, [100.0]), (0.0, [100.0, -100.0]), (0.0, [100.0, -100.0])):
            self._move_on(1)
            self._allocate()
            self.assertEqual(self._get_settled(), expected)
            if amount:
                self._refund(payment_sudo, amount)
        self.assertEqual(settlements.kind, "payment")
        # accounting follows: nothing is taken back twice
        self._receivables(self.move).remove_move_reconcile()
        self._allocate()
        self.assertEqual(self._get_settled(), [100.0, -100.0])

    def _get_settled(self):
        domain = [("item_id", "=", self._items(self.move).id)]
        return self.env["crm.collection.settlement"].search(domain, order="id").mapped("amount")

    def test_other_money_that_went_out_is_not_asked_for(self):
        """A payment to the customer, a payment of his reversed, one the bank took back."""
        self._pay(self.move)
        moves = self._send_out(self.collector) | self._reverse_payment() | self._take_back_by_bank()
        self._end_transaction()
        lines = [self._get_open_line(move) for move in moves]
        self._move_on(35)
        self.assertFalse(self._write_letters())
        self.assertEqual({self._item_of(line).blocker for line in lines}, {"refund"})
        self.assertEqual(self._item_of(lines[0]).name, "Goodwill")
        self.assertEqual(self._items(moves).mapped("no_followup"), [True] * 3)

    def test_debts_are_asked_for_as_before(self):
        """An opening balance, and an entry by hand: debts."""
        self._pay(self.move)
        self._create_entry(40, no_followup=False)
        self.assertEqual(self._write_letters().line_ids.mapped("days_overdue"), [40])

    def test_invoice_is_owed_again(self):
        """GIVEN a refunded payment
        WHEN accounting takes it off the invoice and matches it with the refund
        THEN the invoice is asked for, under its number, and the refund is settled.
        """
        self._allocate()
        payment_sudo = self._pay_online()
        line = self._refund(payment_sudo)
        self._allocate()
        self._receivables(self.move).remove_move_reconcile()
        (line | self._receivables(payment_sudo.payment_id.move_id.with_env(self.env))).reconcile()
        self._move_on(1)
        letter = self._write_letters()
        self.assertEqual(letter.line_ids.item_id, self._items(self.move))
        self.assertEqual(self._item_of(line).state, "settled")
