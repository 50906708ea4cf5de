from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from ..common import TODAY
from ..common_approval import CrmCollectionApprovalCommon


@tagged("post_install", "-at_install")
class TestSimulation(CrmCollectionApprovalCommon):
    """A simulation says what the jobs then do, and writes nothing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._create_customer("Other")
        cls.covered = cls._create_customer("Covered")
        cls.moves = (
            cls._create_overdue(5)
            | cls._create_overdue(15)
            | cls._create_overdue(-4)
            | cls._create_overdue(28, partner=cls.other, amount=70)
            | cls._create_overdue(8, partner=cls.covered, amount=40)
            | cls._create_overdue(65, partner=cls.other, amount=5)
        )
        cls._create_credit(50, partner=cls.covered)

    def _simulate(self, days=0, user=None):
        form = Form(self.env["crm.collection.simulate"].with_user(user or self.collector))
        form.date = fields.Date.add(TODAY, days=days)
        wizard = form.save()
        wizard.action_simulate()
        return wizard

    def _moves_of(self, wizard):
        return {(line.name, line.phase_from_id, line.phase_id) for line in wizard.move_line_ids}

    def test_first_run(self):
        """GIVEN items nobody has seen yet
        WHEN today is simulated and then allocated
        THEN what moved is what the simulation said, item by item.
        """
        wizard = self._simulate()
        said = self._moves_of(wizard)
        self.assertFalse(self._items(self.moves))
        self._allocate()
        allocations = self._items(self.moves).allocation_ids
        none = self.env["crm.collection.phase"]
        self.assertEqual(
            said, {(allocation.name, none, allocation.phase_id) for allocation in allocations}
        )
        self.assertEqual(wizard.move_count, len(allocations))
        self.assertEqual(wizard.move_amount, sum(allocations.mapped("amount_in")))

    def test_any_day_ahead(self):
        """What is simulated for a day is what happens on it.

        Seen to fail with the simulation asked for today whatever the date.
        """
        self._allocate()
        self._send_letters()
        wizard = self._simulate(days=6)
        said = self._moves_of(wizard)
        self.assertTrue(said)
        before = self.env["crm.collection.allocation"].search([])
        self._move_on(6)
        self._allocate()
        after = self.env["crm.collection.allocation"].search([]) - before
        done = set()
        for allocation in after:
            left = before.filtered(lambda old, s=allocation: old.item_id == s.item_id)[:1]
            done.add((allocation.name, left.phase_id, allocation.phase_id))
        self.assertEqual(said, done)

    def test_letters(self):
        """Who would get a letter, of which phase, about how much: and then does.

        Credits that cover everything: no letter, neither said nor sent.
        """
        wizard = self._simulate()
        said = {
            (line.partner_id, line.phase_id, line.count, line.amount)
            for line in wizard.letter_line_ids
        }
        self.assertNotIn(self.covered, wizard.letter_line_ids.partner_id)
        self.assertFalse(self.env["crm.collection.letter"].search([]))
        self._allocate()
        self._send_letters()
        letters = self.env["crm.collection.letter"].search([])
        self.assertEqual(
            said,
            {(x.partner_id, x.phase_id, x.line_count, x.amount_total) for x in letters},
        )

    def test_quiet_customers_are_not_announced(self):
        """Who was written to a moment ago is said to get no letter, and gets none."""
        self.company.collection_quiet_days = 30
        self._allocate()
        self._send_letters()
        written = self.env["crm.collection.letter"].search([]).partner_id
        self.assertTrue(written)
        wizard = self._simulate(days=9)
        self.assertTrue(wizard.move_count)
        self.assertFalse(wizard.letter_line_ids.partner_id & written)
        self.assertEqual(wizard.letter_count, len(wizard.letter_line_ids))

    def test_customers_with_a_letter_that_waits_are_not_announced(self):
        """For an address, or to be tried again: none is piled on it.

        Seen to fail with the letters that left looked at alone.
        """
        self._allocate()
        self._send_letters()
        letters = self.env["crm.collection.letter"].search([])
        waits = letters[0]
        waits.sudo()._set_problem("no_address")
        wizard = self._simulate(days=9)
        self.assertTrue(wizard.letter_line_ids)
        self.assertNotIn(waits.partner_id, wizard.letter_line_ids.partner_id)

    def test_credits_pay_what_was_due_first(self):
        """A customer whose credit pays all that a letter would be about gets none, though he owes
        more: neither said nor sent.

        Seen to fail with what he owes in all looked at alone.
        """
        self._create_overdue(2, partner=self.covered, amount=200)
        self._allocate()
        first = self._items(self.moves).filtered(lambda item: item.partner_id == self.covered)
        hold = self._hold(first)
        self._send_letters()
        before = self._letters(self.covered)
        self.assertTrue(before)
        hold.action_lift("Over")
        self._create_overdue(5, partner=self._create_customer("New"))
        wizard = self._simulate()
        self.assertEqual(wizard.letter_line_ids.partner_id.name, "New")
        self._allocate()
        self._send_letters()
        self.assertEqual(self._letters(self.covered), before)

    def test_phase_that_is_asked_again_sends_nothing(self):
        """Items stay in a phase that is no longer approved, and get no letter of it.

        Seen to fail with the letters' dates looked at alone.
        """
        self._allocate()
        self._put_under_approval(self.phase_first)
        wizard = self._simulate()
        self.assertTrue(wizard.letter_line_ids)
        self.assertNotIn(self.phase_first, wizard.letter_line_ids.phase_id)
        self._send_letters()
        said = {(line.partner_id, line.phase_id, line.amount) for line in wizard.letter_line_ids}
        letters = self.env["crm.collection.letter"].search([])
        self.assertEqual(said, {(x.partner_id, x.phase_id, x.amount_total) for x in letters})

    def test_held_back_and_why(self):
        self._allocate()
        self.env["crm.collection.hold"].create(
            {"partner_id": self.other.id, "reason": "Dispute", "kind": "dispute"}
        )
        line = self._simulate(days=2).held_line_ids
        self.assertEqual(line.partner_id, self.other)
        self.assertEqual(set(line.mapped("blocker")), {"hold"})

    def test_waits_for_a_decision(self):
        """A manual phase is proposed, never moved to."""
        self._allocate()
        self._move_on(20)
        self._allocate()
        wizard = self._simulate(days=35)  # one is 63 days late by then
        self.assertIn(self.phase_manual, wizard.proposed_line_ids.phase_id)
        self.assertNotIn(self.phase_manual, wizard.move_line_ids.phase_id)

    def test_every_list_is_what_the_run_then_does(self):
        """GIVEN items that move and are proposed, move and wait for an approval, are proposed and
            held back, do one thing alone
        WHEN a day is simulated and then lived
        THEN each list has what the run has done, item by item, and its total.

        Seen to fail with an item in one list at most: what moves was missing in the proposals.
        """
        self._guard(self.phase_third)
        self.env["crm.collection.hold"].create({"partner_id": self.other.id, "reason": "Wait"})
        both = self._create_customer("Both")
        both.collection_rule_id = self._create_rule(
            {1: self.phase_first, 12: self.phase_manual}, sequence=50
        )
        skipped = self._create_customer("Skipped")
        refused = self.env["crm.collection.phase"].create({"name": "Not approved", "sequence": 195})
        self._put_under_approval(refused)
        skipped.collection_rule_id = self._create_rule(
            {5: self.phase_manual, 10: refused}, sequence=60
        )
        for days in (1, 9, 13):
            for partner in (self.customer, both, skipped):
                self._create_overdue(days, partner=partner)
        self._allocate()
        for step in (1, 1, 3, 20):
            self._move_on(step)
            self._create_overdue(13, partner=both)  # new: it moves and is proposed at once
            before = {item: item.proposed_step_id for item in self._all_items()}
            newest = self.env["crm.collection.allocation"].search([], limit=1, order="id desc").id
            wizard = self._simulate(days=(fields.Date.today() - TODAY).days)
            said = {
                kind: {
                    (line.name, line.phase_id, line.blocker)
                    for line in wizard.line_ids.filtered(lambda one, kind=kind: one.kind == kind)
                }
                for kind in ("move", "proposed", "held")
            }
            self._allocate()
            entered = self.env["crm.collection.allocation"].search([("id", ">", newest)])
            items = self._all_items()
            done = {
                "move": {(entry.name, entry.phase_id, False) for entry in entered},
                "proposed": {
                    (item.name, item.proposed_phase_id, False)
                    for item in items
                    if item.proposed_step_id and item.proposed_step_id != before.get(item)
                },
                "held": {
                    (item.name, self.env["crm.collection.phase"], item.blocker)
                    for item in items
                    if item.blocker and item.blocker != "not_due"
                },
            }
            self.assertEqual(said, done)
            counts = (wizard.move_count, wizard.proposed_count, wizard.held_count)
            self.assertEqual(counts, tuple(len(done[kind]) for kind in done))

    def _all_items(self):
        return self.env["crm.collection.item"].search([("state", "=", "open")])

    def test_installments_are_told_apart(self):
        """What moves, is held and is in a letter is called what the item is called.

        Seen to fail with the number of the entry alone: the letter named one thing twice.
        """
        move = self._create_overdue(8, partner=self._create_customer("Parts"), terms=(0, 4))
        self._allocate()
        names = self._items(move).mapped("name")
        self.assertEqual([name[-3:] for name in names], ["1/2", "2/2"])
        letter = self._simulate().letter_line_ids.filtered(
            lambda line: line.partner_id.name == "Parts"
        )
        self.assertEqual(letter.name.split(", "), names)
        self._send_letters()
        self.assertEqual(
            letter.name.split(", "),
            self._items(move).letter_line_ids.sorted("date_maturity").mapped("name"),
        )
        moves = self._simulate(days=9).move_line_ids
        self.assertLessEqual(set(names), set(moves.mapped("name")))

    def test_no_list_is_cut_for_another(self):
        """Each list has as many rows as it may, whatever the others have.

        Seen to fail with one limit for all of them: what moves left no room for what is held.
        """
        self._allocate()
        self._hold(self.other)
        self.env["crm.collection.item"].flush_model()
        result = (
            self.env["crm.collection.engine"]
            .sudo()
            ._simulate(self.company, TODAY + timedelta(days=30), limit=1)
        )
        kinds = [row["kind"] for row in result["open_items"]]
        self.assertEqual(sorted(kinds), ["held", "move"])

    def test_writes_nothing(self):
        """Not one row outside the wizard.

        Seen to fail with one open item marked for evaluation by the wizard.
        """
        self._allocate()
        tables = [
            "crm_collection_item",
            "crm_collection_allocation",
            "crm_collection_letter",
            "crm_collection_letter_line",
            "crm_collection_run",
            "crm_collection_run_line",
            "crm_collection_hold",
            "mail_mail",
            "mail_message",
        ]

        def checksum():
            self.env.flush_all()
            result = self._accounting_checksum()
            for table in tables:
                self.env.cr.execute(
                    f"SELECT count(*), md5(string_agg(row::text || ctid::text, '|' ORDER BY id)) "  # noqa: S608
                    f"FROM {table} AS row"
                )
                result[table] = self.env.cr.fetchone()
            return result

        before = checksum()
        wizard = self._simulate(days=30)
        self.assertTrue(wizard.move_count and wizard.letter_count)
        self.assertEqual(checksum(), before)

    def test_again_with_another_date(self):
        """The same wizard asked again shows the new answer only."""
        wizard = self._simulate()
        first = wizard.move_count
        wizard.date = fields.Date.add(TODAY, days=30)
        wizard.action_simulate()
        self.assertGreater(wizard.move_count, first)
        self.assertEqual(len(wizard.move_line_ids), wizard.move_count)

    def test_only_companies_of_the_user(self):
        company = self.env["res.company"].sudo().create({"name": "Other company"})
        wizard = self.env["crm.collection.simulate"].with_user(self.collector).create({})
        wizard.sudo().company_id = company
        with self.assertRaises(AccessError):
            wizard.action_simulate()
        with self.assertRaises(AccessError):
            self.env["crm.collection.simulate"].with_user(self.outsider).create({})

    def test_name_has_the_date_as_the_user_writes_it(self):
        """Seen to fail with the date as the database writes it."""
        wizard = self._simulate()
        self.assertIn("03/16/2026", wizard.with_context(lang="en_US").display_name)
