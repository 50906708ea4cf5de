from odoo import api, models


class SmsSms(models.Model):
    """Letters leave when the queue of SMS does its work."""

    _inherit = "sms.sms"

    @api.model
    def _process_queue(self):
        # EXTENDS 'sms'
        self.env["crm.collection.letter"]._process_sms()
        return super()._process_queue()
