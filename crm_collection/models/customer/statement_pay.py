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
        by_account = self._get_by_account(overdue or payable)
        codes = []
        for owed in by_account.values():
            currency = owed[0]["currency"]
            to_pay = currency.round(sum(open_item["left"] for open_item in owed))
            group = {"currency": currency, "open_items": owed, "to_pay": to_pay}
            number = f"{OF_CUSTOMER}{letter.partner_id.id}"
            documents = self._get_documents(owed) if len(by_account) > 1 else ""
            codes += [
                code._replace(documents=documents)
                for code in letter._get_pay_codes([group], number=number)
            ]
        return codes

    @api.model
    def _get_bank_labels(self, letter, open_items):
        """:return: a sentence for each bank account to which any of these items is paid; where
        they name several, with the documents that are to be paid to it now"""
        by_account = self._get_by_account(open_items)
        if len(by_account) == 1:
            return [letter._get_bank_label(*by_account)]
        return [
            letter._get_bank_label(account_sudo, self._get_documents(owed))
            for account_sudo, owed in self._get_by_account(self._get_payable(open_items)).items()
        ]

    @api.model
    def _get_by_account(self, open_items):
        """:return: {bank account in sudo: the items whose invoices name it}. Where it is the only
        one the others are paid to it, too; of several nobody knows which."""
        by_account = {}
        for open_item in open_items:
            account_sudo = open_item["move"].sudo().partner_bank_id
            by_account.setdefault(account_sudo, []).append(open_item)
        named = {account_sudo: owed for account_sudo, owed in by_account.items() if account_sudo}
        return dict.fromkeys(named, open_items) if len(named) == 1 else named

    def _get_documents(self, open_items):
        """:return: what the customer knows items by, each document once"""
        return ", ".join(dict.fromkeys(open_item["number"] for open_item in open_items))

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
