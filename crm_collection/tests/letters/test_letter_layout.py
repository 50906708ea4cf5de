import io
import unittest

from pypdf import PdfReader

from odoo.tests import tagged

from ...models.letters import pdf
from ..common import TODAY, CrmCollectionCommon

REPORT = "crm_collection.action_report_letter"


@tagged("post_install", "-at_install")
class TestLetterLayout(CrmCollectionCommon):
    """Letters on the company's own sheet: header, footer and colors are those of its invoices,
    whichever layout it has chosen."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not pdf.get_weasyprint():
            raise unittest.SkipTest("WeasyPrint is not installed")
        cls.company.write(
            {
                "report_footer": "Bank of the creditor",
                "company_details": "<p>Creditor Street 1<br/>Creditor City</p>",
                "primary_color": "#7a1f5c",
                "secondary_color": "#1f7a5c",
            }
        )
        cls.rule.step_ids.attach_pdf = True
        cls.customer.street = "Customer Road 7"
        cls.move = cls._create_overdue(12, amount=1234.5)

    def setUp(self):
        super().setUp()
        self._allocate()

    def _read(self, content):
        """:return: the text of each page"""
        return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]

    def _decide(self, moves=None):
        item_ids = self._items(moves).ids if moves else None
        return (
            self.env["crm.collection.letter"]
            .sudo()
            ._create_due(self.company, TODAY, item_ids=item_ids, force=bool(moves))
        )

    def test_every_layout_carries_the_whole_letter(self):
        """Of every layout that is installed, on one sheet.

        Seen to fail without the address.
        """
        self.company.collection_letter_layout = "company"
        letter = self._decide()
        for layout in self.env["report.layout"].search([]):
            with self.subTest(layout=layout.name):
                self.company.external_report_layout_id = layout.view_id
                [page] = self._read(letter._render_pdfs()[letter.id])
                for part in (
                    *(self.customer.street, self.move.name, "1,234.50", "Amount to pay"),
                    *("Creditor Street 1", "Bank of the creditor", letter._get_text("subject")),
                ):
                    self.assertIn("".join(part.split()), "".join(page.split()))

    def test_several_sheets(self):
        """Each has the company's header and footer, and its number.

        Seen to fail with the footer after the text, as core has it.
        """
        self.company.collection_letter_layout = "company"
        moves = self.move.browse().union(*(self._create_overdue(11) for _index in range(45)))
        self._allocate()
        letter = self._decide(moves)
        pages = self._read(letter._render_pdfs()[letter.id])
        self.assertGreater(len(pages), 1)
        self.assertIn("Days overdue", pages[1], "The head of the table, too.")
        for number, page in enumerate(pages, start=1):
            self.assertIn("Creditor Street 1", page)
            self.assertIn("Bank of the creditor", page)
            self.assertIn(f"{number} / {len(pages)}", " ".join(page.split()))

    def test_what_was_sent_keeps_its_sheet(self):
        """Another setting is for letters that are to come.

        Seen to fail with letters printed anew.
        """
        report = self.env["ir.actions.report"].with_context(force_report_rendering=True)
        self._send_letters()
        self.assertTrue(self._deliver())
        letter = self._letters()
        sent = letter.sudo().pdf_attachment_id.raw
        self.assertNotIn("Bank of the creditor", "".join(self._read(sent)))
        self.company.collection_letter_layout = "company"
        printed = report.with_user(self.collector)._render_qweb_pdf(REPORT, letter.ids)[0]
        self.assertEqual(self._read(printed), self._read(sent))
        html = report._render_qweb_html(letter._get_sheet_report().report_name, letter.ids)[0]
        self.assertIn("Bank of the creditor", html.decode())
