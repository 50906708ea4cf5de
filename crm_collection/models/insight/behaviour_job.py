from odoo import models


class CrmCollectionEngine(models.AbstractModel):
    """With the first run of a day it is kept how customers pay."""

    _inherit = "crm.collection.engine"

    def _write_day(self, run):
        # EXTENDS
        result = super()._write_day(run)
        if result is not None:
            self.env["crm.collection.behaviour"]._refresh(run)
        return result
