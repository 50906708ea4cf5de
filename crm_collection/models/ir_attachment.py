import re

from odoo import SUPERUSER_ID, models

LETTER_MODEL = "crm.collection.letter"


class IrAttachment(models.Model):
    """What goes out with an approved letter is as much its content as the text: its attachments,
    whoever they belong to, and the images in it."""

    _inherit = "ir.attachment"

    def write(self, vals):
        """:raise UserError: what an approved letter brings along is changed"""
        self._get_changed_by(vals)._get_letter_templates()._check_not_approved()
        return super().write(vals)

    def unlink(self):
        """:raise UserError: what an approved letter brings along is deleted"""
        self._get_letter_templates()._check_not_approved()
        return super().unlink()

    def _get_changed_by(self, vals):
        """:return: these, less those that would only be told again whose they are: a template
        does that each time it is written"""
        if not vals.keys() <= {"res_model", "res_id"}:
            return self
        return self.filtered(
            lambda each: any(each[fname] != value for fname, value in vals.items())
        )

    def _get_letter_templates(self):
        """:return: the collection letters these go out with"""
        templates = self.env["mail.template"]
        if not self or self.env.uid == SUPERUSER_ID:
            return templates
        self_sudo = self.sudo()  # whoever may see them
        owned = self_sudo.filtered(lambda each: each.res_model == templates._name)
        found_sudo = templates.sudo().with_context(active_test=False).search(
            [
                ("model", "=", LETTER_MODEL),
                *("|", ("attachment_ids", "in", self.ids), ("id", "in", owned.mapped("res_id"))),
            ]
        )
        images = self_sudo.filtered(
            # not those of fields, such as a contact's picture: they are written all the time
            lambda each: (each.mimetype or "").startswith("image/") and not each.res_field
        )
        if images:
            found_sudo |= images._get_letters_showing()
        return found_sudo.sudo(self.env.su)

    def _get_letters_showing(self):
        """:return: in sudo, the collection letters with one of these images in their text, in
        any language"""
        address = re.compile(rf"/web/(?:image|content)/(?:{'|'.join(map(str, self.ids))})(?!\d)")
        letters_sudo = self.env["mail.template"].sudo().with_context(active_test=False)
        return letters_sudo.search([("model", "=", LETTER_MODEL)]).filtered(
            lambda letter: any(
                address.search(letter.with_context(lang=code).body_html or "")
                for code, _name in self.env["res.lang"].get_installed()
            )
        )
