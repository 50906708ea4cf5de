import base64
import io
import re
from typing import NamedTuple

import qrcode

from odoo import api, fields, models
from odoo.fields import Domain

from .pay_reference import PREFIX, read_reference

# What a code of the EMV standard (Pix among them) begins with: the text itself can be pasted.
PASTED = "000201"
# Characters of the identifier of a Pix (Manual de Padrões para Iniciação do Pix, field 62-05).
PIX_REFERENCE = 25
# Characters that a SEPA code has for words (EPC069-12, unstructured remittance information).
FREE_TEXT = 140


class PayCode(NamedTuple):
    """A code with which an amount is paid to a bank account.

    ``pasted`` is the code as text, where a bank takes it so; ``amount`` is as the letter writes it.
    ``documents`` are those it pays, where there are others that are paid to another account.
    """

    name: str
    amount: str
    image: str
    pasted: str
    documents: str = ""


class CrmCollectionLetter(models.Model):
    """A code to scan, with which what the letter asks for is paid: core makes what is in it, of the
    account that the invoices name (Pix, SEPA, and what localisations add)."""

    _inherit = "crm.collection.letter"

    pay_number = fields.Char(
        string="Payment Reference",
        compute="_compute_pay_number",
        search="_search_pay_number",
        help="What a payment by the code of a letter about several documents is named.",
    )

    def _compute_pay_number(self):
        for letter in self:
            letter.pay_number = f"{PREFIX}{letter._origin.id or 0}"

    @api.model
    def _search_pay_number(self, operator, value):
        """Whole references alone: a part of one is no letter's. Of a customer's reference, which
        statements have, it is all of his letters."""
        if operator not in ("in", "ilike"):
            return NotImplemented
        wanted = [value] if isinstance(value, str) else value
        named = read_reference(" ".join(str(one) for one in wanted if one))
        of_customers = Domain("partner_id", "in", named.partner_ids)
        return Domain("id", "in", named.letter_ids) | of_customers

    def _get_pay_codes(self, groups, number=None):
        """
        :param groups: dicts of ``currency`` and ``owed``: the items that are asked for, with what
            is ``left`` to pay of each
        :param str number: by which a payment for several documents is found, by default the
            letter's
        :return: list of :class:`PayCode`, one for each currency and bank account for which core
            knows a code; none where the company wants none
        """
        self.ensure_one()
        if not self.company_id.collection_pay_code:
            return []
        number, codes = number or self.pay_number, []
        for group in groups:
            owed = [open_item for open_item in group["owed"] if open_item["left"] > 0]
            by_account = self._get_by_account(owed)
            for account_sudo, of_account in by_account.items():
                code = self._get_pay_code(account_sudo, group["currency"], of_account, number)
                documents = self._get_documents(of_account) if len(by_account) > 1 else ""
                codes += [code._replace(documents=documents)] if code else []
        return codes

    def _get_pay_code(self, account_sudo, currency, owed, number):
        moves = self.env["account.move"].union(*(open_item["move"] for open_item in owed))
        to_pay = currency.round(sum(open_item["left"] for open_item in owed))
        values = self._get_pay_code_values(account_sudo, moves, (to_pay, currency), number)
        params = values and account_sudo._get_qr_code_generation_params(**values)
        if not params:
            return None
        method = values["qr_method"]
        names = dict(account_sudo.get_available_qr_methods_in_sequence())
        pasted = params["value"] if params["value"].startswith(PASTED) else ""
        return PayCode(
            name="Pix" if pasted and account_sudo.country_code == "BR" else names[method],
            amount=self._format_amount(to_pay, currency),
            image=self._draw_pay_code(account_sudo, params, values),
            pasted=pasted,
        )

    def _get_pay_code_values(self, account, moves, amount, number):
        """
        :param amount: (what is to be paid, its currency)
        :return: what core makes the code of, or nothing where it knows none
        """
        structured, free = self._get_pay_reference(account, moves, number)
        to_pay, currency = amount
        return account._build_qr_code_vals(to_pay, free, structured, currency, self.partner_id)

    def _get_pay_reference(self, account, moves, number):
        """By which the payment is matched: an invoice's own reference where it is about one, else
        the numbers of all of them, and ``number`` where there is no room for these.

        :return: (reference, words)
        """
        numbers = ", ".join(moves.mapped(lambda move: move.name or ""))[:FREE_TEXT]
        reference = moves.payment_reference if len(moves) == 1 else number
        if account.country_code == "BR":
            reference = re.sub("[^A-Za-z0-9]", "", reference or numbers)[:PIX_REFERENCE]
        return reference or "", numbers

    def _draw_pay_code(self, account, params, values):
        """:return: the picture as a data URI. Core draws with a part of ReportLab that is not
        always there; so it does only where it draws more than the code (the Swiss cross)."""
        if params.get("mask"):
            return account._get_qr_code_base64(**values)
        code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=2)
        code.add_data(params["value"])
        picture = io.BytesIO()
        code.make_image().save(picture, format="PNG")
        return f"data:image/png;base64,{base64.b64encode(picture.getvalue()).decode()}"
