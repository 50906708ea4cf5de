from odoo import api, fields, models

from . import queries

LIMITS = (30, 60, 90, 120)


class ResCompany(models.Model):
    """Where one bucket of the aging ends and the next begins, and each company's day."""

    _inherit = "res.company"

    collection_aging_days_1 = fields.Integer(
        string="First Aging Limit", default=LIMITS[0], required=True
    )
    collection_aging_days_2 = fields.Integer(
        string="Second Aging Limit", default=LIMITS[1], required=True
    )
    collection_aging_days_3 = fields.Integer(
        string="Third Aging Limit", default=LIMITS[2], required=True
    )
    collection_aging_days_4 = fields.Integer(
        string="Fourth Aging Limit", default=LIMITS[3], required=True
    )

    _collection_aging_ascending = models.Constraint(
        "CHECK(collection_aging_days_1 > 0 AND collection_aging_days_2 > collection_aging_days_1"
        " AND collection_aging_days_3 > collection_aging_days_2"
        " AND collection_aging_days_4 > collection_aging_days_3)",
        "The limits of the aging are days overdue, each more than the one before.",
    )

    def _get_collection_aging_limits(self):
        """:return: the last days overdue of the first four buckets, ascending"""
        self.ensure_one()
        return tuple(self.sudo()[f"collection_aging_days_{number}"] for number in range(1, 5))

    @api.model
    def _get_collection_days(self):
        """:return: SQL rows of (company id, its day), of all companies: which of them somebody
        sees, the access rules of what is joined with them decide"""
        companies_sudo = self.sudo().search([("active", "in", [True, False])])
        return queries.company_days(
            (company.id, company._get_collection_today()) for company in companies_sudo
        )
