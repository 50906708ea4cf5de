from odoo import api, models


class CrmCollectionLive(models.AbstractModel):
    """Reports that are reckoned anew whenever they are read. What the access rules look at is read
    with the rows: looked up afterwards, all of them would be reckoned a second time."""

    _name = "crm.collection.live"
    _description = "Report Reckoned When Read"

    @api.model
    @api.private
    @api.readonly
    def search_fetch(self, domain, field_names=None, offset=0, limit=None, order=None):
        """A page of rows, with their companies."""
        # EXTENDS
        if field_names is not None:
            field_names = [*field_names, "company_id"]
        return super().search_fetch(domain, field_names, offset, limit, order)
