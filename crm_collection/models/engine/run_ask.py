from odoo import api, fields, models
from odoo.fields import Domain

from .run import KINDS


class CrmCollectionRunAsk(models.Model):
    """Somebody wants a job to work for a company at a time, whatever the company's hour.

    Written and dropped by the jobs alone.
    """

    _name = "crm.collection.run.ask"
    _description = "Collection Run Asked For"
    _rec_name = "company_id"

    kind = fields.Selection(selection=KINDS)
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, index=True, ondelete="cascade"
    )
    date = fields.Datetime(string="At", required=True)

    @api.model
    def _add(self, kind, company_ids, dates):
        """:param company_ids: ``None`` for all companies"""
        if company_ids is None:
            company_ids = self.env["crm.collection.run"]._get_companies().ids
        self.sudo().create(
            [
                {"kind": kind, "company_id": company_id, "date": date}
                for company_id in company_ids
                for date in dates
            ]
        )

    @api.model
    def _get_due(self, kind, companies):
        """:return: what was asked for until now"""
        return self.sudo().search(
            Domain("kind", "=", kind)
            & Domain("company_id", "in", companies.ids)
            & Domain("date", "<=", fields.Datetime.now())
        )
