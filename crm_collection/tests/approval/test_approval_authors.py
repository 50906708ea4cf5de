from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .test_approval_context import ApprovalCallsCommon

CHANGE = "crm.collection.approval.change"


@tagged("post_install", "-at_install")
class TestApprovalAuthors(ApprovalCallsCommon):
    """Whoever made or changed something that led to a request decides nothing about it until
    others have approved what rests on it, whoever asked and whatever he is called.

    Seen to fail, each way to be an author, with `_note` writing nothing; moves by hand with
    `_by_hand` finding none. Those that say what is no change, or is not approved yet: with the
    same value noted, a refusal closing changes, and one's own decision, too.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._guard(cls.phase_second, levels=cls._get_team())
        cls.text = cls.phase_second.template_id = cls.env.ref(
            "crm_collection.mail_template_firm"
        ).copy({"name": "Ours"})
        cls.own_text = cls.text.copy({"name": "The step's"})
        cls.step = cls.rule.step_ids.filtered(lambda step: step.days == 10)
        cls.step.template_id = cls.own_text
        cls.env.flush_all()

    def _get_changes(self):
        """Every way in which one person leads to what he would then approve."""
        level = self.phase_second.approval_rule_id.level_ids
        rule, step, phase, text = self.rule, self.step, self.phase_second, self.text
        file = {"name": "terms.txt", "raw": b"Terms"}
        return {
            "rule": (rule, "write", {"grace_days": 1}),
            "rule's conditions": (rule, "write", {"partner_domain": "[('id', '>', 0)]"}),
            "rule's place": (rule, "write", {"sequence": 3}),
            "step": (step, "write", {"days": 9}),
            "step by its rule": (
                rule,
                "write",
                {"step_ids": [Command.update(step.id, {"days": 9})]},
            ),
            "step's letter": (step, "write", {"template_id": self.text.id}),
            "phase's name": (phase, "write", {"name": "Friendly reminder"}),
            "phase's place": (phase, "write", {"sequence": 121}),
            "phase's letter": (phase, "write", {"template_id": self.own_text.id}),
            "text": (text, "write", {"body_html": "<p>Pay</p><t t-out='object.titles_html'/>"}),
            "text of the step": (self.own_text, "write", {"subject": "Pay"}),
            "sender": (text, "write", {"email_from": "boss@creditor.example"}),
            "attachment": (text, "write", {"attachment_ids": [Command.create(file)]}),
            "level": (level, "write", {"approver_count": 1, "group_id": False}),
            "own rule": (self.customer, "write", {"collection_rule_id": self.rule.id}),
        }

    def _wait(self, days=12):
        self._create_overdue(days)
        self._allocate()
        self._end_transaction()
        return self._requests().sorted("id")[-1:]

    def _assert_barred(self, request, user, barred=True):
        """In the form, in the list and by the button; the request shows who."""
        mine = self.env(user=user)[request._name].browse(request.id)
        self.assertEqual(mine.can_decide, not barred)
        self.assertEqual(mine in mine.search([("can_decide", "=", True)]), not barred)
        self.assertEqual(user in request.sudo().change_ids.user_id, barred)
        if barred:
            with self.assertRaises(AccessError), self.cr.savepoint():
                self._call(user, request, "action_approve")
            self.env.invalidate_all()

    def test_whoever_led_to_it_is_barred(self):
        for name, (records, method, vals) in self._get_changes().items():
            with self.subTest(name):
                savepoint = self.cr.savepoint()
                sudo = records if records._name != "res.partner" else records.sudo()
                if records._name == "res.partner":  # contacts are written by those who may
                    sudo.with_user(self.both).sudo().write(vals)
                else:
                    self._call(self.both, records, method, vals)
                self._end_transaction()
                request = self._wait()
                self._assert_barred(request, self.both)
                self._assert_barred(request, self.approver, False)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_translation_and_file_are_the_text(self):
        """By `update_field_translations`, and by the file that is attached."""
        self.env["res.lang"]._activate_lang("pt_BR")
        file = self.env["ir.attachment"].create({"name": "terms.txt", "raw": b"Terms"})
        self.text.attachment_ids = file
        self._end_transaction()
        calls = {
            "translation": (
                self.text,
                "update_field_translations",
                ["subject", {"pt_BR": "Pague"}],
            ),
            "phase's translation": (
                self.phase_second,
                "update_field_translations",
                ["name", {"pt_BR": "Lembrete"}],
            ),
            "file": (file, "write", [{"raw": b"Others"}]),
        }
        for name, (records, method, args) in calls.items():
            with self.subTest(name):
                savepoint = self.cr.savepoint()
                self._call(self.both, records, method, *args)
                self._assert_barred(self._wait(), self.both)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_copied_text_is_one_change(self):
        """It gets its files and pictures while it is copied."""
        file = {"name": "terms.txt", "raw": b"Terms"}
        self.text.attachment_ids = [Command.create(file)]
        self._end_transaction()
        Change = self.env[CHANGE].sudo()
        before = Change.search([])
        copied = self.text.with_user(self.manager).copy()
        changes = Change.search([]) - before
        self.assertEqual(
            [(change.res_id, change.kind) for change in changes], [(copied.id, "created")]
        )
        self._end_transaction()
        copied.body_html = "<p>Pay</p><t t-out='object.titles_html'/>"
        later = Change.search([]) - before - changes
        self.assertEqual(
            [(change.res_id, change.kind) for change in later], [(copied.id, "changed")]
        )

    def test_moved_by_hand(self):
        """Who put the item where the rule goes on from."""
        move = self._create_overdue(12)
        self.phase_second.sudo()._write_evidence({"is_guarded": False})
        item = self._items(move)
        self._allocate()
        item = self._items(move)
        self.phase_second.sudo()._write_evidence({"is_guarded": True})
        item.with_user(self.both)._maintain(self.phase_first, "Because")
        self._end_transaction()
        item.with_user(self.collector)._maintain(self.phase_second, "Because")
        self._end_transaction()
        request = self._requests()
        mine = request.with_user(self.both)
        self.assertFalse(mine.can_decide)
        self.assertIn("by hand", mine.cannot_decide_reason)
        self.assertNotIn(request, mine.search([("can_decide", "=", True)]))

    def test_deleted_rule_brings_its_customers_here(self):
        other = self._create_rule({1: self.phase_first}, sequence=1)
        self._end_transaction()
        self._call(self.both, other, "unlink")
        self._assert_barred(self._wait(), self.both)

    def test_text_of_anothers_draft(self):
        """He rewrites it, the manager asks, he approves."""
        rule = self._guard(self.phase_third, "definition", levels=self._get_team())
        self._call(self.both, self.phase_third.template_id, "write", {"subject": "Pay at once"})
        self._call(self.manager, self.phase_third, "action_request_approval")
        request = self.phase_third.pending_approval_id
        self._assert_barred(request, self.both)
        self._call(self.approver, request, "action_approve")
        self.assertEqual(self.phase_third.approval_rule_id, rule)
        self.assertTrue(self.phase_third.can_act)

    def test_proposed_approval_rule(self):
        """Who wrote the rule a phase is to come under does not agree to that."""
        lax = self.env["crm.collection.approval.rule"].browse(
            self._call(
                self.both,
                self.env["crm.collection.approval.rule"],
                "create",
                {"name": "Lax", "level_ids": [Command.create(self._get_team()[0])]},
            )
        )
        self._call(self.manager, self.phase_second, "write", {"approval_rule_id": lax.id})
        self._assert_barred(self.phase_second.pending_approval_id, self.both)

    def test_others_have_approved_it_since(self):
        """What others agreed to counts as theirs, until he changes something again."""
        self._call(self.both, self.step, "write", {"resend_interval": 5})
        self._call(self.both, self.text, "write", {"subject": "Pay"})
        first = self._wait()
        self._assert_barred(first, self.both)
        self._call(self.approver, first, "action_approve")
        changes = self.env[CHANGE].search([("user_id", "=", self.both.id)])
        self.assertEqual(changes.approval_id, first)
        second = self._wait(13)
        self._assert_barred(second, self.both, False)
        self._call(self.both, self.step, "write", {"resend_interval": 6})
        self._assert_barred(second, self.both)

    def test_refusing_approves_nothing(self):
        self._call(self.both, self.step, "write", {"resend_interval": 5})
        self._call(self.approver, self._wait(), "action_refuse", "No")
        self.assertFalse(self.env[CHANGE].search([("user_id", "=", self.both.id)]).approval_id)

    def test_own_decision_approves_nothing_of_ones_own(self):
        """He agreed at the first level, and changed the text before the second."""
        rule = self.phase_second.approval_rule_id
        board = {"sequence": 20, "user_ids": [Command.set(self.second_approver.ids)]}
        rule.with_user(self.manager).level_ids = [Command.create(board)]
        self._end_transaction()
        request = self._wait()
        self._call(self.both, request, "action_approve")
        self._call(self.both, self.own_text, "write", {"subject": "Pay"})
        self._call(self.second_approver, request, "action_approve")
        self.assertEqual(request.state, "approved")
        self.assertFalse(
            self.env[CHANGE]
            .search([("user_id", "=", self.both.id), ("res_id", "=", self.own_text.id)])
            .approval_id
        )

    def test_approving_changes_nothing(self):
        """Who puts a proposal in force is not its author, nor is who proposed it after that."""
        self._guard(self.phase_third, "both", levels=self._get_team())
        self._call(self.manager, self.phase_third, "action_request_approval")
        self._call(self.approver, self.phase_third, "action_approve")
        self._call(self.both, self.phase_third, "write", {"allocation_mode": "manual"})
        self._call(self.approver, self.phase_third, "action_approve")
        self.assertEqual(self.phase_third.allocation_mode, "manual")
        self.assertFalse(self.phase_third.configured_by_ids)

    def test_record_is_nobodys(self):
        """Nobody writes it, and what the installation brings is nobody's change."""
        self._call(self.both, self.step, "write", {"resend_interval": 5})
        change = self.env[CHANGE].search([], limit=1)
        self.assertTrue(change)
        vals = {"user_id": self.approver.id, "approval_id": False}
        for user in (self.both, self.manager, self.env.ref("base.user_admin")):
            for method, args in (("write", [vals]), ("unlink", []), ("create", [vals])):
                with (
                    self.subTest(user.login, method=method),
                    self.assertRaises(UserError),
                    self.cr.savepoint(),
                ):
                    self._call(user, change, method, *args)
        with self.assertRaises(AccessError):
            change.sudo().write(vals)
        before = self.env[CHANGE].search_count([])
        self.step.with_user(SUPERUSER_ID).days = 8
        self.assertEqual(self.env[CHANGE].search_count([]), before)

    def test_same_again_is_no_change(self):
        before = self.env[CHANGE].search_count([])
        self._call(self.both, self.step, "write", {"days": 10})
        self._call(self.both, self.phase_second, "write", {"color": 4, "description": "For us"})
        self.assertEqual(self.env[CHANGE].search_count([]), before)

    def test_decision_keeps_the_names(self):
        request = self._wait()
        self._call(self.approver, request, "action_approve")
        decision = request.decision_ids
        names = {
            "subject": f"Phase 2: {self.customer.name}",
            "phase_name": "Phase 2",
            "partner_name": self.customer.name,
            "approval_rule_name": "Agreed",
            "rule_names": "Rule",
        }
        self._call(self.manager, self.phase_second, "write", {"name": "Just a greeting"})
        self._call(self.manager, self.rule, "write", {"name": "Another"})
        self.customer.sudo().name = "Somebody"
        self.env.invalidate_all()
        self.assertRecordValues(decision, [names])
