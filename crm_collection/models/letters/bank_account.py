from odoo import models


class CrmCollectionLetter(models.Model):
    """To which account of the creditor is paid, and all that a bank asks for to pay to it."""

    _inherit = "crm.collection.letter"

    def _get_bank_account(self):
        """Return the account to pay to, where all the invoices name the same one."""
        banks = self.line_ids.item_id.move_id.partner_bank_id
        return banks if len(banks) == 1 else banks.browse()

    def _get_bank_label(self, account=None, documents=""):
        """Return the sentence with the account to pay to, or an empty string.

        :param account: ``res.partner.bank``; by default the one all the letter's invoices name
        :param str documents: what is paid to it, where other documents name another one
        """
        account = self._get_bank_account() if account is None else account
        if not account:
            return ""
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
