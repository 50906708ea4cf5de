from odoo import api, models
from odoo.fields import Command

from . import content_queries

ASKED = ("amount_credit", "amount_fine", "amount_interest", "amount_asked")


class CrmCollectionLetter(models.Model):
    """A letter that nobody has written yet, put together in memory by the code that makes the real
    one."""

    _inherit = "crm.collection.letter"

    @api.model
    def _new_of_rows(self, company, rows, **vals):
        """:param list rows: the items of one customer, as ``queries.due`` says them
        :param vals: what is to be another one than would leave, such as ``template_id``
        :return: the letter about them that would leave now; not stored
        """
        today = company._get_collection_today()
        tone = max(rows, key=lambda row: (row["phase_sequence"], row["phase_id"], row["days"]))
        partner_sudo = self.env["res.partner"].sudo().browse(tone["partner_id"])
        return self.sudo().new(
            {
                "company_id": company.id,
                "partner_id": partner_sudo.id,
                "lang": partner_sudo.lang or company.sudo().partner_id.lang,
                "template_id": tone["template_id"],
                "phase_id": tone["phase_id"],
                "step_id": tone["step_id"],
                "date": today,
                "round": max(row["letter_count"] for row in rows) + 1,
                "user_id": tone["user_id"],
                "state": "to_send",
                "attach_pdf": any(row["attach_pdf"] for row in rows),
                "line_ids": self._prepare_lines_of_rows(company, today, rows),
                **vals,
            }
        )

    def _show(self):
        """:return: values of the fields that show a letter which is not stored: its subject, its
        body, and who gets it or why nobody"""
        return {
            "letter_subject": self._render_preview("subject"),
            "letter_body": self._render_preview("body_html"),
            "letter_email_to": self._describe_route(),
        }

    @api.model
    def _get_rows_of_items(self, items, phase=None):
        """:param phase: they are shown as in this phase, where they have had no letter yet
        :return: what is open of items, as ``queries.due`` says it"""
        return [
            {
                "item_id": item.id,
                "company_id": item.company_id.id,
                "partner_id": item.partner_id.id,
                "currency_id": item.currency_id.id,
                "phase_id": (phase or item.phase_id).id,
                "phase_sequence": (phase or item.phase_id).sequence,
                "step_id": item.step_id.id,
                "template_id": item.phase_id._get_letter(
                    item.step_id, item.partner_id, item.company_id._get_collection_today()
                ).id,
                "user_id": item.user_id.id,
                "attach_pdf": item.step_id.attach_pdf,
                "name": item.name,
                "date_maturity": item.date_maturity,
                "days": item.days_overdue,
                "amount_original": item.amount_original_currency,
                "amount_residual_currency": item.amount_residual_currency,
                "amount_residual": item.amount_residual,
                "letter_count": 0 if phase else item.letter_count,
            }
            for item in items
        ]

    @api.model
    def _prepare_lines_of_rows(self, company, today, rows):
        """:return: commands of the lines; what open credits pay is not written about"""
        shown = [
            (
                *(0, row["partner_id"], row["currency_id"], row["item_id"]),
                *(row["date_maturity"], row["amount_residual_currency"], row["days"]),
            )
            for row in rows
        ]
        query = content_queries.asked_of_shown(company, today, shown)
        asked = {row["item_id"]: row for row in self.env.execute_query_dict(query)}
        return [
            Command.create(
                {
                    "item_id": row["item_id"],
                    "round": row["letter_count"] + 1,
                    "company_id": row["company_id"],
                    "phase_id": row["phase_id"],
                    "name": row["name"],
                    "currency_id": row["currency_id"],
                    "date_maturity": row["date_maturity"],
                    "days_overdue": row["days"],
                    "amount_original": row["amount_original"],
                    "amount_residual": row["amount_residual_currency"],
                    "amount_residual_company": row["amount_residual"],
                    **{key: asked[row["item_id"]][key] for key in ASKED},
                }
            )
            for row in sorted(rows, key=lambda row: (row["date_maturity"], row["name"] or ""))
            if asked[row["item_id"]]["is_left"]
        ]
