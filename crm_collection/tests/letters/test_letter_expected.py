from datetime import timedelta

from odoo.tests import tagged

from ...models.letters import queries as letter_queries
from ...models.letters.expected_queries import expected
from ..common import TODAY
from ..common_letters import CrmCollectionLettersCommon


@tagged("post_install", "-at_install")
class TestLetterExpected(CrmCollectionLettersCommon):
    """P7: what is said of an item's next letter is what the job does about it.

    Seen to fail with each obstacle left out of `expected`, and with the day of the next letter
    not looked at in `is_to_go`.
    """

    def _item(self, days=5, **vals):
        move = self._create_overdue(days, **vals)
        self._allocate()
        return self._items(move)

    def _expect(self, item, today=TODAY):
        """:return: (date, obstacle, first day after the quiet days) or None"""
        self.env.flush_all()
        query = expected(self.company, today, item.ids, item.partner_id.ids)
        rows = self.env.execute_query_dict(query)
        if not rows:
            return None
        (row,) = rows
        return row["date_next"], row["obstacle"], row["obstacle"] == "quiet" and row["date_free"]

    def test_due(self):
        self.assertEqual(self._expect(self._item()), (TODAY, None, False))

    def test_again(self):
        """Until the rule does not say so any more."""
        self.rule.step_ids.filtered(lambda step: step.days == 1).resend_interval = 3
        item = self._item()
        self._send_letters()
        self._deliver()
        self.assertEqual(self._expect(item), (TODAY + timedelta(days=3), None, False))
        self.rule.action_archive()
        self.assertIsNone(self._expect(item))

    def test_never(self):
        """None after the last one, none of what is settled, and no reminder that comes late."""
        item = self._item()
        self._send_letters()
        self.assertIsNone(self._expect(item))
        self.rule.step_ids.filtered(lambda step: step.days == 1).days = -10
        reminded = self._item(-5)
        self.assertEqual(self._expect(reminded), (TODAY, None, False))
        self.assertIsNone(self._expect(reminded, TODAY + timedelta(days=6)))
        other = self._item()
        self._pay(other.move_id)
        self.assertIsNone(self._expect(other))

    def test_obstacles(self):
        self.company.collection_quiet_days = 4
        held, covered, waiting, quiet, asked = (
            self._item(partner=self._create_customer(name, email=f"{name}@customer.example"))
            for name in ("held", "covered", "waiting", "quiet", "asked")
        )
        self._hold(held)
        self._create_credit(100.0, partner=covered.partner_id)
        waiting.partner_id.email = False
        self._send_letters()
        self._deliver()
        more = [self._item(6, partner=item.partner_id) for item in (waiting, quiet)]
        self.assertEqual(self._expect(held), (TODAY, "hold", False))
        self.assertEqual(self._expect(covered), (TODAY, "credit", False))
        self.assertEqual(self._expect(more[0]), (TODAY, "waiting", False))
        self.assertEqual(self._expect(more[1]), (TODAY, "quiet", TODAY + timedelta(days=4)))
        self.assertIsNone(self._expect(asked))
        self._put_under_approval(self.phase_first)
        self.assertEqual(self._expect(more[1]), (TODAY, "approval", False))

    def test_choice_is_what_the_job_says(self):
        """The verdicts, of customers for whom something is due, and nobody else."""
        due, covered = (self._create_customer(name) for name in ("Due", "Covered"))
        for partner in (due, covered):
            self._item(partner=partner)
        self._create_credit(100.0, partner=covered)
        self._item(0)
        self.env.flush_all()
        partner_ids = (due | covered | self.customer).ids
        rows = self.env.execute_query_dict(letter_queries.choose(self.company, TODAY, partner_ids))
        verdicts = {row["partner_id"]: row["verdict"] for row in rows}
        self.assertEqual(verdicts, {due.id: None, covered.id: "credit"})
