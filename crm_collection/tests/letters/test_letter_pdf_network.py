import http.server
import io
import threading
import unittest

from PIL import Image

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_actions_report import _wkhtml

from ...models.letters import pdf
from ..common import CrmCollectionCommon
from .test_letter_pdf import REPORT, get_text


@tagged("post_install", "-at_install")
class TestLetterPdfNetwork(CrmCollectionCommon):
    """Nothing is fetched while a letter is rendered, whatever its text asks for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.hits = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                cls.hits.append(self.path)
                self.send_error(404)

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        cls.url = f"http://127.0.0.1:{server.server_port}"

    def setUp(self):
        super().setUp()
        self.hits.clear()

    def _get_hostile(self):
        url = self.url
        return f"""<html><head>
            <base href="{url}/base/"/><link rel="stylesheet" href="{url}/link.css"/>
            <meta http-equiv="refresh" content="0; url={url}/meta"/>
            <style>@import "{url}/import.css"; p {{ background: url({url}/style.png); }}
            @font-face {{ font-family: x; src: url("{url}/font.ttf"); }}</style>
            <script src="{url}/script.js"></script></head>
            <body background="{url}/background.png"><p>Kept text</p>
            <img src="{url}/image.png" srcset="{url}/set.png 2x"/><img src="file:///etc/passwd"/>
            <div style="background-image: url('{url}/inline.png'); color: red">x</div>
            <iframe src="{url}/frame"></iframe><object data="{url}/object"></object>
            <svg><image href="{url}/svg.png"/></svg>
            <svg viewBox="0 0 9 9"><path d="M0 0" fill="url({url}/fill.svg)"></path></svg>
            <svg viewBox="0 0 9 9"><path d="M2 2" onload="load()"></path></svg>
            <svg viewBox="0 0 9 9"><foreignobject><p>Page</p></foreignobject></svg>
            <svg viewBox="0 0 1 1"><path d="M1 1" fill="#eee"></path></svg>
            <video poster="{url}/poster.png"></video>
            <a href="{url}/a">link</a></body></html>"""

    def test_nothing_to_fetch_is_left(self):
        """Seen to fail with the elements, the attributes and the values of a drawing not looked
        at, each by itself."""
        html = pdf.make_self_contained(self._get_hostile())
        self.assertIn("Kept text", html)
        self.assertIn("color: red", html)
        self.assertEqual(html.count(self.url), 1, "Only the link that the reader may follow.")
        self.assertNotIn("passwd", html)
        self.assertEqual(html.count("<svg"), 1, "A drawing that says everything itself.")
        self.assertIn("M1 1", html)

    def test_weasyprint_is_refused_what_slips_through(self):
        if not pdf.get_weasyprint():
            raise unittest.SkipTest("WeasyPrint is not installed")
        page = self.env["ir.actions.report"]._crm_collection_get_page(
            self.env.ref("crm_collection.paperformat_letter")
        )
        with mute_logger("weasyprint"):
            content = pdf.write_pdf(self._get_hostile(), page)
        self.assertIn("Kept text", get_text(content))
        self.assertFalse(self.hits)

    def test_wkhtmltopdf_is_refused_what_slips_through(self):
        if _wkhtml().state == "install":
            raise unittest.SkipTest("wkhtmltopdf is not installed")
        report = self.env["ir.actions.report"].with_context(crm_collection_offline=True)
        with mute_logger("odoo.addons.base.models.ir_actions_report"):
            content = report._run_wkhtmltopdf([self._get_hostile()], report_ref=REPORT)
        self.assertTrue(content.startswith(b"%PDF"))
        self.assertFalse(self.hits)

    def test_images_of_a_letter_come_from_the_database(self):
        stream = io.BytesIO()
        Image.new("RGB", (10, 10), "red").save(stream, "PNG")
        template = self.env.ref("crm_collection.mail_template_firm")
        vals = {"name": "banner.png", "raw": stream.getvalue()}
        banner = self.env["ir.attachment"].create(
            {**vals, "res_model": "mail.template", "res_id": template.id}
        )
        secret = self.env["ir.attachment"].create(
            {**vals, "res_model": "res.partner", "res_id": self.customer.id}
        )
        load = self.env["ir.actions.report"]._crm_collection_load_image
        self.assertTrue(load(f"https://erp.example/web/image/{banner.id}?x=1").startswith("data:"))
        self.assertIsNone(load(f"/web/image/{secret.id}"))
        self.assertIsNone(load("/web/image/res.users/2/image_1920"))
        self.assertIsNone(load(f"{self.url}/image.png"))
        self.assertFalse(self.hits)
