from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import LazyTranslate, format_amount

from . import thanks_queries

_lt = LazyTranslate(__name__)


class CrmCollectionThanks(models.Model):
    """A customer was thanked for what he paid after a letter: one mail a customer and day, about
    each settlement once. Written by the letters job alone."""

    _name = "crm.collection.thanks"
    _inherit = [
        *("crm.collection.retained", "crm.collection.evidence", "crm.collection.grouping"),
        "crm.collection.thread",
    ]
    _ungrouped = {"mail_id"}
    _description = "Thanks for a Payment"
    _order = "date desc, id desc"
    _evidence_refusals = {"unlink": _lt("Thanks are on record: they are not deleted.")}
    _evidence_error = UserError
    _evidence_chatter = True

    company_id = fields.Many2one(comodel_name="res.company", required=True, readonly=True)
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", readonly=True, index="btree_not_null"
    )
    date = fields.Date(required=True, readonly=True)
    line_ids = fields.One2many(
        comodel_name="crm.collection.thanks.line",
        inverse_name="thanks_id",
        string="What Was Paid",
        readonly=True,
    )
    mail_id = fields.Many2one(
        comodel_name="mail.mail", readonly=True, ondelete="set null", index="btree_not_null"
    )
    mail_state = fields.Selection(related="mail_id.state", string="State of the Mail")
    received_label = fields.Char(
        string="Received",
        compute="_compute_received_label",
        help="What was paid, in its own currencies.",
    )
    item_names = fields.Char(string="For", compute="_compute_received_label")

    _company_date_idx = models.Index("(company_id, date)")

    # === Compute methods === #

    @api.depends("partner_id", "date")
    def _compute_display_name(self):
        for thanks in self:
            thanks.display_name = self.env._("Thanks: %s", thanks.partner_id.name or "")

    @api.depends("line_ids.settlement_id")
    @api.depends_context("lang")
    def _compute_received_label(self):
        for thanks in self:
            # whoever is thanked is told; the ledger is not for everybody who reads this
            settlements = thanks.line_ids.settlement_id.sudo()
            by_currency = settlements.grouped("currency_id")
            thanks.received_label = " + ".join(
                format_amount(self.env, sum(rows.mapped("amount_currency")), currency)
                for currency, rows in by_currency.items()
            )
            thanks.item_names = ", ".join(dict.fromkeys(filter(None, settlements.mapped("name"))))

    # === What the text asks for === #

    def _get_lang(self):
        """:return: the customer's language where it is installed, else the company's"""
        return self.partner_id.with_company(self.company_id)._get_collection_lang()

    # === Whether it leaves === #

    def _is_mail_true(self, mail):
        """Whether the thanks leave: what was paid is not taken back, and nothing is disputed; the
        company thanks, and sends by itself. What people write from here is theirs."""
        self.ensure_one()
        company = self.company_id
        if mail != self.mail_id:
            return True
        if not (company.collection_thank and company._is_collection_sending()):
            return False
        self.env.flush_all()
        return bool(self.env.execute_query(thanks_queries.still_true(self.id))[0][0])
