from odoo import fields, models


class ResCompany(models.Model):
    """How letters go to customers who cannot be reached as their phase says: a chain, at the end of
    which is somebody's task."""

    _inherit = "res.company"

    collection_second_channel = fields.Selection(
        selection=lambda self: self.env["crm.collection.letter"]._selection_channel(),
        string="Second Channel",
        help="How a letter goes where its customer has no address for the channel of its phase, or "
        "it came back from there: none of the contacts can be reached. Empty: it waits for an "
        "address, and is somebody's task.",
    )
    collection_third_channel = fields.Selection(
        selection=lambda self: self.env["crm.collection.letter"]._selection_channel(),
        string="Third Channel",
        help="Where the second one does not reach the customer either.",
    )
