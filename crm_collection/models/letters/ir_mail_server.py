import os

from odoo import models

from ...tools.text import LONGEST_SUBJECT, get_address_header, get_file_name, get_header


class IrMailServer(models.Model):
    """What people are called reaches the headers of mails: a line break in it would be another
    header, and a line that is too long is refused by the servers that read it.

    Core builds headers of names as they are. Here they become one line each, and not a long one:
    of subject, sender, recipients, address for replies and files, of every mail.
    """

    _inherit = "ir.mail_server"

    def _build_email__(self, email_from, email_to, subject, body, **kwargs):  # noqa: PLW3201
        # EXTENDS 'base'
        for key in ("email_cc", "email_bcc", "reply_to"):
            if kwargs.get(key):
                kwargs[key] = self._get_address_headers(kwargs[key])
        if kwargs.get("headers"):
            kwargs["headers"] = {
                key: get_header(value, len(value)) if isinstance(value, str) else value
                for key, value in kwargs["headers"].items()
            }
        if kwargs.get("attachments"):
            kwargs["attachments"] = [
                (self._get_file_header(name), *rest) for name, *rest in kwargs["attachments"]
            ]
        return super()._build_email__(
            self._get_address_headers(email_from),
            self._get_address_headers(email_to),
            get_header(subject or "", LONGEST_SUBJECT),
            body,
            **kwargs,
        )

    def _get_address_headers(self, addresses):
        """:param addresses: one, or several; as core has them, each by itself"""
        if isinstance(addresses, str):
            return get_address_header(addresses)
        return [get_address_header(one) for one in addresses or ()]

    def _get_file_header(self, name):
        stem, ending = os.path.splitext(name or "")
        return get_file_name(stem) + get_file_name(ending)[:10]
