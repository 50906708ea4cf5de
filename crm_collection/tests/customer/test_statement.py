import io
from datetime import timedelta

from pypdf import PdfReader

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import SQL

from ...models.customer import statement_queries
from ..common import TODAY
from ..common_letters import CrmCollectionLettersCommon

REPORT = "crm_collection.action_report_statement"


@tagged("post_install", "-at_install")
class TestStatement(CrmCollectionLettersCommon):
    """The customer's statement: figures, who may read it, the PDF, and the mail.

    Seen to fail: with `amount_residual` for `amount_residual_currency`, with `bisect_right` for
    the buckets, with the recipients' check left out.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("pt_BR")
        cls.env["ir.module.module"].sudo()._load_module_terms(["crm_collection"], ["pt_BR"])
        cls.auditor = new_test_user(
            cls.env(su=True),
            "statement_auditor",
            groups="account.group_account_readonly",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def _statements(self, partner=None, user=None):
        partner = (partner or self.customer).with_user(user or self.collector)
        return partner.with_company(self.company)._get_collection_statements()

    def _print(self, partner=None, user=None):
        """:return: the text of the PDF"""
        report = self.env["ir.actions.report"].with_user(user or self.collector)
        report = report.with_context(force_report_rendering=True)
        content, kind = report._render_qweb_pdf(REPORT, (partner or self.customer).ids)
        self.assertEqual(kind, "pdf")
        pages = PdfReader(io.BytesIO(content)).pages
        return "\n".join(page.extract_text() for page in pages)

    # === Figures === #

    def test_figures_by_currency_agree_with_accounting(self):
        partly = self._create_overdue(40, amount=100)
        self._pay(partly, 25)
        self._create_overdue(-10, amount=50)
        self._create_credit(30)
        self._create_invoice_in(self.foreign, 5, 80)
        self._create_overdue(40, amount=999, partner=self._create_customer("Other"))
        (statement,) = self._statements()
        self.assertEqual(
            [
                [group["currency"]]
                + [group[key] for key in ("residual", "overdue", "credit", "balance")]
                for group in statement["groups"]
            ],
            [
                [self.company.currency_id, 125.0, 75.0, 30.0, 95.0],
                [self.foreign, 80.0, 80.0, 0.0, 80.0],
            ],
        )
        for group in statement["groups"]:
            lines = self.env["account.move.line"].search(
                [
                    ("partner_id", "=", self.customer.id),
                    ("account_type", "=", "asset_receivable"),
                    ("parent_state", "=", "posted"),
                    ("currency_id", "=", group["currency"].id),
                ]
            )
            self.assertEqual(sum(lines.mapped("amount_residual_currency")), group["balance"])

    def test_ages_at_their_boundaries(self):
        for days in (-1, 0, 1, 30, 31, 60, 61, 90, 91, 120, 121, 400):
            self._create_overdue(days, amount=10 ** (1 if days < 1 else 0) * max(days, 1))
        buckets = self._statements()[0]["groups"][0]["buckets"]
        self.assertEqual(
            buckets,
            [
                ("Not due yet", 20.0),
                ("1 to 30 days", 31.0),
                ("31 to 60 days", 91.0),
                ("61 to 90 days", 151.0),
                ("91 to 120 days", 211.0),
                ("Over 120 days", 521.0),
            ],
        )

    def test_installments_are_called_as_in_collection(self):
        """An installment whose label somebody wrote is called so nowhere or everywhere.

        Seen to fail with the installments counted again.
        """
        move = self._create_overdue(40, terms=(0, 30), amount=100)
        self._receivables(move).sorted("date_maturity")[1].name = "The rest"
        self._allocate()
        (statement,) = self._statements()
        names = [
            " ".join(filter(None, (open_item["number"], open_item["installment"])))
            for open_item in statement["groups"][0]["open_items"]
        ]
        self.assertEqual(names, self._items(move).sorted("date_maturity").mapped("name"))

    def test_contacts_installments_and_archived_customers(self):
        contact = self._contact(self.customer, "invoice", "branch@customer.example")
        move = self._create_overdue(5, partner=contact, terms=(0, 30), amount=200)
        self.customer.with_context(active_test=False).child_ids.action_archive()
        self.customer.action_archive()
        for partner in (self.customer, contact):
            (statement,) = self._statements(partner)
            self.assertEqual(statement["partner"], self.customer)
            open_items = statement["groups"][0]["open_items"]
            self.assertEqual([open_item["installment"] for open_item in open_items], ["1/2", "2/2"])
            self.assertEqual({open_item["move"] for open_item in open_items}, {move})

    def test_letters_of_the_last_year_that_reached_the_customer(self):
        self._create_overdue(12)
        self._allocate()
        self._send_letters()
        letter = self._letters()
        self.assertFalse(self._statements()[0]["letters"], "It waits in the queue.")
        self._deliver()
        self.assertEqual(self._statements()[0]["letters"], letter)
        self._move_on(400)
        self.assertFalse(self._statements()[0]["letters"])

    # === Companies and rights === #

    def test_one_statement_for_each_company_the_user_may_see(self):
        second = self.setup_other_company(name="Segunda Ltda")
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "company_id": second["company"].id,
                "journal_id": second["default_journal_sale"].id,
                "invoice_date": TODAY - timedelta(days=10),
                "invoice_date_due": TODAY - timedelta(days=10),
                "invoice_line_ids": [
                    Command.create({"name": "Service", "price_unit": 42.42, "tax_ids": []})
                ],
            }
        )
        move.action_post()
        self._create_overdue(5)
        self.assertEqual([statement["company"] for statement in self._statements()], [self.company])
        self.assertNotIn("42.42", self._print())
        both = self._create_user("both", "user")
        both.company_ids |= second["company"]
        companies = self.company | second["company"]
        partner = self.customer.with_user(both).with_context(allowed_company_ids=companies.ids)
        statements = partner._get_collection_statements()
        self.assertEqual([statement["company"] for statement in statements], list(companies))

    def test_who_may_read_it(self):
        self._create_overdue(5)
        for user in (self.collector, self.approver, self.manager, self.auditor):
            self.assertTrue(self._statements(user=user)[0]["groups"], user.login)
        with self.assertRaises(AccessError):
            self._statements(user=self.outsider)
        with self.assertRaises(AccessError):
            self._print(user=self.outsider)

    # === PDF === #

    def test_pdf_in_the_language_of_the_customer(self):
        move = self._create_overdue(12, amount=1234.5)
        credit = self._create_credit(34.5)
        text = self._print()
        for part in (move.name, credit.name, "1,234.50", "1,200.00", "Statement of account"):
            self.assertIn(part, text)
        for part in (self.company.name, self.customer.name, "Balance to pay", "Page 1 of 1"):
            self.assertIn(part, text)
        self.customer.lang = "pt_BR"
        text = self._print()
        for part in ("1.234,50", "Extrato de conta em 16/03/2026", "Saldo a pagar"):
            self.assertIn(part, text)

    def test_nothing_owed_is_said_friendly(self):
        text = self._print()
        self.assertIn("you owe us nothing", " ".join(text.split()))
        self.assertNotIn("How to pay", text)

    def test_many_open_items_make_several_pages(self):
        for _index in range(60):
            self._create_overdue(5)
        self.assertIn("Page 2 of", self._print())

    def test_names_of_files_and_several_customers(self):
        self.customer.name = 'Adler / Söhne: "Nord"'
        name = self.customer._get_collection_statement_name()
        self.assertEqual(name, "Statement of account Adler Söhne Nord 03-16-2026")
        other = self._create_customer("Other")
        self._create_overdue(5, partner=other, amount=77)
        text = self._print(self.customer | other)
        self.assertIn("77.00", text)
        self.assertIn("you owe us nothing", " ".join(text.split()))

    # === Mail === #

    def _open_wizard(self, user=None, partner=None):
        action = (
            (partner or self.customer)
            .with_user(user or self.collector)
            .action_send_collection_statement()
        )
        Wizard = self.env["crm.collection.statement.send"].with_user(user or self.collector)
        return Form(Wizard.with_company(self.company).with_context(**action["context"]))

    def test_mail_goes_to_the_collection_contact_with_the_pdf(self):
        self._create_overdue(12, amount=1234.5)
        recipient = self._contact(self.customer, "collection", "ap@customer.example")
        follower = self._create_customer("Follower")
        self.customer.message_subscribe(follower.ids)
        wizard = self._open_wizard()
        self.assertEqual(wizard.recipient_ids[:], recipient)
        self.assertIn(self.company.name, wizard.subject)
        wizard.save().with_context(force_report_rendering=True).action_send()
        message = self.customer.message_ids[0]
        self.assertEqual(message.notified_partner_ids, recipient, "Not who follows the customer.")
        self.assertEqual(message.author_id, self.collector.partner_id)
        self.assertEqual(message.attachment_ids.mimetype, "application/pdf")
        text = PdfReader(io.BytesIO(message.attachment_ids.raw)).pages[0].extract_text()
        self.assertIn("1,234.50", text)
        mail = self.env["mail.mail"].sudo().search([("mail_message_id", "=", message.id)])
        self.assertEqual(mail.recipient_ids, recipient)

    def test_items_that_were_chosen(self):
        """The mail names them and the statement marks them; it lists everything all the same, and
        another customer's are none of it."""
        chosen = self._create_overdue(12, amount=1234.5)
        self._create_overdue(5, amount=77)
        strangers = self._create_overdue(5, partner=self._create_customer("Other"))
        self._allocate()
        items = self._items(chosen | strangers)
        customer = self.customer.with_context(crm_collection_items=items.ids)
        wizard = self._open_wizard(partner=customer).save()
        self.assertIn(chosen.name, wizard.body)
        self.assertIn("1,234.50", wizard.body)
        self.assertNotIn(strangers.name, wizard.body)
        wizard.with_context(force_report_rendering=True).action_send()
        [attachment] = self.customer.message_ids[0].attachment_ids
        text = PdfReader(io.BytesIO(attachment.raw)).pages[0].extract_text()
        self.assertEqual(text.count("please look at this"), 1)
        self.assertIn("77.00", text)

    def test_mail_is_in_the_language_of_the_customer(self):
        self.customer.lang = "pt_BR"
        wizard = self._open_wizard()
        template = self.env.ref("crm_collection.mail_template_statement").sudo()
        expected = template.with_context(lang="pt_BR").subject.split("{{")[0]
        self.assertTrue(wizard.subject.startswith(expected))

    def test_mail_goes_to_nobody_else(self):
        self._create_overdue(12)
        other = self._create_customer("Other")
        wizard = self._open_wizard()
        wizard.recipient_ids.add(other)
        with self.assertRaises(ValidationError):
            wizard.save()

    def test_mail_needs_an_address_and_the_role(self):
        self.customer.email = False
        wizard = self._open_wizard().save()
        with self.assertRaises(UserError):
            wizard.action_send()
        for user in (self.auditor, self.outsider):
            with self.assertRaises(AccessError):
                self._open_wizard(user)

    # === At scale === #

    def _find_nodes(self, plan):
        yield plan
        for part in plan.get("Plans", []):
            yield from self._find_nodes(part)

    def test_items_are_those_of_the_customer(self):
        """What credits pay is reckoned from the customer's own items, and not from all that there
        are: they are chosen before holds and portfolio are looked up for them.

        Seen to fail with the customers named last.
        """
        query = statement_queries.paid_by_credits(self.company, TODAY, self.customer.ids)
        self.env.flush_all()
        # Of a few items it would be as good to read all that is open. Whether the database knows
        # how few there are must not count, and the joins stay as they are written.
        self.env.cr.execute("DROP INDEX account_move_line_collection_open_idx")
        self.env.cr.execute("SET LOCAL join_collapse_limit = 1")
        for way in ("hashjoin", "mergejoin", "seqscan"):
            self.env.cr.execute(f"SET LOCAL enable_{way} = off")
        self.env.cr.execute(SQL("EXPLAIN (FORMAT JSON) %s", query))
        [[[explained]]] = self.env.cr.fetchall()
        lookups = [
            list(self._find_nodes(node))
            for node in self._find_nodes(explained["Plan"])
            if node.get("Join Type") in ("Left", "Right")
        ]
        lookups = [nodes for nodes in lookups if any(one.get("Alias") == "line" for one in nodes)]
        self.assertTrue(lookups)
        for nodes in lookups:
            chosen = [one.get("Index Cond", one.get("Filter", "")) for one in nodes]
            self.assertIn("commercial_partner_id = ANY", " ".join(chosen))
