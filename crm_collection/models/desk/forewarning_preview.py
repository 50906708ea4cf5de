from odoo import api, fields, models
from odoo.fields import Command

COPIED = (
    *("company_id", "phase_id", "name", "currency_id", "date_maturity", "round"),
    *("amount_credit", "amount_fine", "amount_interest", "amount_asked"),
)


class CrmCollectionForewarning(models.Model):
    """The letter that leaves tomorrow, as it will be: put together in memory by the code that
    makes the real one, about what the simulation says now."""

    _inherit = "crm.collection.forewarning"

    letter_subject = fields.Char(string="Subject", compute="_compute_letter", compute_sudo=False)
    letter_email_to = fields.Char(string="To", compute="_compute_letter", compute_sudo=False)
    letter_body = fields.Html(
        string="Letter", compute="_compute_letter", sanitize=False, compute_sudo=False
    )

    @api.depends("state", "amount_asked")
    @api.depends_context("lang")
    def _compute_letter(self):
        for one in self:
            vals = dict.fromkeys(("letter_subject", "letter_email_to", "letter_body"), False)
            one.update(vals | one._prepare_shown())

    def _prepare_shown(self):
        """:return: values of the fields that show the letter"""
        if self.state != "leaves" or not self.partner_id:
            return {}
        rows, _waiting = self.env["crm.collection.engine"]._simulate_letters(
            self.company_id, self.date, self.partner_id.ids
        )
        if not rows:
            return {}
        letter = self.env["crm.collection.letter"].sudo().new(self._prepare_letter(rows[0]))
        return letter._show()

    def _prepare_letter(self, row):
        phase_sudo = self.env["crm.collection.phase"].sudo().browse(row["phase_id"])
        step_sudo = self.env["crm.collection.rule.step"].sudo().browse(row["step_id"] or ())
        partner_sudo = self.partner_id.sudo()
        return {
            "company_id": self.company_id.id,
            "partner_id": partner_sudo.id,
            "lang": partner_sudo.lang or self.company_id.sudo().partner_id.lang,
            "template_id": phase_sudo._get_letter(step_sudo, partner_sudo, self.date).id,
            "phase_id": phase_sudo.id,
            "step_id": step_sudo.id,
            "date": self.date,
            "round": max(line["round"] for line in row["lines"]),
            "user_id": row["user_id"],
            "state": "to_send",
            "line_ids": [Command.create(self._prepare_line(line)) for line in row["lines"]],
        }

    def _prepare_line(self, line):
        journal_item_sudo = self.env["account.move.line"].sudo().browse(line["line_id"])
        item_sudo = self.env["crm.collection.item"].sudo()
        item_sudo = (
            item_sudo.browse(line["item_id"])
            if line["item_id"]
            # it comes into collection with the letter
            else item_sudo.new(
                {"line_id": journal_item_sudo.id, "move_id": journal_item_sudo.move_id.id}
            )
        )
        return {name: line[name] for name in COPIED} | {
            "item_id": item_sudo.id,
            "days_overdue": line["days"],
            "amount_original": journal_item_sudo.amount_currency,
            "amount_residual": line["amount_residual_currency"],
            "amount_residual_company": line["amount_residual"],
        }
