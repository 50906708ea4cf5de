from urllib.parse import urlencode

from odoo import api, models

from odoo.addons.payment import utils as payment_utils

PAYABLE = ("overdue", "open")


class CrmCollectionStatement(models.AbstractModel):
    """What of it can be paid online now, and where: the payment itself is ``account_payment``'s."""

    _inherit = "crm.collection.statement"

    @api.model
    def _get_payment(self, lines, companies=None):
        """Return what is to be paid for open items of one customer, creditor and currency at once.

        Only what core offers to pay online counts, and nothing that is disputed or being paid.
        What open credits pay of each is taken off, whether or not anybody has matched them yet.

        :param lines: ``account.move.line``, any number
        :param companies: those whose items are paid; by default all
        :return: dict of ``key``, ``company`` (whose provider takes the money: the items', or the
            root of several), ``partner``, ``currency``, ``open_items``, ``left_out`` (items that
            are not paid with them), ``credit`` (what credits pay of the items) and ``amount`` (0
            where nothing is left to pay), or None without an item to pay
        """
        companies = companies or lines.company_id
        open_items, left_out = [], []
        for open_item in self._get_open_items(lines):
            is_paid = self._is_payable(open_item) and open_item["line"].company_id in companies
            (open_items if is_paid else left_out).append(open_item)
        if not open_items:
            return None
        line, paid = open_items[0]["line"], lines.browse(one["line"].id for one in open_items)
        company = self._get_creditor(paid.company_id, paid.company_id._get_collection_family())
        credit, left = (sum(one[key] for one in open_items) for key in ("credit", "left"))
        return {
            "key": self._get_account_key(company, line.partner_id, line.currency_id),
            "company": company,
            "partner": line.partner_id,
            "currency": line.currency_id,
            "open_items": open_items,
            "left_out": left_out,
            "credit": line.currency_id.round(credit),
            "amount": line.currency_id.round(left),
        }

    def _is_payable(self, open_item):
        return open_item["status"] in PAYABLE and open_item["move"]._has_to_be_paid()

    def _is_to_pay(self, open_item):
        """:return: whether an item can be paid online, and credits leave anything of it to pay"""
        return open_item["left"] > 0 and self._is_payable(open_item)

    @api.model
    def _get_payments(self, lines):
        """Return what can be paid at once of each currency (see :meth:`_get_payment`): where a
        payment provider takes it, and where something is left after the credits."""
        owners = lines.grouped(
            lambda line: (line.company_id.sudo().root_id, line.partner_id, line.currency_id)
        )
        return list(filter(None, map(self._find_payment, owners.values())))

    def _find_payment(self, lines):
        """:return: what of a creditor's items can be paid at once: all, or where no provider takes
        the money of several companies those of the first one that has a provider"""
        companies = lines.company_id
        for paid in (companies, *companies) if len(companies) > 1 else companies:
            payment = self._get_payment(lines, paid)
            if payment and payment["amount"] > 0 and self._has_provider(payment):
                return payment
        return None

    def _has_provider(self, payment):
        return self._is_taken(
            *(payment["company"], payment["partner"], payment["currency"], payment["amount"])
        )

    @api.model
    def _is_taken(self, company, partner, currency, amount):
        """Whether any payment provider takes this customer's money in this currency."""
        return bool(
            self.env["payment.provider"]
            .sudo()  # customers do not read the settings of providers
            ._get_compatible_providers(company.id, partner.id, amount, currency_id=currency.id)
        )

    @api.model
    def _get_payable_ids(self, open_items):
        """:return: ids of the journal items that can be paid online one by one: a provider is
        asked once for all of an owner, and once more for each where the largest is too much"""
        result, owners = set(), {}
        for open_item in open_items:
            if open_item["status"] != "settled" and self._is_to_pay(open_item):
                line = open_item["line"]
                owner = line.company_id, line.partner_id, line.currency_id
                owners.setdefault(owner, {})[line.id] = open_item["left"]
        for owner, amounts in owners.items():
            if self._is_taken(*owner, max(amounts.values())):
                result |= amounts.keys()
            elif len(amounts) > 1:
                result |= {id_ for id_, amount in amounts.items() if self._is_taken(*owner, amount)}
        return result

    @api.model
    def _get_line_payment(self, line):
        """Return what is to be paid for one installment (see :meth:`_get_payment`), or None.

        Core matches a payment with an invoice's oldest installment first; so it is all of them up
        to this one, less what open credits pay of them; a discount is taken off.
        """
        if line.id not in self._get_payable_ids(self._get_open_items(line)):
            return None
        move, currency = line.move_id, line.currency_id
        lines = self._get_terms_until(line).filtered(lambda term: not term.reconciled)
        open_items = self._get_open_items(lines)
        credit, left = (sum(one[key] for one in open_items) for key in ("credit", "left"))
        in_core = move._get_invoice_next_payment_values()
        return {
            "key": self._get_account_key(line.company_id, line.partner_id, currency),
            "company": line.company_id,
            "partner": line.partner_id,
            "currency": currency,
            "open_items": open_items,
            "left_out": [],
            "credit": currency.round(credit),
            "amount": in_core["amount_due"] - credit
            if in_core["installment_state"] == "epd"
            else currency.round(left),
        }

    def _get_terms_until(self, line):
        """:return: the installments of the entry that are due no later than this one"""
        return line.move_id.line_ids.filtered(
            lambda term: (
                term.display_type == "payment_term"
                and (term.date_maturity or term.date) <= (line.date_maturity or line.date)
            )
        )

    @api.model
    def _get_invoice_payment_url(self, line, paid=None):
        """Return core's page to pay an installment, with the dialog open, for a reader who may
        open the invoice.

        It asks for all installments up to this one, less what open credits pay of them (see
        :meth:`_get_line_payment`), and leaves the amount to core where that is the whole invoice
        (which may have a discount).

        :param dict paid: what open credits pay, where it is known (:meth:`_get_paid_by_credits`)
        """
        if paid is None:
            paid = self._get_paid_by_credits(line)
        move, terms = line.move_id, self._get_terms_until(line)
        left = (term.amount_residual_currency - paid.get(term.id, 0.0) for term in terms)
        amount = line.currency_id.round(sum(left))
        query = {"payment": True}
        if line.currency_id.compare_amounts(amount, move.amount_residual):
            token = payment_utils.generate_access_token(move.id, amount, env=self.env)
            query |= {"amount": amount, "payment_token": token}
        return f"/my/invoices/{move.id}?{urlencode(query)}#portal_pay"
