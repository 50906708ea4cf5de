import base64

from odoo import fields, models
from odoo.exceptions import UserError

from ..evidence.evidence import WRITING
from .address import POST
from .document import NEW, REPORT
from .letter import NO_FAILURE

# A person waits while they are printed: a third of a second for each.
MAX_PRINTED = 200


class CrmCollectionLetter(models.Model):
    """Letters by post: they wait to be printed, are printed in a batch (:mod:`.batch`), and are
    sent when somebody says that he posted it. Until then they have not left.

    Before they are printed, and before they are marked as posted, everything is read again.
    """

    _inherit = "crm.collection.letter"

    batch_id = fields.Many2one(
        comodel_name="crm.collection.batch",
        string="Printed in",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        help="The batch it was printed in last.",
    )
    batch_line_ids = fields.One2many(
        comodel_name="crm.collection.batch.line",
        inverse_name="letter_id",
        string="Printed",
        readonly=True,
    )

    # === Postal address === #

    def _get_postal_recipient(self):
        """:return: (the first of those it may go to with a postal address from which nothing came
        back, ``False``), or (nobody, the state that says why)"""
        for partner in self._get_contacts():
            address = self._get_postal_address(partner)
            if address and not (self._is_refused_by(address) or self._is_tried(POST, address)):
                return partner, False
        return self.env["res.partner"], "no_address"

    def _get_postal_address(self, partner):
        """:return: where post arrives, in one line; ``False``: something of it is missing"""
        has_street = (partner.street or partner.street2 or "").strip()
        if not has_street or not (partner.city or partner.zip):
            return False
        return ", ".join(" ".join(line.split()) for line in self._get_address_lines(partner))

    def _is_refused_by(self, address):
        """Whether letters came back from an address that is none of e-mail."""
        return address in self.refused_ids.mapped("email")

    def _get_postal_key(self):
        """:return: what puts letters in the order of their addresses: those of the company's own
        country first"""
        place = self.recipient_ids[:1] or self.partner_id
        country = place.country_id or self.company_id.country_id
        is_abroad = country != self.company_id.country_id
        names = (country.name, place.zip, place.city, place.street, place.name)
        return (is_abroad, *((name or "").casefold() for name in names), self.id)

    # === To be printed === #

    def _set_to_print(self):
        self.write({**NO_FAILURE, "state": "to_print", "batch_id": False})
        self.activity_unlink(["mail.mail_activity_data_todo"])

    def action_print_batch(self):
        """Print letters that go by post, in the order of their addresses, with a list of them. What
        they ask for is read again first: what is not owed any more is taken out.

        :return: action that shows the batch, and says what became of the letters that are not in it
        :raise UserError: none of them waits to be printed, or none may leave now
        """
        self._check_user()
        waiting = self.filtered(lambda letter: letter.state == "to_print")
        waiting._check_printable()
        batches_sudo = self.env["crm.collection.batch"].sudo()
        for company, letters in waiting.sudo()._read_again().grouped("company_id").items():
            batches_sudo |= batches_sudo._print(company, letters)
        left = waiting.filtered(lambda letter: letter.batch_id not in batches_sudo)
        return batches_sudo.sudo(False)._show_printed(left)

    def _check_printable(self):
        """:raise UserError: there is nothing to print, or no way to"""
        if not self:
            raise UserError(self.env._("None of these letters waits to be printed."))
        if len(self) > MAX_PRINTED:
            raise UserError(
                self.env._("At most %s letters are printed at once: choose fewer.", MAX_PRINTED)
            )
        if not self.env.ref(REPORT).sudo()._crm_collection_pdf_engine():
            raise UserError(
                self.env._("No PDF engine was found: neither WeasyPrint nor wkhtmltopdf.")
            )
        if not self._filter_leaving():
            reasons = [letter._explain_staying() for letter in self]
            raise UserError("\n".join(dict.fromkeys(reasons)))

    def _explain_staying(self):
        """:return: why a letter may not leave now, in words"""
        company = self.company_id
        today = company._get_collection_today()
        return (
            company._explain_collection_copy()
            or company._explain_collection_bank()
            or company._explain_collection_workday(today)
            or self.env._("Automatic sending is off: what the job wrote is not sent.")
        )

    def _read_again(self):
        """Issue letters anew that wait to be printed: with what is owed now, to where they go now.

        :return: those that go by post
        """
        ready = self._filter_leaving().filtered(lambda letter: letter._is_allocated())
        locked = ready.try_lock_for_update()
        locked._reset()
        locked._issue(anew=True)
        locked._trigger_mail_queue()
        return locked.filtered(lambda letter: letter.state == "to_print")

    def _get_reasons(self):
        """:return: what became of letters that are not printed, in words"""
        states = dict(self._fields["state"]._description_selection(self.env))
        return "\n".join(
            f"{letter.partner_id.display_name}: {letter.failure_reason or states[letter.state]}"
            for letter in self
        )

    # === On paper === #

    def _put_on_paper(self):
        """Write what customers get: the PDF, and the message that stays on record.

        :return: the letters that could be written
        """
        self._store_pdfs()
        written = self.filtered(lambda letter: letter.pdf_attachment_id and not letter.pdf_missing)
        if failed := self - written:
            env = failed._in_office_language().env
            reason = env._("The PDF of the letter could not be made.")
            failed._set_problem("failed", reason, will_retry=True, fault="server")
        for letter in written:
            letter._keep_text()
        return written

    def _keep_text(self):
        fresh = self.with_context(crm_collection_new=NEW)
        message = self.with_context(crm_collection_writing=WRITING)._message_log(
            subject=fresh._get_text("subject"),
            body=fresh._get_text("body_html"),
            author_id=(self._get_signing_user() or self.company_id).partner_id.id,
            attachment_ids=self.pdf_attachment_id.ids,
        )
        self.write({"mail_id": False, "mail_message_id": message.id})

    def _get_sheets(self):
        """:return: list of the PDFs that go into the envelope: letter and, where its step says so,
        invoices"""
        sheets = [self.pdf_attachment_id.raw]
        if self.attach_invoices:
            values = {}
            self._attach_invoices(values)
            files = self.env["ir.attachment"].browse(values.get("attachment_ids", []))
            sheets += files.mapped("raw")
            sheets += [base64.b64decode(data) for _name, data in values.get("attachments", [])]
        return sheets

    # === What became of it === #

    def action_returned_to_sender(self):
        """Ask why letters by post came back, and note it (:meth:`_return_to_sender`).

        :raise UserError: none of them was posted
        """
        self._check_user()
        posted = self._filter_posted()
        if not posted:
            raise UserError(self.env._("Only letters that were posted come back by post."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Returned to Sender"),
            "res_model": "crm.collection.letter.returned",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_letter_ids": posted.ids},
        }

    def _filter_posted(self):
        """:return: those that left by post"""
        return self.filtered(lambda letter: letter.state == "sent" and letter.channel == POST)

    def _return_to_sender(self, reason, note=""):
        """Letters by post came back: their address is not used any more, until somebody says that
        it is right; they go on by the company's next channel, where it has one.

        :param str reason: why, of :data:`.batch_line.RETURN_REASONS`
        :param str note: what else is known
        :return: those that came back
        """
        self._check_user()
        posted = self._filter_posted()
        for letter in posted.sudo()._in_office_language():
            line = letter.batch_line_ids.filtered(
                lambda one: one.batch_id == one.letter_id.batch_id
            )
            line.write({"returned_reason": reason, "returned_note": note})
            letter._receive_returned_post(self.env.user.name, line._describe_returned())
        return posted

    def _receive_returned_post(self, user_name, why):
        values = {"address": self.address, "user": user_name, "why": why}
        self._receive_back(
            self.env._("Returned to sender (%(why)s): %(address)s", **values),
            self.env._("Returned to sender, says %(user)s: %(why)s.", **values),
        )
