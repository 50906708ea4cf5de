from odoo import api, models

from . import pdf

INVOICE_REPORT = "account.account_invoices"
BUNDLES = ("web.report_assets_pdf", "web.report_assets_common")
# The letter in the company's document layout, as report and as template.
LAID_OUT_REPORT = "crm_collection.action_report_letter_laid_out"
LAID_OUT = "crm_collection.report_letter_laid_out"


class IrActionsReport(models.Model):
    """What is printed in the company's document layout: the invoices that go with letters, which
    are core's own report, and the letters of a company that wants it.

    Core knows wkhtmltopdf alone. Where it is missing WeasyPrint prints the same page, with the
    same stylesheets, which are given to it: nothing is fetched.
    """

    _inherit = "ir.actions.report"

    # === Invoices === #

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
        order = self._crm_collection_get_core_order(report, page, move.company_id)
        return pdf.write_core_pdf(*order), "pdf"

    # === Letters === #

    @api.model
    def _crm_collection_get_laid_out(self, report, record):
        """:return: the report that prints the record: another one where the record is a letter of
        a company that has them in its document layout"""
        if "pdf_attachment_id" in record._fields:
            return record._get_sheet_report()
        return report

    def _crm_collection_get_core_order(self, report, html, company):
        """What WeasyPrint needs to print a page in the company's document layout.

        :param str html: the whole page, with nothing left to fetch
        :return: the arguments of :func:`.pdf.write_core_pdf`
        """
        paper = report.paperformat_id or company.paperformat_id
        paper = paper or self.env.ref("base.paperformat_euro")
        page = self._crm_collection_get_page(paper)
        return html, page, self._crm_collection_get_all_styles(), company.primary_color or "#212529"

    def _crm_collection_print_core(self, report, html, company):
        """The same, printed by wkhtmltopdf."""
        styles = self._crm_collection_get_all_styles()
        report = report.with_company(company)
        bodies, _ids, header, footer, paper_args = report._prepare_html(html, report.model)
        return report.with_context(crm_collection_offline=True)._run_wkhtmltopdf(
            [pdf.add_styles(body, styles) for body in bodies],
            report_ref=report,
            header=pdf.add_styles(header, styles),
            footer=pdf.add_styles(footer, styles),
            specific_paperformat_args=paper_args,
        )

    def _crm_collection_get_all_styles(self):
        return "\n".join(self._crm_collection_get_styles(bundle) for bundle in BUNDLES)

    def _crm_collection_get_styles(self, bundle):
        """:return: the stylesheet of a bundle, as core compiled it"""
        assets = self.env["ir.qweb"]._get_asset_bundle(bundle, js=False, autoprefix=True)
        return "\n".join((style.raw or b"").decode() for style in assets.css())
