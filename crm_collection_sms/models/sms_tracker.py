from odoo import fields, models


class SmsTracker(models.Model):
    """What the gateway reports of an SMS is told to the letter that left by it, as long as it did
    not go again by another one since."""

    _inherit = "sms.tracker"

    collection_letter_id = fields.Many2one(
        comodel_name="crm.collection.letter", ondelete="cascade", index="btree_not_null"
    )

    def _action_update_from_sms_state(self, sms_state, failure_type=False, failure_reason=False):
        # EXTENDS 'sms'
        result = super()._action_update_from_sms_state(
            sms_state, failure_type=failure_type, failure_reason=failure_reason
        )
        if sms_state == "sent":
            self._get_collection_letters()._receive_sms_delivered()
        return result

    def _action_update_from_provider_error(self, provider_error):
        # EXTENDS 'sms'
        result = super()._action_update_from_provider_error(provider_error)
        is_bounce = f"sms_{provider_error}" in self.env["sms.sms"].BOUNCE_DELIVERY_ERRORS
        letters = self._get_collection_letters()
        letters._receive_sms_failure(str(provider_error), is_bounce)
        return result

    def _get_collection_letters(self):
        """:return: in sudo, the letters whose present SMS is among these: reports come from
        outside"""
        letters_sudo = self.sudo().collection_letter_id
        uuids = set(self.mapped("sms_uuid"))
        return letters_sudo.filtered(lambda letter: letter.sms_uuid in uuids)
