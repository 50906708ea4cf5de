from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..common_approval_screens import CrmCollectionApprovalScreensCommon


@tagged("post_install", "-at_install")
class TestApprovalReport(CrmCollectionApprovalScreensCommon):
    """The record of decisions: as list, pivot and on paper."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._guard(cls.phase_third)

    def setUp(self):
        super().setUp()
        moves = self._create_overdue(20, amount=1500) + self._create_overdue(
            20, partner=self._create_customer("Bauer AG")
        )
        self._allocate()
        first, second = self._ask(moves).sorted("amount")
        self._say(first, "refuse", self.approver, "Call them first")
        self._say(second, "approve", self.second, "Seen the file")

    def _render(self, report):
        action = self.env.ref("crm_collection.action_report_approvals")
        return action.with_user(report.env.user)._crm_collection_get_html(action, report)

    def _report(self, user=None, **vals):
        return (
            self.env["crm.collection.approval.report"]
            .with_user(user or self.manager)
            .create({"company_id": self.company.id, **vals})
        )

    def test_period(self):
        self.company.street = "Creditor Street 1"
        html = self._render(self._report(date_from="2026-03-01", date_to=False))
        for text in ("Adler GmbH", "Bauer AG", "Call them first", "Seen the file", "1,500.00"):
            self.assertIn(text, html)
        self.assertIn("Creditor Street 1", html, "The company's address, as on other reports.")
        self.assertLess(html.index("By approver"), html.index("Decisions</h2>"))

    def test_other_period(self):
        html = self._render(self._report(date_from="2020-01-01", date_to="2020-12-31"))
        self.assertIn("Nothing was decided", html)

    def test_one_approver(self):
        html = self._render(
            self._report(date_from=False, date_to=False, user_ids=self.approver.ids)
        )
        self.assertIn("Bauer AG", html)
        self.assertNotIn("Adler GmbH", html)

    def test_selected(self):
        decision = self.env["crm.collection.approval.decision"].search(
            [("user_id", "=", self.second.id)]
        )
        action = decision.with_user(self.manager).action_print()
        self.assertEqual(action["report_name"], "crm_collection.report_approvals")
        report = self.env["crm.collection.approval.report"].browse(action["context"]["active_ids"])
        html = self._render(report)
        self.assertIn("Adler GmbH", html)
        self.assertNotIn("Bauer AG", html)

    def test_pdf(self):
        """By the module's engine."""
        report = self._report(date_from=False, date_to=False)
        Report = self.env["ir.actions.report"].with_user(self.manager)
        if not Report._crm_collection_pdf_engine():
            self.skipTest("no PDF engine")
        action = self.env.ref("crm_collection.action_report_approvals").with_user(self.manager)
        content = action._crm_collection_render_pdf(action, report)
        self.assertTrue(content.startswith(b"%PDF"))

    def test_outsider(self):
        with self.assertRaises(AccessError):
            self._report(user=self.outsider)

    def test_totals(self):
        report = self._report(date_from=False, date_to=False)
        rows = report._get_totals(report._get_decisions())
        self.assertEqual(
            [(row["user"], row["approved"], row["refused"]) for row in rows],
            [(self.approver, 0, 1), (self.second, 1, 0)],
        )
        self.assertEqual(list(rows[1]["amounts"].values()), [1500.0])

    def test_pivot(self):
        """By approver and phase, with the average wait."""
        groups = (
            self.env["crm.collection.approval.decision"]
            .with_user(self.manager)
            .formatted_read_group(
                [], ["user_id", "phase_id"], ["__count", "hours_waited:avg", "amount:sum"]
            )
        )
        self.assertEqual(len(groups), 2)
        self.assertEqual({group["amount:sum"] for group in groups}, {100.0, 1500.0})
