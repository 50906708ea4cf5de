from odoo import models

from . import pdf

INVOICE_REPORT = "account.account_invoices"
BUNDLES = ("web.report_assets_pdf", "web.report_assets_common")


class IrActionsReport(models.Model):
    """Invoices that go with letters are core's own report, printed by what there is.

    Core knows wkhtmltopdf alone. Where it is missing WeasyPrint prints the same page, with the
    same stylesheets, which are given to it: nothing is fetched.
    """

    _inherit = "ir.actions.report"

    def _crm_collection_render_invoice(self, move):
        """:return: (PDF or page of the invoice as it is now, which of them it is)
        :raise UserError: there is nothing to print it with
        """
        if self._crm_collection_has_wkhtmltopdf() or not pdf.get_weasyprint():
            return self._render_qweb_pdf(INVOICE_REPORT, move.ids)
        report = self._get_report(INVOICE_REPORT)
        values = self._get_rendering_context(report, move.ids, {"report_type": "pdf"})
        html = self.with_context(webp_as_jpg=True)._render_template(report.report_name, values)
        page = pdf.make_self_contained(html.decode(), self._crm_collection_load_image)
        paper = report.get_paperformat() or move.company_id.paperformat_id
        styles = "\n".join(self._crm_collection_get_styles(bundle) for bundle in BUNDLES)
        return pdf.write_core_pdf(page, self._crm_collection_get_page(paper), styles), "pdf"

    def _crm_collection_get_styles(self, bundle):
        """:return: the stylesheet of a bundle, as core compiled it"""
        assets = self.env["ir.qweb"]._get_asset_bundle(bundle, js=False, autoprefix=True)
        return "\n".join((style.raw or b"").decode() for style in assets.css())
