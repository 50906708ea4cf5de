import base64
import logging

import psycopg2

from odoo import fields, models
from odoo.tools import html2plaintext
from odoo.tools.pdf import merge_pdf

from odoo.addons.crm_collection.models.letters.address import POST
from odoo.addons.crm_collection.tools.reached import is_not_reached
from odoo.addons.iap.tools.iap_tools import InsufficientCreditError

_logger = logging.getLogger(__name__)

# What the service does not do for this address, whatever is paid.
OF_THE_ADDRESS = ("MISSING_REQUIRED_FIELDS", "NO_PRICE_AVAILABLE")
# What is tried again by itself; the others are about the file.
TRIED_AGAIN = ("CREDIT_ERROR", "TRIAL_ERROR", "UNKNOWN_ERROR")


class CrmCollectionLetter(models.Model):
    """Handing a letter to the service: core's letter is made at that moment, with a cover page for
    the address, and is gone when the answer is written down. So nothing else sends it, or keeps
    what it says.

    Sent is what the service took to print and post.
    """

    _inherit = "crm.collection.letter"

    snail_number = fields.Char(
        string="Number of the Post",
        readonly=True,
        copy=False,
        help="By which Snail Mail calls what it posted.",
    )

    def _is_carried(self):
        # EXTENDS 'crm_collection': a company may say meanwhile that its people print
        return super()._is_carried() and (self.channel != POST or self._is_snail())

    def _give_to_carrier(self):
        # EXTENDS 'crm_collection'
        return self._send_snail() if self.channel == POST else super()._give_to_carrier()

    def _get_reason_unanswered(self):
        # EXTENDS 'crm_collection'
        if self.channel != POST:
            return super()._get_reason_unanswered()
        return self.env._(
            "Handed to Snail Mail on %s, and its answer is missing: look for it in the account of "
            "the service.",
            self._format_handed_over(),
        )

    def _send_snail(self):
        """Hand it to the service, and write down what that says."""
        snail = self._make_snail()
        try:
            snail._snailmail_print_valid_address()
        except psycopg2.Error:
            raise
        except Exception as error:
            self._drop_snail(snail)
            return self._note_snail_error(error)
        told = snail.state, snail.error_code, html2plaintext(snail.info_msg or "").strip()
        self._drop_snail(snail)
        return self._note_snail(*told)

    def message_post(self, *, message_type="notification", **kwargs):
        """EXTENDS 'mail': core says that a letter was sent when it is made, and not yet sent"""
        if message_type == "snailmail" and self.env.su:
            env = self._in_office_language().env
            return self._message_log(body=env._("Handed to Snail Mail, to be printed and posted."))
        return super().message_post(message_type=message_type, **kwargs)

    def _make_snail(self):
        Snail = self.env["snailmail.letter"].with_company(self.company_id)
        snail = Snail.with_context(lang=self.company_id._get_collection_lang()).create(
            {
                "model": self._name,
                "res_id": self.id,
                "partner_id": self.recipient_ids[:1].id,
                "company_id": self.company_id.id,
                # the window of the service's envelopes is not where a letter has its address
                "cover": True,
            }
        )
        pages = snail._append_cover_page(snail._overwrite_margins(merge_pdf(self._get_sheets())))
        snail.attachment_id = self.env["ir.attachment"].create(
            {
                "name": self.pdf_attachment_id.name,
                "datas": base64.b64encode(pages),
                "res_model": snail._name,
                "res_id": snail.id,
            }
        )
        return snail

    def _drop_snail(self, snail):
        """Core's letter, its file and its notification: whoever sent it again from there would not
        ask whether it is still true."""
        snail.notification_ids.sudo().unlink()
        snail.unlink()  # with its file

    # === What became of it === #

    def _note_snail(self, state, code, said):
        """
        :param state: of core's letter, as the service answered
        :param code: of its error, if it is one
        :param said: what core says of it
        """
        letter = self._in_office_language()
        if state == "sent":
            self.snail_number = said.split()[-1] if said else False
            letter._message_log(body=said)
            return self._set_sent()
        if code == "CREDIT_ERROR":
            said = letter.env._("The account of Snail Mail has no credits left.")
        elif code == "TRIAL_ERROR":
            said = letter.env._("There is no account of Snail Mail yet.")
        reason = letter.env._("Snail Mail did not post the letter: %s", said)
        self.delivery_started = False  # it is known that it did not leave
        if code in OF_THE_ADDRESS:
            self._set_problem("failed", reason, fault="address")
            return self.env["crm.collection.run"]._ask("letters", self.company_id)
        return self._set_problem("failed", reason, fault="server", will_retry=code in TRIED_AGAIN)

    def _note_snail_error(self, error):
        """The service did not answer: unless it was not reached at all, nobody knows."""
        _logger.info("Letter %s could not be handed over by Snail Mail: %s", self.id, error)
        if not is_not_reached(error, InsufficientCreditError):
            return self._set_unanswered()
        env = self._in_office_language().env
        return self._set_not_reached(env._("Snail Mail cannot be reached."), error)
