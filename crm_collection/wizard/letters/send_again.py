from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .send import WRITTEN


class CrmCollectionItemSend(models.TransientModel):
    """What a letter now means to who gets it: the one before, the one after, and its words."""

    _inherit = "crm.collection.item.send"

    no_address_count = fields.Integer(compute="_compute_preview", store=True, compute_sudo=False)
    again_note = fields.Text(
        string="A Second One Today", compute="_compute_preview", store=True, compute_sudo=False
    )
    again_reason = fields.Char(
        string="Why Again", help="Kept in the history of these letters with your name."
    )
    shown_partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Letter to",
        compute="_compute_shown_partner_id",
        store=True,
        readonly=False,
        compute_sudo=False,
    )
    shown_partner_ids = fields.Many2many(
        comodel_name="res.partner", compute="_compute_shown_partner_ids", compute_sudo=False
    )
    letter_subject = fields.Char(string="Subject", compute="_compute_letter", compute_sudo=False)
    letter_email_to = fields.Char(string="To", compute="_compute_letter", compute_sudo=False)
    letter_body = fields.Html(
        string="Letter", compute="_compute_letter", sanitize=False, compute_sudo=False
    )

    # === Compute methods === #

    @api.depends("line_ids.item_count")
    def _compute_shown_partner_ids(self):
        for wizard in self:
            wizard.shown_partner_ids = wizard.line_ids.filtered("item_count").partner_id

    @api.depends("line_ids.item_count", "line_ids.has_address")
    def _compute_shown_partner_id(self):
        """One that leaves, where there is one."""
        for wizard in self:
            written = wizard.line_ids.filtered("item_count")
            wizard.shown_partner_id = (written.filtered("has_address") or written).partner_id[:1]

    @api.depends("shown_partner_id", "item_ids")
    @api.depends_context("lang")
    def _compute_letter(self):
        """Of the customer who is chosen, by the code that makes the real one; nothing is
        written."""
        for wizard in self:
            vals = dict.fromkeys(("letter_subject", "letter_email_to", "letter_body"), False)
            wizard.update(vals | wizard._prepare_shown())

    # === Business methods === #

    def _prepare_shown(self):
        """:return: values of the fields that show the letter"""
        customer = self.shown_partner_id
        if not customer:
            return {}
        items = self._get_items().filtered(lambda item: item.partner_id == customer)
        rows = [
            row
            for company, of_company in self._get_items_by_creditor(items)
            for row in self._get_rows(company, of_company)
            if row["count"]
        ]
        if not rows:
            return {}
        row = rows[0]
        letters = self.env["crm.collection.letter"]
        return letters._new_of_rows(row["company"], row["letter"])._show()

    @api.model
    def _get_last_letters(self, rows):
        """:return: {(company, customer): day of the last letter that left or is about to}"""
        companies = self.env["res.company"].union(*(row["company"] for row in rows))
        partners = self.env["res.partner"].union(*(row["partner"] for row in rows))
        last = {}
        for company in companies:
            groups = (
                self.env["crm.collection.letter"]
                .sudo()  # of companies that are one creditor, whoever may see them
                ._read_group(
                    Domain("company_id", "in", company._get_collection_family().ids)
                    & Domain("partner_id", "in", partners.ids)
                    & Domain("state", "in", WRITTEN),
                    ["partner_id"],
                    ["date:max"],
                )
            )
            last |= {(company, partner.sudo(False)): day for partner, day in groups}
        return last

    @api.model
    def _get_next_date(self, row):
        """:return: when the next letter about the items of a letter goes by itself"""
        days = [one["date_after"] for one in row["letter"] if one["goes_after"]]
        return min(days, default=False)

    @api.model
    def _get_again_note(self, rows):
        """:return: who has had a letter today, in words"""
        again = [row for row in rows if self._is_again(row)]
        if not again:
            return False
        names = self._shorten([row["partner"].display_name for row in again])
        return self.env._("A letter went or is on its way today already: %s.", names)

    @api.model
    def _is_again(self, row):
        return row["date_last_letter"] == row["company"]._get_collection_today()

    def _check_again(self):
        """:return: the customers who get a second letter today
        :raise UserError: there are some, and nobody says why
        """
        rows = self._get_leaving_rows()
        if not self.again_reason and (note := self._get_again_note(rows)):
            raise UserError(self.env._("%s Say why another one is to leave.", note))
        again = (row["partner"] for row in rows if self._is_again(row))
        return self.env["res.partner"].union(*again)

    def _get_leaving_rows(self):
        return [row for row in self._get_all_rows() if row["count"] and self._has_address(row)]

    def _note_again(self, letters_sudo):
        """Keep why in the history of the letters that are a second one on one day."""
        if letters_sudo:
            note = self.env._("A second letter on one day: %s", self.again_reason)
            letters_sudo._message_log_batch(
                bodies={letter.id: note for letter in letters_sudo},
                author_id=self.env.user.partner_id.id,
            )
