from odoo import fields, models


class CrmCollectionPhase(models.Model):
    """By which channel the letters of a phase go."""

    _inherit = "crm.collection.phase"

    channel = fields.Selection(
        selection=lambda self: self.env["crm.collection.letter"]._selection_channel(),
        required=True,
        default="email",
        tracking=True,
        help="By which its letters go, where the step of the sending rule names none. Who cannot "
        "be reached by it gets them by the channels that the company names for that.",
    )

    def _get_channel(self, step):
        """:param step: the step of the item in this phase (may be empty)
        :return: its own channel, else the phase's"""
        here = step.filtered(lambda one: one.phase_id == self)
        return here.channel or self.channel
