import hashlib
import json

from odoo import models

from ..evidence.ir_attachment import find_images

# What a letter says, and to whom and from whom it goes; texts in all their languages.
TEXTS = ("subject", "body_html")
SENDERS = (
    *("email_from", "reply_to", "email_to", "email_cc", "partner_to", "use_default_to", "lang"),
    "email_layout_xmlid",
)


class MailTemplate(models.Model):
    """A digest of what is approved with a letter: it is another one as soon as the letter would
    say something else, in any language, or bring something else along."""

    _inherit = "mail.template"

    def _get_collection_digest(self):
        """:return: a short text for what the letter says"""
        self.ensure_one()
        template_sudo = self.sudo()  # whoever may see its files
        texts = {
            fname: self._fields[fname]._get_stored_translations(template_sudo) or {}
            for fname in TEXTS
        }
        shown = {
            number
            for said in texts["body_html"].values()
            for number in find_images(said if isinstance(said, str) else "")
        }
        files_sudo = (
            template_sudo.attachment_ids
            | template_sudo.attachment_ids.browse(sorted(shown)).exists()
        )
        said = {
            "texts": texts,
            "senders": [template_sudo[fname] or "" for fname in SENDERS],
            "server": template_sudo.mail_server_id.id,
            "files": sorted((file.name or "", file.checksum or "") for file in files_sudo),
            "reports": [
                (report.id, report.report_name, report._get_collection_arch())
                for report in template_sudo.report_template_ids.sorted("id")
            ],
        }
        text = json.dumps(said, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


class IrActionsReport(models.Model):
    """What a letter brings along as PDF is part of it."""

    _inherit = "ir.actions.report"

    def _get_collection_arch(self):
        """:return: what the report is made of"""
        view_sudo = self.env["ir.ui.view"].sudo().search([("key", "=", self.report_name)], limit=1)
        return view_sudo.arch_db or ""
