from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .test_approval_context import ApprovalCallsCommon

WORDS = "<p>Pay or else</p><t t-out='object.titles_html'/>"


@tagged("post_install", "-at_install")
class TestApprovalDigest(ApprovalCallsCommon):
    """What was approved is what leaves: a letter that would say something else is not issued, the
    approvers are asked again, and item and letter say why; under whatever rule.

    Seen to fail with `_ask_about_changed` doing nothing, but for what leaves as it was approved.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        firm = cls.env.ref("crm_collection.mail_template_firm")
        cls.text = firm.with_user(cls.manager).copy({"name": "Ours"})
        cls.phase_second.template_id = cls.text
        cls.text.attachment_ids = [Command.create({"name": "terms.txt", "raw": b"Terms"})]
        cls.file = cls.text.attachment_ids
        cls.step = cls.rule.step_ids.filtered(lambda step: step.days == 10)
        cls.env.flush_all()

    def _approve_one(self, days=12):
        """An item is in the guarded phase, its letter is due; :return: the item"""
        self._guard(self.phase_second, levels=self._get_team())
        move = self._create_overdue(days)
        self._allocate()
        self._end_transaction()
        self._call(self.approver, self._requests(), "action_approve")
        item = self._items(move)
        self.assertEqual(item.phase_id, self.phase_second)
        return item

    def _get_changes(self):
        other = self.text.copy({"name": "Another"})
        return {
            "text": (
                self.text,
                "write",
                [{"body_html": "<p>Pay or else</p><t t-out='object.titles_html'/>"}],
            ),
            "subject": (self.text, "write", [{"subject": "Last warning"}]),
            "translation": (
                self.text,
                "update_field_translations",
                ["subject", {"pt_BR": "Pague"}],
            ),
            "sender": (self.text, "write", [{"email_from": "boss@creditor.example"}]),
            "copy": (self.text, "write", [{"email_cc": "press@paper.example"}]),
            "attachment": (self.text, "write", [{"attachment_ids": [Command.clear()]}]),
            "file": (self.file, "write", [{"raw": b"Other terms"}]),
            "phase's letter": (self.phase_second, "write", [{"template_id": other.id}]),
            "step's letter": (self.step, "write", [{"template_id": other.id}]),
        }

    def test_changed_letter_does_not_leave(self):
        self.env["res.lang"]._activate_lang("pt_BR")
        item = self._approve_one()
        for name, (records, method, args) in self._get_changes().items():
            with self.subTest(name):
                savepoint = self.cr.savepoint()
                self._call(self.manager, records, method, *args)
                self._send_letters()
                self.assertFalse(self._deliver())
                self.assertEqual(self._letters().mapped("state"), ["cancelled"])
                request = self._requests()
                self.assertRecordValues(request, [{"origin": "again", "item_count": 1}])
                self.assertIn("changed since", request.reason)
                self.assertEqual(item.phase_id, self.phase_second)
                self.assertIn("changed since", item._explain_approval())
                savepoint.rollback()
                self.env.invalidate_all()

    def test_what_was_shown_leaves(self):
        """Without any change, after the phase was renamed, and again at the interval."""
        self._approve_one()
        self.step.resend_interval = 2
        self._call(self.manager, self.text, "write", {"name": "Called otherwise"})
        self._call(self.manager, self.phase_second, "write", {"name": "Renamed"})
        self._send_letters()
        self.assertEqual(len(self._deliver()), 1)
        self._move_on(2)
        self._allocate()
        self._send_letters()
        self.assertEqual(len(self._deliver()), 1)
        self.assertFalse(self._requests())

    def test_asked_once_and_nothing_written_after(self):
        """While it waits no letter is decided and taken back every day."""
        item = self._approve_one()
        self._call(self.manager, self.text, "write", {"subject": "Last warning"})
        self._send_letters()
        self.assertEqual(len(self._letters()), 1)
        for _day in range(3):
            self._move_on(1)
            self._allocate()
            self._send_letters()
            self.assertFalse(self._deliver())
        self.assertEqual(len(self._letters()), 1)
        self.assertRecordValues(item, [{"approval_state": "pending", "blocker": "approval"}])
        self.assertEqual(len(self._requests()), 1)
        self._call(self.approver, self._requests(), "action_approve")
        self._send_letters()
        [message] = self._deliver()
        self.assertIn("Last warning", str(message["Subject"]))
        self.assertEqual(item.phase_id, self.phase_second)

    def test_refused_again(self):
        """It stays where it is, without letters, and nobody is asked every day."""
        item = self._approve_one()
        self._call(self.manager, self.text, "write", {"subject": "Last warning"})
        self._send_letters()
        self._call(self.approver, self._requests(), "action_refuse", "Too harsh")
        for _day in range(2):
            self._move_on(1)
            self._allocate()
            self._send_letters()
        self.assertFalse(self._deliver())
        self.assertFalse(self._requests())
        self.assertIn("Too harsh", item._explain_approval())

    def test_put_back_as_it_was(self):
        """The same text again is what was approved."""
        self._approve_one()
        before = self.text.subject
        self._call(self.manager, self.text, "write", {"subject": "Last warning"})
        self._call(self.manager, self.text, "write", {"subject": before})
        self._send_letters()
        self.assertEqual(len(self._deliver()), 1)

    def test_definition(self):
        """The text is locked; where it changes all the same the phase asks again."""
        self._guard(self.phase_second, "definition", levels=self._get_team())
        self._call(self.manager, self.phase_second, "action_request_approval")
        self._call(self.approver, self.phase_second, "action_approve")
        move = self._create_overdue(12)
        self._allocate()
        self._end_transaction()
        with self.assertRaises(UserError), self.cr.savepoint():
            self._call(self.manager, self.text, "write", {"subject": "Last warning"})
        self.text.sudo().with_user(1).subject = "Another version's"
        self._end_transaction()
        self._send_letters()
        self.assertFalse(self._deliver())
        request = self.phase_second.pending_approval_id
        self.assertEqual(request.origin, "again")
        self.assertFalse(self.phase_second.can_act)
        self._call(self.approver, request, "action_approve")
        self._send_letters()
        self.assertEqual(len(self._deliver()), 1)
        self.assertEqual(self._items(move).phase_id, self.phase_second)

    def test_changed_while_it_is_decided(self):
        """The form was opened before: who decides is told to look again."""
        self._guard(self.phase_second, levels=self._get_team())
        self._create_overdue(12)
        self._allocate()
        self._end_transaction()
        request = self._requests().with_user(self.approver)
        facts = request._get_facts()
        seen = {
            "crm_collection_seen": facts["seen"],
            "crm_collection_seen_change": facts["seen_change"],
        }
        self._call(self.manager, self.text, "write", {"subject": "Last warning"})
        with self.assertRaisesRegex(UserError, "look at it again"), self.cr.savepoint():
            self._call(self.approver, request, "action_approve", context=seen)
        self.env.invalidate_all()
        seen["crm_collection_seen_change"] = request._get_facts()["seen_change"]
        self._call(self.approver, request, "action_approve", context=seen)
        self.assertEqual(request.state, "approved")

    def test_credit_undone_afterwards(self):
        """Asked for and approved while a payment lowered it below the level."""
        team, chief = self._get_team()[0], {"user_ids": [Command.set(self.second_approver.ids)]}
        self._guard(
            self.phase_second,
            levels=[team | {"sequence": 1}, chief | {"sequence": 2, "amount_min": 20000}],
        )
        move = self._create_overdue(12, amount=25000)
        self._pay(move, amount=6000)
        self._allocate()
        self._end_transaction()
        request = self._requests()
        self._call(self.approver, request, "action_approve")
        self.assertEqual(request.state, "approved")
        self._receivables(move).remove_move_reconcile()
        self._end_transaction()
        self._allocate()
        self._send_letters()
        self.assertFalse(self._deliver())
        again = self._requests()
        self.assertRecordValues(again, [{"origin": "again", "exposure": 25000}])
        self._call(self.approver, again, "action_approve")
        self.assertEqual(again.state, "pending")
        self._call(self.second_approver, again, "action_approve")
        self._send_letters()
        self.assertEqual(len(self._deliver()), 1)
