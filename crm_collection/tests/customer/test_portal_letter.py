from odoo import SUPERUSER_ID
from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from ..common_portal import CrmCollectionPortalCommon


@tagged("post_install", "-at_install")
class TestPortalLetter(CrmCollectionPortalCommon):
    """The page behind the link in a letter: who opens it, for how long, and what it shows.

    Seen to fail: with the last day left out of `_find_online`, with the letter's id not compared
    with the signed one, with the customer of an item not compared with the letter's.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_provider()
        cls.move = cls._create_overdue(12, amount=1234.5)
        cls.other_move = cls._create_overdue(12, amount=777.77, partner=cls.other)

    def setUp(self):
        super().setUp()
        self._write_letters()
        self.letter = self._letters().sudo()
        self.path = self._path(self.letter._get_online_url())

    def _paths(self, token):
        """Every address of the letter, with a key."""
        line = self.letter.line_ids.item_id.line_id
        base = f"/collections/letter/{self.letter.id}"
        ends = ("", "/pdf", "/pay", f"/pay/{line.id}", f"/slip/{line.id}")
        return [f"{base}{end}?token={token}" for end in ends]

    # === Who opens it === #

    def test_link_opens_without_a_login(self):
        self.assertIn(self.path, str(self.letter.mail_message_id.body).replace("&amp;", "&"))
        response = self.url_open(self.path)
        self.assertEqual(response.status_code, 200)
        for text in (self.move.name, "1,234.50", "12 days overdue", self.company.name):
            self.assertIn(text, response.text)
        self.assertEqual(response.headers["Cache-Control"], "private, no-store")
        self.assertEqual(response.headers["X-Robots-Tag"], "noindex")

    def test_keys_that_are_not_the_letters_are_not_found(self):
        token = self.letter._get_online_token()
        other = self._letters(self.other).sudo()
        forged = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
        for wrong in (other._get_online_token(), forged, "", "guess", "AQAA", "%00", token[:40]):
            for path in self._paths(wrong):
                self._get(path, status=404)
        self._get(f"/collections/letter/{self.letter.id}", status=404)
        self._get(f"/collections/letter/999999?token={token}", status=404)
        self._get(f"/collections/letter/{other.id}?token={token}", status=404)

    def test_key_of_another_company_setting_does_not_outlive_its_own(self):
        """Lengthening the validity later does not revive links that were written before."""
        token = self.letter._get_online_token()
        self._move_on(61)
        self.company.collection_link_days = 365
        self._get(f"/collections/letter/{self.letter.id}?token={token}", status=410)

    def test_link_expires_after_the_days_of_the_company(self):
        token = self.letter._get_online_token()
        self._move_on(60)
        self._get(f"/collections/letter/{self.letter.id}?token={token}")
        self._move_on(1)
        for path in self._paths(token):
            page = self._get(path, status=410)
            self.assertIn("This link has expired", page)
            self.assertIn("/web/login", page)
            self.assertIn(self.company.email, page)
            for text in (self.move.name, "1,234.50", self.customer.name):
                self.assertNotIn(text, page)

    def test_link_of_a_letter_that_was_taken_back_is_not_found(self):
        token = self.letter._get_online_token()
        for state in ("cancelled", "to_send", "no_address", "blacklisted"):
            self.letter.state = state
            for path in self._paths(token):
                self._get(path, status=404)

    def test_link_works_while_the_mail_is_on_its_way(self):
        self.letter.state = "outgoing"
        self._get(self.path)

    def test_another_customer_who_is_logged_in_needs_the_link_too(self):
        self._login(self.other_user)
        self._get(f"/collections/letter/{self.letter.id}", status=404)
        self._get(self.path)

    # === What it shows === #

    def test_letter_sent_in_error_is_marked(self):
        """On its page, in the list and on the statement of its customer, and on no other."""
        self._login(self.portal_user)
        pages = (self.path, "/my/collections/letters", "/my/collections/statement")
        for page in pages:
            self.assertNotIn("in error", self._get(page))
        self.letter.with_user(self.collector).sudo(False)._reverse("He had paid")
        self.env.flush_all()
        for page in pages:
            text = self._get(page)
            self.assertIn("in error", text)
            self.assertNotIn("He had paid", text)

    def test_page_speaks_the_language_of_the_letter(self):
        self.env["res.lang"]._activate_lang("pt_BR")
        self.env["ir.module.module"].sudo()._load_module_terms(["crm_collection"], ["pt_BR"])
        self.letter.lang = "pt_BR"
        page = self._get(self.path)
        self.assertIn("1.234,50", page)
        self.assertIn("12 dias de atraso", " ".join(page.split()))
        self._move_on(61)
        page = self._get(self.path, status=410)
        self.assertIn('lang="pt-BR"', page)
        self.assertIn("Este link expirou", page)

    def test_open_items_are_shown_as_they_are_now(self):
        self._pay(self.move, 234.5)
        page = self._get(self.path)
        self.assertIn("1,000.00", page)
        self.assertNotIn("1,234.50", page)
        self._pay(self.move)
        page = self._get(self.path)
        self.assertIn("Everything in this letter is settled", page)
        self.assertNotIn("1,000.00", page)
        self.assertNotIn("Pay now", page)

    def test_open_credits_are_taken_off(self):
        credit = self._create_credit(34.5)
        page = self._get(self.path)
        self.assertIn(credit.name, page)
        self.assertIn("1,200.00", page)

    def test_open_items_of_another_customer_by_now_are_left_out(self):
        """The invoice was taken back to draft and written anew for somebody else."""
        self.move.button_draft()
        self.move.partner_id = self.other
        self.move.action_post()
        page = self._get(self.path)
        self.assertNotIn(self.move.name, page)
        self.assertNotIn("1,234.50", page)

    def test_reading_leaves_accounting_alone(self):
        before = self._accounting_checksum()
        self._get(self.path)
        self.assertEqual(self._accounting_checksum(), before)
        self.assertFalse(self.move.access_token)

    def test_pdf_as_it_was_sent(self):
        self.letter.pdf_attachment_id.with_user(SUPERUSER_ID).raw = b"%PDF as it was sent"
        token = self.letter._get_online_token()
        page = self._get(f"/collections/letter/{self.letter.id}/pdf?token={token}")
        self.assertEqual(page, "%PDF as it was sent")

    # === Payment === #

    def test_open_item_is_paid_without_the_key_of_its_invoice(self):
        """The invoice's key opens all of it for good; the letter's opens this, for a time."""
        line = self.letter.line_ids.item_id.line_id
        token = self.letter._get_online_token()
        page = self._get(f"/collections/letter/{self.letter.id}/pay/{line.id}?token={token}")
        self.assertIn("o_payment_form", page)
        self.assertIn('data-amount="1234.5"', page)
        self.assertNotIn("/my/invoices/", page)
        self.assertFalse(self.move.access_token)
        values = self._pay_online(token, 1234.5, line)
        tx_sudo = self.env["payment.transaction"].sudo()
        tx_sudo = tx_sudo.search([("reference", "=", values["reference"])])
        self.assertEqual((tx_sudo.invoice_ids, tx_sudo.amount), (self.move, 1234.5))
        self.assertFalse(self.move.access_token)
        foreign = self._receivables(self.other_move)
        self._get(
            f"/collections/letter/{self.letter.id}/pay/{foreign.id}?token={token}", status=404
        )

    def test_installment_is_paid_with_those_before_it(self):
        """Core matches the oldest first: paying the second alone would pay the first."""
        move = self._create_overdue(40, terms=(0, 30, 60), amount=300)
        lines_sudo = self._receivables(move).sorted("date_maturity").sudo()
        statement_sudo = self.env["crm.collection.statement"].sudo()

        def get_amounts():
            payments = [statement_sudo._get_line_payment(line) for line in lines_sudo]
            return [payment and payment["amount"] for payment in payments]

        self.assertEqual(get_amounts(), [100, 200, 300])
        credit = self._create_credit(130)
        self._receivables(move | credit).reconcile()
        self.assertEqual(get_amounts()[1:], [70, 170])

    def test_nothing_offers_to_pay_where_no_provider_takes_it(self):
        line = self.letter.line_ids.item_id.line_id
        self.assertIn("Pay now", self._get(self.path))
        providers_sudo = self.env["payment.provider"].sudo().search([("name", "=", "Dummy")])
        for vals in ({"maximum_amount": 1000}, {"maximum_amount": 0, "state": "disabled"}):
            providers_sudo.write(vals)
            page = self._get(self.path)
            self.assertIn(self.move.name, page)
            self.assertNotIn("Pay now", page)
            token = self.letter._get_online_token()
            self._get(
                f"/collections/letter/{self.letter.id}/pay/{line.id}?token={token}", status=404
            )

    def test_all_open_items_are_paid_with_cores_form(self):
        page = self._get(self.path)
        token = self.letter._get_online_token()
        url = f"/collections/letter/{self.letter.id}/pay?token={token}"
        currency = self.company.currency_id
        self.assertIn(f"/pay?token={token}&amp;currency_id={currency.id}", page)
        page = self._get(f"{url}&currency_id={currency.id}")
        self.assertIn("o_payment_form", page)
        self.assertIn('data-amount="1234.5"', page)
        values = self._pay_online(token, 1234.5)
        tx_sudo = self.env["payment.transaction"].sudo()
        tx_sudo = tx_sudo.search([("reference", "=", values["reference"])])
        self.assertEqual(tx_sudo.invoice_ids, self.move)
        self.assertEqual(tx_sudo.amount, 1234.5)
        self.assertEqual(tx_sudo.partner_id, self.customer)

    @mute_logger("odoo.http")
    def test_payment_of_another_amount_or_by_a_dead_link_is_refused(self):
        token = self.letter._get_online_token()
        line = self.letter.line_ids.item_id.line_id
        for amount in (0.01, 1234.51, "nan", "inf", "-inf", "1e308", -1234.5, [], {}, "x", None):
            for of_line in (None, line):
                with self.assertRaisesRegex(JsonRpcException, "ValidationError"):
                    self._pay_online(token, amount, of_line)
        for junk in (5, ["x"], {}, None, "\u20ac", "x" * 5000, True):
            with self.assertRaisesRegex(JsonRpcException, "ValidationError"):
                self._pay_online(junk, 1234.5)
        for key, values in {
            "provider_id": ("x", 0, -1, 10**12, None, [1], 1.5, True),
            "payment_method_id": ("x", 10**12, 999999, None, [1]),
            "flow": ("x", None, 5, ["redirect"]),
        }.items():
            for value in values:
                with self.assertRaisesRegex(JsonRpcException, "ValidationError"):
                    self._pay_online(token, 1234.5, **{key: value})
        with self.assertRaisesRegex(JsonRpcException, "ValidationError"):
            self._pay_online(self._letters(self.other).sudo()._get_online_token(), 1234.5)
        self._move_on(61)
        with self.assertRaisesRegex(JsonRpcException, "ValidationError"):
            self._pay_online(token, 1234.5)
        self.assertFalse(self.move.transaction_ids)

    @mute_logger("odoo.http")
    def test_addresses_bear_whatever_is_written_in_them(self):
        """They are answered, or refused: by 400, 404 or the page that is meant."""
        token = self.letter._get_online_token()
        letter, huge = f"/collections/letter/{self.letter.id}", 10**30
        pages = [
            *(f"/collections/letter/{one}?token={token}" for one in (0, -1, huge, 2**31, "x")),
            *(f"{letter}/pay/{one}?token={token}" for one in (0, huge, 2**31, "x")),
            *(f"{letter}/pay?token={token}&currency_id={one}" for one in ("x", huge, "inf", "")),
            *(f"{letter}?token={one}" for one in ("%E2%82%AC", "x" * 5000, "%FF", "[]", "None")),
            f"{letter}?token={token}&token=2&x[]=1",
        ]
        self._login(self.portal_user)
        pages += [
            f"/my/collections{end}"
            for end in (
                *(f"/page/{huge}", "/page/0", "/page/x", "?page=x", "?sortby=x&filterby=x"),
                *(f"/pay?scope={one}" for one in ("x", "", "all&account=%00", "all&account=[]")),
                *(f"/letters/page/{huge}", f"/letters/{huge}/pdf", "/letters/0/pdf"),
            )
        ]
        for page in pages:
            with self.subTest(page=page[:100]):
                status = self.url_open(page, allow_redirects=False).status_code
                self.assertIn(status, (200, 301, 302, 303, 400, 404))

    def _pay_online(self, token, amount, line=None, **values):
        provider_sudo = self.env["payment.provider"].sudo().search([("name", "=", "Dummy")])
        return self.make_jsonrpc_request(
            f"/collections/letter/{self.letter.id}/transaction/{self.company.currency_id.id}"
            + (f"/{line.id}" if line else ""),
            {
                "access_token": token,
                "payment_reference": "REF",
                "amount": amount,
                "provider_id": provider_sudo.id,
                "payment_method_id": provider_sudo.payment_method_ids.id,
                "token_id": None,
                "flow": "redirect",
                "tokenization_requested": False,
                "landing_route": "/",
                **values,
            },
        )
