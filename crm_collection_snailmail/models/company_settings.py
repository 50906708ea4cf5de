from odoo import fields, models


class CrmCollectionCompanySettings(models.AbstractModel):
    """The carrier of letters by post is chosen where the channels are."""

    _inherit = "crm.collection.company.settings"

    collection_snailmail = fields.Boolean(related="company_id.collection_snailmail", readonly=False)
