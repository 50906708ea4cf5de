from odoo import api, models

from ..letters.pay_reference import OF_CUSTOMER
from .payment import PAYABLE


class CrmCollectionStatement(models.AbstractModel):
    """How what a statement shows is paid at a bank: the codes and the slips that letters have."""

    _inherit = "crm.collection.statement"

    def _prepare_group(self, company, currency, open_items, open_credits, elsewhere):
        # EXTENDS: of each currency
        group = super()._prepare_group(company, currency, open_items, open_credits, elsewhere)
        partner = open_items[0]["line"].partner_id if open_items else company.partner_id
        letter = self._get_letterhead(partner.commercial_partner_id, company)
        group["pay_codes"] = self._get_pay_codes(letter, open_items)
        group["pay_slips"] = [
            {"name": slip.name, "document": line._get_collection_name(), "line": slip.line}
            for line, slip in self._get_pay_slips(open_items).items()
        ]
        return group

    @api.model
    def _get_pay_codes(self, letter, open_items):
        """
        :param letter: unsaved (see :meth:`_get_letterhead`)
        :param open_items: dicts of :meth:`_get_open_items`, of one customer and currency
        :return: list of the :class:`PayCode` of what is overdue, where nothing is of all that is
            open: less what open credits pay, without what nobody asks for now; one for each bank
            account that the invoices name. A payment of several is found by the number of the
            customer.
        """
        payable = self._get_payable(open_items)
        overdue = [open_item for open_item in payable if open_item["status"] == "overdue"]
        owed = overdue or payable
        groups = [{"currency": owed[0]["currency"], "owed": owed}] if owed else []
        return letter._get_pay_codes(groups, number=f"{OF_CUSTOMER}{letter.partner_id.id}")

    def _get_payable(self, open_items):
        """:return: those that a customer is to pay, with something left after the credits"""
        return [one for one in open_items if one["status"] in PAYABLE and one["left"] > 0]

    @api.model
    def _get_pay_slips(self, open_items):
        """:return: {journal item: ``PaySlip``} of what of these is to be paid"""
        payable = self._get_payable(open_items)
        lines = self.env["account.move.line"].union(*(one["line"] for one in payable))
        asked = {open_item["line"].id: open_item["left"] for open_item in payable}
        return lines._find_collection_pay_slips(asked)[0]
