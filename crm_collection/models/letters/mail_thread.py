from odoo import api, models
from odoo.tools.mail import email_normalize

from ...tools.returned import read_returned


class MailThread(models.AbstractModel):
    """Incoming mail: what comes back of a letter is read as it was meant.

    Core takes every report for a failure, of the first address it names, and drops automatic
    answers that go to the return path. What a report says of failures decides here, for all
    documents; letters learn all that it says (:mod:`.bounce`).
    """

    _inherit = "mail.thread"

    @api.model
    def _detect_is_bounce(self, message, message_dict):
        # EXTENDS 'mail': reports in plain words, complaints, return paths with the recipient in it
        if super()._detect_is_bounce(message, message_dict):
            return True
        returned = read_returned(message)
        return bool(returned) and returned.kind != "automatic"

    @api.model
    def _message_parse_extract_bounce(self, email_message, message_dict):
        # EXTENDS 'mail': what did not fail is counted against nobody
        values = super()._message_parse_extract_bounce(email_message, message_dict)
        if not values["is_bounce"]:
            return values
        returned = read_returned(email_message)
        Partner_sudo = self.env["res.partner"].sudo()
        if returned and returned.kind == "report" and not returned.recipients:
            return values  # core's guess, by whom it had notified
        failed = returned.get_failed() if returned else []
        if not failed:
            return values | {"bounced_email": False, "bounced_partner": Partner_sudo}
        addresses = [email for one in failed for email in reversed(one.addresses)]
        if addresses and email_normalize(values["bounced_email"] or "") not in addresses:
            partner = Partner_sudo.search([("email_normalized", "=", addresses[0])])
            values |= {"bounced_email": addresses[0], "bounced_partner": partner}
        return values

    @api.model
    def _routing_handle_bounce(self, email_message, message_dict):
        """EXTENDS 'mail': letters learn what the report says. Core tells a document no more than
        an address (``_message_receive_bounce``), which letters do not heed."""
        super()._routing_handle_bounce(email_message, message_dict)
        letters_sudo = self.env["crm.collection.letter"].sudo()
        letters_sudo._receive_returned(read_returned(email_message), message_dict)

    @api.model
    def _message_parse_post_process(self, message, message_dict, routes):
        """EXTENDS 'mail': an automatic answer to a letter is a note in its chatter. It is nobody's
        answer: nobody is told, and nothing is to be done about it."""
        values = super()._message_parse_post_process(message, message_dict, routes)
        letter_ids = [route[1] for route in routes or () if route[0] == "crm.collection.letter"]
        if letter_ids:
            returned = read_returned(message)
            if returned and returned.kind == "automatic":
                letter_sudo = self.env["crm.collection.letter"].sudo().browse(letter_ids[:1])
                values |= {
                    "body": letter_sudo._mark_automatic(message_dict.get("body")),
                    "is_internal": True,
                    "parent_id": False,
                    "partner_ids": [],
                }
        return values
