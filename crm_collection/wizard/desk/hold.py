from odoo import fields, models


class CrmCollectionItemHold(models.TransientModel):
    """Holds that a customer asked for by mail answer the mail."""

    _inherit = "crm.collection.item.hold"

    contact_id = fields.Many2one(
        comodel_name="crm.collection.contact",
        string="Reply",
        readonly=True,
        help="The customer's mail in which it was agreed on: it is answered with this.",
    )

    def _hold_items(self, items):
        holds = super()._hold_items(items)
        if self.contact_id:
            self.contact_id._settle(holds)
        return holds
