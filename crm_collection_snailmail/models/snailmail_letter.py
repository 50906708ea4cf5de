from odoo import api, models

from odoo.addons.crm_collection.models.letters.address import POST


class SnailmailLetter(models.Model):
    """Letters of collections leave when the queue of the post does its work."""

    _inherit = "snailmail.letter"

    @api.model
    def _snailmail_cron(self, autocommit=True):
        # EXTENDS 'snailmail'
        self.env["crm.collection.letter"]._run_carrier(POST)
        return super()._snailmail_cron(autocommit)
