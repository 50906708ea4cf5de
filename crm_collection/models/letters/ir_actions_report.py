import io
import re
from collections import OrderedDict
from concurrent.futures import Future

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools.image import image_data_uri

from odoo.addons.base.models.ir_actions_report import _wkhtml

from ...tools.printers import get_printers
from . import pdf
from .core_pdf import LAID_OUT

MODULE_PREFIX = "crm_collection."
IMAGE_URL = re.compile(r"/web/(?:image|content)/(\d+)(?:[-/?#]|$)")
IMAGE_OWNERS = ("mail.template", "crm.collection.letter", "ir.ui.view")


class IrActionsReport(models.Model):
    """The reports of this module are self-contained pages, rendered one record at a time.

    They go to WeasyPrint where it can be imported and to Odoo's own engine elsewhere. Either
    way their HTML carries its small stylesheet and its images, and nothing is fetched.
    """

    _inherit = "ir.actions.report"

    # === Engine === #

    @api.model
    def _crm_collection_pdf_engine(self):
        """Return ``"weasyprint"``, ``"wkhtmltopdf"`` or False: what renders our letters."""
        if pdf.get_weasyprint():
            return "weasyprint"
        return "wkhtmltopdf" if self._crm_collection_has_wkhtmltopdf() else False

    @api.model
    def _crm_collection_has_wkhtmltopdf(self):
        return self.get_wkhtmltopdf_state() in ("ok", "upgrade", "workers")

    @api.model
    @api.readonly
    def get_crm_collection_pdf_engine(self):
        """For the web client: only ``wkhtmltopdf`` is known to its own check."""
        return self._crm_collection_pdf_engine()

    # === Rendering === #

    def _render_qweb_pdf_prepare_streams(self, report_ref, data, res_ids=None):
        # EXTENDS 'base'
        report = self._get_report(report_ref)
        if not res_ids or not report.report_name.startswith(MODULE_PREFIX):
            return super()._render_qweb_pdf_prepare_streams(report_ref, data, res_ids=res_ids)
        streams = OrderedDict()
        for record in self.env[report.model].browse(res_ids):
            if record.id not in streams:
                streams[record.id] = self._crm_collection_get_stream(report, record, data)
        return streams

    def _crm_collection_get_stream(self, report, record, data=None):
        """Return the PDF that was sent with the letter, else a new one.

        The letter points to its file. Core would look for one by its name, and anybody who may
        answer in the letter's chatter can attach something of that name.
        """
        attachment = self.env["ir.attachment"]
        if "pdf_attachment_id" in record._fields:
            record.check_access("read")
            attachment = record.sudo().pdf_attachment_id
        if attachment and not self.env.context.get("report_pdf_no_attachment"):
            return {"stream": io.BytesIO(attachment.raw), "attachment": attachment}
        content = self._crm_collection_render_pdf(report, record, data)
        return {"stream": io.BytesIO(content), "attachment": None}

    def _crm_collection_render_pdf(self, report, record, data=None):
        """Return the PDF of one record as bytes; raise where that cannot be done."""
        printers = get_printers(pdf, 1)
        return self._crm_collection_print(printers, report, record, data).result()

    def _crm_collection_print(self, printers, report, record, data=None):
        """Make the page of one record and have it printed.

        :param printers: of :func:`..tools.printers.get_printers`
        :return: the ``Future`` of the PDF as bytes
        :raise UserError: there is nothing to print with
        """
        engine = self._crm_collection_pdf_engine()
        if not engine:
            raise UserError(
                self.env._("No PDF engine was found: neither WeasyPrint nor wkhtmltopdf.")
            )
        report = self._crm_collection_get_laid_out(report, record)
        html = self._crm_collection_get_html(report, record, data)
        if engine == "wkhtmltopdf":
            printed = Future()
            printed.set_result(self._crm_collection_run_wkhtmltopdf(report, html, record))
            return printed
        if report.report_name == LAID_OUT:
            order = self._crm_collection_get_core_order(report, html, record.company_id.sudo())
            return printers.submit("write_core_pdf", *order)
        page = self._crm_collection_get_page(report.get_paperformat())
        return printers.submit("write_pdf", html, page)

    def _crm_collection_run_wkhtmltopdf(self, report, html, record):
        if report.report_name == LAID_OUT:
            return self._crm_collection_print_core(report, html, record.company_id.sudo())
        body, footer = pdf.split_footer(html, shrinks=not _wkhtml().is_patched_qt)
        return self.with_context(crm_collection_offline=True)._run_wkhtmltopdf(
            [body], report_ref=report, footer=footer
        )

    def _crm_collection_get_html(self, report, record, data=None):
        """Return the whole page of one record, with nothing left to fetch."""
        data = {**(data or {}), "report_type": "pdf"}
        values = self._get_rendering_context(report, record.ids, data)
        values["docs"] = record  # as given: keeps what was read for the whole batch
        html = self.with_context(webp_as_jpg=True)._render_template(report.report_name, values)
        return pdf.make_self_contained(html.decode(), self._crm_collection_load_image)

    @api.model
    def _crm_collection_load_image(self, source):
        """Return an image of a letter's text from the database, as a data URI, or None."""
        match = IMAGE_URL.search(source)
        if not match:
            return None
        attachment = self.env["ir.attachment"].sudo().browse(int(match[1])).exists()
        if not (attachment.public or attachment.res_model in IMAGE_OWNERS):
            return None
        if not (attachment.mimetype or "").startswith("image/") or not attachment.datas:
            return None
        return image_data_uri(attachment.datas)

    @api.model
    def _crm_collection_get_page(self, paperformat):
        """Return the paper format in the words of CSS."""
        if paperformat.format == "custom":
            size = f"{paperformat.page_width}mm {paperformat.page_height}mm"
        else:
            size = paperformat.format or "A4"
            if paperformat.orientation == "Landscape":
                size += " landscape"
        sides = ("margin_top", "margin_right", "margin_bottom", "margin_left")
        # where core's pages have margins of their own, and where their header begins
        side, top = ("11mm", 10) if paperformat.css_margins else ("0mm", 0)
        top += max(paperformat.margin_top - paperformat.header_spacing, 0)
        margins = {name: paperformat[name] for name in sides}
        return {"size": size, "side": side, "top": top, **margins}

    @api.model
    def _build_wkhtmltopdf_args(self, *args, **kwargs):
        # EXTENDS 'base': nothing is loaded, so there is nothing to wait for, and a proxy that
        # does not exist keeps the engine from the network whatever a page may ask for.
        command = super()._build_wkhtmltopdf_args(*args, **kwargs)
        if self.env.context.get("crm_collection_offline"):
            command[command.index("--javascript-delay") + 1] = "0"
            command += ["--proxy", "http://127.0.0.1:9"]
        return command
