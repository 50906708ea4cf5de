from odoo import models


class CrmCollectionLetter(models.Model):
    """On the letter's page codes and accounts are of what is owed now, not of what the letter asked
    for."""

    _inherit = "crm.collection.letter"

    def _get_online_pay_codes(self, open_items):
        """
        :param open_items: as of :meth:`_get_online_open_items`
        :return: as :meth:`_get_pay_codes`, less what open credits pay; without fine and interest
        """
        self.ensure_one()
        groups = {}
        for open_item in self.env["crm.collection.statement"]._get_payable(open_items):
            groups.setdefault(open_item["currency"], []).append(open_item)
        return self._get_pay_codes(
            [{"currency": currency, "owed": owed} for currency, owed in groups.items()]
        )

    def _get_online_bank_labels(self, open_items):
        """:return: as :meth:`_get_bank_labels`, of what the page shows as not settled"""
        self.ensure_one()
        payable = self.env["crm.collection.statement"]._get_payable(open_items)
        still_open = [one for one in open_items if one["status"] != "settled"]
        return self._get_bank_labels(still_open, payable)
