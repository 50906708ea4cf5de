from odoo import api, models


class CrmCollectionRetention(models.Model):
    """The service's number of a letter goes with the rest of the letter."""

    _inherit = "crm.collection.retention"

    @api.model
    def _get_kinds(self):
        # EXTENDS 'crm_collection'
        kinds = super()._get_kinds()
        letter = kinds["crm.collection.letter"]
        return {**kinds, letter.model: letter._replace(words=(*letter.words, "snail_number"))}
