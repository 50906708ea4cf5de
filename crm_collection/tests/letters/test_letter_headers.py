import errno
import os
from email import message_from_bytes, policy
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ...tools.text import get_address_header, get_file_name, get_header
from ..common_letters import CrmCollectionLettersCommon

LONG = "Very Long Name GmbH " * 100
BROKEN = "Adler\nBcc: everybody@else.example\r\n\tGmbH"
NAMES = (LONG, BROKEN, "x" * 2000, "\u0627" * 2000, 'A "quoted\\" <name>, Inc.', "\x00\x07Bell")
LONGEST_LINE = 998  # RFC 5322


@tagged("post_install", "-at_install")
class TestHeaderText(BaseCase):
    """What becomes of a text in a header, and in a name of a file."""

    @settings(max_examples=200, deadline=None)
    @given(st.text(max_size=400), st.integers(1, 200))
    def test_a_header_is_one_line_and_not_a_long_one(self, text, longest):
        line = get_header(text, longest)
        self.assertLessEqual(len(line), longest)
        self.assertEqual(line, " ".join(line.split()))
        self.assertEqual(get_header(line, longest), line)

    @settings(max_examples=200, deadline=None)
    @given(st.text(max_size=400))
    def test_a_file_can_be_saved(self, text):
        name = get_file_name(text)
        self.assertLessEqual(len(name.encode()), 200)
        self.assertFalse(set(name) & set('\\/:*?"<>|\n\r\t\0'))

    def test_an_address_keeps_what_can_be_delivered_to(self):
        plain = '"Adler GmbH" <adler@customer.example>'
        self.assertEqual(get_address_header(plain), plain)
        self.assertEqual(get_address_header("adler@customer.example"), "adler@customer.example")
        for name in NAMES:
            with self.subTest(name=name[:20]):
                header = get_address_header(f'"{name}" <adler@customer.example>')
                self.assertTrue(header.endswith("<adler@customer.example>"))
                self.assertEqual(header, get_header(header, 1000))


@tagged("post_install", "-at_install")
class TestLetterHeaders(CrmCollectionLettersCommon):
    """Names of people and companies reach the headers of mails and the names of files."""

    def test_whatever_they_are_called_the_letter_leaves(self):
        """The mail system refuses a line break, the server a long line: neither comes there."""
        self.rule.step_ids.attach_pdf = True
        customers = [
            self._create_customer("Customer AG", email=f"c{n}@x.example") for n in range(6)
        ]
        for customer, name in zip(customers, NAMES, strict=True):
            customer.name = name.replace("\0", "")
            self._create_overdue(12, partner=customer)
        self.company.partner_id.name = BROKEN
        self.manager.partner_id.name = LONG
        self._allocate()
        self._send_letters()
        accepted = self._deliver()
        self.assertEqual(len(accepted), len(NAMES))
        for message in accepted:
            content = message.as_bytes(policy=policy.SMTP)
            self.assertLessEqual(max(map(len, content.split(b"\r\n"))), LONGEST_LINE)
            parsed = message_from_bytes(content, policy=policy.default)
            self.assertFalse(parsed["Bcc"])
            self.assertRegex(parsed["To"].addresses[0].addr_spec, r"^c\d@x\.example$")
            files = [part.get_filename() for part in parsed.iter_attachments()]
            self.assertTrue(files and all(name.endswith(".pdf") for name in files))
        letters = self.env["crm.collection.letter"].search([])
        self.assertEqual(set(letters.mapped("state")), {"sent"})

    def test_a_file_that_was_torn_is_written_again(self):
        """A full disk, or a process that was killed, leaves the beginning of a file."""
        Attachment = self.env["ir.attachment"].sudo()
        content = os.urandom(5000)
        vals = {"name": "letter.pdf", "raw": content, "mimetype": "application/pdf"}
        opened = open

        def full_disk(path, mode="r", *args, **kwargs):
            file = opened(path, mode, *args, **kwargs)
            if mode == "wb":
                file.write(content[:1000])
                file.close()
                raise OSError(errno.ENOSPC, "No space left on device")
            return file

        core = "odoo.addons.base.models.ir_attachment.open"
        with (
            patch(core, full_disk, create=True),
            self.assertRaises(OSError),
            self.env.cr.savepoint(),
        ):
            Attachment.create(vals)
        self.assertEqual(Attachment.create(vals).raw, content)
        # killed: nobody was left to clear up
        torn = os.urandom(5000)
        path = Attachment._get_path(torn, Attachment._compute_checksum(torn))[1]
        with opened(path, "wb") as file:
            file.write(torn[:1000])
        self.assertEqual(Attachment.create({**vals, "raw": torn}).raw, torn)
