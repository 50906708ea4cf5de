from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..common import TODAY
from ..common_figures import CrmCollectionFiguresCommon

ISSUED = TODAY - timedelta(days=150)


@tagged("post_install", "-at_install")
class TestAging(CrmCollectionFiguresCommon):
    """What items owed on a day, and in which bucket; one customer with an invoice is enough."""

    def _buckets(self, day=None):
        groups = self._aging(day)._read_group([], ["bucket"], ["amount:sum"])
        return dict(groups)

    # === Buckets === #

    def test_buckets_at_their_limits(self):
        for position, days in enumerate((-1, 0, 1, 30, 31, 60, 61, 90, 91, 120, 121)):
            self._create_overdue(days, amount=2.0**position, invoice_date=ISSUED)
        self.assertEqual(
            self._buckets(),
            {"0": 1 + 2, "1": 4 + 8, "2": 16 + 32, "3": 64 + 128, "4": 256 + 512, "5": 1024},
        )

    def test_the_amount_stands_once_more_in_its_bucket(self):
        self._create_overdue(31, amount=70)
        open_item = self._aging().search([])
        amounts = [open_item[f"amount_{number}"] for number in range(6)]
        self.assertEqual(amounts, [0, 0, 70, 0, 0, 0])
        self.assertEqual((open_item.bucket, open_item.days_overdue), ("2", 31))

    def test_buckets_of_the_company(self):
        self.company.write({"collection_aging_days_1": 10, "collection_aging_days_2": 20})
        self._create_overdue(11)
        Aging = self._aging()
        self.assertEqual(Aging.search([]).bucket, "2")
        labels = Aging.fields_get(["bucket", "amount_0", "amount_2", "amount_5"])
        self.assertIn(("2", "11–20 days"), labels["bucket"]["selection"])
        self.assertEqual(labels["amount_0"]["string"], "Not due")
        self.assertEqual(labels["amount_2"]["string"], "11–20 days")
        self.assertEqual(labels["amount_5"]["string"], "Over 120 days")

    @mute_logger("odoo.sql_db")
    def test_limits_ascend(self):
        for vals in (
            {"collection_aging_days_1": 0},
            {"collection_aging_days_2": 30},
            {"collection_aging_days_3": 130},
        ):
            with self.assertRaises(CheckViolation), self.env.cr.savepoint():
                self.company.write(vals)
                self.company.flush_recordset()

    # === The day === #

    def test_a_open_item_is_owed_from_its_date_to_its_payment(self):
        move = self._invoice("2026-01-10", "2026-02-09", 100)
        self._pay_on(move, "2026-03-05")
        self.assertEqual(self._owed("2026-01-09"), {})
        self.assertEqual(self._owed("2026-01-10"), {move.name: 100})
        self.assertEqual(self._owed("2026-03-04"), {move.name: 100})
        self.assertEqual(self._owed("2026-03-05"), {})

    def test_parts(self):
        move = self._invoice("2026-01-10", "2026-02-09", 100)
        self._pay_on(move, "2026-02-01", 30)
        self._pay_on(move, "2026-02-20", 50)
        for day, owed in (("2026-01-31", 100), ("2026-02-01", 70), ("2026-02-20", 20)):
            self.assertEqual(self._owed(day), {move.name: owed})
        self.assertEqual(self._owed(), {move.name: 20})

    def test_a_credit_note_settles(self):
        move = self._invoice("2026-01-10", "2026-02-09", 100)
        credit = self._create_credit(40, days=10)
        self._receivables(move | credit).reconcile()
        self.assertEqual(self._owed("2026-03-05"), {move.name: 100})
        self.assertEqual(self._owed("2026-03-06"), {move.name: 60})

    def test_a_payment_of_a_day_to_come(self):
        move = self._invoice("2026-01-10", "2026-02-09", 100)
        self._pay_on(move, TODAY + timedelta(days=5))
        self.assertEqual(self._owed(), {move.name: 100})

    def test_days_in_one_transaction_do_not_mix(self):
        move = self._invoice("2026-01-10", "2026-02-09", 100)
        early, late = self._aging("2026-02-10"), self._aging("2026-03-12")
        first, second = early.search([]), late.search([])
        self.assertEqual(first, second)
        self.assertEqual((first.days_overdue, second.days_overdue), (1, 31))
        self.assertEqual((first.bucket, second.bucket), ("1", "2"))
        self.assertEqual(str(first.date_as_of), "2026-02-10")
        self.assertEqual(first.move_id, move)

    def test_a_draft_is_no_open_item(self):
        move = self._invoice("2026-01-10", "2026-02-09", 100)
        move.button_draft()
        self.assertEqual(self._owed("2026-02-01"), {})

    # === Undone === #

    def test_a_returned_payment(self):
        """As matched now it never paid; as known then it did until it came back."""
        move = self._invoice("2026-02-01", "2026-03-01", 100)
        self._allocate()
        self._pay(move)
        self.assertEqual(self._owed(), {})
        self._move_on(10)
        self._receivables(move).remove_move_reconcile()
        for days in (-1, 0, 9, 10):
            self.assertEqual(self._owed(TODAY + timedelta(days=days)), {move.name: 100})
        Aging = self._aging(TODAY).with_context(crm_collection_aging_matching="then")
        self.assertEqual(set(Aging.search([]).mapped("matching")), set())
        self.assertEqual(self._aging(TODAY).search([]).matching, "now")

    def test_a_payment_matched_again_counts_once(self):
        move = self._invoice("2026-02-01", "2026-03-01", 100)
        self._allocate()
        payment = self._pay(move, 60)
        self._move_on(10)
        self._receivables(move).remove_move_reconcile()
        self._move_on(3)
        self._receivables(move | payment.move_id).reconcile()
        self.assertEqual(self._owed(TODAY), {move.name: 40})
        self.assertEqual(self._owed(), {move.name: 40})

    # === Phases === #

    def test_the_phase_of_the_day(self):
        move = self._create_overdue(1)
        self._allocate()
        self._move_on(9)
        self._allocate()
        self._move_on(1)
        none, first, second = self.phase_first.browse(), self.phase_first, self.phase_second
        for days, phase in ((-1, none), (0, first), (8, first), (9, second), (10, second)):
            open_item = self._aging(TODAY + timedelta(days=days)).search(
                [("move_id", "=", move.id)]
            )
            with self.subTest(days=days):
                self.assertEqual(open_item.phase_id, phase)

    def test_the_phase_of_a_open_item_that_is_paid_by_now(self):
        move = self._create_overdue(1)
        self._allocate()
        self._move_on(5)
        self._pay(move)
        Aging = self._aging(TODAY + timedelta(days=4))
        self.assertEqual(
            Aging._read_group([], ["phase_id"], ["amount:sum"]), [(self.phase_first, 100)]
        )

    # === Groups and searches === #

    def test_groups_agree_with_their_lists(self):
        industry = self.env["res.partner.industry"].create({"name": "Mills"})
        mill = self._create_customer("Mill SA", industry_id=industry.id)
        mill.with_company(self.company).collection_user_id = self.collector
        self._create_overdue(12, amount=100)
        self._create_overdue(2, partner=mill, amount=10)
        self._create_overdue(-30, partner=mill, amount=1, invoice_date=TODAY)
        self._allocate()
        for day in (None, TODAY - timedelta(days=1)):
            for fname in (
                "partner_id",
                "phase_id",
                "industry_id",
                "user_id",
                "bucket",
                "item_id",
                "currency_id",
                "company_id",
            ):
                with self.subTest(day=day, fname=fname):
                    self._assert_groups_agree(self._aging(day), fname)

    def _assert_groups_agree(self, Aging, fname):
        groups = Aging.formatted_read_group([], [fname], ["amount:sum", "__count"])
        self.assertEqual(
            sum(group["amount:sum"] for group in groups), sum(Aging.search([]).mapped("amount"))
        )
        for group in groups:
            open_items = Aging.search(group["__extra_domain"])
            self.assertEqual(len(open_items), group["__count"])
            self.assertEqual(sum(open_items.mapped("amount")), group["amount:sum"])

    def test_sums_of_a_list(self):
        """As the client asks for them, with one company and with two."""
        currency = self.company.currency_id
        self._create_overdue(12, amount=100)
        aggregates = ["company_currency_id:array_agg_distinct", "amount:sum_currency"]
        (group,) = self._aging().formatted_read_group([], ["partner_id"], aggregates)
        self.assertEqual(group["amount:sum_currency"], 100)
        self.assertEqual(group["company_currency_id:array_agg_distinct"], [currency.id])
        other = self.setup_other_company(name="Elsewhere")["company"]
        self.collector.sudo().company_ids += other
        both = {"allowed_company_ids": [self.company.id, other.id]}
        (group,) = (
            self._aging().with_context(**both).formatted_read_group([], ["partner_id"], aggregates)
        )
        self.assertEqual(group["amount:sum_currency"], 100)

    def test_collector(self):
        """The item's own comes before the customer's."""
        other = self._create_user("other_collector", "user")
        self.customer.with_company(self.company).collection_user_id = self.collector
        own, plain = self._create_overdue(12), self._create_overdue(-30, invoice_date=TODAY)
        self._allocate()
        self._items(own).user_id = other
        Aging = self._aging()
        self.assertEqual(Aging.search([("user_id", "=", other.id)]).move_id, own)
        self.assertEqual(Aging.search([("user_id", "ilike", "other_coll")]).move_id, own)
        self.assertEqual(Aging.search([("user_id", "=", self.collector.id)]).move_id, plain)
        self.assertFalse(Aging.search([("user_id", "=", False)]))
        self.assertEqual(
            dict(Aging._read_group([], ["user_id"], ["__count"])), {other: 1, self.collector: 1}
        )

    def test_search_by_phase(self):
        move, plain = self._create_overdue(12), self._create_overdue(-30, invoice_date=TODAY)
        self._allocate()
        Aging = self._aging()
        for domain, found in (
            ([("phase_id", "=", self.phase_second.id)], move),
            ([("phase_id", "!=", self.phase_second.id)], plain),
            ([("phase_id", "ilike", "Phase 2")], move),
            ([("phase_id", "=", False)], plain),
            ([("phase_id.sequence", ">", 0)], move),
        ):
            with self.subTest(domain=domain):
                self.assertEqual(Aging.search(domain).move_id, found)

    def test_open_item(self):
        move, plain = self._create_overdue(12), self._create_overdue(-30, invoice_date=TODAY)
        self._allocate()
        open_items = self._aging().search([])
        opened = {open_item.move_id: open_item.action_open_item() for open_item in open_items}
        self.assertEqual(opened[move]["res_model"], "crm.collection.item")
        self.assertEqual(opened[move]["res_id"], self._items(move).id)
        self.assertEqual(opened[plain]["res_model"], "account.move")
        self.assertEqual(opened[plain]["res_id"], plain.id)

    # === Rights === #

    def test_who_reads_it(self):
        self._create_overdue(12)
        with self.assertRaises(AccessError):
            self._aging(user=self.outsider).search([])
        auditor = self.outsider
        auditor.sudo().group_ids += self.env.ref("account.group_account_readonly")
        self.assertEqual(len(self._aging(user=auditor).search([])), 1)
        for method in ("write", "create"):
            with self.assertRaises(AccessError):
                getattr(self._aging(user=self.manager).search([]), method)({})

    def test_another_company(self):
        self._create_overdue(12)
        other = self.env["res.company"].sudo().create({"name": "Elsewhere"})
        stranger = self._create_user("stranger", "user")
        stranger.sudo().write({"company_id": other.id, "company_ids": [Command.set(other.ids)]})
        self.assertFalse(
            self.env["crm.collection.aging"].with_user(stranger).with_company(other).search([])
        )

    # === Wizard and paper === #

    def _wizard(self, **vals):
        Wizard = self.env["crm.collection.aging.open"].with_user(self.collector)
        return Wizard.with_company(self.company).create(vals)

    def test_days_to_choose_from(self):
        for at, day in (("today", TODAY), ("month", "2026-02-28"), ("year", "2025-12-31")):
            self.assertEqual(str(self._wizard(at=at).date), str(day))
        form = Form(self.env["crm.collection.aging.open"].with_user(self.collector))
        form.at = "date"
        form.date = "2026-01-31"
        self.assertEqual(str(form.save().date), "2026-01-31")

    def test_show(self):
        self._invoice("2026-01-10", "2026-02-09", 100)
        action = self._wizard(at="month").action_open()
        self.assertEqual(action["context"], {"crm_collection_aging_date": "2026-02-28"})
        self.assertEqual(action["name"], "Aging on 02/28/2026, as matched now")
        self.assertNotIn("2026", str(self._wizard(at="today").action_open()))

    def test_the_report_says_which_of_the_two_it_shows(self):
        """On screen, in what is exported, and on paper."""
        self.collector.sudo().group_ids += self.env.ref("base.group_allow_export")
        self._invoice("2026-01-10", "2026-02-09", 100)
        self.env.cr.execute("UPDATE account_move SET create_date = '2026-01-10'")
        for matching, name in (("now", "as matched now"), ("then", "as known then")):
            wizard = self._wizard(at="month", matching=matching)
            action = wizard.action_open()
            self.assertEqual(action["name"], f"Aging on 02/28/2026, {name}")
            Aging = self._aging().with_context(**action["context"])
            self.assertEqual(
                Aging.search([]).export_data(["matching"])["datas"], [[name.capitalize()]]
            )
            html, _type = (
                self.env["ir.actions.report"]
                .with_user(self.collector)
                .with_company(self.company)
                ._render_qweb_html("crm_collection.action_report_aging", wizard.ids)
            )
            self.assertIn(f"Aging on 02/28/2026, {name}", html.decode())
            self.assertIn(f"{name.capitalize()}:", html.decode())

    def test_print(self):
        """By customer, the largest first, with totals, phases and currencies, and the company's
        address at its head."""
        self.company.street = "Creditor Street 1"
        foreign = self.setup_other_currency("EUR", rates=[("2016-01-01", 2.0)])
        mill = self._create_customer("Mill SA")
        self._create_overdue(12, amount=100)
        self._create_overdue(40, partner=mill, amount=300)
        due = TODAY + timedelta(days=5)
        self._invoice(TODAY, due, 90, partner=mill, currency_id=foreign.id)
        self._allocate()
        wizard = self._wizard(at="today")
        (section,) = wizard._get_sections()
        self.assertEqual(
            section["customers"],
            [
                ("Mill SA", ["45.00", "0.00", "300.00", "0.00", "0.00", "0.00", "345.00"]),
                ("Adler GmbH", ["0.00", "100.00", "0.00", "0.00", "0.00", "0.00", "100.00"]),
            ],
        )
        self.assertEqual(
            section["total"], ["45.00", "100.00", "300.00", "0.00", "0.00", "0.00", "445.00"]
        )
        self.assertEqual(section["shares"][-1], "100.0 %")
        self.assertEqual(
            [row[0] for row in section["phases"]], ["Phase 2", "Phase 3", "In no phase"]
        )
        self.assertEqual(
            section["currencies"], [("EUR", "90.00", "45.00"), ("USD", "400.00", "400.00")]
        )
        html, _type = (
            self.env["ir.actions.report"]
            .with_user(self.collector)
            .with_company(self.company)
            ._render_qweb_html("crm_collection.action_report_aging", wizard.ids)
        )
        for text in ("Mill SA", "345.00", "Aging on 03/16/2026", "By phase", "Creditor Street 1"):
            self.assertIn(text, html.decode())

    def test_print_many_customers(self):
        for number in range(3):
            self._create_overdue(1, partner=self._create_customer(f"C{number}"), amount=number + 1)
        module = "odoo.addons.crm_collection.wizard.insight.aging_open"
        with patch(f"{module}.MAX_CUSTOMERS", 2):
            (section,) = self._wizard(at="today")._get_sections()
        self.assertEqual([row[0] for row in section["customers"]], ["C2", "C1"])
        self.assertEqual(section["others"][-1], "1.00")
        self.assertEqual(section["total"][-1], "6.00")
