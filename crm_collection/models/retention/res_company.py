from dateutil.relativedelta import relativedelta

from odoo import fields, models

FIELD = "collection_retention_months"


class ResCompany(models.Model):
    """How long personal data of collections is kept. Who changes it is on record."""

    _inherit = "res.company"

    collection_retention_months = fields.Integer(
        string="Keep Personal Data for (Months)",
        help="So many months after everything about an open item is closed (it is paid or "
        "cancelled, and no letter, hold, promise, dispute, task, request or answer is open), "
        "names, addresses, texts, letters and files about it are taken out for good, every night. "
        "Amounts, days, phases and states stay: no figure changes. Invoices and contacts are "
        "accounting's and are not touched. 0: kept for ever.",
    )

    _collection_retention_months_range = models.Constraint(
        "CHECK(collection_retention_months BETWEEN 0 AND 1200)",
        "The months for which personal data is kept are from 0 (for ever) to 1200.",
    )

    def write(self, vals):
        """EXTENDS 'base': who changes how long data is kept is on record"""
        before = {company: company.sudo()[FIELD] for company in self} if FIELD in vals else {}
        result = super().write(vals)
        changed = [one for one, months in before.items() if one.sudo()[FIELD] != months]
        for company in changed:
            self.env["crm.collection.retention"]._note(
                "setting", company, months=company.sudo()[FIELD]
            )
        return result

    def _get_collection_kept_from(self):
        """:return: the first day of which personal data is kept, ``None`` where it is for ever"""
        self.ensure_one()
        months = self.sudo()[FIELD]
        return self._get_collection_today() - relativedelta(months=months) if months else None
