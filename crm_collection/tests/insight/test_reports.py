from lxml import etree

from odoo.tests import new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from ..common_letters import CrmCollectionLettersCommon


@tagged("post_install", "-at_install")
class TestReports(CrmCollectionLettersCommon):
    """What works and roll rates, against figures counted by hand, as the collector sees them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # into phase 1 on the 16th of March: one paid, one paid in part, one that moves on
        cls.paid, cls.partly, cls.unpaid = (
            cls._create_overdue(5, amount=amount) for amount in (100, 200, 400)
        )
        cls.late = cls._create_overdue(12, amount=1000)

    def setUp(self):
        super().setUp()
        self._allocate()
        self._send_letters()
        self._deliver()
        self._move_on(2)
        self._pay(self.paid)
        self._move_on(2)
        self._pay(self.partly, 50)
        self._move_on(4)  # 24 March: 13 days overdue
        self._allocate()
        self.env.flush_all()

    def _model(self, name, user=None):
        return self.env[name].with_user(user or self.collector)

    # === What works === #

    def test_results_by_phase(self):
        """A letter about three items is one.

        Seen to fail with the rate taken for a mean of rates.
        """
        rows = self._model("crm.collection.allocation.report")._read_group(
            [],
            ["phase_id"],
            [
                *("stay_count:sum", "settled_count:sum", "moved_count:sum", "open_count:sum"),
                *("amount_in:sum", "amount_recovered:sum", "recovery_rate:avg"),
                *("days_to_settle:avg", "letter_sent_count:sum"),
            ],
        )
        self.assertEqual(
            rows,
            [
                (self.phase_first, 3, 1, 2, 0, 700, 150, 100 * 150 / 700, 2, 1),
                (self.phase_second, 3, 0, 0, 3, 1550, 0, 0, False, 1),
            ],
        )

    def test_median(self):
        """The middle one of three.

        Seen to fail with the mean in its place.
        """
        others = self._create_overdue(-7) | self._create_overdue(-7)
        self._allocate()
        days = self._model("crm.collection.allocation.report")
        self.assertEqual(days._read_group([], [], ["days_to_settle:avg"]), [(2,)])
        self._move_on(0)
        for moves, wait in ((others[0], 1), (others[1], 6)):
            self._move_on(wait)
            self._pay(moves)
        self.env.flush_all()
        settled = days.search([("outcome", "=", "settled")])
        numbers = sorted(settled.mapped("days_to_settle"))
        self.assertEqual(
            days._read_group([], [], ["days_to_settle:avg"]), [(numbers[len(numbers) // 2],)]
        )

    def test_returned_payment_is_not_recovered(self):
        self._receivables(self.paid).remove_move_reconcile()
        self.env.flush_all()
        [(recovered,)] = self._model("crm.collection.allocation.report")._read_group(
            [("phase_id", "=", self.phase_first.id)], [], ["amount_recovered:sum"]
        )
        self.assertEqual(recovered, 50)

    def test_credit_note_is_not_recovered(self):
        """It counts where the item was on its date, the first day."""
        credit = self._create_credit(150)
        self._receivables(self.partly | credit).reconcile()
        self.env.flush_all()
        [(recovered, other)] = self._model("crm.collection.allocation.report")._read_group(
            [("phase_id", "=", self.phase_first.id)],
            [],
            ["amount_recovered:sum", "amount_other:sum"],
        )
        self.assertEqual((recovered, other), (150, 150))

    def test_next_phase_and_letter(self):
        allocation = self._model("crm.collection.allocation.report").search(
            [("item_id", "=", self._items(self.unpaid).id), ("outcome", "=", "moved")]
        )
        self.assertEqual(allocation.phase_to_id, self.phase_second)
        # one letter about all items, in the words of the most severe of their phases
        self.assertEqual(allocation.sudo().template_id, self.phase_second.template_id)
        action = allocation.action_open_allocation()
        self.assertEqual(action["res_id"], allocation.allocation_id.id)

    # === Roll rates === #

    def test_roll_rates(self):
        """GIVEN items in phases 1 and 2 when April begins
        WHEN one is paid in April and the others are where they are in May
        THEN each is counted once, and the rates are of the items of its phase.
        """
        fresh = self._create_overdue(-7, amount=10)  # due on the 23rd
        self._allocate()  # phase 1 on the 24th
        self._move_on(8)  # 1 April
        self._pay(self.unpaid)
        self._move_on(14)
        self._allocate()
        self._move_on(16)  # 1 May
        self._allocate()
        Rate = self._model("crm.collection.roll.rate")
        april = [("date", "=", "2026-04-01")]
        rows = Rate._read_group(
            april,
            ["phase_id"],
            ["__count", "rate_settled:avg", "rate_stayed:avg", "rate_forward:avg"],
        )
        self.assertEqual(len(Rate.search([("date", "=", "2026-05-01")])), 3)
        by_phase = {phase: values for phase, *values in rows}
        self.assertEqual(by_phase[self.phase_first], [1, 0, 0, 100])
        count, settled, stayed, forward = by_phase[self.phase_second]
        self.assertEqual((count, round(settled, 2)), (3, 33.33))
        self.assertAlmostEqual(settled + stayed + forward, 100)
        self.assertEqual(Rate.search([*april, ("name", "=", fresh.name)]).outcome, "forward")
        paid = Rate.search([*april, ("name", "=", self.unpaid.name)])
        self.assertEqual((paid.destination, paid.phase_to_id.id), ("Settled", False))

    def test_destinations_in_their_order(self):
        """Phases by severity, not by the alphabet, and what was settled last."""
        self.phase_first.name = "Zero"
        self._move_on(8)  # 1 April
        self._pay(self.unpaid)
        self.env.flush_all()
        [*names] = self._model("crm.collection.roll.rate")._read_group([], ["destination"])
        self.assertEqual(names, [("Phase 2",), ("Settled",)])
        self.phase_second.with_context(lang="en_US").name = "Tomorrow"
        self.env.flush_all()
        names = self._model("crm.collection.roll.rate")._read_group([], ["destination"])
        self.assertEqual(names, [("Tomorrow",), ("Settled",)])

    def test_pivot_keeps_its_rows_in_order(self):
        """The web client's pivot asks for all totals at once: months stay in their order."""
        fresh = self._create_overdue(-7)
        self._allocate()
        self._move_on(8)  # 1 April
        self._pay(self.unpaid | fresh)
        self._move_on(31)
        self._pay(self.late)
        self._move_on(30)
        self.env.flush_all()
        sets = [["destination"], ["date:month"], ["date:month", "phase_id", "destination"], []]
        result = self._model("crm.collection.roll.rate").formatted_read_grouping_sets(
            [], sets, ["__count"]
        )
        months = [group["date:month"][0] for group in result[1]]
        self.assertEqual(months, sorted(months))
        self.assertGreater(len(months), 1)
        names = [group["destination"] for group in result[0]]
        self.assertEqual(names[-1], "Settled")

    # === The ledger behind === #

    def test_totals_agree_with_accounting(self):
        """What the items were worth, less what the ledger has, is owed in accounting."""
        items = self._items(self.paid | self.partly | self.unpaid | self.late)
        settled = self._model("crm.collection.settlement")._read_group(
            [("item_id", "in", items.ids)], [], ["amount:sum"]
        )[0][0]
        lines = items.line_id
        self.assertEqual(
            sum(lines.mapped("balance")) - settled, sum(items.mapped("amount_residual"))
        )
        self.assertEqual(settled, 150)

    def test_filters_of_the_views(self):
        """Every saved filter and group-by of the reports answers, as the collector and as the
        auditor; relative dates are those of today."""
        auditor = new_test_user(
            self.env(su=True), "auditor", groups="account.group_account_readonly"
        )
        for model in (
            "crm.collection.settlement",
            "crm.collection.allocation",
            "crm.collection.allocation.report",
            "crm.collection.roll.rate",
        ):
            for user in (self.collector, auditor):
                Model = self._model(model, user)
                arch = self.env["ir.ui.view"].search(
                    [("model", "=", model), ("type", "=", "search")], limit=1
                )
                for node in etree.fromstring(arch.arch).iter("filter"):
                    if node.get("domain"):
                        Model.search(safe_eval(node.get("domain"), {"uid": user.id}), limit=1)
                    elif node.get("context"):
                        groupby = safe_eval(node.get("context"))["group_by"]
                        Model._read_group([], [groupby], ["__count"])
        month = self._model("crm.collection.settlement").search(
            [("date", ">=", "today =1d"), ("date", "<", "today =1d +1m")]
        )
        self.assertEqual(sum(month.mapped("amount")), 150)
