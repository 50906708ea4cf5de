from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from ..common import TODAY, CrmCollectionCommon

TEMPLATES = ("reminder", "friendly", "firm", "final", "legal")


@tagged("post_install", "-at_install")
class TestLetterContent(CrmCollectionCommon):
    """What a letter says, in the mail and in print, in the customer's language."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("pt_BR")
        cls.env["ir.module.module"].sudo()._load_module_terms(["crm_collection"], ["pt_BR"])
        cls.brazil = cls.env.ref("base.br")

    def _write_letter(self, partner=None):
        """Allocate and write the letters that are due; return the customer's."""
        self._allocate()
        letters = self.env["crm.collection.letter"].sudo()._create_due(self.company, TODAY)
        return letters.filtered(lambda letter: letter.partner_id == (partner or self.customer))

    def _pay_part_of(self, line, amount):
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move.line", active_ids=line.ids
        )
        wizard.create({"amount": amount})._create_payments()

    def _render(self, letter, name="body_html"):
        return str(letter._get_text(name))

    def _make_brazilian(self, **vals):
        self.company.write(
            {
                "name": "Aurora Ltda.",
                "street": "Rua das Palmeiras, 1450",
                "city": "Campinas",
                "country_id": self.brazil.id,
                "vat": "11222333000181",
            }
        )
        vals = {"is_company": False, "country_id": self.brazil.id, "lang": "pt_BR", **vals}
        return self._create_customer("Silva", **vals)

    # === Items === #

    def test_open_items_of_a_day_are_in_the_order_of_their_names(self):
        """Whatever order they came into collection in: a job that was interrupted, or data that
        were loaded, say nothing to the customer. Seen to fail by the numbers of the items."""
        days = {"ZZ/3": 12, "ZZ/1": 12, "ZZ/2": 12, "AA/9": 11}
        for name, number in days.items():
            self._create_overdue(number, name=name)
            self._allocate()
        letter = self._write_letter()
        shown = [open_item["number"] for open_item in letter._get_open_items()]
        self.assertEqual(shown, ["ZZ/1", "ZZ/2", "ZZ/3", "AA/9"])

    def test_open_items_show_number_installment_dates_and_money(self):
        move = self._create_overdue(12, terms=(0, 60), amount=300)
        self._pay_part_of(self._receivables(move).sorted("date_maturity")[0], 50)
        letter = self._write_letter()
        open_item = letter._get_open_items()[0]
        self.assertEqual(open_item["number"], move.name)
        self.assertEqual(open_item["installment"], "1/2")
        self.assertEqual(open_item["date_issued"], move.invoice_date)
        self.assertEqual(open_item["date_maturity"], TODAY - timedelta(days=12))
        self.assertEqual(open_item["days_overdue"], 12)
        self.assertEqual(
            (open_item["original"], open_item["paid"], open_item["residual"]), (150.0, 50.0, 100.0)
        )
        for print_mode in (False, True):
            html = letter.with_context(crm_collection_print=print_mode).titles_html
            for text in (move.name, "1/2", "03/04/2026", "12", "150.00", "50.00", "100.00"):
                self.assertIn(text, html)

    def test_totals_by_currency_with_credits_netted(self):
        euro, dollar = self.env.ref("base.EUR"), self.env.ref("base.USD")
        (euro | dollar).active = True
        foreign = (euro | dollar) - self.company.currency_id
        self._create_overdue(12, amount=100)
        self._create_overdue(12, amount=40, currency_id=foreign[0].id)
        credit = self._create_credit(30)
        letter = self._write_letter()
        own = self.company.currency_id
        self.assertEqual(
            letter._get_totals(), [(own, 100.0, 30.0, 70.0), (foreign[0], 40.0, 0.0, 40.0)]
        )
        self.assertEqual(letter._get_credits(), self._receivables(credit))
        self.assertIn(credit.name, letter.titles_html)
        self.assertIn("70.00", letter.totals_label)
        self.assertIn("40.00", letter.totals_label)

    def test_credits_of_others_are_not_shown(self):
        other = self._create_customer("Other")
        self._create_overdue(12)
        self._create_credit(30, partner=other)
        self.assertFalse(self._write_letter()._get_credits())

    def test_credit_beyond_the_letter_is_no_negative_demand(self):
        """Other items of the customer use the credit up: a letter that was written before the
        credit came asks for nothing, and does not say that the customer has money to get back."""
        self._create_overdue(12, amount=20)
        self._create_overdue(2, amount=500)
        self._allocate()
        items = self.env["crm.collection.item"].search([("partner_id", "=", self.customer.id)])
        small = items.filtered(lambda item: item.amount_residual == 20)
        letter = (
            self.env["crm.collection.letter"]
            .sudo()
            ._create_due(self.company, TODAY, item_ids=small.ids)
        )
        self._create_credit(50)
        group = letter._get_groups()[0]
        self.assertEqual((group["to_pay"], group["credit_left"], group["net"]), (0, 30, -30))
        self.assertIn("Credit left for other documents", letter.titles_html)
        self.assertNotIn("-", letter.totals_label)

    def test_open_items_not_due_yet_are_told_apart(self):
        self.rule.step_ids.filtered(lambda step: step.days == 1).days = -3
        self._create_overdue(12, amount=100)
        self._create_overdue(-2, amount=900)
        letter = self._write_letter()
        for print_mode in (False, True):
            html = letter.with_context(crm_collection_print=print_mode).titles_html
            for text in ("not yet due", "Not due yet, for your information", "900.00"):
                self.assertIn(text, html)
            self.assertNotIn("1,000.00", html, "What is not due yet is not asked for.")
        group = letter._get_groups()[0]
        self.assertEqual((group["to_pay"], group["claim"], group["not_due"]), (100, 100, 900))
        self.assertIn("100.00", letter.totals_label, "The subject asks for what is overdue.")
        self.assertNotIn("1,000.00", letter.totals_label)

    def test_credit_pays_what_is_overdue_first(self):
        """What is left of it is for what falls due later, which is asked for then: nothing is
        overdue any more. Where the credit was there first the letter is about that alone."""
        self.rule.step_ids.filtered(lambda step: step.days == 1).days = -3
        other = self._create_customer("Other")
        for partner in (self.customer, other):
            self._create_overdue(12, amount=100, partner=partner)
            self._create_overdue(-2, amount=900, partner=partner)
        self._create_credit(130, partner=other)
        letter = self._write_letter()
        self._create_credit(130)
        group = letter._get_groups()[0]
        self.assertEqual((group["to_pay"], group["credit_left"]), (870, 0))
        self.assertEqual(self._letters(other).line_ids.amount_residual, 900)
        self.assertEqual(self._letters(other)._get_groups()[0]["to_pay"], 870)

    def test_text_is_true_of_the_open_items_of_its_phase(self):
        """GIVEN items in the last phase and in earlier ones, due in one letter
        WHEN the letter of the last phase is written, which announces a measure
        THEN its table tells apart what the measure is about, and its text says so; a letter
        about one phase has no parts.

        Seen to fail with every item in one part.
        """
        self.rule.step_ids.filtered(lambda step: step.days == 1).days = -3
        late, early, later = (self._create_overdue(days) for days in (40, 12, -2))
        alone = self._create_customer("Alone")
        self._create_overdue(40, partner=alone)
        letter = self._write_letter()
        letter |= self._letters(alone).sudo()
        letter.template_id = self.env.ref("crm_collection.mail_template_legal")
        several, single = letter
        self.assertEqual(several.phase_id, self.phase_third)
        parts = [
            (kind, [open_item["move"] for open_item in open_items])
            for kind, open_items in several._get_sections(several._get_open_items())
        ]
        self.assertEqual(parts, [("subject", [late]), ("overdue", [early]), ("not_due", [later])])
        for print_mode in (False, True):
            several = several.with_context(crm_collection_print=print_mode)
            html = self._render(several)
            places = [
                html.index(text)
                for text in (
                    *("as the subject of this letter", "Subject of this letter", late.name),
                    *("Also overdue", early.name, "Not due yet, for your", later.name),
                )
            ]
            self.assertEqual(places, sorted(places))
        html = self._render(single)
        self.assertIn("what is listed below is overdue", html)
        for text in ("Subject of this letter", "Also overdue", "as the subject"):
            self.assertNotIn(text, html)

    # === Way to pay === #

    def test_payment_url_is_the_page_of_the_letter(self):
        self._create_overdue(12)
        letter = self._write_letter()
        url = f"{self.company.get_base_url()}/collections/letter/{letter.id}?token="
        self.assertTrue(letter._get_payment_url().startswith(url))
        for print_mode in (False, True):
            html = letter.with_context(crm_collection_print=print_mode).titles_html
            self.assertIn(letter._get_payment_url(), html)
            self.assertIn("05/15/2026", html, "The last day the link works.")
            self.assertIn(f"{self.company.get_base_url()}/my/collections", html)

    def test_paying_online_is_offered_where_it_is_possible(self):
        """Without a payment provider the page shows the documents, and takes no money.

        Seen to fail with the words for paying wherever there is an invoice.
        """
        self._create_overdue(12)
        letter = self._write_letter()
        providers = self.env["payment.provider"].sudo()
        providers.search([]).state = "disabled"
        for state, words in (("disabled", "View the documents online"), ("test", "View and pay")):
            provider = providers.search([("company_id", "=", self.company.id)], limit=1)
            provider = provider or providers.create(
                {"name": "Pay", "company_id": self.company.id, "is_published": True}
            )
            provider.write({"state": state, "is_published": True})
            letter.invalidate_recordset()
            for print_mode in (False, True):
                html = letter.with_context(crm_collection_print=print_mode).titles_html
                self.assertIn(words, html)

    def test_links_work_for_as_many_days_as_the_company_says(self):
        self.company.collection_link_days = 10
        self._create_overdue(12)
        self.assertIn("03/26/2026", self._write_letter().titles_html)

    def test_open_items_never_carry_the_key_of_their_invoice(self):
        """It does not expire; and P1: making one would write on the invoice."""
        shared, plain = self._create_overdue(12), self._create_overdue(12)
        shared._portal_ensure_token()
        before = self._accounting_checksum()
        letter = self._write_letter()
        self.assertNotIn(shared.access_token, letter.titles_html)
        self.assertNotIn("/my/invoices", letter.titles_html)
        self.assertEqual(
            {open_item["url"] for open_item in letter._get_open_items()}, {letter._get_online_url()}
        )
        self.assertEqual(self._accounting_checksum(), before)
        self.assertFalse(plain.access_token)

    def test_bank_account_of_the_invoices(self):
        bank = self.env["res.partner.bank"].create(
            {
                "acc_number": "DE89 3704 0044 0532 0130 00",
                "partner_id": self.company.partner_id.id,
                "allow_out_payment": True,
            }
        )
        self._create_overdue(12, partner_bank_id=bank.id)
        self.assertIn("DE89 3704 0044 0532 0130 00", self._write_letter().titles_html)

    # === Law === #

    def test_brazilian_consumer_reads_who_the_creditor_is(self):
        consumer = self._make_brazilian()
        self._create_overdue(12, partner=consumer)
        letter = self._write_letter(consumer)
        self.assertTrue(letter._is_consumer_br())
        for print_mode in (False, True):
            html = letter.with_context(crm_collection_print=print_mode).titles_html
            for text in ("42-A", "Aurora Ltda.", "CNPJ", "11.222.333/0001-81", "Palmeiras, 1450"):
                self.assertIn(text, html)

    def test_companies_are_no_consumers(self):
        company = self._make_brazilian(is_company=True)
        self._create_overdue(12, partner=company)
        letter = self._write_letter(company)
        self.assertFalse(letter._is_consumer_br())
        self.assertNotIn("42-A", letter.titles_html)
        self.assertIn("11.222.333/0001-81", letter.titles_html, "Everybody reads who asks.")

    def test_fine_of_a_consumer_is_two_percent_at_most(self):
        consumer = self._make_brazilian()
        self.company.collection_fine_percent = 10
        self._create_overdue(12, partner=consumer, amount=200)
        letter = self._write_letter(consumer)
        self.assertEqual(letter.line_ids.amount_fine, 4)
        self.assertEqual(letter._get_open_items()[0]["fine"], 4)
        self.assertIn("4,00", letter.titles_html)

    def test_limit_of_the_fine_and_words_of_the_law_go_together(self):
        """The country is the customer's, and where he has none the company's.

        Seen to fail with the limit for persons of a company in Brazil alone.
        """
        self.company.collection_fine_percent = 10
        portugal, nowhere = self.env.ref("base.pt"), self.env["res.country"]
        cases = (
            (self.brazil, self.brazil, True),
            (self.brazil, portugal, False),
            (self.brazil, nowhere, True),
            (portugal, self.brazil, True),
            (portugal, nowhere, False),
        )
        for company_country, country, is_consumer in cases:
            with self.subTest(company=company_country.code, customer=country.code):
                self.company.sudo().account_fiscal_country_id = company_country
                partner = self._create_customer("Person", is_company=False, country_id=country.id)
                self._create_overdue(12, partner=partner, amount=200)
                letter = self._write_letter(partner)
                self.assertEqual(letter._is_consumer_br(), is_consumer)
                self.assertEqual(letter.line_ids.amount_fine, 4 if is_consumer else 20)

    def test_fine_and_interest_are_in_the_amount_to_pay(self):
        self.company.collection_fine_percent = 5
        self.company.collection_interest_percent = 3
        self._create_overdue(10, amount=200)
        group = self._write_letter()._get_groups()[0]
        self.assertEqual((group["fine"], group["interest"], group["to_pay"]), (10, 2, 212))
        self.assertEqual(group["net"], 200, "What is owed in accounting has no fine.")

    def test_deadline_is_never_on_a_weekend(self):
        self._create_overdue(12)
        letter = self._write_letter()
        for number in range(7):
            letter.date = TODAY + timedelta(days=number)
            deadline = letter._get_deadline()
            self.assertLess(deadline.weekday(), 5)
            self.assertGreaterEqual((deadline - letter.date).days, 10)

    # === Text === #

    def test_every_template_in_both_languages(self):
        brazilian = self._create_customer("Editora", lang="pt_BR")
        self._create_overdue(12, amount=1234.5)
        self._create_overdue(12, amount=1234.5, partner=brazilian)
        english, portuguese = self._write_letter(), self._letters(brazilian).sudo()
        for name in TEMPLATES:
            template = self.env.ref(f"crm_collection.mail_template_{name}")
            (english | portuguese).template_id = template
            with self.subTest(template=name):
                if name != "legal":  # it announces a measure, and asks for no sum
                    self.assertIn("1,234.50", self._render(english, "subject"))
                    self.assertIn("1.234,50", self._render(portuguese, "subject"))
                for letter in (english, portuguese):
                    body = self._render(letter)
                    self.assertIn(letter.line_ids.name.split()[0], body)
                    self.assertIn(letter.partner_id.name, body)
                    self.assertIn(self.company.name, body)
                    self.assertNotIn("t-out", body)

    def test_terms_of_the_templates_are_translated(self):
        """Needs the translation of the module: not one paragraph is left in English."""
        for name in TEMPLATES:
            template = self.env.ref(f"crm_collection.mail_template_{name}")
            english = template.with_context(lang="en_US")
            portuguese = template.with_context(lang="pt_BR")
            for field in ("subject", "body_html"):
                with self.subTest(template=name, field=field):
                    self.assertNotEqual(english[field], portuguese[field])

    def test_language_that_is_not_installed_falls_back(self):
        self._create_overdue(12)
        letter = self._write_letter()
        letter.lang = "xx_XX"
        self.assertEqual(letter._get_lang(), "en_US")
        self.assertIn("Amount to pay", letter.titles_html)

    def test_money_is_read_again_when_it_changes(self):
        move = self._create_overdue(12, amount=100)
        letter = self._write_letter()
        self.assertIn("100.00", letter.titles_html)
        self._pay(move, 25)
        letter._refresh_money(self.company, TODAY)
        self.assertIn("75.00", letter.totals_label)
        self.assertIn("75.00", letter.titles_html)

    def test_system_user_never_signs(self):
        self._create_overdue(12)
        letter = self._write_letter()
        letter.user_id = self.env.ref("base.user_root")
        self.assertNotIn(letter.user_id.name, letter.signature_html)
        letter.user_id = self.collector
        self.assertIn(self.collector.name, letter.signature_html)

    # === Templates in the hands of people === #

    def test_manager_edits_a_template(self):
        template = self.env.ref("crm_collection.mail_template_firm").with_user(self.manager)
        template.body_html = (
            "<p>Dear <t t-out='object.partner_id.name'/></p><t t-out='object.titles_html'/>"
        )
        self._create_overdue(12)
        letter = self._write_letter()
        letter.template_id = template
        self.assertIn("Amount to pay", self._render(letter))

    def test_the_letters_of_the_module_need_no_special_right(self):
        """Whoever is no template editor may still change a letter that uses what letters offer,
        and nothing else."""
        mixin = self.env["mail.template"].with_user(self.manager)
        for name in TEMPLATES:
            body = self.env.ref(f"crm_collection.mail_template_{name}").body_html
            self.assertFalse(
                mixin._has_unsafe_expression_template_qweb(body, "crm.collection.letter")
            )
        unsafe = "<t t-out='object.company_id.sudo().name'/>"
        self.assertTrue(mixin._has_unsafe_expression_template_qweb(unsafe, "crm.collection.letter"))

    def test_collector_cannot_edit_templates(self):
        template = self.env.ref("crm_collection.mail_template_firm").with_user(self.collector)
        with self.assertRaises(AccessError):
            template.body_html = "<p>Pay!</p>"

    def test_template_preview(self):
        self._create_overdue(12)
        letter = self._write_letter()
        template = self.env.ref("crm_collection.mail_template_firm")
        preview = Form(
            self.env["mail.template.preview"].with_context(default_mail_template_id=template.id)
        )
        preview.resource_ref = f"crm.collection.letter,{letter.id}"
        self.assertIn("Amount to pay", str(preview.body_html))
