from odoo import fields, models
from odoo.fields import Command

from ..evidence.ir_attachment import IMAGE, find_images


class CrmCollectionLetter(models.Model):
    """What goes out with a letter stays as it went.

    Files it attaches are copied: its template's and the invoices' are other people's to change,
    and stay free to. Images it shows are read where they are whenever somebody opens the letter:
    they stay there, and nobody changes them any more (``ir.attachment``); another image is
    another file.
    """

    _inherit = "crm.collection.letter"

    # Shown in this letter, and in no letter before it.
    image_ids = fields.Many2many(
        comodel_name="ir.attachment",
        relation="crm_collection_letter_image_rel",
        string="Images",
        readonly=True,
    )

    def _own_files(self, mail):
        """Give the letter copies of what its mail attaches, and keep what it shows."""
        owner = {"res_model": self._name, "res_id": self.id, "res_field": False}
        commands = []
        for attachment in mail.attachment_ids:
            if attachment.res_model == "mail.message":  # made for this mail
                attachment.write(owner)
            elif attachment.res_model != self._name:
                copy = attachment.copy(owner)
                commands += [Command.unlink(attachment.id), Command.link(copy.id)]
        if commands:
            mail.attachment_ids = commands
        self._keep_images(mail)

    def _keep_images(self, mail):
        """From now on nobody changes the images that the customer sees in a mail: those of no
        letter yet become this one's."""
        images = self._get_images_seen(str(mail.body_html or ""), mail.get_base_url())
        if images:
            kept = self.sudo().search([("image_ids", "in", images.ids)]).image_ids
            self.image_ids = [Command.link(image.id) for image in images - kept]

    def _get_images_seen(self, body, base_url):
        """:return: in sudo, the images of a text that its readers can see: at an address of ours,
        and public or with their key"""
        attachments_sudo = self.env["ir.attachment"].sudo()
        ids = find_images(body)
        existing = attachments_sudo.browse(ids).exists() if ids else attachments_sudo
        images = existing.filtered(lambda each: (each.mimetype or "").startswith("image/"))
        seen = attachments_sudo
        for found in IMAGE.finditer(body) if images else ():
            before = body[: found.start()]
            elsewhere = before[-1:].isalnum() and not before.endswith(base_url)
            image = images & attachments_sudo.browse(int(found["path"] or found["query"]))
            token = image.access_token
            if not elsewhere and (image.public or (token and token in found[0])):
                seen |= image
        return seen
