from datetime import timedelta

from odoo import api, models


class CrmCollectionLetter(models.Model):
    """What was to leave today is announced no longer once the letters of the day are written."""

    _inherit = "crm.collection.letter"

    @api.model
    def _run_letters(self, run):
        # EXTENDS: after the letters
        done = super()._run_letters(run)
        if done and run.state != "waiting":
            tomorrow = run.date + timedelta(days=1)
            self.env["crm.collection.forewarning"]._drop(run.company_id, tomorrow)
        return done
