import logging

import psycopg2

from odoo import api, models
from odoo.tools.mail import unfold_references

from ...tools.returned import read_returned

_logger = logging.getLogger(__name__)
MOST_REFERENCES = 32  # as many as core looks at


class MailThread(models.AbstractModel):
    """What customers answer to letters, to what collectors write and to statements is put on
    somebody's list. What machines answer is not: :mod:`.returned` tells them apart."""

    _inherit = "mail.thread"

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        # EXTENDS 'mail'
        result = super()._message_route_process(message, message_dict, routes)
        threads = [
            self.env[model].sudo().browse(res_id)
            for model, res_id, *_others in routes or ()
            if res_id and self._is_written_to(model)
        ]
        if threads and not read_returned(message):
            for thread in threads:
                self._hand_over_safely(thread, message_dict)
        return result

    @api.model
    def _hand_over_safely(self, thread, message_dict):
        """The mail is in the chatter, whatever comes of the task."""
        try:
            with self.env.cr.savepoint():
                self._hand_over_reply(thread, message_dict)
        except psycopg2.OperationalError:
            raise  # the mail is fetched again
        except Exception:
            _logger.exception("No contact was made of the mail %s", message_dict["message_id"])

    @api.model
    def _hand_over_reply(self, thread, message_dict):
        """:param thread: where the mail was posted, in sudo"""
        said = unfold_references(f"{message_dict['references']} {message_dict['in_reply_to']}")
        references = [one.strip() for one in said][-MOST_REFERENCES:]
        messages_sudo = (
            self.env["mail.message"]
            .sudo()
            .search(
                [
                    *(("model", "=", thread._name), ("res_id", "=", thread.id)),
                    ("message_id", "in", [message_dict["message_id"], *references]),
                ]
            )
        )
        mail = messages_sudo.filtered(lambda one: one.message_id == message_dict["message_id"])[:1]
        if mail:
            Contact_sudo = self.env["crm.collection.contact"].sudo()
            Contact_sudo._receive_reply(thread, mail, messages_sudo - mail)

    @api.model
    def _is_written_to(self, model):
        """Whether customers answer in the chatters of a model."""
        return model == "res.partner" or model in self.env["crm.collection.thread"]._get_chatters()
