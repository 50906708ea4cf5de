from odoo import api, models


class CrmCollectionLetter(models.Model):
    """With the letters of the day leave the reminders of what was promised for the next one, and
    the thanks for what was paid."""

    _inherit = "crm.collection.letter"

    @api.model
    def _run_letters(self, run):
        # EXTENDS: after the letters, under the same conditions
        done, company = super()._run_letters(run), run.company_id
        if not done or run.state == "waiting" or not company._is_collection_sending():
            return done
        if company.collection_promise_remind:
            done = self.env["crm.collection.hold"]._remind_customers(run)
        if done and company.collection_thank:
            done = self.env["crm.collection.thanks"]._thank_customers(run)
        return done
