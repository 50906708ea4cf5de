from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

ACTIVITY = "crm_collection.mail_activity_type_bank"


class ResCompany(models.Model):
    """No letter asks by itself for what has been paid and is not entered yet: automatic letters
    wait while the bank journals are behind."""

    _inherit = "res.company"

    collection_bank_days = fields.Integer(
        string="Bank Entered within (Days)",
        help="Letters that leave by themselves wait while the last line of a bank journal is older "
        "than this. 0: they do not wait. Journals in which nothing was ever entered do not count.",
    )
    collection_bank_user_id = fields.Many2one(
        comodel_name="res.users",
        string="Who Enters the Bank",
        domain="[('share', '=', False)]",
        help="Gets the task when the bank is behind. Empty: the collection manager.",
    )
    collection_bank_date = fields.Date(
        string="Bank Complete until",
        help="Say so where nothing came in: journals count as entered up to this day.",
    )

    _collection_bank_days_range = models.Constraint(
        "CHECK(collection_bank_days BETWEEN 0 AND 366)",
        "The bank is entered within 0 to 366 days.",
    )

    @api.constrains("collection_bank_date")
    def _check_collection_bank_date(self):
        """Nobody knows what comes in tomorrow: letters would not wait for it."""
        for company in self:
            today = company._get_collection_today()
            if company.collection_bank_date and company.collection_bank_date > today:
                raise ValidationError(
                    self.env._(
                        "Bank Complete until: %(day)s is still to come where %(company)s is. Say "
                        "the last day of which everything is entered, %(today)s at the latest.",
                        day=format_date(self.env, company.collection_bank_date),
                        company=company.name,
                        today=format_date(self.env, today),
                    )
                )

    # === Asking === #

    def _get_collection_late_banks(self):
        """:return: {bank journal: day of its last line, ``None`` where there is no line at all} of
        those that are behind; empty where the company does not wait for its bank"""
        self.ensure_one()
        if not self.collection_bank_days:
            return {}
        today = self._get_collection_today()
        oldest = today - timedelta(days=self.collection_bank_days)
        # a day to come, as older versions took it, says nothing
        if self.collection_bank_date and oldest <= self.collection_bank_date <= today:
            return {}
        last = self._get_collection_bank_days()
        if not any(last.values()):
            return last
        return {journal: day for journal, day in last.items() if day and day < oldest}

    def _get_collection_bank_days(self):
        """:return: {bank journal: day of its last line or ``None``}"""
        # who asks need not see the bank
        journals_sudo = (
            self.env["account.journal"]
            .sudo()
            .search(Domain("type", "=", "bank") & Domain("company_id", "=", self.id))
        )
        Line_sudo = self.env["account.bank.statement.line"].sudo()
        return {
            journal: Line_sudo.search(
                Domain("journal_id", "=", journal.id), order="internal_index desc", limit=1
            ).date
            or None
            for journal in journals_sudo
        }

    def _explain_collection_bank(self):
        """:return: what letters wait for, in words; nothing where they do not"""
        late = self._get_collection_late_banks()
        if not late:
            return ""
        if not any(late.values()):
            return self.env._(
                "No letter leaves by itself: no line of a bank statement was ever entered. Enter "
                "the bank, or say in the settings until when it is complete."
            )
        days = ", ".join(
            self.env._("%(bank)s (%(day)s)", bank=bank.name, day=format_date(self.env, day))
            for bank, day in late.items()
        )
        return self.env._(
            "No letter leaves by itself while the bank is behind; last lines: %s. Enter what came "
            "in, or say in the settings until when the bank is complete.",
            days,
        )

    # === Saying so === #

    def _ask_collection_bank(self):
        """One task for who enters the bank, while it is behind."""
        self.ensure_one()
        partner_sudo = self.sudo().partner_id
        user = self.collection_bank_user_id
        if not (user.active and self in user.company_ids):
            user = self.env["crm.collection.letter"].new({"company_id": self.id})._get_manager()
        if not user or partner_sudo.activity_search([ACTIVITY]):
            return
        translated = self.with_context(lang=user.lang)
        partner_sudo.with_context(mail_activity_quick_update=True).activity_schedule(
            ACTIVITY,
            user_id=user.id,
            summary=translated.env._("Enter the bank: letters wait for it"),
            note=translated._explain_collection_bank(),
            date_deadline=fields.Date.context_today(self.with_context(tz=user.tz or "UTC")),
        )

    def _forget_collection_bank(self):
        self.sudo().partner_id.activity_unlink([ACTIVITY])
