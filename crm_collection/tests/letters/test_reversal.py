from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from ..common_approval import CrmCollectionApprovalCommon


@tagged("post_install", "-at_install")
class TestReversal(CrmCollectionApprovalCommon):
    """A letter that was sent in error stays as it went, and is marked."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule.step_ids.write({"resend_interval": 3})
        cls.move = cls._create_overdue(5)

    def setUp(self):
        super().setUp()
        self._allocate()
        self._send_letters()
        self._deliver()
        self.letter = self._letters()
        self.assertEqual(self.letter.state, "sent")

    def _reverse(self, user=None, **vals):
        letter = self.letter.with_user(user or self.collector)
        action = letter.action_reverse()
        Wizard = self.env[action["res_model"]].with_user(letter.env.user)
        form = Form(Wizard.with_context(**action["context"]))
        form.reason = "He had paid"
        for fname, value in vals.items():
            form[fname] = value
        result = form.save().action_reverse()
        self._end_transaction()
        return result

    def _get_apologies(self):
        return self._mails(self.letter) - self.letter.sudo().mail_id

    def test_marked(self):
        """On record with who, when and why; nothing else of the letter changes. It counts among
        no letters that made somebody pay. The mark is taken off again.

        Seen to fail with the figures that count it on."""
        report = self.env["crm.collection.allocation.report"]
        before = self.letter.read(["state", "date_sent", "email_to", "round", "line_ids"])
        self.env.flush_all()
        self.assertEqual(report.search([]).letter_sent_count, 1)
        done = self._reverse()
        letter = self.letter
        self.assertEqual(
            letter.read(["state", "date_sent", "email_to", "round", "line_ids"]), before
        )
        self.assertEqual(
            (letter.reversed_by_id, letter.reversal_reason), (self.collector, "He had paid")
        )
        self.assertTrue(letter.date_reversed)
        self.assertFalse(self._get_apologies())
        for record in (letter, self.customer, self.move):
            self.assertIn("He had paid", record.message_ids[0].body)
        desk = self.env["crm.collection.desk"].with_user(self.collector)
        [entry] = desk.get_timeline(self.customer.id, self.company.id, ["letter"])["entries"]
        self.assertIn("He had paid", entry["text"])
        self.env.invalidate_all()
        self.assertEqual(report.search([]).letter_sent_count, 0)
        self._pay(self.move)
        settlement = self.env["crm.collection.settlement"].search(
            [("item_id.move_id", "=", self.move.id)]
        )
        self.assertEqual(settlement.letter_count, 0)
        with self.assertRaises(UserError):
            letter.with_user(self.collector).action_reverse()
        undo = done["params"]["undo"]
        getattr(
            self.env[undo["model"]].browse(undo["ids"]).with_user(self.collector), undo["method"]
        )()
        self.assertFalse(letter.is_reversed or letter.reversal_reason)
        self.assertEqual(report.search([]).letter_sent_count, 1)
        with self.assertRaises(UserError):
            letter.with_user(self.collector)._reverse("  ")

    def test_round(self):
        """GIVEN a round that is given back, and one that is not
        WHEN the next letter leaves
        THEN it has the same number, or the next one.

        Seen to fail with the round left with the letter."""
        item = self._items(self.move)
        self.assertEqual(item.letter_count, 1)
        self._reverse(return_round=True)
        self.assertEqual((item.letter_count, self.letter.round), (0, 0))
        self.letter.with_user(self.collector).action_undo_reversal()
        self.env.invalidate_all()
        self.assertEqual((item.letter_count, self.letter.round), (1, 1))
        self._reverse(return_round=True)
        self._move_on(3)
        self._allocate()
        self._send_letters()
        again = self._letters() - self.letter
        self.assertEqual((again.round, item.letter_count), (1, 1))
        self.letter = again
        self._deliver()
        self._reverse()
        self.assertEqual((again.round, item.letter_count), (1, 1))

    def test_round_of_a_phase_under_approval(self):
        """It takes a manager to give it back, whatever a collector sends; he may mark it."""
        self._guard(self.letter.phase_id)
        collector = self.letter.with_user(self.collector)
        with self.assertRaises(AccessError):
            collector._reverse("Wrong", return_round=True)
        collector._reverse("Wrong")
        self.letter.with_user(self.manager).action_undo_reversal()
        self._reverse(self.manager, return_round=True)
        with self.assertRaises(AccessError):
            collector.action_undo_reversal()

    def test_apology(self):
        """The customer is told, in his language, by what is checked when it is handed over: while
        it waits it is taken back, it stays in a copy, and once it left the mark stays.

        Seen to fail without the check at the mail server, and with an undo that asks nothing."""
        collector = self.letter.with_user(self.collector)
        self._reverse(send_apology=True)
        mail = self._get_apologies()
        self.assertEqual((mail.state, mail.recipient_ids), ("outgoing", self.customer))
        self.assertIn("disregard", mail.body_html)
        self.assertIn(self.company.email, mail.email_from)
        self.assertTrue(mail.scheduled_date)
        self.company.sudo().collection_live_uuid = "another"
        self.assertFalse(self._deliver())
        self.assertEqual(mail.state, "outgoing")
        with self.assertRaises(UserError):
            collector._apologize("x", "x")
        self.company.sudo()._set_collection_live()
        collector.action_undo_reversal()
        self.assertEqual((mail.state, self.letter.is_reversed), ("cancel", False))
        mail.state = "outgoing"  # whatever an administrator does
        self.assertFalse(self._deliver())
        self._reverse(send_apology=True, subject="Sorry")
        [message] = self._deliver()
        self.assertEqual(message["Subject"], "Sorry")
        with self.assertRaises(UserError):
            collector.action_undo_reversal()
        self.assertTrue(self.letter.is_reversed)
