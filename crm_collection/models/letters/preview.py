from odoo import api, models
from odoo.fields import Command

from . import content_queries

ASKED = ("amount_credit", "amount_fine", "amount_interest", "amount_asked")


class CrmCollectionLetter(models.Model):
    """A letter that nobody has written yet, put together in memory by the code that makes the real
    one."""

    _inherit = "crm.collection.letter"

    @api.model
    def _new_of_rows(self, company, rows):
        """:param list rows: the items of one customer, as ``queries.due`` says them
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
            }
        )

    @api.model
    def _prepare_lines_of_rows(self, company, today, rows):
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
            for row in sorted(rows, key=lambda row: (row["date_maturity"], row["item_id"]))
        ]
