import hashlib
import json

from markupsafe import Markup

from odoo import fields, models

TEXT = "collection_sms_text"


class MailTemplate(models.Model):
    """A letter's text in short, for SMS. It is tried when it is saved, and approved with the phases
    that send it, as the rest of the letter is."""

    _inherit = "mail.template"

    collection_sms_text = fields.Text(
        string="As SMS",
        translate=True,
        help="What the letter says where it goes by SMS. It may fill in what letters offer in a "
        "line, as {{ object.totals_label }}. Empty: who writes, what is to be paid and by when.",
    )

    def _get_places(self, fnames=None):
        # EXTENDS 'crm_collection': what is written is looked at here when it is saved
        places = super()._get_places(fnames)
        if fnames is not None and TEXT not in fnames:
            return places
        field = self._fields[TEXT]
        label = field._description_string(self.env)
        installed = dict(self.env["res.lang"].get_installed())
        stored = field._get_stored_translations(self) or {}
        langs = [lang for lang in installed if lang in stored]
        return places + [
            (f"{label} ({installed[lang]})", TEXT, self.with_context(lang=lang)) for lang in langs
        ]

    def _get_collection_digest(self):
        # EXTENDS 'crm_collection': where there is no own text nothing else is said than before
        digest = super()._get_collection_digest()
        text = self._fields[TEXT]._get_stored_translations(self.sudo())
        if not any((text or {}).values()):
            return digest
        said = json.dumps([digest, text], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()

    def _show_text(self, company, lang, **vals):
        # EXTENDS 'crm_collection'
        said = super()._show_text(company, lang, **vals)
        if said["error"] or not self.with_context(lang=lang)[TEXT]:
            return said
        letters_sudo = self.env["crm.collection.letter"].sudo()
        letter = letters_sudo._make_up(company, template_id=self.id, lang=lang, **vals)
        text = Markup("<hr/><p><b>SMS</b>: %s</p>") % letter._get_sms_text()
        return {**said, "body": said["body"] + text}
