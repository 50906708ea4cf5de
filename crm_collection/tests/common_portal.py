from urllib.parse import urlsplit

from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user
from odoo.tools import SQL

from ..models.letters import queries as letter_queries
from .common_letters import CrmCollectionLettersCommon


class CrmCollectionPortalCommon(CrmCollectionLettersCommon, HttpCase):
    """Two customers with a portal user each, and a payment provider that takes what it is given."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._create_customer("Berger AG")
        cls.portal_user = cls._create_portal_user("portal_adler", cls.customer)
        cls.other_user = cls._create_portal_user("portal_berger", cls.other)
        cls.rule.step_ids.attach_pdf = True

    @classmethod
    def _create_portal_user(cls, login, customer, companies=None):
        companies = companies or cls.company
        user = new_test_user(
            cls.env(su=True),
            login,
            groups="base.group_portal",
            email=f"{login}@customer.example",
            company_id=companies[0].id,
            company_ids=[Command.set(companies.ids)],
        )
        user.partner_id.parent_id = customer
        return user

    @classmethod
    def _create_provider(cls):
        """One that takes what it is given: core's demonstration provider where it is installed."""
        method = cls.env.ref("payment.payment_method_unknown").sudo()
        view = cls.env(su=True)["ir.ui.view"].create(
            {"name": "Redirect", "type": "qweb", "arch": '<form action="dummy" method="post"/>'}
        )
        currencies = cls.company.currency_id | cls.foreign
        provider = cls.env(su=True)["payment.provider"].create(
            {
                "name": "Dummy",
                "code": "demo" if cls._is_demo_installed() else "none",
                "state": "test",
                "is_published": True,
                "company_id": cls.company.id,
                "payment_method_ids": [Command.set(method.ids)],
                "redirect_form_view_id": view.id,
                "available_currency_ids": [Command.set(currencies.ids)],
            }
        )
        method.write({"active": True, "support_tokenization": True})  # now it has a provider
        journal = cls.company_data["default_journal_bank"]
        cls._create_dummy_payment_method_for_provider(provider, journal)
        return provider

    @classmethod
    def _is_demo_installed(cls):
        return "payment_demo" in cls.registry._init_modules

    def _confirm(self, tx_sudo):
        """The provider has the money, and says so; core makes the payment and matches it."""
        if self._is_demo_installed():
            said = {"reference": tx_sudo.reference, "simulated_state": "done"}
            self.make_jsonrpc_request("/payment/demo/simulate_payment", said)
            self.make_jsonrpc_request("/payment/status/poll", {})
        else:
            tx_sudo._set_done()
            tx_sudo._post_process()
        self.env.invalidate_all()

    def _login(self, user):
        self.authenticate(user.login, user.login)

    def _get(self, url, status=200, **kwargs):
        """:return: the text of a page that must answer with ``status``"""
        response = self.url_open(url, **kwargs)
        self.assertEqual(response.status_code, status, url)
        return response.text

    def _write_letters(self):
        """Allocate, write the letters that are due and deliver them."""
        self._allocate()
        self._send_letters()
        self._deliver()
        return self.env["crm.collection.letter"].sudo().search([("state", "=", "sent")])

    def _path(self, url):
        parts = urlsplit(url)
        return f"{parts.path}?{parts.query}"


class CrmCollectionOnItsWayCommon(CrmCollectionPortalCommon):
    """What everybody says of items whose money is on its way: all the same."""

    move = None  # the invoice it is about, by default

    def _get_answers(self, move=None):
        """:return: of each item of an invoice, by due date, whether its money is on its way"""
        lines = self._receivables(move or self.move).sorted("date_maturity")
        items = self._items(lines.move_id).sorted("date_maturity")
        items.invalidate_recordset()
        statement = self.env["crm.collection.statement"].sudo()._get_open_items(lines.sudo())
        company = lines.company_id
        simulated = {
            row["line_id"]: row["blocker"] in ("processing", "collected")
            for row in self.env["crm.collection.engine"]._simulate(
                company, company._get_collection_today()
            )["open_items"]
        }
        explained = [
            any("waited for until" in fact["text"] for fact in item._get_facts()) for item in items
        ]
        refusals = self.env["crm.collection.item"]._get_refusal_domains(self.phase_third, company)
        refused = items.filtered_domain(
            refusals["A payment is on its way."] | refusals["The company collects it itself."]
        )
        answers = {
            "statement": [row["status"] == "processing" for row in statement],
            "simulation": [simulated.get(line.id, False) for line in lines],
            "explanation": explained,
            "maintenance": [item in refused for item in items],
            "letter": [not self._may_be_asked(item) for item in items],
        }
        first = next(iter(answers.values()))
        self.assertEqual(answers, dict.fromkeys(answers, first))
        return first

    def _may_be_asked(self, item):
        company = item.company_id
        query = letter_queries.asked_open_items(
            *(company.id, company._get_collection_today(), SQL("item.id")),
            condition=SQL("item.id = %s", item.id),
        )
        return bool(self.env.execute_query(query))

    def _facts(self, item):
        return {fact["label"]: fact["text"] for fact in item._get_facts()}
