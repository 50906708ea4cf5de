from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..common import TODAY
from ..common_portal import CrmCollectionPortalCommon


@tagged("post_install", "-at_install")
class TestCreditor(CrmCollectionPortalCommon):
    """A root and its branches are one creditor: statement, portal, payment page, explanation,
    simulation and letter say the same of a customer, whichever company they are asked in.

    Seen to fail with items and credits of one company alone.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = (
            cls.env["res.company"]
            .sudo()
            .create({"name": "Branch", "parent_id": cls.company.id, "collection_auto_send": True})
        )
        cls.family = cls.company | cls.branch
        cls.env.user.sudo().company_ids |= cls.family
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": cls.family.ids})
        cls.branch_user = new_test_user(
            cls.env(su=True),
            "branch_user",
            groups="crm_collection.group_crm_collection_user",
            company_id=cls.branch.id,
            company_ids=[Command.set(cls.branch.ids)],
        )
        cls.branch_portal = cls._create_portal_user("portal_branch", cls.customer, cls.branch)
        cls.provider = cls._create_provider()

    def _pay_on_account(self, amount, company=None):
        payment = (
            self.env["account.payment"]
            .with_company(company or self.company)
            .create(
                {
                    "partner_id": self.customer.id,
                    "amount": amount,
                    "payment_type": "inbound",
                    "company_id": (company or self.company).id,
                    "date": TODAY,
                }
            )
        )
        payment.action_post()
        return payment

    def _as_branch_user(self, records):
        return records.with_user(self.branch_user).with_context(allowed_company_ids=self.branch.ids)

    def _get_groups(self, partner=None):
        (statement,) = (partner or self.customer)._get_collection_statements()
        return statement["groups"]

    def _get_accounts(self, companies):
        Statement = self.env["crm.collection.statement"].sudo()
        customer = Statement._get_customer_domain(self.customer)
        return Statement._get_accounts(customer, companies.sudo())

    def _simulate(self, company):
        wizard = (
            self.env["crm.collection.simulate"]
            .with_company(company)
            .create({"company_id": company.id, "date": TODAY})
        )
        wizard.action_simulate()
        return wizard.letter_line_ids

    def test_payment_of_the_root_pays_the_branch(self):
        """GIVEN an invoice of 300 in a branch and a payment of 300 on account in its root
        THEN there is nothing to pay, wherever one looks."""
        move = self._create_overdue(5, amount=300, company_id=self.branch.id)
        self._pay_on_account(300)
        self._allocate()
        for customer in (
            self.customer,
            self.customer.with_context(allowed_company_ids=self.branch.ids),
            self.customer.with_context(allowed_company_ids=self.company.ids),
            self._as_branch_user(self.customer),
        ):
            (group,) = self._get_groups(customer)
            self.assertEqual((group["residual"], group["credit"]), (300.0, 300.0))
            self.assertEqual(group["balance"], 0.0)
        report = self.env["ir.actions.report"]
        html = self._as_branch_user(report)._render_qweb_html(
            "crm_collection.report_statement", self.customer.ids
        )[0]
        self.assertIn(move.name, html.decode())
        for companies in (self.company, self.branch, self.family):
            (account,) = self._get_accounts(companies)
            self.assertEqual((account["credit"], account["balance"]), (300.0, 0.0))
        for user in (self.portal_user, self.branch_portal):
            self._login(user)
            page = self._get("/my/collections")
            self.assertIn(move.name, page)
            self.assertNotIn("/my/collections/pay", page)
            self.assertNotIn("portal_pay", page)
            self.assertIn(move.name, self._get("/my/collections/statement"))
        self.assertIn("cover", str(self._items(move).explanation))
        self.assertFalse(self._simulate(self.branch) | self._simulate(self.company))
        self._send_letters()
        self.assertFalse(self._letters())

    def test_credit_pays_what_was_due_first(self):
        """GIVEN 200 in the root, due before 300 in its branch, and a credit of 250
        WHEN statement, payment page and letter are made
        THEN 250 of the branch's are left; who sees the branch alone is told what the credit pays
        elsewhere, and nothing of whom."""
        old = self._create_overdue(8, amount=200)
        move = self._create_overdue(5, amount=300, company_id=self.branch.id)
        self._pay_on_account(250)
        self._allocate()
        (group,) = self._get_groups()
        self.assertEqual((group["residual"], group["balance"]), (500.0, 250.0))
        (group,) = self._get_groups(self._as_branch_user(self.customer))
        self.assertEqual([item["move"] for item in group["open_items"]], [move])
        self.assertEqual((group["credit"], group["credit_elsewhere"]), (250.0, 200.0))
        self.assertEqual(group["balance"], 250.0)
        self._login(self.branch_portal)
        page = self._get("/my/collections/pay?scope=all")
        self.assertIn('data-amount="250.0"', page)
        page = self._get("/my/collections").replace("&amp;", "&")
        self.assertNotIn(f"/my/invoices/{old.id}?payment", page)
        for company in self.family:
            # whichever of them comes first writes it
            self.assertEqual(self._simulate(company).mapped("asked"), [250.0])
        self._send_letters()
        self.assertEqual(self._letters()._get_groups()[0]["to_pay"], 250.0)

    def test_paid_at_once(self):
        """GIVEN items of a root and its branch, and a provider of the root
        WHEN the customer pays all from the portal, or the letter's page
        THEN it is one payment, and it pays both."""
        moves = self._create_overdue(5, amount=100)
        moves |= self._create_overdue(5, amount=200, company_id=self.branch.id)
        letter = self._write_letters()
        page = self._get(self._path(letter._get_online_url()))
        for move in moves:
            self.assertIn(move.name, page)
        self.assertNotIn("Settled", page)
        self.assertIn("300.00", page)
        self._login(self.portal_user)
        self.assertIn('data-amount="300.0"', self._get("/my/collections/pay"))
        currency = self.company.currency_id
        account = f"{self.company.id}-{self.customer.id}-{currency.id}"
        values = self.make_jsonrpc_request(
            f"/my/collections/transaction/{account}/all",
            {
                "access_token": None,
                "payment_reference": "REF",
                "amount": 300.0,
                "provider_id": self.provider.id,
                "payment_method_id": self.provider.payment_method_ids.id,
                "token_id": None,
                "flow": "redirect",
                "tokenization_requested": False,
                "landing_route": "/my/collections",
            },
        )
        tx_sudo = self.env["payment.transaction"].sudo()
        tx_sudo = tx_sudo.search([("reference", "=", values["reference"])])
        self.assertEqual(tx_sudo.invoice_ids, moves)
        tx_sudo._set_done()
        tx_sudo._post_process()
        self.env.invalidate_all()
        self.assertEqual(moves.mapped("amount_residual"), [0.0, 0.0])

    def test_provider_of_one_branch(self):
        """Where no provider takes the money of all, that of the first company with one is paid."""
        self._create_overdue(5, amount=100)
        move = self._create_overdue(5, amount=200, company_id=self.branch.id)
        self.provider.company_id = self.branch
        lines = self._receivables(move | self._create_overdue(9, amount=5)).sudo()
        (payment,) = self.env["crm.collection.statement"].sudo()._get_payments(lines)
        self.assertEqual((payment["company"], payment["amount"]), (self.branch, 200.0))
        self.assertEqual(len(payment["left_out"]), 1)
