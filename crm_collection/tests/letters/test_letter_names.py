import io
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from pypdf import PdfReader

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import SQL

from ...models.portfolio.queries import document_name
from ...tools.text import format_brazilian_id, get_file_name
from ..common import TODAY
from ..common_letters import CrmCollectionLettersCommon

STATEMENT = "crm_collection.action_report_statement"
LETTER = "crm_collection.action_report_letter"
MIGRATION = Path(__file__).parents[2] / "migrations/19.0.2.2.0/post-item-names.py"
CPF, CNPJ = "12345678909", "12ABC34501DE35"


@tagged("post_install", "-at_install")
class TestNames(CrmCollectionLettersCommon):
    """What an item is called before its customer: in mail, PDF, statement and lists.

    Seen to fail with the entry's number and day in the place of its label.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("pt_BR")
        cls.env["ir.module.module"].sudo()._load_module_terms(["crm_collection"], ["pt_BR"])

    def _create_opening(self, label, days=12, **vals):
        """An opening balance, entered after it was due."""
        move = self._create_entry(days, name=label, no_followup=False)
        if vals:
            move.write(vals)
        return move

    def _print(self, report, records):
        report_model = self.env["ir.actions.report"].with_context(force_report_rendering=True)
        content, _kind = report_model._render_qweb_pdf(report, records.ids)
        return " ".join(
            page.extract_text().replace("\n", " ") for page in PdfReader(io.BytesIO(content)).pages
        )

    def _write_letter(self):
        self._allocate()
        return self.env["crm.collection.letter"].sudo()._create_due(self.company, TODAY)

    def test_opening_balance_has_its_own_label(self):
        """A label that ends like an installment is none; the entry's own number is not said."""
        move = self._create_opening("Invoice 4711 of 11/2025")
        letter = self._write_letter()
        [open_item] = letter._get_open_items()
        self.assertEqual(open_item["number"], "Invoice 4711 of 11/2025")
        self.assertEqual((open_item["installment"], open_item["date_issued"]), ("", False))
        self.assertEqual(self._items(move).name, "Invoice 4711 of 11/2025")
        mail = letter.titles_html
        letter_pdf = self._print(LETTER, letter)
        statement = self._print(STATEMENT, self.customer)
        for text in (mail, letter_pdf, statement):
            self.assertIn("Invoice 4711", text)
            self.assertNotIn(move.name, text)
        self.assertNotIn("issued on", mail)

    def test_open_items_from_before_are_renamed(self):
        """GIVEN items of entries with the number of the entry for their name, and an invoice's
        WHEN the module is updated
        THEN open ones of entries have the label; what is settled and what is an invoice's keeps
        its name, and another update writes nothing.

        Seen to fail with all items renamed.
        """
        opened, settled = self._create_opening("Balance 17"), self._create_opening("Balance 18")
        moves = opened | settled | self._create_overdue(12, ref="Their order")
        self._allocate()
        names = {move: f"MISC/{move.id}" for move in moves}
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_collection_item SET name = 'MISC/' || move_id WHERE move_id = ANY(%s)",
            [moves.ids],
        )
        self.env.invalidate_all()
        (self._receivables(settled) | self._receivables(self._create_credit(100.0))).reconcile()
        self.assertEqual(self._items(settled).state, "settled")
        spec = spec_from_file_location("post_item_names", MIGRATION)
        script = module_from_spec(spec)
        spec.loader.exec_module(script)
        counts = []
        for _number in range(2):
            self.env.flush_all()
            script.migrate(self.env.cr, "19.0.2.1.0")
            counts.append(self.env.cr.rowcount)
            self.env.invalidate_all()
        names[opened] = "Balance 17"
        self.assertEqual({move: self._items(move).name for move in moves}, names)
        self.assertEqual(counts, [1, 0])

    def test_no_day_of_issue_after_the_due_date(self):
        move = self._create_overdue(12, invoice_date=TODAY)
        [open_item] = self._write_letter()._get_open_items()
        self.assertEqual((open_item["number"], open_item["date_issued"]), (move.name, False))
        [shown] = self.env["crm.collection.statement"]._get_open_items(self._receivables(move))
        self.assertFalse(shown["date_issued"])

    def test_credits_are_named_alike(self):
        """A payment by what it was for, a credit note by its number, an entry by its label."""
        self._create_overdue(12, amount=1000)
        note = self._create_credit(10)
        payment = self.env["account.payment"].create(
            {"partner_id": self.customer.id, "amount": 20, "memo": "PIX 88-1", "date": TODAY}
        )
        payment.action_post()
        letter = self._write_letter()
        names = [line._get_collection_name() for line in letter._get_credits()]
        self.assertCountEqual(names, [note.name, "PIX 88-1"])
        pdf = self._print(STATEMENT, self.customer)
        for text in (letter.titles_html, pdf):
            self.assertIn("PIX 88-1", text)
            self.assertNotIn(payment.move_id.name, text)

    def test_sql_and_records_say_the_same(self):
        """Property: whatever label, reference and kind an entry has."""
        for number, (label, ref) in enumerate(
            (label, ref)
            for label in ("Label", "  two\n lines ", " ", False)
            for ref in ("Ref 1/2", "  ", False)
        ):
            self._create_opening(label, days=number + 1, ref=ref)
            self._create_overdue(number + 1, ref=ref)
            payment = self.env["account.payment"].create(
                {"partner_id": self.customer.id, "amount": 20, "memo": ref, "date": TODAY}
            )
            payment.action_post()
        lines = self.env["account.move.line"].search(
            [("partner_id", "=", self.customer.id), ("account_type", "=", "asset_receivable")]
        )
        self.assertEqual(len(lines), 36)
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """SELECT line.id, %s FROM account_move_line line
                     JOIN account_move move ON move.id = line.move_id WHERE line.id = ANY(%s)""",
                document_name(),
                lines.ids,
            )
        )
        self.assertEqual(dict(rows), {line.id: line._get_collection_name() for line in lines})

    # === Tax numbers === #

    def test_tax_numbers_of_brazilians_as_they_read_them(self):
        self.assertEqual(format_brazilian_id(CPF), ("CPF", "123.456.789-09"))
        self.assertEqual(format_brazilian_id("BR 12.345.678/0001-95")[1], "12.345.678/0001-95")
        self.assertEqual(format_brazilian_id(CNPJ.lower()), ("CNPJ", "12.ABC.345/01DE-35"))
        self.assertEqual(format_brazilian_id("1234567890A"), ("", "1234567890A"))

    def test_debtors_tax_number_in_letter_and_statement(self):
        brazil = self.env.ref("base.br")
        customers = [
            self._create_customer("Silva", country_id=brazil.id, vat=CPF, is_company=False),
            self._create_customer("Editora", country_id=brazil.id, vat="11222333000181"),
            self._create_customer("Fremd", country_id=self.env.ref("base.us").id, vat=CPF),
        ]
        expected = ("CPF 123.456.789-09", "CNPJ 11.222.333/0001-81", f"Your tax ID {CPF}")
        for customer in customers:
            self._create_overdue(12, partner=customer)
        letters = self._write_letter()
        for customer, text in zip(customers, expected, strict=True):
            letter = letters.filtered(lambda each, customer=customer: each.partner_id == customer)
            self.assertIn(text, self._print(LETTER, letter))
            self.assertIn(text, self._print(STATEMENT, customer))

    # === Files, levels === #

    def test_files_are_named_with_the_readers_dates(self):
        self.assertEqual(get_file_name("a/b 31/12/2026?"), "a b 31-12-2026")
        self.customer.lang = "pt_BR"
        self._create_overdue(12)
        self.assertIn("16-03-2026", self._write_letter()._get_pdf_name())
        self.assertIn("16-03-2026", self.customer._get_collection_statement_name())
        vals = {"date_from": "2026-01-02", "date_to": "2026-03-04"}
        for model in ("crm.collection.report.wizard", "crm.collection.approval.report"):
            for lang, day in (("en_US", "01-02-2026"), ("pt_BR", "02-01-2026")):
                wizard = self.env[model].with_context(lang=lang).create(vals)
                self.assertIn(day, wizard._get_file_name(), model)

    def test_levels_say_their_amount_with_the_currency(self):
        level = {"group_id": self.env.ref("crm_collection.group_crm_collection_approver").id}
        rule = self.env["crm.collection.approval.rule"].create(
            {
                "name": "Rule",
                "level_ids": [
                    Command.create(level),
                    Command.create({**level, "sequence": 20, "amount_min": 1234.5}),
                ],
            }
        )
        symbol = self.company.currency_id.symbol
        self.assertIn(f"{symbol}\N{NO-BREAK SPACE}1,234.50", rule.level_text)
        self.company.partner_id.lang = "pt_BR"
        rule.level_ids[1].amount_min = 2345.5
        self.assertIn("2.345,50", rule.level_text)
