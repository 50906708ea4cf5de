import random
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from odoo.tests import tagged
from odoo.tools import SQL

from ...models.letters import credit_queries
from ..common import TODAY
from ..common_conditions import ConditionsCase

CUSTOMERS = 300
AMOUNTS = [Decimal(amount) for amount in (1, 2, 2, 3, 5)]


@tagged("post_install", "-at_install")
class TestLetterReckoning(ConditionsCase):
    """What open credits leave, whether that is anything, and which of them pays what: of customers
    drawn at random, beside a loop over each of them. All are asked in one statement: what one
    has says nothing of another.

    Seen to fail with each comparison turned round, and each column left out of an order.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rnd = random.Random(1)
        cls.asked, cls.credits = [], []
        for partner_id in range(CUSTOMERS):
            for _number in range(rnd.randint(1, 4)):
                cls.asked.append(cls._draw_item(rnd, partner_id))
            for _number in range(rnd.randint(0, 3)):
                cls.credits.append(cls._draw_credit(rnd, partner_id))
        rnd.shuffle(cls.asked)
        rnd.shuffle(cls.credits)

    @classmethod
    def _draw_item(cls, rnd, partner_id):
        days = rnd.choice([None, -1, 0, 0, 1])
        return {
            "partner_id": partner_id,
            "currency_id": rnd.choice([1, 1, 2]),
            "item_id": 1000 - len(cls.asked),
            "line_id": 2000 + len(cls.asked),
            "date_maturity": days if days is None else TODAY + timedelta(days),
            "amount_residual_currency": rnd.choice(AMOUNTS),
            "is_due": rnd.random() < 0.7,
            "is_late": days == -1,
        }

    @classmethod
    def _draw_credit(cls, rnd, partner_id):
        return {
            "partner_id": partner_id,
            "currency_id": rnd.choice([1, 1, 2]),
            "line_id": 5000 - len(cls.credits),
            "date": TODAY + timedelta(rnd.choice([-2, -1])),
            "amount_currency": -rnd.choice(AMOUNTS),
        }

    def _read(self, query):
        tables = {"asked": self.asked, "credit": self.credits}
        return self.env.execute_query_dict(
            SQL("%s SELECT * FROM (%s) AS rows", self._pretend(tables), query)
        )

    def _get_groups(self):
        """:return: {(customer, currency): (items, credits)}, in the order in which they pay"""
        groups = defaultdict(lambda: ([], []))
        for item in sorted(
            self.asked,
            key=lambda item: (
                item["date_maturity"] is not None,
                item["date_maturity"] or TODAY,
                item["line_id"],
            ),
        ):
            groups[item["partner_id"], item["currency_id"]][0].append(item)
        for credit in sorted(self.credits, key=lambda credit: (credit["date"], credit["line_id"])):
            groups[credit["partner_id"], credit["currency_id"]][1].append(credit)
        return groups

    def _reckon(self):
        """:return: ({item id: (what is left, whether it is asked for)}, {(item id, number of the
        credit, its day): how much it pays})"""
        left, paid = {}, {}
        for items, credits_ in self._get_groups().values():
            purse = [[credit, -credit["amount_currency"]] for credit in credits_]
            rest = {}
            for item in items:
                item_id, owed = item["item_id"], item["amount_residual_currency"]
                for entry in purse:
                    if amount := min(owed, entry[1]):
                        paid[item_id, entry[0]["line_id"], entry[0]["date"]] = amount
                        owed -= amount
                        entry[1] -= amount
                rest[item_id] = owed
            is_late = any(i["is_due"] and i["is_late"] and rest[i["item_id"]] for i in items)
            for item in items:
                is_asked = item["is_due"] and (item["is_late"] or not is_late)
                left[item["item_id"]] = rest[item["item_id"]], is_asked
        return left, paid

    def test_what_is_left(self):
        left, _paid = self._reckon()
        rows = self._read(credit_queries.after_credits("asked", "credit"))
        said = {
            row["item_id"]: (row["amount_left"], row["is_asked"]) for row in rows if row["item_id"]
        }
        self.assertEqual(said, left)
        kinds = {(amount > 0, is_asked) for amount, is_asked in said.values()}
        self.assertEqual(len(kinds), 4)

    def test_whether_there_is_anything_to_ask_for(self):
        left, _paid = self._reckon()
        expected = {}
        for item in self.asked:
            if item["is_due"]:
                expected.setdefault(item["partner_id"], (set(), set(), set()))
        for item in self.asked:
            amount, is_asked = left[item["item_id"]]
            is_left, item_ids, line_ids = expected.get(item["partner_id"], (set(), set(), set()))
            is_left.add(is_asked and amount > 0)
            if item["is_due"] and amount > 0:
                item_ids.add(item["item_id"])
                line_ids.add(item["line_id"])
        said = {
            row["partner_id"]: (
                {row["is_left"]},
                set(row["item_ids"] or ()),
                set(row["line_ids"] or ()),
            )
            for row in self._read(credit_queries.owing("asked", "credit"))
        }
        self.assertEqual(
            said,
            {
                partner_id: ({any(is_left)}, item_ids, line_ids)
                for partner_id, (is_left, item_ids, line_ids) in expected.items()
            },
        )

    def test_which_credit_pays_what(self):
        _left, paid = self._reckon()
        rows = self._read(credit_queries.payments("asked", "credit"))
        said = {(row["item_id"], row["credit_line_id"], row["date"]): row["amount"] for row in rows}
        self.assertEqual(len(said), len(rows))
        self.assertEqual(said, paid)
