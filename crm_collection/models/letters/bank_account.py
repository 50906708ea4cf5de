from odoo import models


class CrmCollectionLetter(models.Model):
    """To which account of the creditor is paid, and all that a bank asks for to pay to it."""

    _inherit = "crm.collection.letter"

    def _get_by_account(self, open_items):
        """
        :param open_items: dicts with ``move``, of letter, page or statement
        :return: {bank account in sudo: the items whose invoices name it}. Where it is the only
            one the others are paid to it, too; of several nobody knows which.
        """
        by_account = {}
        for open_item in open_items:
            # of the company, for who reads its letters
            account_sudo = open_item["move"].sudo().partner_bank_id
            by_account.setdefault(account_sudo, []).append(open_item)
        named = {account_sudo: owed for account_sudo, owed in by_account.items() if account_sudo}
        return dict.fromkeys(named, open_items) if len(named) == 1 else named

    def _get_documents(self, open_items):
        """:return: what the customer knows items by, each document once"""
        return ", ".join(dict.fromkeys(open_item["number"] for open_item in open_items))

    def _get_bank_labels(self, open_items, payable):
        """
        :param open_items: dicts with ``move`` and ``number``, of letter, page or statement
        :param payable: those of them that are to be paid
        :return: a sentence for each bank account to which any of them is paid; where they name
            several, with the documents that are to be paid to it
        """
        by_account = self._get_by_account(open_items)
        if len(by_account) == 1:
            return [self._get_bank_label(*by_account)]
        return [
            self._get_bank_label(account_sudo, self._get_documents(owed))
            for account_sudo, owed in self._get_by_account(payable).items()
        ]

    def _get_letter_bank_labels(self, groups):
        """Return the sentences that say to which bank accounts the items are paid."""
        open_items = [open_item for group in groups for open_item in group["open_items"]]
        payable = [open_item for open_item in open_items if open_item["left"] > 0]
        return self._get_bank_labels(open_items, payable)

    def _get_bank_label(self, account, documents=""):
        """Return the sentence with the account to pay to.

        :param account: ``res.partner.bank``
        :param str documents: what is paid to it, where other documents name another one
        """
        holder = account.acc_holder_name or self.company_id.name
        number = ", ".join(self._get_bank_details(account))
        if documents:
            return self.env._(
                "%(documents)s: by bank transfer to %(holder)s, account %(account)s. Please quote"
                " the numbers of the documents.",
                documents=documents,
                holder=holder,
                account=number,
            )
        return self.env._(
            "By bank transfer to %(holder)s, account %(account)s. Please quote the numbers of the"
            " documents.",
            holder=holder,
            account=number,
        )

    def _get_bank_details(self, account):
        """:return: the number of the account, and what else its country's banks ask for: a
        localisation that keeps more of it overrides this"""
        in_brazil = account.country_code == "BR"
        details = [account.acc_number]
        if account.clearing_number:
            details.append(
                self.env._("branch %s", account.clearing_number)
                if in_brazil
                else self.env._("clearing number %s", account.clearing_number)
            )
        if bank := account.bank_id:
            details.append(f"{bank.name} ({bank.bic})" if bank.bic else bank.name)
        if in_brazil:
            details += self._get_brazilian_details(account)
        return details

    def _get_brazilian_details(self, account):
        """:return: whose account it is, by number: transfers ask for it; and the key of the Pix"""
        label, vat = account.sudo().partner_id._get_collection_vat()  # a company's own
        details = [f"{label} {vat}".strip()] if vat else []
        # of Odoo's module of these codes, which the Brazilian localisation brings
        if "proxy_value" in account._fields and account.proxy_type != "none":
            details.append(self.env._("Pix key %s", account.proxy_value))
        return details
