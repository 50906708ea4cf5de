import base64
import io
import unittest
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

from PIL import Image
from pypdf import PdfReader

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_actions_report import _wkhtml

from ...models.letters import pdf
from ...models.letters.document import NEW
from ..common import TODAY, CrmCollectionCommon

REPORT = "crm_collection.action_report_letter"
DOCUMENT = "odoo.addons.crm_collection.models.letters.document"


def get_text(content):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


@tagged("post_install", "-at_install")
class TestLetterPdf(CrmCollectionCommon):
    """The PDF of the letters, by both engines, and how it gets into the mail."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("pt_BR")
        cls.report = cls.env["ir.actions.report"].with_context(force_report_rendering=True)
        cls.rule.step_ids.attach_pdf = True
        cls.brazilian = cls._create_customer("Editora", lang="pt_BR")
        cls.move = cls._create_overdue(12, amount=1234.5)
        cls.brazilian_move = cls._create_overdue(12, amount=1234.5, partner=cls.brazilian)

    def setUp(self):
        super().setUp()
        self._allocate()
        self.letters = self.env["crm.collection.letter"].sudo()._create_due(self.company, TODAY)
        self.letter = self._letters().sudo()

    def _use_engine(self, engine):
        self._need_engine(engine)
        report_class = self.registry["ir.actions.report"]
        self.patch(report_class, "_crm_collection_pdf_engine", lambda self: engine)

    def _need_engine(self, engine):
        if engine == "weasyprint" and not pdf.get_weasyprint():
            raise unittest.SkipTest("WeasyPrint is not installed")
        if engine == "wkhtmltopdf" and _wkhtml().state == "install":
            raise unittest.SkipTest("wkhtmltopdf is not installed")

    # === Which one is printed === #

    def test_what_was_sent_is_printed(self):
        """Not something of the same name that came later, by upload or with an answer.

        Seen to fail with the file looked up by its name, as core does.
        """
        self._send_letters()
        self.assertTrue(self._deliver())
        letter = self.letter[:1]
        sent = letter.pdf_attachment_id
        note = letter.with_user(self.collector).message_post(
            body="My version", attachments=[(sent.name, b"%PDF-1.4 planted")]
        )
        planted = note.sudo().attachment_ids
        self.assertEqual((planted.res_model, planted.res_id), (letter._name, letter.id))
        self.assertGreater(planted.id, sent.id)
        content = self.report.with_user(self.collector)._render_qweb_pdf(REPORT, letter.ids)[0]
        self.assertEqual(get_text(content), get_text(sent.raw))

    # === Engines === #

    def test_engine_is_weasyprint_where_it_is_installed(self):
        self._need_engine("weasyprint")
        self.assertEqual(self.report._crm_collection_pdf_engine(), "weasyprint")
        with patch.object(pdf, "get_weasyprint", lambda: None):
            self.assertNotEqual(self.report._crm_collection_pdf_engine(), "weasyprint")

    def test_weasyprint_writes_real_text(self):
        self._use_engine("weasyprint")
        content = self.letters._render_pdfs()
        text = get_text(content[self.letter.id])
        for part in (self.move.name, "1,234.50", "Amount to pay", self.customer.name, "Page 1 of"):
            self.assertIn(part, text)
        text = get_text(content[self._letters(self.brazilian).sudo().id])
        self.assertIn("1.234,50", text, "Each in the language of its customer.")

    def test_letter_can_be_read_aloud(self):
        """Its structure is in the PDF, in its language: one heading, tables that are some, with the
        heads of their columns and sums, and every picture has a description.

        Seen to fail where letterhead, address and payment are tables, too.
        """
        self._use_engine("weasyprint")
        if "pdf_tags" not in pdf.get_weasyprint().DEFAULT_OPTIONS:
            raise unittest.SkipTest("This release of WeasyPrint writes no tags")
        content = self._letters(self.brazilian).sudo()._render_pdfs()
        root = PdfReader(io.BytesIO(*content.values())).trailer["/Root"]
        self.assertEqual((root["/Lang"], root["/MarkInfo"]["/Marked"]), ("pt-BR", True))
        parts = Counter()

        def count(part):
            part = part.get_object()
            if not isinstance(part, int):
                parts[part.get("/S")] += 1
                self.assertTrue(part.get("/S") != "/Figure" or part.get("/Alt"))
                kids = part.get("/K", [])
                for kid in kids if isinstance(kids, list) else [kids]:
                    count(kid)

        count(root["/StructTreeRoot"])
        self.assertEqual(parts["/H1"], 1)
        # of facts, of open items, and of sums; letterhead, address and payment are none
        self.assertEqual(parts["/Table"], 3)
        self.assertGreater(parts["/TH"], 8)

    def test_styles_of_elements_count_as_before(self):
        """The sheet that the engine gets instead of them prints the same, whatever else it says.

        Seen to fail with rules no stronger than others.
        """
        self._need_engine("weasyprint")
        html = """<!DOCTYPE html><html><head><style>
            td { color: #f00; padding: 9px } table.wide td.sum { margin: 7px; color: #0f0 }
            .kept { font-size: 20pt !important }
            </style></head><body style="color: #00f"><table class="wide"><tr>
            <td class="sum" style="color:#123456; padding:1px">1.00</td><td class="sum">2.00</td>
            <td class="sum" style="color:#123456; padding:1px">3.00</td>
            <td id="last" style="color:#654321">4.00</td></tr></table>
            <p class="kept" style="font-size: 6pt">5.00</p>
            <p style="color: red } p { color: #0ff">6</p>
            <div class="footer" style="color:#abcdef">7</div></body></html>"""
        page = self.report._crm_collection_get_page(self.report.browse().get_paperformat())
        shared = pdf.write_pdf(html, page)
        with patch.object(pdf, "share_styles", lambda page: page):
            plain = pdf.write_pdf(html, page)
        pages = [
            [page.get_contents().get_data() for page in PdfReader(io.BytesIO(content)).pages]
            for content in (shared, plain)
        ]
        self.assertEqual(*pages)
        self.assertIn(b"0.070588", pages[0][0])

    def test_wkhtmltopdf_renders_several_letters(self):
        self._use_engine("wkhtmltopdf")
        contents = self.letters._render_pdfs()
        self.assertEqual(set(contents), set(self.letters.ids))
        for content in contents.values():
            self.assertEqual(len(PdfReader(io.BytesIO(content)).pages), 1)

    def test_many_open_items_make_several_pages(self):
        self._use_engine("weasyprint")
        for _index in range(60):
            self._create_overdue(11)
        self._allocate()
        items = self.env["crm.collection.item"].search([("partner_id", "=", self.customer.id)])
        new_items = items - self.letter.line_ids.item_id
        letter = self.letters._create_due(self.company, TODAY, item_ids=new_items.ids, force=True)
        reader = PdfReader(io.BytesIO(letter._render_pdfs()[letter.id]))
        self.assertEqual(len(reader.pages), 3)
        for number, page in enumerate(reader.pages, start=1):
            self.assertIn("Days overdue", page.extract_text())
            self.assertIn(f"Page {number} of 3", page.extract_text())
            foot = f"{self.customer.name} · {letter._get_text('subject')}"
            self.assertIn(
                " ".join(foot.split()),
                " ".join(page.extract_text().split()),
                "A sheet that is found alone says whose it is.",
            )

    def test_logo_comes_from_the_database(self):
        self._use_engine("weasyprint")
        stream = io.BytesIO()
        Image.new("RGB", (300, 80), "#123456").save(stream, "PNG")
        self.company.logo = base64.b64encode(stream.getvalue())
        content = self.letter._render_pdfs()[self.letter.id]
        self.assertEqual(len(PdfReader(io.BytesIO(content)).pages[0].images), 1)

    def test_queries_do_not_grow_with_the_letters(self):
        """What a batch reads is read for all its letters at once, but for its savepoints."""
        self._use_engine("weasyprint")
        for index in range(8):
            self._create_overdue(12, partner=self._create_customer(f"C{index} Ltd"))
        self._allocate()
        self.letters |= self.letters._create_due(self.company, TODAY)
        self.letters._render_pdfs()
        counts = []
        for letters in (self.letters[:5], self.letters):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            letters.browse(letters.ids)._render_pdfs()
            counts.append(self.env.cr.sql_log_count - before)
        more = len(self.letters) - 5
        self.assertLessEqual(counts[1] - counts[0], 2 * more, counts)

    def test_each_thread_has_its_fonts(self):
        """They are asked for once in each thread, as two may print at the same moment.

        Seen to fail with the fonts of the first thread for all, and with new ones each time.
        """
        self._need_engine("weasyprint")
        mine = pdf._get_fonts()
        self.assertIs(pdf._get_fonts(), mine)
        with ThreadPoolExecutor(1) as pool:
            others = [pool.submit(pdf._get_fonts).result() for _time in range(2)]
        self.assertIs(*others)
        self.assertIsNot(others[0], mine)

    # === Printing === #

    def test_print_several_letters_at_once(self):
        for engine in ("weasyprint", "wkhtmltopdf"):
            with self.subTest(engine=engine):
                self._use_engine(engine)
                content, kind = self.report._render_qweb_pdf(REPORT, self.letters.ids)
                self.assertEqual(kind, "pdf")
                self.assertEqual(len(PdfReader(io.BytesIO(content)).pages), len(self.letters))

    def test_print_before_sending_stores_nothing(self):
        self.report._render_qweb_pdf(REPORT, self.letter.ids)
        self.assertFalse(self._get_stored())

    def test_print_after_sending_gives_what_was_sent(self):
        self.letters._issue()
        self.letter.line_ids.amount_residual = 1.0
        content, _kind = self.report._render_qweb_pdf(REPORT, self.letter.ids)
        self.assertEqual(content, self.letter.pdf_attachment_id.raw)

    def test_html_preview_has_every_letter(self):
        html = self.report._render_qweb_html(REPORT, self.letters.ids)[0].decode()
        self.assertEqual(html.count('data-oe-model="crm.collection.letter"'), len(self.letters))
        self.assertIn("1,234.50", html)
        self.assertIn("1.234,50", html)

    def test_collector_prints(self):
        report = self.report.with_user(self.collector)
        content, kind = report._render_qweb_pdf(REPORT, self.letter.ids)
        self.assertEqual(kind, "pdf")
        self.assertTrue(content.startswith(b"%PDF"))

    def test_other_reports_keep_their_engine(self):
        self._use_engine("weasyprint")
        report_class = self.registry["ir.actions.report"]
        with patch.object(report_class, "_crm_collection_render_pdf") as render:
            self.report.with_context(force_report_rendering=False)._render_qweb_pdf(
                "account.account_invoices", self.move.ids
            )
        render.assert_not_called()

    # === In the mail === #

    def _get_stored(self):
        return self.env["ir.attachment"].search(
            [("res_model", "=", "crm.collection.letter"), ("res_id", "in", self.letters.ids)]
        )

    def test_mail_carries_the_pdf_stored_once(self):
        self.letters._issue()
        attachment = self.letter.pdf_attachment_id
        self.assertEqual(attachment, self.letter.mail_message_id.attachment_ids)
        self.assertEqual(len(self._get_stored()), len(self.letters))
        self.assertEqual(attachment.mimetype, "application/pdf")
        self.assertTrue(attachment.name.endswith(".pdf"))
        self.assertFalse(self.letter.pdf_missing)

    def test_same_text_in_mail_and_print(self):
        self.letters._issue()
        sent = self.letter.mail_message_id.body
        self.letter.template_id.sudo().body_html = (
            '<p>Something else</p><t t-out="object.titles_html"/>'
        )
        self.assertEqual(self.letter._get_text("body_html"), sent)
        outside = self.letter.with_context(crm_collection_new=True)
        self.assertEqual(outside._get_text("body_html"), sent)
        anew = self.letter.with_context(crm_collection_new=NEW)
        self.assertIn("Something else", anew._get_text("body_html"))

    def test_written_anew_keeps_what_was_mailed(self):
        """A letter that is tried again has a new PDF; the first message keeps its own."""
        self.letters._issue()
        first, message = self.letter.pdf_attachment_id, self.letter.mail_message_id
        content = first.raw
        self._pay(self.move, 34.5)
        self.letter._withdraw()
        self.assertNotEqual(self.letter.pdf_attachment_id, first)
        self.assertEqual((message.attachment_ids, first.raw), (first, content))
        self.assertIn("1,200.00", get_text(self.letter.pdf_attachment_id.raw))

    def test_one_bad_letter_does_not_stop_the_others(self):
        self._use_engine("weasyprint")
        good = pdf.write_pdf

        def write_pdf(html, page):
            if self.customer.name in html:
                raise ValueError("broken")
            return good(html, page)

        with patch.object(pdf, "write_pdf", write_pdf), mute_logger(DOCUMENT):
            self.letters._issue()
        self.assertEqual(self.letters.mapped("state"), ["outgoing"] * len(self.letters))
        self.assertTrue(self.letter.pdf_missing)
        self.assertFalse(self._letters(self.brazilian).sudo().pdf_missing)
        self.assertFalse(self.letter.mail_message_id.attachment_ids)

    def test_without_any_engine_the_letter_leaves_without_pdf(self):
        report_class = self.registry["ir.actions.report"]
        self.patch(report_class, "_crm_collection_pdf_engine", lambda self: False)
        self.assertEqual(self.letters._render_pdfs(), {})
        self.letters._issue()
        self.assertEqual(self.letter.state, "outgoing")
        self.assertTrue(self.letter.pdf_missing)
        with self.assertRaises(UserError):
            self.report._render_qweb_pdf(REPORT, self._letters(self.brazilian).sudo().ids)

    def test_no_pdf_where_the_step_asks_for_none(self):
        self.letters.attach_pdf = False
        self.letters._issue()
        self.assertFalse(self.letter.pdf_attachment_id)
        self.assertFalse(self.letter.pdf_missing)

    # === Invoices === #

    def test_invoice_as_it_was_sent(self):
        attachment = self.env["ir.attachment"].create(
            {
                "name": "invoice.pdf",
                "raw": b"%PDF-1.4",
                "mimetype": "application/pdf",
                "res_model": "account.move",
                "res_id": self.move.id,
                "res_field": "invoice_pdf_report_file",
            }
        )
        self.move.invalidate_recordset()
        self.letter.attach_invoices = True
        before = self._accounting_checksum()
        self.letters._issue()
        sent = self.letter.mail_message_id.attachment_ids - self.letter.pdf_attachment_id
        self.assertEqual((sent.name, sent.raw), ("invoice.pdf", b"%PDF-1.4"))
        self.assertNotEqual(sent, attachment)  # a copy, the letter's own
        self.assertRecordValues(
            sent,
            [{"res_model": "crm.collection.letter", "res_id": self.letter.id, "res_field": False}],
        )
        self.assertEqual(self._accounting_checksum(), before)

    def test_pdf_in_the_chatter_is_no_invoice(self):
        """Whoever may read an invoice may post a PDF on it: it does not go to the customer.

        Seen to fail with the main attachment of the invoice taken for it.
        """
        self.move.with_user(self.collector).message_post(
            body="See here", attachments=[("mine.pdf", b"%PDF-1.4 mine")]
        )
        self.letter.attach_invoices = True
        report_class = self.registry["ir.actions.report"]
        with patch.object(
            report_class, "_crm_collection_render_invoice", lambda *a, **k: (b"%PDF-1.5", "pdf")
        ):
            self.letters._issue()
        sent = self.letter.mail_message_id.attachment_ids - self.letter.pdf_attachment_id
        self.assertEqual(sent.raw, b"%PDF-1.5")

    def test_invoice_printed_now_and_not_stored(self):
        self.letter.attach_invoices = True
        report_class = self.registry["ir.actions.report"]
        before = self._accounting_checksum()
        with patch.object(
            report_class, "_crm_collection_render_invoice", lambda *a, **k: (b"%PDF-1.4", "pdf")
        ):
            self.letters._issue()
        self.assertEqual(len(self.letter.mail_message_id.attachment_ids), 2)
        self.assertFalse(self.move.attachment_ids)
        self.assertEqual(self._accounting_checksum(), before)

    def test_invoice_that_cannot_be_printed_is_left_out(self):
        self.letter.attach_invoices = True
        report_class = self.registry["ir.actions.report"]

        def fail(*args, **kwargs):
            raise UserError("no engine")

        with (
            patch.object(report_class, "_crm_collection_render_invoice", fail),
            mute_logger(DOCUMENT),
        ):
            self.letters._issue()
        self.assertEqual(self.letter.state, "outgoing")
        self.assertEqual(self.letter.mail_message_id.attachment_ids, self.letter.pdf_attachment_id)
        self.assertEqual(self.letter.missing_invoices, self.move.name)
        check = self.env["crm.collection.status"]._check_pdf_engine()
        self.assertEqual(check["level"], "warning")
        self.letter._reset()
        with patch.object(
            report_class, "_crm_collection_render_invoice", lambda *a, **k: (b"%PDF-1.4", "pdf")
        ):
            self.letters._issue()
        self.assertFalse(self.letter.missing_invoices)
        self.assertEqual(self.env["crm.collection.status"]._check_pdf_engine()["level"], "ok")

    def test_invoice_is_printed_where_wkhtmltopdf_is_missing(self):
        """By the engine there is: the customer's invoice, whole, and nothing is fetched.

        Seen to fail: it was left out.
        """
        self.letter.attach_invoices = True
        report_class = self.registry["ir.actions.report"]
        with patch.object(report_class, "get_wkhtmltopdf_state", lambda report: "install"):
            self.letters._issue()
        sent = self.letter.mail_message_id.attachment_ids - self.letter.pdf_attachment_id
        self.assertEqual(sent.mimetype, "application/pdf")
        self.assertFalse(self.letter.missing_invoices)
        pages = PdfReader(io.BytesIO(sent.raw)).pages
        text = " ".join(page.extract_text() for page in pages)
        for words in (self.move.name, self.customer.name, "Page 1 / 1", "Service"):
            self.assertIn(words, text)
