from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain
from odoo.tools import format_date

BILLING = "account.group_account_invoice"
# A letter in one of these states asks for the charges, or is about to.
ASKING_STATES = ("to_send", "outgoing", "sent", "uncertain")


class CrmCollectionLetter(models.Model):
    """A person makes a draft invoice of the fine and interest that a letter asked for.

    No job does, and nothing is posted here. Of each item the last letter that asks for it counts:
    fine and interest of a later one include those of the days before, less what is booked. So
    nothing is booked twice, in whichever order letters are booked.
    """

    _inherit = "crm.collection.letter"

    charge_ids = fields.One2many(
        comodel_name="crm.collection.charge", inverse_name="letter_id", string="Charges Booked"
    )
    date_charges_booked = fields.Datetime(string="Charges Last Booked on", readonly=True)
    charge_move_count = fields.Integer(
        string="Invoices of Charges", compute="_compute_charge_move_count", aggregator=None
    )
    can_book_charges = fields.Boolean(compute="_compute_can_book_charges")

    # === Compute methods === #

    @api.depends("charge_ids.move_id")
    def _compute_charge_move_count(self):
        for letter in self:
            letter.charge_move_count = len(letter.charge_ids.move_id)

    @api.depends("state", "line_ids.amount_fine", "line_ids.amount_interest", "charge_ids")
    @api.depends_context("uid")
    def _compute_can_book_charges(self):
        is_biller = self.env.user.has_group(BILLING)
        for letter in self:
            letter.can_book_charges = is_biller and bool(letter._get_lines_to_book())

    # === Actions === #

    def action_book_charges(self):
        """Make draft invoices of the fine and interest these letters ask for, and show them.

        :raise AccessError: for who makes no invoices
        :raise UserError: a letter asks for none that are not booked
        """
        self.check_access("read")
        if not self.env.user.has_group(BILLING):
            raise AccessError(self.env._("Only who makes invoices books fine and interest."))
        self.sudo().lock_for_update()
        moves = self.env["account.move"]
        for letter in self:
            moves += letter._book_charges()
        # twice at once would be two invoices: of two that write this, one begins anew
        self.sudo().date_charges_booked = fields.Datetime.now()
        return self._open_charges(moves)

    def action_open_charges(self):
        """The invoices that were made of the letters' fine and interest."""
        self.check_access("read")
        return self._open_charges(self.charge_ids.move_id)

    def _open_charges(self, moves):
        action = {
            "type": "ir.actions.act_window",
            "name": self.env._("Late Charges"),
            "res_model": "account.move",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", moves.ids)],
            "context": {"default_move_type": "out_invoice"},
        }
        if len(moves) == 1:
            action |= {"res_id": moves.id, "views": [(False, "form")]}
        return action

    # === What is to be booked === #

    def _get_charged(self):
        """:return: the lines with fine or interest, those of companies that are one creditor with
        the letter's among them"""
        return self.sudo().line_ids.filtered(lambda line: line.amount_fine or line.amount_interest)

    def _get_booked(self):
        """:return: the invoices that were made of its charges and were not cancelled"""
        return self.sudo().charge_ids.move_id.filtered(lambda move: move.state != "cancel")

    def _get_lines_to_book(self):
        """:return: the lines of a letter with charges that nobody has booked, and that no later
        letter asks for"""
        self.ensure_one()
        lines = self._get_charged()
        if self.state != "sent" or not lines or self._get_booked():
            return lines.browse()
        later = lines.search(
            Domain("item_id", "in", lines.item_id.ids)
            & Domain("letter_id", ">", self.id)
            & Domain("letter_id.state", "in", ASKING_STATES)
        )
        return lines.filtered(lambda line: line.item_id not in later.item_id)

    def _check_to_book(self, lines):
        """:raise UserError: there is nothing, in words that say why"""
        _, name = self.env._, self.display_name
        if booked := self._get_booked():
            names = ", ".join(booked.mapped("display_name"))
            raise UserError(
                _("%(letter)s: booked already, as %(moves)s.", letter=name, moves=names)
            )
        if not lines and not self._get_charged():
            raise UserError(_("%s asks for no fine and no interest.", name))
        if not lines and self.state != "sent":
            raise UserError(_("%s: booked is what was asked for, and it was not sent.", name))
        if not lines:
            raise UserError(_("%s: a later letter asks for these charges. Book that one.", name))
        foreign = lines.company_id - self.env.user.company_ids
        if foreign:
            names = ", ".join(foreign.mapped("name"))
            raise UserError(_("Items of the letter are of %s, where you do not work.", names))

    # === Booking === #

    def _book_charges(self):
        """:return: the drafts, one for each company and currency; where there are debit notes,
        one for each entry, which it is a debit note of"""
        lines = self._get_lines_to_book()
        self._check_to_book(lines)
        moves = self.env["account.move"]
        has_debit_notes = "debit_origin_id" in moves._fields
        groups = lines.grouped(
            lambda line: (
                line.company_id,
                line.currency_id,
                line.item_id.move_id if has_debit_notes else moves,
            )
        )
        told = self.with_context(lang=self.partner_id.lang or self.env.lang)
        for (company, _currency, origin), group in groups.items():
            vals = told._prepare_charge_invoice(group)
            if origin:
                vals["debit_origin_id"] = origin.id
            move = moves.with_company(company).create(vals)
            self.charge_ids.sudo().create([self._prepare_charge(line, move) for line in group])
            moves += move.with_env(self.env)
        self._log_booked(moves)
        return moves

    def _prepare_charge_invoice(self, lines):
        company = lines.company_id
        self._check_charge_account(company)
        vals = {
            "move_type": "out_invoice",
            "partner_id": self.partner_id.id,
            "company_id": company.id,
            "currency_id": lines.currency_id.id,
            "invoice_origin": ", ".join(line.name or "" for line in lines),
            "invoice_line_ids": [
                Command.create(one) for line in lines for one in self._prepare_charge_lines(line)
            ],
        }
        if journal := company.sudo().collection_charge_journal_id:
            vals["journal_id"] = journal.id
        return vals

    def _check_charge_account(self, company):
        company_sudo = company.sudo()
        if not (
            company_sudo.collection_charge_account_id or company_sudo.collection_charge_product_id
        ):
            raise UserError(
                self.env._(
                    "Nobody has said what fine and interest of %s are booked to: a collection "
                    "manager names the account or the product under Configuration > Settings.",
                    company_sudo.name,
                )
            )

    def _prepare_charge_lines(self, line):
        """:return: the values of the invoice's lines for one item"""
        company_sudo = line.company_id.sudo()
        common = {
            "product_id": company_sudo.collection_charge_product_id.id,
            "account_id": company_sudo.collection_charge_account_id.id,
        }
        common = {key: value for key, value in common.items() if value} | {"quantity": 1}
        texts = {
            "amount_fine": self.env._("Late fine: %s", line.name),
            "amount_interest": self.env._(
                "Late interest until %(date)s: %(item)s",
                date=format_date(self.env, self.date),
                item=line.name,
            ),
        }
        return [
            {**common, "name": text, "price_unit": line[fname]}
            for fname, text in texts.items()
            if line[fname]
        ]

    def _prepare_charge(self, line, move):
        return {
            "letter_id": self.id,
            "item_id": line.item_id.id,
            "move_id": move.id,
            "company_id": line.company_id.id,
            "currency_id": line.currency_id.id,
            "amount_fine": line.amount_fine,
            "amount_interest": line.amount_interest,
        }

    def _log_booked(self, moves):
        self.sudo()._message_log(
            body=self.env._(
                "Fine and interest were made a draft invoice of: %s",
                Markup(", ").join(move._get_html_link() for move in moves),
            )
        )
