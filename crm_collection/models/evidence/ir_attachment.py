import re

from odoo import models

from . import queries
from .evidence import LETTER_MODEL

# The addresses under which core shows an attachment: by its number, in the path or as `id`.
IMAGE = re.compile(
    r"""/web/(?:image|content)
    (?:/(?:ir\.attachment/)?(?P<path>\d+)
    |\?(?![^\s"'<>\\]*\bmodel=(?!ir\.attachment\b))[^\s"'<>\\]*?\bid=(?P<query>\d+))
    [^\s"'<>\\]*""",
    re.VERBOSE,
)


def find_images(text):
    """:return: the attachments shown in a text, set of ids"""
    return {int(found["path"] or found["query"]) for found in IMAGE.finditer(text or "")}


class IrAttachment(models.Model):
    """What goes out with a letter is as much its content as the text: its attachments, whoever
    they belong to, and the images in it. They stay as they were approved, and as they were sent.
    """

    _inherit = "ir.attachment"

    def write(self, vals):
        """:raise UserError: what an approved letter brings along is changed
        :raise AccessError: what went out with a letter is changed
        """
        if vals.keys() == {"thumbnail"}:
            return super(IrAttachment, self - self._get_pictured()).write(vals)
        changed = self._get_changed_by(vals)
        changed._check_not_written()
        changed._get_letter_templates()._check_not_approved()
        return super().write(vals)

    def unlink(self):
        """:raise UserError: what an approved letter brings along is deleted
        :raise AccessError: what went out with a letter is deleted
        """
        self._check_not_written()
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

    def _get_pictured(self):
        """:return: those of what went out with letters that have a picture of their first page.
        The browser that shows a file first makes it; it is not made anew"""
        pictured = self.filtered("has_thumbnail")
        is_bound = self.env["mail.message"]._is_bound()
        return pictured.sudo()._get_written() if pictured and is_bound else self.browse()

    def _get_letter_templates(self):
        """:return: the collection letters these go out with"""
        templates = self.env["mail.template"]
        if not self or not self.env["mail.message"]._is_bound():
            return templates
        self_sudo = self.sudo()  # whoever may see them
        owned = self_sudo.filtered(lambda each: each.res_model == templates._name)
        found_sudo = (
            templates.sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("model", "=", LETTER_MODEL),
                    *(
                        "|",
                        ("attachment_ids", "in", self.ids),
                        ("id", "in", owned.mapped("res_id")),
                    ),
                ]
            )
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
        templates_sudo = self.env["mail.template"].sudo()
        templates_sudo.flush_model(["body_html", "model_id"])
        rows = self.env.execute_query(queries.template_texts(LETTER_MODEL))
        shown = set(self.ids)
        return templates_sudo.browse(
            [row[0] for row in rows if shown.intersection(find_images(row[1]))]
        )

    # === What was sent === #

    def _check_not_written(self):
        """:raise AccessError: one of these went out, or is about to, with a letter"""
        Message = self.env["mail.message"]
        if Message._is_bound() and self.sudo()._get_written():
            Message._refuse_change()

    def _get_written(self):
        """:return: those of these that belong to a letter's mail, or that a letter shows"""
        images = self.filtered(lambda each: (each.mimetype or "").startswith("image/"))
        owned = self.filtered(lambda each: each.res_model == LETTER_MODEL and not each.res_field)
        return owned._get_attached() | images._get_shown()

    def _get_attached(self):
        """:return: those of these that letters own and mailed"""
        if not self:
            return self
        letters = self.env[LETTER_MODEL].search([("pdf_attachment_id", "in", self.ids)])
        messages = self.env["mail.message"].search(  # a letter that went twice has two
            [
                ("model", "=", LETTER_MODEL),
                ("res_id", "in", self.mapped("res_id")),
                ("message_type", "!=", "comment"),
            ]
        )
        written = letters.pdf_attachment_id | messages.attachment_ids
        # letters of earlier versions show copies of their own
        copies = {number for message in messages for number in find_images(message.body)}
        return self.filtered(lambda each: each in written or each.id in copies)

    def _get_shown(self):
        """:return: those of these images that letters show, whoever they belong to"""
        if not self:
            return self
        letters = self.env[LETTER_MODEL].search([("image_ids", "in", self.ids)])
        return self & letters.image_ids
