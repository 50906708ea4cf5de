from odoo import api, models


class CrmCollectionRetention(models.Model):
    """The words of a letter by SMS go with the rest of the letter. Core deletes what it handed
    over itself."""

    _inherit = "crm.collection.retention"

    @api.model
    def _get_kinds(self):
        # EXTENDS 'crm_collection'
        kinds = super()._get_kinds()
        letter = kinds["crm.collection.letter"]
        words = (*letter.words, "sms_text", "sms_uuid")
        return {**kinds, letter.model: letter._replace(words=words)}
