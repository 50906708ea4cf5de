from odoo import api, fields, models
from odoo.tools import format_date, formatLang

CONTENT_FIELDS = (
    *("company_id", "partner_id", "user_id", "lang", "date", "phase_id", "line_ids.phase_id"),
    *("line_ids.amount_residual", "line_ids.amount_fine", "line_ids.amount_interest"),
    "line_ids.days_overdue",
)


class CrmCollectionLetter(models.Model):
    """How a letter says it, in the customer's language: the parts its text is put together of."""

    _inherit = "crm.collection.letter"

    titles_html = fields.Html(
        string="Items and Payment",
        compute="_compute_titles_html",
        compute_sudo=True,
        sanitize=False,
        help="The table of items with its totals, the way to pay and the creditor.",
    )
    totals_label = fields.Char(
        string="Amount to Pay",
        compute="_compute_labels",
        compute_sudo=True,
        help="What is to be paid, by currency, as the customer's language writes it; where "
        "something is overdue, without what is not due yet.",
    )
    has_other_open_items = fields.Boolean(
        string="About More than One Phase",
        compute="_compute_has_other_open_items",
        compute_sudo=True,
        help="Beside the items of the phase whose text is sent there are items of other phases: "
        "the table shows them apart.",
    )
    subject_label = fields.Char(
        string="What It Is About",
        compute="_compute_subject_label",
        compute_sudo=True,
        help="The words of the text for the items it is true of: those of the phase whose text "
        "is sent.",
    )
    deadline_label = fields.Char(
        string="To Be Paid By", compute="_compute_labels", compute_sudo=True
    )
    signature_html = fields.Html(
        string="Signature", compute="_compute_signature_html", compute_sudo=True, sanitize=False
    )

    # === Compute methods === #

    @api.depends(*CONTENT_FIELDS)
    @api.depends_context("crm_collection_print")
    def _compute_titles_html(self):
        credits_by_letter = self._get_credits_by_letter()
        paid_online = self._get_companies_paid_online()
        working_days = self.line_ids.company_id._get_collection_charge_days_by_company()
        for record in self:
            letter = record.with_context(lang=record._get_lang())
            values = letter._prepare_open_items_values(credits_by_letter[letter.id])
            values["paid_online"] = letter.company_id in paid_online
            values["moved"] = letter._has_moved_charges(working_days)
            record.titles_html = self.env["ir.qweb"]._render(
                "crm_collection.letter_titles",
                values,
                lang=letter.env.lang,
                minimal_qcontext=True,
            )

    @api.depends("phase_id", "line_ids.phase_id")
    def _compute_has_other_open_items(self):
        for letter in self:
            phases = letter.line_ids.phase_id
            letter.has_other_open_items = letter.phase_id in phases and len(phases) > 1

    @api.depends(*CONTENT_FIELDS)
    def _compute_subject_label(self):
        for record in self:
            letter = record.with_context(lang=record._get_lang())
            record.subject_label = (
                letter.env._("what is listed below as the subject of this letter")
                if letter.has_other_open_items
                else letter.env._("what is listed below")
            )

    @api.depends(*CONTENT_FIELDS)
    def _compute_labels(self):
        credits_by_letter, deadlines = self._get_credits_by_letter(), self._get_deadlines()
        for record in self:
            letter = record.with_context(lang=record._get_lang())
            groups = letter._get_groups(credits_by_letter[letter.id])
            record.totals_label = letter._get_totals_label(groups)
            record.deadline_label = letter._format_day(deadlines[record.id])

    @api.depends("user_id", "company_id")
    def _compute_signature_html(self):
        for letter in self:
            letter.signature_html = self.env["ir.qweb"]._render(
                "crm_collection.letter_signature",
                {"user": letter._get_signing_user(), "company": letter.company_id},
                minimal_qcontext=True,
            )

    # === Values of the table === #

    def _prepare_open_items_values(self, open_credits):
        """Return what the table of items is rendered with, in the words of the letter."""
        groups = self._get_groups(open_credits)
        overdue = any(line.days_overdue > 0 for line in self.line_ids)
        for group in groups:
            group["rows"] = self._get_total_rows(group)
            group["total_label"] = self._get_total_label(group, len(groups) > 1)
            for open_item in group["open_items"]:
                open_item["details"] = self._get_open_item_details(open_item)
                open_item["days"] = self._get_open_item_days(open_item, overdue)
                open_item["amount_details"] = self._get_open_item_amount_details(open_item)
            group["sections"] = [
                (self._get_section_label(kind) if self.has_other_open_items else "", open_items)
                for kind, open_items in self._get_sections(group["open_items"])
            ]
        return {
            "letter": self,
            "groups": groups,
            "sender": self._get_sender(),
            "payment_url": self._get_payment_url(),
            "portal_url": self._get_portal_url(),
            "link_until": self._format_day(self._get_online_until()),
            "bank_labels": self._get_letter_bank_labels(groups),
            "pay_codes": self._get_pay_codes(groups),
            "pay_slips": self._get_pay_slip_lines(),
            "consumer_br": self._is_consumer_br(),
            "overdue": overdue,
            "charges": any(group["charges"] for group in groups),
            "print_mode": bool(self.env.context.get("crm_collection_print")),
            "amount": self._format_amount,
            "number": self._format_number,
            "day": self._format_day,
        }

    def _get_section_label(self, kind):
        """Return the heading of a part of the table (see :meth:`_get_sections`)."""
        labels = {
            "subject": self.env._("Subject of this letter"),
            "overdue": self.env._("Also overdue"),
            "not_due": self.env._("Not due yet, for your information"),
        }
        return labels[kind]

    def _get_open_item_details(self, open_item):
        """Return what the mail writes under the number of an item."""
        details = []
        if open_item["installment"]:
            details.append(self.env._("installment %s", open_item["installment"]))
        if open_item["date_issued"]:
            details.append(self.env._("issued on %s", self._format_day(open_item["date_issued"])))
        return ", ".join(details)

    def _get_open_item_days(self, open_item, overdue):
        """Return the days overdue, or the days left in a letter where nothing is overdue."""
        if not overdue:
            return str(-open_item["days_overdue"])
        if open_item["days_overdue"] > 0:
            return str(open_item["days_overdue"])
        return self.env._("not yet due")

    def _get_open_item_amount_details(self, open_item):
        """Return the lines that the mail writes under the amount of an item."""

        def amount(key):  # only of what is shown: formatting is a good part of a long letter
            return self._format_amount(open_item[key], open_item["currency"])

        details = []
        if open_item["paid"] > 0:
            details.append(self.env._("original amount %s", amount("original")))
            details.append(self.env._("paid %s", amount("paid")))
        if open_item["fine"]:
            details.append(self.env._("fine %s", amount("fine")))
        if open_item["interest"]:
            details.append(self.env._("interest %s", amount("interest")))
        return details

    # === Totals === #

    def _get_total_rows(self, group):
        """Return ``(label, amount)`` for what leads from the items to the amount to pay."""
        if not (group["charges"] or group["credit"] or group["mixed"]):
            return []
        rows = []
        if group["mixed"]:
            rows.append((self.env._("Total overdue"), group["overdue"], ""))
        elif group["open_items"]:
            rows.append((self.env._("Total of the documents"), group["residual"], ""))
        if group["fine"]:
            rows.append((self.env._("Fine for late payment"), group["fine"], ""))
        if group["interest"]:
            label = self.env._("Interest up to %s", self._format_day(self.date))
            rows.append((label, group["interest"], ""))
        for credit in group["credits"]:
            label = self.env._(
                "Your credit %(document)s of %(date)s",
                document=credit._get_collection_name(),
                date=self._format_day(credit.date),
            )
            rows.append((label, -credit.amount_residual_currency, "\N{MINUS SIGN}"))
        if group["credit_left"]:
            rows.append((self.env._("Credit left for other documents"), group["credit_left"], ""))
        return [
            (label, sign + self._format_amount(amount, group["currency"]))
            for label, amount, sign in rows
        ]

    def _get_totals_label(self, groups):
        """Return what is to be paid, by currency."""
        key = "claim" if any(group["claim"] > 0 for group in groups) else "residual"
        return " + ".join(
            self._format_amount(group[key], group["currency"]) for group in groups if group[key] > 0
        )

    def _get_total_label(self, group, several):
        """Return the words before the amount to pay, with the currency where there are several."""
        label = self.env._("Amount to pay")
        return f"{label} ({group['currency'].name})" if several else label

    # === Formats === #

    def _format_amount(self, amount, currency):
        return formatLang(self.env, amount, currency_obj=currency)

    def _format_number(self, amount, currency):
        return formatLang(self.env, amount, digits=currency.decimal_places)

    def _format_day(self, day):
        return format_date(self.env, day) if day else ""
