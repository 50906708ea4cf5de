from odoo import models


class AccountMove(models.Model):
    """Decisions are told on the entries they concern: nobody's words look like one."""

    _inherit = "account.move"

    def _get_allowed_message_params(self):
        # EXTENDS 'mail': what the web client posts is a comment
        return super()._get_allowed_message_params() - {"message_type"}
