from odoo import api, models


class CrmCollectionRun(models.Model):
    """The forewarning is a job like the others, of the companies that want it."""

    _inherit = "crm.collection.run"

    @api.model
    def _cron_forewarn(self):
        self._run_companies("forewarning", "crm.collection.forewarning", "_tell_all")

    @api.model
    def _get_due_companies(self, kind):
        companies = super()._get_due_companies(kind)
        return companies.filtered("collection_forewarn") if kind == "forewarning" else companies
