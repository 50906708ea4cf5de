import io
from datetime import timedelta
from unittest.mock import patch

from pypdf import PdfReader

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ..common import TODAY
from ..common_letters import CrmCollectionLettersCommon

DOCUMENT = "odoo.addons.crm_collection.wizard.insight.report_wizard_document"


@tagged("post_install", "-at_install")
class TestReportWizard(CrmCollectionLettersCommon):
    """Reports on paper: the same figures as the list, in the user's language, for what he may
    see."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.moves = cls._create_overdue(12, amount=1234.5) | cls._create_overdue(5, amount=100)

    def setUp(self):
        super().setUp()
        self._allocate()
        self._send_letters()
        self._deliver()
        self._move_on(2)
        self._pay(self.moves[0])
        self._pay(self.moves[1], 30)
        self._receivables(self.moves[1]).remove_move_reconcile()
        self.env.flush_all()

    def _wizard(self, report="settled", user=None, **vals):
        return (
            self.env["crm.collection.report.wizard"]
            .with_user(user or self.collector)
            .with_context(force_report_rendering=True)
            .create({"report": report, "date_from": "2026-03-01", "date_to": "2026-03-31", **vals})
        )

    def test_section_agrees_with_the_list(self):
        wizard = self._wizard()
        action = wizard.action_open_list()
        rows = self.env[action["res_model"]].with_user(self.collector).search(action["domain"])
        [section] = wizard._get_sections()
        self.assertEqual(section["total"], sum(rows.mapped("amount")))
        self.assertEqual(section["total"], 1234.5)
        self.assertEqual(section["count"], len(rows))
        self.assertEqual(section["returned"], -30)
        self.assertEqual(section["attributed"], 1234.5)
        self.assertEqual(section["kinds"], [("Payment", 3, 1234.5)])
        amounts = [sum(lines.mapped("amount")) for *_group, lines in section["groups"]]
        self.assertEqual(sum(amounts), section["total"])
        self.assertEqual(section["currency"], self.company.currency_id)

    def test_cut_lines_do_not_change_totals(self):
        with patch(f"{DOCUMENT}.LINES_MAX", 1):
            [section] = self._wizard()._get_sections()
            self.assertEqual((section["total"], section["count"]), (1234.5, 3))
            self.assertTrue(section["is_cut"])

    def test_narrowed_down(self):
        wizard = self._wizard(phase_ids=self.phase_second.ids)
        self.assertEqual(wizard._get_sections()[0]["total"], 1234.5)
        self.assertEqual(wizard._get_sections()[0]["count"], 1)
        self._items(self.moves[1]).with_user(self.collector).user_id = self.approver
        for report, count in (("history", 1), ("results", 1), ("settled", 0)):
            wizard = self._wizard(report, user_id=self.approver.id)
            self.assertEqual(wizard._get_sections()[0]["count"], count, report)
        april = self._wizard(date_from="2026-04-01", date_to="2026-04-30")
        self.assertEqual(april._get_sections()[0]["count"], 0)

    def test_default_period_is_the_month_before(self):
        wizard = self.env["crm.collection.report.wizard"].with_user(self.collector).create({})
        self.assertEqual(str(wizard.date_from), "2026-02-01")
        self.assertEqual(wizard.date_to, TODAY.replace(day=1) - timedelta(days=1))

    def test_period_ends_after_it_begins(self):
        with self.assertRaises(ValidationError):
            self._wizard(date_from="2026-04-01", date_to="2026-03-01")

    def test_outsider_prints_nothing(self):
        with self.assertRaises(AccessError):
            self._wizard(user=self.outsider)

    def test_other_company_is_not_in_it(self):
        """Totals are per company, in its currency; a company the user is not in has none."""
        other = self.setup_other_company(name="Other", currency_id=self.foreign.id)["company"]
        wizard = self._wizard()
        self.assertEqual(wizard.company_ids, self.company)
        both = self.env["crm.collection.report.wizard"].create(
            {
                "date_from": "2026-03-01",
                "date_to": "2026-03-31",
                "company_ids": (self.company | other).ids,
            }
        )
        sections = both._get_sections()
        self.assertEqual([section["total"] for section in sections], [1234.5, 0])
        self.assertEqual(sections[1]["currency"], self.foreign)

    def test_pdf(self):
        """Each report has its pages, by the module's own engine, with letterhead and totals."""
        for report, parts in (
            ("settled", ("Settled collections", "1,234.50", "(reversal)", "Total (3)")),
            ("history", ("Phase history by item", self.moves[0].name, "Automatic", "Settled")),
            ("results", ("What works", "Phase 1", "Phase 2", "92.5", "All phases")),
        ):
            wizard = self._wizard(report)
            action = wizard.action_print()
            content, kind = wizard.env["ir.actions.report"]._render_qweb_pdf(
                action["report_name"], wizard.ids
            )
            self.assertEqual(kind, "pdf")
            reader = PdfReader(io.BytesIO(content))
            text = " ".join(page.extract_text() for page in reader.pages)
            for part in (*parts, self.company.name, "Page 1 of 1"):
                with self.subTest(report=report, part=part):
                    self.assertIn(part, " ".join(text.replace("\xa0", " ").split()))
            box = reader.pages[0].mediabox
            self.assertEqual(box.width > box.height, report != "results")
