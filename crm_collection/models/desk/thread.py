from odoo import models


class CrmCollectionThread(models.AbstractModel):
    """In the chatters of this module customers are written to, and answer."""

    _inherit = "crm.collection.thread"

    def _get_reply_about(self, answered):
        """Say what a mail of a customer is about that arrived in this chatter; override where
        customers are written to.

        :param answered: the messages it refers to, in sudo
        :return: dict of ``company``, ``partner``, ``items``, ``letter`` and ``users`` (those whose
            customer it is, the first before the others); empty where it is nobody's task
        """
        return {}

    def _notify_thread(self, message, msg_vals=False, **kwargs):
        """EXTENDS 'mail': who is written to has his answer; with what is scheduled, when it goes"""
        recipients = super()._notify_thread(message, msg_vals=msg_vals, **kwargs)
        ids = [one["id"] for one in recipients or () if self._is_outside(one) and one["id"]]
        if ids and not self._is_notification_scheduled(kwargs.get("scheduled_date")):
            partners = self.env["res.partner"].browse(ids)
            self.env["crm.collection.contact"]._answer_by(message, partners)
        return recipients
