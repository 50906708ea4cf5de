from odoo import fields, models
from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)


class CrmCollectionCharge(models.Model):
    """Fine and interest of one item that were made an invoice of, as its letter asked for them.

    What is booked is what the letter asked for, whatever a person makes of the draft: who lowers
    or credits it has waived the rest, and no letter asks for that again. Of a draft that is
    deleted nothing is booked (the row goes with it), nor of one that is cancelled. Later letters
    take off what is booked (``charge_queries.booked``), and ask for no charges on the invoice of
    charges itself. Made by :meth:`crm.collection.letter.action_book_charges` alone.
    """

    _name = "crm.collection.charge"
    _inherit = ["crm.collection.evidence"]
    _description = "Late Charges in the Books"
    _order = "id"
    _evidence_refusals = {
        "create": _lt("Charges are booked with the button of their letter."),
        "write": _lt("What a letter asked for stays as it is."),
        "unlink": _lt("Delete or cancel the invoice of the charges instead."),
    }
    _evidence_system = True

    letter_id = fields.Many2one(
        comodel_name="crm.collection.letter",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    item_id = fields.Many2one(
        comodel_name="crm.collection.item",
        string="Open Item in Collection",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Invoice",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one(comodel_name="res.company", required=True, readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", required=True, readonly=True)
    amount_fine = fields.Monetary(string="Late Fine", readonly=True, aggregator=None)
    amount_interest = fields.Monetary(string="Late Interest", readonly=True, aggregator=None)
