from odoo import api, models

from .letter import SMS


class SmsSms(models.Model):
    """Letters leave when the queue of SMS does its work."""

    _inherit = "sms.sms"

    @api.model
    def _process_queue(self):
        # EXTENDS 'sms'
        self.env["crm.collection.letter"]._run_carrier(SMS)
        return super()._process_queue()
