from datetime import date

from odoo import fields

from .common import TODAY, CrmCollectionCommon


class CrmCollectionFiguresCommon(CrmCollectionCommon):
    """Invoices and payments on chosen days, and what the reports say of them."""

    @classmethod
    def _invoice(cls, issued, due, amount, partner=None, **vals):
        """A posted invoice of one day with one due date.

        :param issued: day as text or date, also the accounting date
        """
        return cls._create_overdue(
            (TODAY - fields.Date.to_date(due)).days,
            partner=partner,
            amount=amount,
            invoice_date=fields.Date.to_date(issued),
            **vals,
        )

    def _pay_on(self, moves, day, amount=None):
        """Register and match a payment of a day (all that is owed, or ``amount``)."""
        vals = {"amount": amount} if amount else {}
        return (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=moves.ids)
            .create({"payment_date": fields.Date.to_date(day), **vals})
            ._create_payments()
        )

    def _aging(self, day=None, user=None):
        """:return: the aging's model on a day, as a user sees it"""
        self.env.invalidate_all()
        Aging = self.env["crm.collection.aging"].with_user(user or self.collector)
        if day:
            Aging = Aging.with_context(crm_collection_aging_date=str(day))
        return Aging.with_company(self.company)

    def _owed(self, day=None, moves=None):
        """:return: {item: what it owed} on a day, of the customers' or of these entries"""
        domain = [("move_id", "in", moves.ids)] if moves else []
        return {open_item.name: open_item.amount for open_item in self._aging(day).search(domain)}

    @staticmethod
    def _month_end(year, month):
        first = date(year + month // 12, month % 12 + 1, 1)
        return fields.Date.subtract(first, days=1)
