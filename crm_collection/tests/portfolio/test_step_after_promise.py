from odoo.tests import tagged

from ..common import TODAY
from ..common_promises import PromiseCase


@tagged("post_install", "-at_install")
class TestStepAfterPromise(PromiseCase):
    """A step may be for items of which a promise was broken, with a letter of its own.

    Seen to fail without that part of the plan; with the step for everybody, with the first
    promise for the last, and with a kept one for a broken one.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.phase_broken = cls.env["crm.collection.phase"].create(
            {
                "name": "Broken promise",
                "sequence": 125,  # between the second and the third
                "template_id": cls.env.ref("crm_collection.mail_template_firm").id,
            }
        )
        cls.env["crm.collection.rule.step"].create(
            {
                "rule_id": cls.rule.id,
                "days": 25,
                "phase_id": cls.phase_broken.id,
                "after_promise": True,
                "attach_pdf": False,
            }
        )

    def _simulate(self, days):
        """:return: {phase: items} that the simulation of a day says move, and of its letters"""
        result = self.env["crm.collection.engine"].sudo()._simulate(self.company, self._day(days))
        moves = {
            (row["name"], row["phase_id"]) for row in result["open_items"] if row["kind"] == "move"
        }
        return moves, {row["phase_id"] for row in result["letters"]}

    def test_enters_at_once(self):
        """GIVEN a promise about two items, of which one is paid in time, and a third item
        WHEN its day is over
        THEN the one that is left enters the step at once, as it said and as the simulation did, and
            its letter goes, once; the third one goes where the days say.
        """
        other = self._create_overdue(9, amount=30)
        promise = self._promise(3)
        self._allocate()
        self._pay_on(2, self.moves[1], 50)
        left, third = self.items[0], self._items(other)
        left.invalidate_recordset()
        self.assertEqual(
            (left.date_next_step, left.next_phase_id), (self._day(4), self.phase_broken)
        )
        self._on(3)
        self._allocate()
        self.assertEqual(left.phase_id, self.phase_first)
        self._on(4)
        moves, letters = self._simulate(4)
        self.assertIn((left.name, self.phase_broken.id), moves)
        self._run_on(4)
        self.assertEqual(promise.state, "broken")
        self.assertEqual(left.phase_id, self.phase_broken)
        self.assertEqual(third.phase_id, self.phase_second)
        self.assertIn("A promise was broken.", str(left.explanation))
        self.assertIn(self.phase_broken.id, letters)
        self._send_letters()
        self._allocate()
        self._send_letters()
        self.assertEqual(left.letter_line_ids.mapped("phase_id"), self.phase_broken)
        self.assertEqual(len(left.letter_line_ids), 1)

    def test_others_pass_it_over(self):
        """By days alone nobody enters it, and what is in it goes on by days."""
        self._run_on(18)
        self.assertEqual(set(self.items.phase_id), {self.phase_second})
        self._run_on(21)
        self.assertEqual(set(self.items.phase_id), {self.phase_third})

    def test_forward_only(self):
        """An item in a phase after it stays, whatever was promised: the step is reached before the
        days of that phase, in which a person put it.

        Seen to fail with a step that leads to any other phase.
        """
        self._run_on(3)
        self.items.with_user(self.collector)._maintain(self.phase_third, "He moves away")
        self._promise(5)
        self._run_on(7)
        self.assertEqual(set(self.items.phase_id), {self.phase_third})

    def test_kept_or_promised_anew(self):
        """Of several promises the last one counts: of one that was kept what is left is owed."""
        first = self._promise(2)
        self._on(3)
        last = self._promise(6, amount=20)
        self._allocate()
        self.assertFalse(self.items.phase_id & self.phase_broken)
        self._pay_on(5, self.moves[0], 20)
        self._run_on(7)
        self.assertEqual((first.state, last.state), ("broken", "kept"))
        self.assertEqual(set(self.items.phase_id), {self.phase_second})

    def test_promise_of_the_customer(self):
        """It is about what he owed when he made it: what came later is not entered."""
        self._promise(3, partner_id=self.customer.id)
        self._on(2)
        later = self._create_overdue(-1)
        self._run_on(4)
        self.assertEqual(set(self.items.phase_id), {self.phase_broken})
        self._run_on(5)
        self.assertEqual(self._items(later).phase_id, self.phase_first)

    def test_what_is_no_item_yet(self):
        """GIVEN a promise of the customer that was broken, and of what he owed then an invoice
        that is due later
        THEN it enters the step with the run that makes it an item, as the simulation says; what
        he owes since does not.
        """
        due_later = self._create_overdue(-6, invoice_date=TODAY)
        self._promise(3, partner_id=self.customer.id)
        self._on(2)
        since = self._create_overdue(-4, invoice_date=self._day(2))
        self._run_on(4)
        self.assertFalse(self._items(due_later))
        self._on(7)
        entering = {name for name, id_ in self._simulate(7)[0] if id_ == self.phase_broken.id}
        self.assertEqual(entering, {due_later.name})
        self._run_on(7)
        self.assertEqual(self._items(due_later).phase_id, self.phase_broken)
        self.assertEqual(self._items(since).phase_id, self.phase_first)

    def test_approved_before(self):
        """Into a phase under approval nobody goes without one."""
        rule = self.env["crm.collection.approval.rule"].create(
            {"name": "Agreed", "governs": "allocation"}
        )
        self.phase_broken.approval_rule_id = rule
        self._promise(3)
        self._run_on(4)
        self.assertFalse(self.items.phase_id & self.phase_broken)
        self.assertEqual(set(self.items.mapped("approval_state")), {"pending"})
        self.items.approval_id.with_user(self.approver).action_approve("Fine")
        self.assertEqual(set(self.items.phase_id), {self.phase_broken})
