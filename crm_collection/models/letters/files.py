from odoo import models
from odoo.fields import Command

from ..evidence.ir_attachment import IMAGE, find_images


class CrmCollectionLetter(models.Model):
    """What goes out with a letter is the letter's: its template's files and images and the
    invoices' PDFs are other people's to change, and they stay free to."""

    _inherit = "crm.collection.letter"

    def _own_files(self, mail):
        """Give the letter copies of what its mail attaches or shows."""
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
        self._own_images(mail, owner)

    def _own_images(self, mail, owner):
        """Images that customers can see are copied; the letter points to the copies."""
        body, base_url, copies = str(mail.body_html or ""), mail.get_base_url(), {}
        found_sudo = self.env["ir.attachment"].sudo().browse(find_images(body)).exists()
        if not found_sudo:
            return

        def readdress(found):
            image = found_sudo & found_sudo.browse(int(found["path"] or found["query"]))
            before = found.string[: found.start()]
            elsewhere = before[-1:].isalnum() and not before.endswith(base_url)
            token = image.access_token
            if elsewhere or not (image.public or (token and token in found[0])):
                return found[0]
            if image not in copies:
                copies[image] = image.copy(owner)  # its token is the same
            start, end = found.span("path" if found["path"] else "query")
            offset = found.start()
            return f"{found[0][: start - offset]}{copies[image].id}{found[0][end - offset :]}"

        body = IMAGE.sub(readdress, body)
        if copies:
            text = IMAGE.sub(readdress, str(mail.body or ""))
            mail.write({"body_html": body, "body": text})
