from urllib.parse import urlsplit

from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user

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
