from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from ..common_portal import CrmCollectionPortalCommon


@tagged("post_install", "-at_install")
class TestPortalPayment(CrmCollectionPortalCommon):
    """Paying one open item or all of them: the amounts, and where the money goes.

    Seen to fail: with `amount_original` for `residual`, with the credits not taken off, with the
    amount of the browser taken for the transaction.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls._create_provider()

    def setUp(self):
        super().setUp()
        self._login(self.portal_user)

    def _account(self, currency=None, customer=None):
        owner = (self.company, customer or self.customer, currency or self.company.currency_id)
        return "-".join(str(record.id) for record in owner)

    def _pay_online(self, amount, scope="all", account=None):
        """The transaction that core's form asks for."""
        values = self.make_jsonrpc_request(
            f"/my/collections/transaction/{account or self._account()}/{scope}",
            {
                "access_token": None,
                "payment_reference": "REF",
                "amount": amount,
                "provider_id": self.provider.id,
                "payment_method_id": self.provider.payment_method_ids.id,
                "token_id": None,
                "flow": "redirect",
                "tokenization_requested": False,
                "landing_route": "/my/collections",
            },
        )
        tx_sudo = self.env["payment.transaction"].sudo()
        return tx_sudo.search([("reference", "=", values["reference"])])

    # === One open item === #

    def test_installment_is_paid_with_those_before_it(self):
        """Core matches the oldest first: paying the second alone would pay the first."""
        move = self._create_overdue(40, terms=(0, 30, 60), amount=300)
        lines = self._receivables(move).sorted("date_maturity")
        page = self._get("/my/collections").replace("&amp;", "&")
        self.assertIn(f"/my/invoices/{move.id}?payment=True&amount=100.0&payment_token=", page)
        self.assertIn(f"/my/invoices/{move.id}?payment=True&amount=200.0&payment_token=", page)
        self.assertIn(f"/my/invoices/{move.id}?payment=True#portal_pay", page, "All of it.")
        statement = self.env["crm.collection.statement"].sudo()
        url = statement._get_invoice_payment_url(lines[1].sudo())
        page = self._get(url)
        self.assertIn("o_payment_form", page)
        self.assertIn("200.00", page)

    def test_nobody_but_a_provider_takes_money(self):
        move = self._create_overdue(12)
        self.provider.state = "disabled"
        page = self._get("/my/collections")
        self.assertIn(move.name, page)
        self.assertNotIn("/my/collections/pay", page)
        self.assertNotIn("portal_pay", page, "Nor does an item by itself.")

    def test_online_payment_can_be_turned_off_in_accounting(self):
        self._create_overdue(12)
        self.env["ir.config_parameter"].sudo().set_param(
            "account_payment.enable_portal_payment", "False"
        )
        self.assertNotIn("portal_pay", self._get("/my/collections"))

    # === All of them === #

    def test_overdue_open_items_are_paid_and_nothing_else(self):
        """What is left of a partly paid invoice, one installment of another, less the credit;
        the invoice of a contact too."""
        partly = self._create_overdue(50, amount=100)
        self._pay(partly, 40)
        split = self._create_overdue(20, terms=(0, 60), amount=200)
        contact = self._contact(self.customer, "invoice", "branch@customer.example")
        of_contact = self._create_overdue(10, partner=contact, amount=5)
        self._create_credit(15)
        page = self._get("/my/collections/pay?scope=overdue")
        self.assertIn('data-amount="150.0"', page)
        tx_sudo = self._pay_online(150.0, scope="overdue")
        self.assertEqual(tx_sudo.invoice_ids, partly | split | of_contact)
        self._confirm(tx_sudo)
        first, second = self._receivables(split).sorted("date_maturity")
        self.assertEqual(partly.amount_residual, 0)
        # the oldest first; as much of the newest is open as there is credit, until it is matched
        self.assertEqual((first.amount_residual, second.amount_residual), (10, 100))
        self.assertEqual(of_contact.amount_residual, 5)

    def test_all_open_items_of_one_currency(self):
        own = self._create_overdue(12, amount=100) | self._create_overdue(-5, amount=20)
        foreign = self._create_invoice_in(self.foreign, 12, 55)
        page = self._get("/my/collections").replace("&amp;", "&")
        for currency in (self.company.currency_id, self.foreign):
            account = self._account(currency)
            self.assertIn(f"/my/collections/pay?scope=all&account={account}", page)
        page = self._get(f"/my/collections/pay?account={self._account(self.foreign)}")
        self.assertIn('data-amount="55.0"', page)
        self.assertEqual(self._pay_online(120.0).invoice_ids, own)
        tx_sudo = self._pay_online(55.0, account=self._account(self.foreign))
        self.assertEqual(tx_sudo.invoice_ids, foreign)
        self.assertEqual(tx_sudo.currency_id, self.foreign)

    def test_what_is_not_paid_is_named(self):
        """ "Pay all" of less than the balance is explained."""
        disputed = self._create_overdue(12, amount=70)
        paid = self._create_overdue(12, amount=30)
        self.assertNotIn("Not part of this payment", self._get("/my/collections/pay"))
        self._allocate()
        self._hold(self._items(disputed), kind="dispute")
        page = self._get("/my/collections/pay")
        self.assertIn('data-amount="30.0"', page)
        named = page.partition("Not part of this payment")[2].partition("</p>")[0]
        self.assertIn(disputed.name, named)
        self.assertIn("70.00", named)
        self.assertNotIn(paid.name, named)
        self.assertEqual(self._pay_online(30.0).invoice_ids, paid)

    def test_nothing_to_pay_where_credits_cover_it(self):
        self._create_overdue(12, amount=100)
        self._create_credit(100)
        self.assertNotIn("/my/collections/pay", self._get("/my/collections"))

    @mute_logger("odoo.http")
    def test_amount_is_the_servers_and_the_open_items_are_the_users(self):
        move = self._create_overdue(12, amount=100)
        foreign = self._create_overdue(12, amount=100, partner=self.other)
        for amount in (1.0, 99.99, None, "x"):
            with self.assertRaisesRegex(JsonRpcException, "ValidationError"):
                self._pay_online(amount)
        for account in (self._account(customer=self.other), "guess", "1-1-1"):
            with self.assertRaisesRegex(JsonRpcException, "ValidationError"):
                self._pay_online(100.0, account=account)
        self._get("/my/collections/pay?scope=guess", status=404)
        self.assertFalse((move | foreign).transaction_ids)
