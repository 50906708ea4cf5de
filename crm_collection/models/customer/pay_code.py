from odoo import models

from .payment import PAYABLE


class CrmCollectionLetter(models.Model):
    """On the letter's page a code is of what is owed now, not of what the letter asked for."""

    _inherit = "crm.collection.letter"

    def _get_online_pay_codes(self, open_items):
        """
        :param open_items: as of :meth:`_get_online_open_items`
        :return: as :meth:`_get_pay_codes`, less what open credits pay; without fine and interest
        """
        self.ensure_one()
        groups = {}
        for open_item in open_items:
            if open_item["status"] in PAYABLE and open_item["left"] > 0:
                groups.setdefault(open_item["currency"], []).append(open_item)
        return self._get_pay_codes(
            [
                {
                    "currency": currency,
                    "open_items": owed,
                    "to_pay": currency.round(sum(open_item["left"] for open_item in owed)),
                }
                for currency, owed in groups.items()
            ]
        )
