import io
import json
from datetime import datetime

import openpyxl
from freezegun import freeze_time
from pypdf import PdfReader

from odoo import http
from odoo.tests import HttpCase, tagged

from ..common_cockpit import CockpitCase
from ..common_figures import CrmCollectionFiguresCommon

AGING_DAY = "crm_collection_aging_date"
MATCHING = "crm_collection_aging_matching"
# {currency: (owed in it, owed in the company's money)}, worked out on paper
OWED = {
    "USD": {"EUR": (350.0, 437.5), "USD": (1200.0, 1200.0)},
    "BRL": {"BRL": (2845.67, 2845.67)},
}
SETTLED = {"USD": 1012.5, "BRL": 300.0}


@tagged("post_install", "-at_install")
class TestBesideEachOther(HttpCase, CockpitCase, CrmCollectionFiguresCommon):
    """Two companies, one with books in dollars and customers in two currencies, one in reais: what
    each owes, and what each had settled, is the same figure wherever it is asked, on screen, as a
    file and on paper.

    In dollars: C of 700 and D of 900. A payment of 400 of 16 January is matched with C, and on the
    25th with D instead. 300 are paid with a credit note of 40, 255 in money and 5 written off; of
    600 euros booked at 1.25, 250 are paid at 1.11, and 34.72 are the difference. In reais: 2,345.67
    and 800, of which 300 are paid.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.real = cls.env.ref("base.BRL")
        cls.real.active = True
        cls.second = cls.setup_other_company(name="Casa Horizonte", currency_id=cls.real.id)[
            "company"
        ]
        cls.companies = cls.company | cls.second
        cls.second.sudo().write({"collection_tz": "UTC", "email": "casa@creditor.example"})
        cls.env.user.sudo().company_ids |= cls.companies
        cls.collector.sudo().company_ids |= cls.second
        cls.collector.sudo().group_ids += cls.env.ref("base.group_allow_export")
        rates = [("2016-01-01", 0.8), ("2026-01-20", 0.9)]
        cls.euro = cls.setup_other_currency("EUR", rates=rates)
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": cls.companies.ids},
        )

    def setUp(self):
        super().setUp()
        self._on("2026-01-14")
        self.wrong = self._invoice("2026-01-02", "2026-01-10", 700)
        self.right = self._invoice("2026-01-02", "2026-01-12", 900)
        self.mixed = self._invoice("2026-01-02", "2026-01-09", 300)
        self.foreign_move = self._invoice("2026-01-03", "2026-01-11", 600, currency_id=self.euro.id)
        brazilian = {"company_id": self.second.id, "currency_id": self.real.id}
        self.casa = self._create_customer("Padaria")
        self._invoice("2026-01-03", "2026-01-10", 2345.67, partner=self.casa, **brazilian)
        part = self._invoice("2026-01-03", "2026-01-12", 800, partner=self.casa, **brazilian)
        self._allocate()
        self._on("2026-01-16")
        self._pay_on(self.wrong, "2026-01-16", 400)
        note = self._create_credit(40, invoice_date="2026-01-16", company_id=self.company.id)
        self._receivables(self.mixed | note).reconcile()
        self._on("2026-01-20")
        self._pay_on(self.foreign_move, "2026-01-20", 250)
        self._allocate()
        self._on("2026-01-23")
        self._pay_with_loss(self.mixed, "2026-01-23", 255)
        self._pay_on(part, "2026-01-23", 300)
        self._on("2026-01-25")
        line = self._receivables(self.wrong)
        payment = line.matched_credit_ids.credit_move_id
        line.remove_move_reconcile()
        (payment | self._receivables(self.right)).reconcile()
        self._on("2026-01-29")
        self._allocate()
        self.env.flush_all()

    def _on(self, day):
        frozen = freeze_time(f"{day} 09:00:00")
        frozen.start()
        self.addCleanup(frozen.stop)
        self.addCleanup(setattr, self.env.cr, "_now", None)
        self.env.cr._now = datetime.now()

    def _pay_with_loss(self, move, day, amount):
        register = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        )
        register.create(
            {
                "payment_date": day,
                "amount": amount,
                "payment_difference_handling": "reconcile",
                "writeoff_account_id": self.company_data["default_account_expense"].id,
            }
        )._create_payments()

    # === Asking === #

    def _as_collector(self, model, **context):
        context["allowed_company_ids"] = self.companies.ids
        self.env.invalidate_all()
        return self.env[model].with_user(self.collector).with_context(**context)

    def _add_up(self, model, names, domain=(), **context):
        """:return: {company's currency: the sum of the columns}, as the list has it by company"""
        groups = self._as_collector(model, **context)._read_group(
            list(domain), ["company_id"], [f"{name}:sum" for name in names]
        )
        return {company.currency_id.name: round(sum(sums), 2) for company, *sums in groups}

    def _export(self, model, names, domain=(), groupby=(), **context):
        """:return: the rows of the file that the web client is given"""
        described = self.env[model].fields_get(names, ["string", "type"])
        data = {
            "model": model,
            "fields": [
                {"name": name, "label": described[name]["string"], "type": described[name]["type"]}
                for name in names
            ],
            "ids": False,
            "domain": list(domain),
            "groupby": list(groupby),
            "import_compat": False,
            "context": {"allowed_company_ids": self.companies.ids, **context},
        }
        self._end_transaction()
        self.authenticate("collector", "collector")
        response = self.url_open(
            "/web/export/xlsx",
            data={
                "data": json.dumps(data, default=str),  # dates in domains
                "csrf_token": http.Request.csrf_token(self),
            },
        )
        response.raise_for_status()
        sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
        return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]

    def _add_up_file(self, model, names, domain=(), **context):
        """:return: the same of the file, by the currency of the group's company"""
        rows = self._export(model, ["name", *names], domain, ["company_id"], **context)
        sums, parts = {}, {}
        for name, *amounts in rows:
            total = round(sum(float(amount or 0) for amount in amounts), 2)
            owner = next((c for c in self.companies if str(name).startswith(c.name)), None)
            if owner:
                code = owner.currency_id.name
                sums[code], parts[code] = total, 0.0
            else:
                parts[code] = round(parts[code] + total, 2)
        self.assertEqual(sums, parts, "a group is not what its lines add up to")
        return sums

    def _print(self, wizard, report):
        wizard = wizard.with_context(force_report_rendering=True)
        content, _kind = wizard.env["ir.actions.report"]._render_qweb_pdf(report, wizard.ids)
        text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
        return " ".join(text.replace("\xa0", " ").split())

    # === What was settled === #

    def test_settled(self):
        """Settled collections, phase history, what works and cockpit."""
        columns = {
            "settled": ["amount"],
            "history": ["amount_settled"],
            "results": ["amount_recovered", "amount_other"],
        }
        for report, names in columns.items():
            wizard = self._as_collector("crm.collection.report.wizard").create(
                {"report": report, "date_from": "2026-01-01", "date_to": "2026-01-31"}
            )
            action = wizard.action_open_list()
            asked = (action["res_model"], names, action["domain"])
            printed = self._print(wizard, wizard.action_print()["report_name"])
            with self.subTest(report):
                self.assertEqual(self._add_up(*asked, **action["context"]), SETTLED)
                self.assertEqual(self._add_up_file(*asked, **action["context"]), SETTLED)
                self.assertIn("1,012.50", printed)
                self.assertIn("300.00", printed)
        found = {}
        for company in self.companies:
            cards = self._get_cockpit(companies=company, period="month")["cards"]
            found[company.currency_id.name] = round(cards["settled"]["amount"], 2)
        self.assertEqual(found, SETTLED)

    # === What is owed === #

    def test_owed(self):
        """Portfolio, aging, indicators, cockpit and accounting, by currency of the items."""
        total = {
            code: round(sum(own for _owed, own in by_currency.values()), 2)
            for code, by_currency in OWED.items()
        }
        self.assertEqual(
            self._group_by_currency(
                "crm.collection.item", "amount_residual", ("state", "=", "open")
            ),
            OWED,
        )
        self.assertEqual(self._group_by_currency("crm.collection.aging", "amount"), OWED)
        self.assertEqual(self._add_up_file("crm.collection.aging", ["amount"]), total)
        now = [("date", "=", "2026-01-29")]
        for name in ("receivables", "overdue"):
            rows = self._as_collector("crm.collection.indicator").search(now)
            found = {row.company_id.currency_id.name: round(row[name], 2) for row in rows}
            self.assertEqual(found, total)
        for company in self.companies:
            cards = self._get_cockpit(companies=company)["cards"]
            code = company.currency_id.name
            self.assertEqual(round(cards["overdue"]["now"]["amount"], 2), total[code])
            receivable = [
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("company_id", "=", company.id),
            ]
            [[balance]] = self.env["account.move.line"]._read_group(receivable, [], ["balance:sum"])
            self.assertEqual(round(balance, 2), total[code])
        wizard = self._as_collector("crm.collection.aging.open").create({"at": "today"})
        printed = self._print(wizard, "crm_collection.action_report_aging")
        for amount in ("1,637.50", "EUR 350.00 437.50", "USD 1,200.00 1,200.00", "2,845.67"):
            self.assertIn(amount, printed)

    def _group_by_currency(self, model, measure, *domain):
        in_currency = f"{measure}_currency:sum"
        groups = self._as_collector(model)._read_group(
            list(domain), ["company_id", "currency_id"], [in_currency, f"{measure}:sum"]
        )
        found = {}
        for company, currency, owed, own in groups:
            by_currency = found.setdefault(company.currency_id.name, {})
            by_currency[currency.name] = (round(owed, 2), round(own, 2))
        return found

    # === The day before a match was corrected === #

    def test_the_day_before_the_correction(self):
        """As matched now the payment pays D, as known then C; the sum is the same, and that of
        the receivable accounts."""
        context = {AGING_DAY: "2026-01-24"}
        for matching, name, owed in (
            ("now", "matched now", {self.wrong.name: 700.0, self.right.name: 500.0}),
            ("then", "known then", {self.wrong.name: 300.0, self.right.name: 900.0}),
        ):
            owed[self.foreign_move.name] = 437.5
            domain = [("company_id", "=", self.company.id)]
            context[MATCHING] = matching
            with self.subTest(matching):
                rows = self._as_collector("crm.collection.aging", **context).search(domain)
                self.assertEqual({row.name: row.amount for row in rows}, owed)
                columns = ["name", "amount"]
                file = self._export("crm.collection.aging", columns, domain, **context)
                self.assertEqual(dict(file), owed)
                [total] = self._add_up(
                    "crm.collection.aging", ["amount"], domain, **context
                ).values()
                self.assertEqual(total, 1637.5)
                wizard = self._as_collector("crm.collection.aging.open").create(
                    {"at": "date", "date": "2026-01-24", "matching": matching}
                )
                printed = self._print(wizard, "crm_collection.action_report_aging")
                self.assertIn(
                    f"Aging on 01/24/2026, as {name}",
                    printed,
                )
                self.assertIn("1,637.50", printed)
        before = [
            ("account_type", "=", "asset_receivable"),
            ("parent_state", "=", "posted"),
            ("company_id", "=", self.company.id),
            ("date", "<=", "2026-01-24"),
        ]
        [[balance]] = self.env["account.move.line"]._read_group(before, [], ["balance:sum"])
        self.assertEqual(round(balance, 2), 1637.5)

    def test_the_total_comes_before_its_parts(self):
        """On a screen of 1440 pixels the columns to the right are beyond it.

        Seen to fail with the total behind its parts.
        """
        arch = self._as_collector("crm.collection.aging").get_view(view_type="list")["arch"]
        places = [arch.index(f'name="{name}"') for name in ("amount", "amount_0", "amount_5")]
        self.assertEqual(places, sorted(places))
