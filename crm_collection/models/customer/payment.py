from urllib.parse import urlencode

from odoo import api, models
from odoo.fields import Domain

from odoo.addons.payment import utils as payment_utils

PAYABLE = ("overdue", "open")


class CrmCollectionStatement(models.AbstractModel):
    """What of it can be paid online now, and where: the payment itself is ``account_payment``'s."""

    _inherit = "crm.collection.statement"

    @api.model
    def _get_payment(self, lines):
        """Return what is to be paid for open items of one customer, company and currency at once.

        Only what core offers to pay online counts, and nothing that is disputed or being paid.
        Open credits are taken off, whether or not anybody has matched them yet.

        :param lines: ``account.move.line``, any number
        :return: dict of ``key``, ``company``, ``partner``, ``currency``, ``open_items``,
            ``left_out``
            (items that are not paid with them), ``credit`` and ``amount`` (0 where nothing is
            left to pay), or None without an item to pay
        """
        open_items, left_out = [], []
        for open_item in self._get_open_items(lines):
            (open_items if self._is_payable(open_item) else left_out).append(open_item)
        if not open_items:
            return None
        line = open_items[0]["line"]
        company, partner, currency = line.company_id, line.partner_id, line.currency_id
        credit = self._get_open_credit(company, partner, currency)
        owed = sum(open_item["residual"] for open_item in open_items)
        return {
            "key": self._get_account_key(company, partner, currency),
            "company": company,
            "partner": partner,
            "currency": currency,
            "open_items": open_items,
            "left_out": left_out,
            "credit": currency.round(credit),
            "amount": currency.round(max(owed - credit, 0.0)),
        }

    def _get_open_credit(self, company, partner, currency):
        """:return: what the customer has to his credit, in his name or in a contact's"""
        customers = self._get_customer_domain(partner.commercial_partner_id)
        open_credits = self.env["account.move.line"].search(
            self._get_credits_domain(customers, company) & Domain("currency_id", "=", currency.id)
        )
        return -sum(open_credits.mapped("amount_residual_currency"))

    def _is_payable(self, open_item):
        return open_item["status"] in PAYABLE and open_item["move"]._has_to_be_paid()

    @api.model
    def _get_payments(self, lines):
        """Return what can be paid at once of each currency (see :meth:`_get_payment`): where a
        payment provider takes it, and where something is left after the credits."""
        owners = lines.grouped(lambda line: (line.company_id, line.partner_id, line.currency_id))
        payments = [self._get_payment(of_owner) for of_owner in owners.values()]
        return [
            payment
            for payment in payments
            if payment and payment["amount"] > 0 and self._has_provider(payment)
        ]

    def _has_provider(self, payment):
        """Whether any payment provider takes this customer's money in this currency."""
        return bool(
            self.env["payment.provider"]
            .sudo()  # customers do not read the settings of providers
            ._get_compatible_providers(
                payment["company"].id,
                payment["partner"].id,
                payment["amount"],
                currency_id=payment["currency"].id,
            )
        )

    @api.model
    def _get_invoice_payment_url(self, line, access_token=None):
        """Return core's page to pay an installment, with the dialog open.

        Core matches a payment with an invoice's oldest installment first; so this one asks for
        all of them up to this installment, and leaves the amount to core where that is the whole
        invoice (which may have a discount).

        :param str access_token: the invoice's, for a reader without a login
        """
        move = line.move_id
        terms = move.line_ids.filtered(
            lambda term: (
                term.display_type == "payment_term"
                and (term.date_maturity or term.date) <= (line.date_maturity or line.date)
            )
        )
        amount = line.currency_id.round(sum(terms.mapped("amount_residual_currency")))
        query = {"payment": True}
        if line.currency_id.compare_amounts(amount, move.amount_residual):
            token = payment_utils.generate_access_token(move.id, amount, env=self.env)
            query |= {"amount": amount, "payment_token": token}
        if access_token:
            query["access_token"] = access_token
        return f"/my/invoices/{move.id}?{urlencode(query)}#portal_pay"
