from odoo.fields import Command

from .common import TODAY
from .common_engine import CrmCollectionEngineCommon

HOLD = "crm.collection.hold"


class PromiseCase(CrmCollectionEngineCommon):
    """Two invoices of a customer, 100 and 50, nine days overdue."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.moves = cls._create_overdue(9) | cls._create_overdue(9, amount=50)
        cls.customer.collection_user_id = cls.collector

    def setUp(self):
        super().setUp()
        self._allocate()
        self.items = self._items(self.moves).sorted(lambda item: item.move_id.id)

    def _promise(self, days=None, user=None, **vals):
        """A promise about both items, unless something else is named."""
        named = {"partner_id", "move_id", "item_id", "item_ids"} & vals.keys()
        scope = {} if named else {"item_ids": [Command.set(self.items.ids)]}
        day = {} if days is None else {"date_until": self._day(days)}
        promise = (
            self.env[HOLD]
            .with_user(user or self.collector)
            .create({"kind": "promise", "reason": "On the phone", **scope, **day, **vals})
            .sudo()
        )
        self._end_transaction()
        return promise

    def _parts(self, *parts):
        return [
            Command.create({"date": self._day(days), "amount": amount}) for days, amount in parts
        ]

    def _plan(self, *parts, **vals):
        return self._promise(part_ids=self._parts(*parts), **vals)

    def _pay_on(self, days, move, amount):
        wizard = (
            self.env["account.payment.register"]
            .with_user(self.bookkeeper)
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"payment_date": self._day(days), "amount": amount})
        )
        payments = wizard._create_payments()
        self._end_transaction()
        return payments

    def _on(self, days):
        """The day so many days from the first."""
        self._move_on(days - (self.company._get_collection_today() - TODAY).days)

    def _run_on(self, days):
        self._on(days)
        self._allocate()

    def _tasks(self, holds):
        return holds.sudo().activity_ids
