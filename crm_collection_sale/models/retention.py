from odoo import api, models

from odoo.addons.crm_collection.models.retention.kinds import Kind

from . import release_queries

RELEASE = "crm.collection.release"


class CrmCollectionRetention(models.Model):
    """Why an order was let through is said in words: they go when the customer owes nothing."""

    _inherit = "crm.collection.retention"

    @api.model
    def _get_kinds(self):
        # EXTENDS 'crm_collection'
        kind = Kind(RELEASE, release_queries.release, named=("reason",), has_chatter=False)
        return {**super()._get_kinds(), RELEASE: kind}

    @api.model
    def _get_kept(self):
        # EXTENDS 'crm_collection'
        return {**super()._get_kept(), RELEASE: "partner_id"}
