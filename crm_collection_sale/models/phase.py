from odoo import api, fields, models


class CrmCollectionPhase(models.Model):
    """What becomes of the orders of customers who have items in the phase.

    It is part of what an approval of the phase covers: to stop somebody's orders is more than a
    letter.
    """

    _inherit = "crm.collection.phase"

    order_policy = fields.Selection(
        selection=[("none", "Let them pass"), ("warn", "Warn"), ("stop", "Stop")],
        string="New Orders",
        default="none",
        required=True,
        tracking=True,
        help="What becomes of the quotations of customers with open items in the phase when they "
        "are confirmed. Warn: they are, and the chatter says so. Stop: they are not, until "
        "somebody with the right to it releases the order. Of several phases the strictest counts.",
    )

    @api.model
    def _get_approved_fields(self):
        return (*super()._get_approved_fields(), "order_policy")

    @api.model
    def _get_authored_fields(self):
        return (*super()._get_authored_fields(), "order_policy")
