import os

from odoo import api, models


class IrAttachment(models.Model):
    """A file is in the store whole, or not at all.

    Core writes a file where it is to stay. A full disk or a killed process leaves the beginning
    of it there, which core takes for another file of that name from then on: whoever writes the
    same content again is refused.
    """

    _inherit = "ir.attachment"

    @api.model
    def _get_path(self, bin_data, sha):
        # EXTENDS 'base'
        self._remove_torn_file(bin_data, sha)
        return super()._get_path(bin_data, sha)

    @api.model
    def _file_write(self, bin_value, checksum):
        # EXTENDS 'base'
        try:
            return super()._file_write(bin_value, checksum)
        except OSError:
            self._remove_torn_file(bin_value, checksum)
            raise

    @api.model
    def _remove_torn_file(self, content, checksum):
        """Remove the file of a content where it is only its beginning."""
        path = self._full_path(f"{checksum[:2]}/{checksum}")
        try:
            size = os.path.getsize(path)
            if size >= len(content):
                return
            with open(path, "rb") as file:
                if content.startswith(file.read()):
                    os.unlink(path)
        except OSError:
            return  # there is none
