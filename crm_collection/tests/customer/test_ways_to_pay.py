import io
import os
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

from pypdf import PdfReader

from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.letters.pay_slip import PaySlip
from ..common import TODAY
from ..common_portal import CrmCollectionPortalCommon

SLIP = "odoo.addons.crm_collection.models.letters.pay_slip"
LINE = "23793.38128 60000.000003 00000.000400 1 9438000012{}"


@tagged("post_install", "-at_install")
class TestWaysToPay(CrmCollectionPortalCommon):
    """What customers pay with: slips of a localisation, the bank account, the numbers that a
    payment names, and online. What arrives is matched with what it was for, and nothing else.

    Seen to fail: with slips that ask for more, or that fail with others; without files, lines in
    text and statement, and the word that one is missing; without branch, bank and tax number; with
    signs kept, letters or customers not looked for, and parts of a number.

    It runs once more with core's demonstration provider (``tests/test_beside.py``).
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls._create_provider()
        cls.partly = cls._create_overdue(12, amount=500)
        cls.whole = cls._create_overdue(11, amount=70)
        cls.moves = cls.partly | cls.whole

    def _offer_slips(self, failing=()):
        """A localisation that knows a slip of each invoice, asked for as it was issued."""
        lines_class = self.registry["account.move.line"]

        def get_slip(line):
            pdf = b"%PDF-1.4 " + LINE.format(line.id).encode()
            return PaySlip("Boleto", LINE.format(line.id), line.amount_currency, pdf)

        def get_slips(lines):
            if lines & self._receivables(failing or self.moves.browse()):
                lines.env.cr.execute("SELECT 1 / 0")
            return {line.id: get_slip(line) for line in lines}

        self.startPatcher(patch.object(lines_class, "_get_collection_pay_slips", get_slips))

    def _line(self, move):
        return LINE.format(self._receivables(move).id)

    def _read_pdf(self, content):
        return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)

    def _print_statement(self):
        report = self.env["ir.actions.report"].sudo().with_context(force_report_rendering=True)
        xmlid = "crm_collection.action_report_statement"
        return self._read_pdf(report._render_qweb_pdf(xmlid, self.customer.ids)[0])

    # === Slips === #

    def test_slips_go_with_what_they_ask_for(self):
        """In mail, PDF, page, customer's area and statement; one that asks for more than is owed
        goes nowhere, and the letter says so."""
        self._offer_slips()
        self._pay(self.partly, 100)
        letter_sudo = self._write_letters()
        self.assertEqual(letter_sudo.state, "sent")
        self.assertEqual(letter_sudo.missing_slips, self.partly.name)
        files = letter_sudo.mail_message_id.attachment_ids - letter_sudo.pdf_attachment_id
        self.assertIn("Boleto", files.name)
        self.assertIn(self._line(self.whole).encode(), files.raw)
        path = self._path(letter_sudo._get_online_url())
        self._login(self.portal_user)
        for text in (
            letter_sudo.mail_message_id.body,
            self._read_pdf(letter_sudo.pdf_attachment_id.raw),
            self._print_statement(),
            self._get(path),
            self._get("/my/collections"),
        ):
            flat = "".join(text.split())
            self.assertIn("".join(self._line(self.whole).split()), flat)
            self.assertNotIn("".join(self._line(self.partly).split()), flat)
        line = self._receivables(self.whole)
        own = f"/my/collections/slip/{line.id}"
        parts = urlsplit(path)
        for url in (own, f"{parts.path}/slip/{line.id}?{parts.query}"):
            self.assertIn(self._line(self.whole), self._get(url))
        self._get(f"/my/collections/slip/{self._receivables(self.partly).id}", status=404)
        self._login(self.other_user)
        self._get(own, status=404)

    @mute_logger(SLIP, "odoo.sql_db")
    def test_slip_that_fails_stops_no_letter(self):
        """... and takes no other slip along; the service status has it."""
        self._offer_slips(failing=self.partly)
        letter_sudo = self._write_letters()
        self.assertEqual(letter_sudo.state, "sent")
        self.assertEqual(letter_sudo.missing_slips, self.partly.name)
        self.assertIn(self._line(self.whole), letter_sudo.mail_message_id.body)
        status = self.env["crm.collection.status"].with_user(self.manager)
        [check] = status.with_company(self.company)._check_slips()
        self.assertEqual(check["level"], "warning")

    # === Bank account === #

    def test_account_is_complete(self):
        """In Brazil with branch and tax number, else with what the account says."""
        account = self.env["res.partner.bank"].create(
            {
                "acc_number": "56789-0",
                "clearing_number": "1234",
                "bank_id": self.env["res.bank"].create({"name": "Itaú", "bic": "ITAUBRSP"}).id,
                "partner_id": self.company.partner_id.id,
            }
        )
        letter = self.env["crm.collection.letter"].new({"company_id": self.company.id})
        told = letter._get_bank_label(account)
        self.assertIn("account 56789-0, clearing number 1234, Itaú (ITAUBRSP).", told)
        account.partner_id.write({"country_id": self.env.ref("base.br").id, "vat": False})
        account.partner_id.vat = "12345678000195"
        self.assertIn(
            "account 56789-0, branch 1234, Itaú (ITAUBRSP), CNPJ 12.345.678/0001-95.",
            letter._get_bank_label(account),
        )

    def test_each_account_is_named(self):
        """... with the documents that are paid to it, where the invoices of a letter name several:
        in mail, PDF and page, which leaves out what is settled.

        Seen to fail with the account named only where it is the one, and without the page.
        """
        numbers = ("111111", "222222")
        accounts = self.env["res.partner.bank"].create(
            [{"acc_number": one, "partner_id": self.company.partner_id.id} for one in numbers]
        )
        for move, account in zip((self.partly, self.whole), accounts, strict=True):
            move.sudo().partner_bank_id = account
        letter_sudo = self._write_letters()
        path = self._path(letter_sudo._get_online_url())
        pdf = self._read_pdf(letter_sudo.pdf_attachment_id.raw)
        for text in (letter_sudo.mail_message_id.body, pdf, self._get(path)):
            flat = "".join(text.split())
            for move, number in zip((self.partly, self.whole), numbers, strict=True):
                holder = f"{self.company.name}, account {number}"
                said = f"{move.name}: by bank transfer to {holder}"
                self.assertEqual(flat.count("".join(said.split())), 1)
        self._pay(self.whole, 70)
        page = self._get(path)
        self.assertNotIn(numbers[1], page)
        self.assertIn(f"By bank transfer to {self.company.name}, account {numbers[0]}", page)

    # === What a payment names === #

    def test_bank_line_names_what_it_pays(self):
        """Core alone matches no line of a bank statement; whoever pastes it finds the items."""
        other = self._create_overdue(13, amount=900, partner=self.other)
        letter_sudo = self._write_letters().filtered(lambda one: one.partner_id == self.customer)
        Item = self.env["crm.collection.item"].with_user(self.collector)
        number = self.whole.payment_reference.replace("/", "")
        for label, expected in (
            (f"PIX RECEBIDO {letter_sudo.pay_number} ADLER", self.moves),
            (f"pix {number.lower()}", self.whole),
            (f"{self.partly.name}, {self.whole.name}", self.moves),
            (f"CRMC{self.other.id}", other),
            (f"{number}9 x{letter_sudo.pay_number}", self.moves.browse()),
            ("CRM0 CRMC", self.moves.browse()),
        ):
            found = Item.search([("pay_number", "ilike", label)])
            self.assertEqual(found.move_id, expected, label)
        label = f"PIX RECEBIDO {letter_sudo.pay_number}"
        bank_line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "payment_ref": label,
                "amount": 570,
                "date": TODAY,
            }
        )
        self.assertFalse(bank_line.is_reconciled, "Odoo Community matches nothing by itself.")
        found = Item.search([("pay_number", "ilike", label)])
        self._pay(found.move_id, 570)
        self.assertEqual(self.moves.mapped("amount_residual"), [0, 0])
        self.assertEqual(other.amount_residual, 900)

    # === Online === #

    def _ask(self, url, **values):
        values = self.make_jsonrpc_request(
            url,
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.provider.payment_method_ids[:1].id,
                "token_id": None,
                "flow": "redirect",
                "tokenization_requested": False,
                "landing_route": "/my/collections",
                **values,
            },
        )
        tx_sudo = self.env["payment.transaction"].sudo()
        return tx_sudo.search([("reference", "=", values["reference"])])

    def test_online_payment_settles_what_it_was_for(self):
        """One item, with those of its invoice before it, by core's page; then all, by ours; then
        by the page of a letter. Nothing is left for anybody to match."""
        expected = os.environ.get("CRM_COLLECTION_PROVIDER", self.provider.code)
        self.assertEqual(self.provider.code, expected)
        split = self._create_overdue(40, terms=(0, 30, 60), amount=300)
        first, second, third = self._receivables(split).sorted("date_maturity")
        letter_sudo = self._write_letters()
        self._login(self.portal_user)
        statement = self.env["crm.collection.statement"].sudo()
        url = statement._get_invoice_payment_url(second.sudo())
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self.assertIn("o_payment_form", self._get(url))
        self._confirm(
            self._ask(
                f"/invoice/transaction/{split.id}", access_token=None, amount=float(asked["amount"])
            )
        )
        self.assertEqual((first | second).mapped("reconciled"), [True, True])
        self.assertEqual((third.amount_residual, self.partly.amount_residual), (100, 500))
        path = urlsplit(letter_sudo._get_online_url())
        token = parse_qs(path.query)["token"][0]
        self._confirm(
            self._ask(
                f"{path.path}/transaction/{self.company.currency_id.id}/"
                f"{self._receivables(self.partly).id}",
                access_token=token,
                payment_reference="REF",
                amount=500.0,
            )
        )
        self.assertEqual(self.moves.mapped("amount_residual"), [0, 70])
        account = f"{self.company.id}-{self.customer.id}-{self.company.currency_id.id}"
        self._confirm(
            self._ask(
                f"/my/collections/transaction/{account}/all",
                access_token=None,
                payment_reference="REF",
                amount=170.0,
            )
        )
        lines = self._receivables(split | self.moves)
        self.assertTrue(all(lines.mapped("reconciled")))
        payments = lines.matched_credit_ids.credit_move_id
        self.assertTrue(all(payments.mapped("reconciled")), "Each went to its items as a whole.")
        self.assertEqual(set(self._items(split | self.moves).mapped("state")), {"settled"})
