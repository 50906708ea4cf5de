from datetime import timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command, Domain
from odoo.tests import tagged

from ..common import TODAY
from ..common_cockpit import CockpitCase


@tagged("post_install", "-at_install")
class TestCockpitCompanies(CockpitCase):
    """Several companies, whose books are in different currencies: never in one sum.

    Seen to fail: with the currency of the books left out of the scope.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.setup_other_company(name="Segunda Ltda", currency_id=cls.foreign.id)[
            "company"
        ]
        cls.third = cls.setup_other_company(
            name="Terceira Ltda", currency_id=cls.company.currency_id.id
        )["company"]
        cls.companies = cls.company | cls.second | cls.third
        cls.collector.company_ids = [Command.set(cls.companies.ids)]

    def setUp(self):
        super().setUp()
        self._create_overdue(5, amount=100.0)
        for company, amount in ((self.second, 900.0), (self.third, 30.0)):
            self._create_in(company, amount)
        self._allocate()

    def _create_in(self, company, amount):
        move = (
            self.env(su=True)["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.customer.id,
                    "company_id": company.id,
                    "invoice_date": TODAY - timedelta(days=40),
                    "invoice_date_due": TODAY - timedelta(days=40),
                    "invoice_payment_term_id": False,
                    "invoice_line_ids": [
                        Command.create({"name": "Service", "price_unit": amount, "tax_ids": []})
                    ],
                }
            )
        )
        move.action_post()
        return move

    def test_books_are_not_added(self):
        page = self._get_cockpit(companies=self.companies)
        self.assertEqual(page["currency_id"], self.company.currency_id.id)
        self.assertEqual(page["cards"]["overdue"]["now"]["amount"], 130.0)
        self.assertEqual(len(page["options"]["books"]), 2)
        self._assert_figures(page, companies=self.companies)
        page = self._get_cockpit(companies=self.companies, books_id=self.foreign.id)
        self.assertEqual(page["currency_id"], self.foreign.id)
        self.assertEqual(page["cards"]["overdue"]["now"]["amount"], 900.0)
        self._assert_figures(page, companies=self.companies)

    def test_one_company(self):
        page = self._get_cockpit(companies=self.companies, company_id=self.third.id)
        self.assertEqual(page["cards"]["overdue"]["now"]["amount"], 30.0)
        page = self._get_cockpit(companies=self.companies, company_id=self.second.id)
        self.assertEqual(page["currency_id"], self.foreign.id)
        self.assertEqual(page["cards"]["overdue"]["now"]["amount"], 900.0)

    def test_only_the_companies_that_are_switched_on(self):
        page = self._get_cockpit(companies=self.company, company_id=self.third.id)
        self.assertEqual(page["cards"]["overdue"]["now"]["amount"], 100.0)
        self.assertEqual(
            [option["id"] for option in page["options"]["companies"]], self.company.ids
        )
        with self.assertRaises(AccessError):
            self._get_cockpit(self.manager, companies=self.companies)

    def test_each_company_has_its_day(self):
        """Where it is tomorrow already, an item that is due today is overdue."""
        self.third.sudo().collection_tz = "Pacific/Kiritimati"
        self.company.sudo().collection_tz = "Pacific/Honolulu"
        for company in (self.company, self.third):
            move = self._create_in(company, 7.0)
            line = move.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
            line.sudo().date_maturity = TODAY
        with freeze_time(f"{TODAY} 20:00:00"):
            self._allocate()
            page = self._get_cockpit(companies=self.companies)
        self.assertEqual(page["cards"]["overdue"]["now"]["amount"], 137.0)
        self._assert_figures(page, companies=self.companies)

    def test_a_run_of_one_company_does_not_make_the_others_fresh(self):
        domain = Domain("company_id", "=", self.third.id) & Domain("kind", "=", "allocation")
        self.env["crm.collection.run"].sudo().search(domain).unlink()
        freshness = self._get_cockpit(companies=self.companies)["freshness"]
        self.assertTrue(freshness["is_stale"])
        self.assertFalse(freshness["last_run"])
        alone = self._get_cockpit(companies=self.companies, company_id=self.company.id)
        self.assertFalse(alone["freshness"]["is_stale"])
