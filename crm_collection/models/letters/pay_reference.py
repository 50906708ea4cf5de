import re
from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain

from . import reference_queries

PREFIX = "CRM"
OF_CUSTOMER = f"{PREFIX}C"
NUMBER = re.compile(rf"\b{PREFIX}(?P<customer>C?)(?P<id>[0-9]{{1,9}})\b", re.IGNORECASE)
SHORTEST = 4  # signs of a word that may be a document's number


class Named(NamedTuple):
    """What a payment names: words that may be numbers of documents, letters, customers."""

    words: list
    letter_ids: list
    partner_ids: list


def read_reference(text):
    """:return: :class:`Named` of what a payer wrote, or a bank's line says"""
    numbers = list(NUMBER.finditer(text))
    words = {re.sub("[^A-Z0-9]", "", word) for word in text.upper().split()}
    parts = {re.sub("[^A-Z0-9]", "", word) for word in re.split("[ ,;:]", text.upper())}
    return Named(
        words=sorted(word for word in words | parts if len(word) >= SHORTEST),
        letter_ids=[int(one["id"]) for one in numbers if not one["customer"]],
        partner_ids=[int(one["id"]) for one in numbers if one["customer"]],
    )


class CrmCollectionItem(models.Model):
    """Which items a payment is for is found by what it says: paste the line of the bank."""

    _inherit = "crm.collection.item"

    pay_number = fields.Char(
        string="Payment Reference",
        compute="_compute_pay_number",
        search="_search_pay_number",
        help="What a payment by a code to pay is named. Any text that has it in it is searched "
        "for: the line of a bank statement, as it is.",
    )

    def _compute_pay_number(self):
        for item in self:
            item.pay_number = item.move_id.payment_reference or item.name

    @api.model
    def _search_pay_number(self, operator, value):
        """What is shown, as it is; or what any text names: whole references alone, a part of one
        is nobody's."""
        if operator == "in":
            own = Domain("move_id.payment_reference", "=", False) & Domain("name", "in", value)
            return Domain("move_id.payment_reference", "in", [one for one in value if one]) | own
        if operator != "ilike":
            return NotImplemented
        named = read_reference(str(value))
        if not any(named):
            return Domain.FALSE
        self.env.flush_all()
        rows = self.env.execute_query(reference_queries.items_of_reference(*named))
        return Domain("id", "in", [id_ for (id_,) in rows])
