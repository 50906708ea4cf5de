from odoo import api, models


class CrmCollectionLetter(models.Model):
    """With the letters of the day leave the reminders of what was promised for the next one."""

    _inherit = "crm.collection.letter"

    @api.model
    def _run_letters(self, run):
        # EXTENDS: after the letters, under the same conditions
        done, company = super()._run_letters(run), run.company_id
        if not done or run.state == "waiting" or not company.collection_promise_remind:
            return done
        if company._is_collection_sending():
            return self.env["crm.collection.hold"]._remind_customers(run)
        return done
