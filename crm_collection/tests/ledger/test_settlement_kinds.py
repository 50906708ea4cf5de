from odoo.fields import Command
from odoo.tests import tagged

from ..common import TODAY
from ..common_engine import CrmCollectionEngineCommon


@tagged("post_install", "-at_install")
class TestSettlementKinds(CrmCollectionEngineCommon):
    """What a settlement was made with is told by the accounts of its entry.

    Seen to fail: each with its account type left out of what counts as money; with more money
    counted than was settled.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.others = {
            account_type: cls.env["account.account"].create(
                {"name": account_type, "code": f"9{number}", "account_type": account_type}
            )
            for number, account_type in enumerate(
                ("asset_cash", "liability_credit_card", "liability_current", "asset_current")
            )
        }
        cls.others["expense"] = cls.company_data["default_account_expense"]
        cls.others["receivable"] = cls.company_data["default_account_receivable"]

    def _settle_with(self, debits, amount=100, journal=None):
        """An entry by hand settles an item.

        :param dict debits: {type of an account, or the account: what is booked there}
        """
        move = self._create_overdue(12, amount=amount)
        self._allocate()
        vals = {"partner_id": self.customer.id}
        lines = [{**vals, "account_id": self.others["receivable"].id, "balance": -amount}]
        for account, balance in debits.items():
            account_id = self.others.get(account, account).id
            lines.append({**vals, "account_id": account_id, "balance": balance})
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": (journal or self.company_data["default_journal_misc"]).id,
                "date": TODAY,
                "line_ids": [Command.create(line) for line in lines],
            }
        )
        entry.action_post()
        credit = self._receivables(entry).filtered(lambda line: line.balance < 0)
        (self._receivables(move) | credit).reconcile()
        rows = self.env["crm.collection.settlement"].search(
            [("item_id", "in", self._items(move).ids)], order="id"
        )
        return [(row.kind, row.amount) for row in rows]

    def test_money_is_a_payment(self):
        """All of it, a part, and no more than was settled, however little that is."""
        for account_type in ("asset_cash", "liability_credit_card"):
            for debits, expected in (
                ({account_type: 100}, [("payment", 100)]),
                ({account_type: 75, "expense": 25}, [("payment", 75), ("write_off", 25)]),
                ({account_type: 120, "expense": -20}, [("payment", 100)]),
            ):
                with self.subTest(debits):
                    self.assertEqual(self._settle_with(debits), expected)
        cents = self._settle_with({"asset_cash": 0.5}, amount=0.5)
        self.assertEqual(cents, [("payment", 0.5)])

    def test_other_accounts_are_written_off(self):
        """What is moved from one customer to another is no money either, though money went in
        and out with it."""
        accounts = self.others
        misc = self.company_data["default_journal_misc"]
        misc.default_account_id = accounts["expense"]
        for debits in (
            *({account_type: 100} for account_type in ("liability_current", "asset_current")),
            {"expense": 100},
            {"receivable": 100, "asset_cash": 5, accounts["asset_cash"].copy(): -5},
            {"expense": 120, "asset_cash": -20},
        ):
            with self.subTest(debits):
                self.assertEqual(self._settle_with(debits), [("write_off", 100)])

    def test_what_the_bank_booked(self):
        """An entry of the bank without any money is all money: where the money went is not known
        yet. Its suspense account is money."""
        for kind in ("bank", "cash", "credit"):
            journal = self.company_data[f"default_journal_{kind}"]
            for debits, expected in (
                ({"expense": 100}, [("payment", 100)]),
                (
                    {journal.suspense_account_id: 60, "expense": 40},
                    [("payment", 60), ("write_off", 40)],
                ),
            ):
                with self.subTest(kind=kind, debits=debits):
                    self.assertEqual(self._settle_with(debits, journal=journal), expected)
