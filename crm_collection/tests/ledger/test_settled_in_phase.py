import io
from datetime import timedelta

from pypdf import PdfReader

from odoo.tests import tagged

from ..common import TODAY
from ..common_cockpit import CockpitCase
from ..common_figures import CrmCollectionFiguresCommon


@tagged("post_install", "-at_install")
class TestSettledInPhase(CockpitCase, CrmCollectionFiguresCommon):
    """What was settled in a phase is asked of the ledger of settlements, everywhere: the reports
    say the same, of allocations that go on, of exchange differences, of what was returned, of
    parts, of payments dated before the item came into its phase.

    Seen to fail with a column written at the end of an allocation: what it owed on entry less what
    it owes then.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector.group_ids += cls.env.ref("base.group_allow_export")
        rates = [("2016-01-01", 2.0), ("2026-03-20", 1.6)]
        cls.euro = cls.setup_other_currency("EUR", rates=rates)
        names = ("paid", "part", "returned", "early", "credited", "two")
        for name in names:
            setattr(cls, name, cls._create_overdue(5, amount=100 + 10 * names.index(name)))
        cls.foreign_move = cls._create_overdue(5, amount=300, currency_id=cls.euro.id)

    def setUp(self):
        super().setUp()
        self._allocate()
        self._move_on(4)  # 20 March
        self._pay_on(self.paid, TODAY + timedelta(days=4))
        self._pay_on(self.part, TODAY + timedelta(days=2), 40)
        self._pay_on(self.returned, TODAY + timedelta(days=4))
        self._pay_on(self.early, TODAY - timedelta(days=4), 25)
        self._receivables(self.credited | self._create_credit(30)).reconcile()
        self._pay_on(self.two, TODAY + timedelta(days=4), 50)
        self._pay_on(self.foreign_move, TODAY + timedelta(days=4), 300)
        self._move_on(4)  # 24 March, into the second phase
        self._allocate()
        self._receivables(self.returned).remove_move_reconcile()
        self._pay_on(self.two, TODAY + timedelta(days=8), 60)
        self._pay_on(self.early, TODAY + timedelta(days=1), 5)
        self._move_on(12)  # 5 April
        self._allocate()
        self._pay_on(self.part, TODAY + timedelta(days=20))
        self.env.flush_all()

    def _wizard(self, report, first, last):
        return (
            self.env["crm.collection.report.wizard"]
            .with_user(self.collector)
            .with_context(force_report_rendering=True)
            .create({"report": report, "date_from": first, "date_to": last})
        )

    def _add_up_list(self, wizard, measures):
        """What the list shows below its column, what its lines add up to, and what is exported."""
        action = wizard.action_open_list()
        Model = self.env[action["res_model"]].with_user(self.collector)
        Model = Model.with_context(**action["context"])
        aggregates = [f"{measure}:sum" for measure in measures]
        [group] = Model.formatted_read_group(action["domain"], [], aggregates)
        rows = Model.search(action["domain"])
        data = rows.export_data(measures)["datas"]
        return {
            round(sum(group[name] or 0 for name in aggregates), 2),
            round(sum(sum(row[name] for name in measures) for row in rows), 2),
            round(sum(sum(map(float, row)) for row in data), 2),
        }

    def _print(self, wizard):
        action = wizard.action_print()
        content, _kind = wizard.env["ir.actions.report"]._render_qweb_pdf(
            action["report_name"], wizard.ids
        )
        text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
        return " ".join(text.replace("\xa0", " ").split())

    def test_totals_beside_each_other(self):
        """Of the time since the first run, on screen, exported, and on paper."""
        first, last = "2026-03-01", "2026-04-30"
        measures = {
            "settled": ["amount"],
            "history": ["amount_settled"],
            "results": ["amount_recovered", "amount_other"],
        }
        totals = {}
        for report, names in measures.items():
            wizard = self._wizard(report, first, last)
            [section] = wizard._get_sections()
            totals[report] = self._add_up_list(wizard, names) | {round(section["total"], 2)}
            self.assertIn(f"{section['total']:,.2f}", self._print(wizard))
        cockpit = self._get_cockpit(period="year")["cards"]["settled"]
        totals["cockpit"] = {round(cockpit["amount"], 2)}
        expected = 100 + 110 + (25 + 5) + 30 + (50 + 60) + 150
        self.assertEqual(totals, dict.fromkeys(totals, {float(expected)}))

    def test_any_period(self):
        """History and settled collections agree of days and weeks, too: the history has what was in
        a phase in it, and what was settled in it."""
        found = set()
        for number in range(-10, 30, 3):
            first = TODAY + timedelta(days=number)
            for days in (0, 6):
                with self.subTest(first=first, days=days):
                    period = (first, first + timedelta(days=days))
                    totals = [
                        self._wizard(report, *period)._get_sections()[0]["total"]
                        for report in ("settled", "history")
                    ]
                    self.assertEqual(round(totals[0], 2), round(totals[1], 2))
                    found.add(round(totals[0], 2))
        self.assertGreater(len(found), 5)

    def test_each_allocation(self):
        """The timeline of an item: parts in each phase, of one that goes on as well."""
        for move, amounts in (
            (self.paid, [100]),
            (self.part, [40, 70]),
            (self.returned, [0, 0]),
            (self.two, [50, 60]),
            (self.early, [30, 0]),
            (self.foreign_move, [150]),
        ):
            item = self._items(move)
            with self.subTest(move.ref or move.name):
                allocations = item.allocation_ids.sorted("id").with_user(self.collector)
                self.assertEqual(allocations.mapped("amount_settled")[: len(amounts)], amounts)
                rows = item.allocation_ids.settlement_ids
                self.assertEqual(
                    sum(allocations.mapped("amount_settled")), sum(rows.mapped("amount"))
                )

    def test_searched_and_sorted(self):
        Allocation = self.env["crm.collection.allocation"].with_user(self.collector)
        most = Allocation.search([], order="amount_settled DESC", limit=1)
        self.assertEqual(most.amount_settled, 150)
        for domain in (
            [("amount_settled", ">", 50)],
            [("amount_settled", "=", 0)],
            [("amount_settled", "!=", 0)],
            [("amount_settled", "<=", 70)],
        ):
            with self.subTest(domain=domain):
                found = Allocation.search(domain)
                self.assertEqual(found, Allocation.search([]).filtered_domain(domain))
                self.assertTrue(found)

    def test_an_exchange_difference_does_not_make_it_later(self):
        """It was settled on the day it was paid, whenever the difference is booked."""
        allocation = self._items(self.foreign_move).allocation_ids
        self.assertEqual(allocation.date_settled, TODAY + timedelta(days=4))
