import base64
import gc
import logging
import os

import psycopg2

from odoo import SUPERUSER_ID, models
from odoo.tools.image import image_data_uri
from odoo.tools.translate import code_translations

from ...tools.printers import get_printers
from ...tools.text import get_file_name
from ..evidence.evidence import WRITING
from . import pdf
from .core_pdf import LAID_OUT_REPORT

_logger = logging.getLogger(__name__)

REPORT = "crm_collection.action_report_letter"
SOURCE_LANG = "en_US"  # of what is not translated
# Letters between two garbage collections: a rendered document leaves a megabyte of references in
# circles, which Python would not look at for hundreds of letters.
RENDERED_PER_COLLECTION = 20
# What says in the context that a letter is written anew, whatever was mailed. An object of its
# own: no caller from outside can pass it.
NEW = object()
# Letters that are printed by several processes; how many by the setting, or without it at most.
MANY = 6
PRINTERS = "crm_collection.pdf_processes"
MOST_PRINTERS = 8
MAILED_STATES = ("outgoing", "printed", "sent", "uncertain", "bounced")


class CrmCollectionLetter(models.Model):
    """The letter as a document: language, sender, text, PDF, attachments of the mail."""

    _inherit = "crm.collection.letter"

    # === Sender and language === #

    def _get_sender(self):
        """Return who the creditor is, as the law and a careful reader want it."""
        self.ensure_one()
        company, user = self.company_id, self._get_signing_user()
        address = self._get_address_lines(company.partner_id)
        vat_label, vat = company.partner_id._get_collection_vat()
        return {
            "name": company.name,
            "address": "\n".join(address),
            "vat": vat,
            "vat_label": vat_label or company.country_id.vat_label or self.env._("Tax ID"),
            "email": user.email or company.email or "",
            "phone": user.phone or company.phone or "",
            "website": company.website or "",
        }

    def _get_logo(self):
        """Return the logo as a data URI, so that nothing is fetched; nothing for Odoo's own."""
        company = self.company_id
        logo = company.partner_id.image_512  # enough for print, and small
        return image_data_uri(logo) if logo and not company.uses_default_logo else ""

    def _get_addressee(self):
        """Return the lines of the postal address, as they show in the window of an envelope."""
        self.ensure_one()
        customer = self.partner_id
        recipient = self.recipient_ids[:1]._origin or customer
        names = [customer.name, recipient.name if recipient != customer else ""]
        place = recipient if recipient.city or recipient.zip else customer
        return [name for name in names if name] + self._get_address_lines(place)

    def _get_address_lines(self, partner):
        """Return an address as its country writes it; the country only where it is abroad."""
        lines = partner._display_address(without_company=True).split("\n")
        lines = [line.strip() for line in lines if line.strip()]
        if partner.country_id and self.partner_id.country_id == self.company_id.country_id:
            lines = [line for line in lines if line != partner.country_id.name]
        return lines

    def _get_signing_user(self):
        """Return the collector, but never the system's own user."""
        return self.user_id.filtered(lambda user: user.id != SUPERUSER_ID)

    def _get_lang(self, preferred=None):
        """Return the language of the letter: always one that is installed, and that its text is
        in. What is not translated is said in English, and laid out and written as English.

        :param str preferred: the recipient's, where there is one already
        """
        installed = {code for code, _name in self.env["res.lang"].get_installed()}
        wished = (
            *(preferred, self.lang, self.partner_id.lang),
            *(self.company_id.partner_id.lang, self.env.lang),
        )
        lang = next((lang for lang in wished if lang in installed), SOURCE_LANG)
        return lang if self._is_said_in(lang) else SOURCE_LANG

    def _is_said_in(self, lang):
        """Whether its text is in a language, or what the module says around it is."""
        if lang.startswith(SOURCE_LANG[:2]):
            return True
        if code_translations.get_python_translations("crm_collection", lang):
            return True
        template_sudo = self.template_id._origin.sudo()
        return bool(template_sudo) and lang in template_sudo._get_collection_langs()

    def _mail_get_partner_fields(self, introspect_fields=False):
        # EXTENDS 'mail': the letter goes to its recipients, not to every contact of the customer
        return ["recipient_ids"]

    # === Text === #

    def _get_text(self, name):
        """Return the subject or the body (``body_html``) of the letter.

        What has been mailed is read from the message; else the template gives the very text
        that the mail would have.
        """
        self.ensure_one()
        message = self.mail_message_id
        if (
            message
            and self.state in MAILED_STATES
            and self.env.context.get("crm_collection_new") is not NEW
        ):
            return message.body if name == "body_html" else message.subject
        if not self.template_id:
            return self.titles_html if name == "body_html" else self.display_name
        return self._render_preview(name)

    def _render_preview(self, fname):
        """Return subject or body of a letter, which need not be stored, as it would leave now."""
        self.ensure_one()
        template_sudo = self.template_id.sudo()
        return template_sudo._render_field(fname, self._ids, set_lang=self._get_lang())[self.id]

    # === PDF === #

    def _get_sheet_report(self):
        """Return the report of letters, which is the sheet that its company has chosen."""
        layout = self.company_id.sudo().mapped("collection_letter_layout")
        xmlid = LAID_OUT_REPORT if layout == ["company"] else REPORT
        # not `ref`, which looks for each letter whether the report is there
        report_id = self.env["ir.model.data"]._xmlid_to_res_id(xmlid)
        return self.env["ir.actions.report"].sudo().browse(report_id)

    def _get_pdf_name(self):
        """Return the name of the file, in the language of the letter."""
        self.ensure_one()
        letter = self.with_context(lang=self._get_lang())
        name = letter.env._(
            "Letter of %(date)s from %(company)s",
            date=letter._format_day(letter.date),
            company=letter.company_id.name,
        )
        return get_file_name(name) + ".pdf"

    def _render_pdfs(self):
        """Return ``{letter id: PDF}``, each in its customer's language, as it would leave now.

        A letter that cannot be rendered is missing from the result: the others have theirs.
        """
        report = self.env.ref(REPORT).sudo()  # or the one in the company's document layout
        if not report._crm_collection_pdf_engine():
            return {}
        self._prefetch_texts()
        printers = get_printers(pdf, self._get_printer_count())
        printing = {}
        for number, letter in enumerate(self.with_context(crm_collection_new=NEW), start=1):
            try:
                with self.env.cr.savepoint():
                    printing[letter.id] = letter._print_pdf(report, printers)
            except psycopg2.OperationalError:
                raise  # the transaction is lost, not the letter
            except Exception:
                letter._log_unprinted()
            if number % RENDERED_PER_COLLECTION == 0:
                gc.collect()
        return self._collect_printed(printing)

    def _collect_printed(self, printing):
        """Wait until all is printed.

        :param printing: {letter id: ``Future`` of the PDF}
        """
        contents = {}
        for letter in self.browse(printing):
            try:
                contents[letter.id] = printing[letter.id].result()
            except Exception:
                letter._log_unprinted()
        return contents

    def _log_unprinted(self):
        _logger.warning("The PDF of collection letter %s failed", self.id, exc_info=True)

    def _get_printer_count(self):
        """:return: how many processes print these letters: each has to begin, which takes as long
        as printing some letters"""
        if len(self) < MANY:
            return 1
        wished = self.env["ir.config_parameter"].sudo().get_param(PRINTERS) or ""
        count = int(wished) if wished.isdecimal() else 0
        return count or min(os.cpu_count() or 1, MOST_PRINTERS)

    def _prefetch_texts(self):
        """Read and compute for all letters at once what each of them is going to print."""
        letters_sudo = self.sudo().with_context(crm_collection_print=True)
        try:
            with self.env.cr.savepoint():
                for name in ("titles_html", "totals_label", "signature_html"):
                    letters_sudo.mapped(name)
        except psycopg2.OperationalError:
            raise
        except Exception:
            _logger.debug("Not all letters can be rendered", exc_info=True)

    def _render_pdf(self, report):
        return self._print_pdf(report, get_printers(pdf, 1)).result()

    def _print_pdf(self, report, printers):
        """:return: the ``Future`` of the PDF"""
        return report.with_company(self.company_id)._crm_collection_print(printers, report, self)

    def _store_pdfs(self):
        """Render the PDFs and keep each with its letter, which then points to it."""
        if not self:
            return
        contents = self._render_pdfs()
        done = self.filtered(lambda letter: letter.id in contents)
        replaced = done.filtered("pdf_attachment_id") - done._get_mailed_pdf_letters()
        for letter in replaced:
            values = letter._prepare_pdf_attachment(contents[letter.id])
            pdf_sudo = letter.pdf_attachment_id.sudo()
            pdf_sudo.with_context(crm_collection_writing=WRITING).write(values)
        new = done - replaced
        attachments = (
            self.env["ir.attachment"]
            .sudo()
            .create([letter._prepare_pdf_attachment(contents[letter.id]) for letter in new])
        )
        for letter, attachment in zip(new, attachments, strict=True):
            letter.pdf_attachment_id = attachment
        done.filtered("pdf_missing").pdf_missing = False
        (self - done).write({"pdf_missing": True, "pdf_attachment_id": False})

    def _get_mailed_pdf_letters(self):
        """Return the letters whose stored PDF went out with a message: it is never changed."""
        messages = (
            self.env["mail.message"]
            .sudo()
            .search([("attachment_ids", "in", self.pdf_attachment_id.ids)])
        )
        return self.filtered(lambda letter: letter.pdf_attachment_id in messages.attachment_ids)

    def _prepare_pdf_attachment(self, content):
        return {
            "name": self._get_pdf_name(),
            "raw": content,
            "mimetype": "application/pdf",
            "res_model": self._name,
            "res_id": self.id,
        }

    # === Attachments of the mail === #

    def _process_attachments_for_template_post(self, mail_template):
        # EXTENDS 'mail'
        result = super()._process_attachments_for_template_post(mail_template)
        unsent = self.filtered(lambda letter: letter.state not in MAILED_STATES)
        unsent.filtered("attach_pdf")._store_pdfs()
        for letter in self:
            attachments = letter.pdf_attachment_id if letter.attach_pdf else []
            ids = [attachment.id for attachment in attachments]
            values = result.setdefault(letter.id, {})
            values.setdefault("attachment_ids", []).extend(ids)
            if letter.attach_invoices:
                letter._attach_invoices(values)
            letter._attach_slips(values)
        return result

    def _attach_invoices(self, values):
        """Add the PDFs of the invoices to the values of a mail; of one that fails the letter says
        that it is left out."""
        missing = []
        for move in self.line_ids.item_id.move_id.sudo():
            if not move.is_sale_document():
                continue
            attachment = self._get_invoice_pdf(move)
            if attachment:
                values.setdefault("attachment_ids", []).append(attachment.id)
                continue
            content = self._render_invoice_pdf(move)
            if content:
                values.setdefault("attachments", []).append(content)
            else:
                missing.append(move.name or "")
        left_out = ", ".join(missing)
        if (self.missing_invoices or "") != left_out:
            self.missing_invoices = left_out or False

    def _get_invoice_pdf(self, move):
        """Return the invoice's own PDF, as it was sent, where there is one.

        Never the main attachment of its chatter: that is the first PDF anybody posted there.
        """
        attachment = move.invoice_pdf_report_id
        return attachment if attachment.mimetype == "application/pdf" else attachment.browse()

    def _render_invoice_pdf(self, move):
        """Return ``(name, base64)`` of the invoice printed now, or None. Nothing is stored."""
        report = self.env["ir.actions.report"].with_context(
            lang=self._get_lang(), report_pdf_no_attachment=True
        )
        try:
            with self.env.cr.savepoint():
                content, kind = report.sudo()._crm_collection_render_invoice(move)
        except psycopg2.OperationalError:
            raise
        except Exception:
            _logger.warning("The PDF of invoice %s failed", move.id, exc_info=True)
            return None
        if kind != "pdf":
            return None
        name = get_file_name(move._get_report_base_filename())
        return f"{name}.pdf", base64.b64encode(content)
