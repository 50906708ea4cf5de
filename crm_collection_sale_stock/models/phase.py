from odoo import api, fields, models


class CrmCollectionPhase(models.Model):
    """What becomes of deliveries to customers who have items in the phase.

    It is part of what an approval of the phase covers: what was ordered and confirmed is owed to
    the customer, and to keep it back is more than to take no new order.
    """

    _inherit = "crm.collection.phase"

    delivery_policy = fields.Selection(
        selection=[("none", "Let them pass"), ("warn", "Warn"), ("stop", "Stop")],
        string="Deliveries",
        default="none",
        required=True,
        tracking=True,
        help="What becomes of deliveries of sales orders when they are validated, whose customers "
        "have open items in the phase. Warn: they are, and the chatter says so. Stop: they are "
        "not, until somebody with the right to it releases the order. Of several phases the "
        "strictest counts.",
    )

    @api.model
    def _get_approved_fields(self):
        # EXTENDS 'crm_collection_sale'
        return (*super()._get_approved_fields(), "delivery_policy")

    @api.model
    def _get_authored_fields(self):
        # EXTENDS 'crm_collection_sale'
        return (*super()._get_authored_fields(), "delivery_policy")
