from odoo.fields import Command
from odoo.tests import tagged

from ..common import TODAY
from ..common_engine import CrmCollectionEngineCommon


@tagged("post_install", "-at_install")
class TestSettlementKinds(CrmCollectionEngineCommon):
    """What a settlement was made with is told by the accounts of its entry.

    Seen to fail: each with its account type left out of what counts as money.
    """

    def _settle_with(self, account_type, share=1):
        """An entry by hand: money of an account of this type, the rest a cost."""
        move = self._create_overdue(12)
        self._allocate()
        account = self.env["account.account"].create(
            {"name": account_type, "code": f"9{len(account_type)}", "account_type": account_type}
        )
        lines = [
            {"account_id": self._receivables(move).account_id.id, "credit": 100},
            {"account_id": account.id, "debit": 100 * share},
        ]
        if share < 1:
            expense = self.company_data["default_account_expense"]
            lines.append({"account_id": expense.id, "debit": 100 - 100 * share})
        vals = {"partner_id": self.customer.id}
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": TODAY,
                "line_ids": [Command.create({**vals, **line}) for line in lines],
            }
        )
        entry.action_post()
        (self._receivables(move) | self._receivables(entry)).reconcile()
        rows = self.env["crm.collection.settlement"].search(
            [("item_id", "in", self._items(move).ids)], order="id"
        )
        return [(row.kind, row.amount) for row in rows]

    def test_cash_is_a_payment(self):
        self.assertEqual(self._settle_with("asset_cash"), [("payment", 100)])

    def test_card_is_a_payment(self):
        self.assertEqual(self._settle_with("liability_credit_card"), [("payment", 100)])

    def test_part_of_it_by_card(self):
        self.assertEqual(
            self._settle_with("liability_credit_card", share=0.75),
            [("payment", 75), ("write_off", 25)],
        )

    def test_other_accounts_are_written_off(self):
        for account_type in ("expense", "liability_current", "asset_current"):
            with self.subTest(account_type):
                self.assertEqual(self._settle_with(account_type), [("write_off", 100)])
