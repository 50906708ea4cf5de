from odoo import api, models

# Where a company is; what is offered by it.
COUNTRY_FIELDS = {"country_id", "account_fiscal_country_id", "partner_id"}
OFFERED_FIELDS = ("collection_tz", "collection_charges_workday")


class ResCompany(models.Model):
    """What is usual where a company is, is offered when it is made and when it moves.

    Here, and not as a dependency on the company's contact: that would be looked up for every
    contact that anybody makes.
    """

    _inherit = "res.company"

    @api.model_create_multi
    def create(self, vals_list):
        """EXTENDS 'base': as :meth:`write`; only now the company's contact has its country"""
        companies = super().create(vals_list)
        for company, vals in zip(companies, vals_list, strict=True):
            company._offer_collection_usual(vals)
        return companies

    def write(self, vals):
        """EXTENDS 'base': what is usual elsewhere is offered"""
        result = super().write(vals)
        self._offer_collection_usual(vals)
        return result

    def _offer_collection_usual(self, vals):
        if not COUNTRY_FIELDS.isdisjoint(vals):
            for fname in set(OFFERED_FIELDS) - vals.keys():
                self.env.add_to_compute(self._fields[fname], self)
