from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..common_letters import CrmCollectionLettersCommon


@tagged("post_install", "-at_install")
class TestApprovalDefinition(CrmCollectionLettersCommon):
    """P8: a phase that is not approved allocates nothing and sends nothing, on any path, and who
    asks never approves. Letters that were under way: `test_letter_money`.

    Seen to fail: with `usable` in `plan.steps` ignoring the approval; with the condition left out
    of `may_be_written`; with `_get_refusal_domains` not asking `can_act`; with the requester's
    check left out of `_get_cannot_approve_reason`; with `write` of the phase not overridden.
    """

    def _states(self):
        """Every state in which a phase must not act."""
        manager, approver = self.manager, self.approver
        phase = self.phase_first
        self._put_under_approval(phase)
        yield "draft"
        phase.with_user(manager).action_request_approval()
        yield "pending"
        phase.with_user(approver).action_refuse("Too harsh")
        yield "refused"
        self._approve(phase)
        phase.with_user(manager).action_archive()
        yield "archived"

    # === Nothing acts === #

    def test_job_allocates_and_sends_nothing(self):
        move = self._create_overdue(5)
        for state in self._states():
            with self.subTest(state=state):
                self._allocate()
                self._send_letters()
                self.assertFalse(self._items(move).phase_id)
                self.assertFalse(self._letters())
        self.phase_first.action_unarchive()
        self._allocate()
        self._send_letters()
        self.assertEqual(self._items(move).phase_id, self.phase_first)
        self.assertEqual(len(self._deliver()), 1)

    def test_open_items_in_the_phase_get_nothing(self):
        """Items that were there before are not moved on into it, written to or written again."""
        self.rule.step_ids.filtered(lambda step: step.days == 1).resend_interval = 2
        move = self._create_overdue(2)
        self._allocate()
        for state in self._states():
            with self.subTest(state=state):
                self._allocate()
                self._send_letters()
                self.assertFalse(self._deliver())
                self.assertEqual(self._items(move).phase_id, self.phase_first)
                with self.assertRaises(UserError):
                    self._send_now(self._items(move))
        self.assertFalse(self._letters())

    def test_resend_is_stopped(self):
        self.rule.step_ids.filtered(lambda step: step.days == 1).resend_interval = 2
        self._create_overdue(1)
        self._allocate()
        self._send_letters()
        self.assertEqual(len(self._deliver()), 1)
        self._put_under_approval(self.phase_first)
        for _day in range(4):
            self._move_on(1)
            self._allocate()
            self._send_letters()
            self.assertFalse(self._deliver())
        self._approve(self.phase_first)
        self._send_letters()
        self.assertEqual(len(self._deliver()), 1)

    def test_maintenance_is_refused(self):
        move = self._create_overdue(12)
        self._allocate()
        item = self._items(move).with_user(self.collector)
        phase = self.phase_first.with_user(self.collector)
        for state in self._states():
            with self.subTest(state=state):
                result = item._maintain(phase, "Because")
                self.assertFalse(result["done"])
                self.assertIn("not approved", result["refused"][item.id])
                with self.assertRaises(UserError):
                    item.write({"phase_id": phase.id})
        self.assertEqual(item.phase_id, self.phase_second)

    def test_retry_of_a_failed_letter_is_refused(self):
        self.customer.email = False
        self._create_overdue(5)
        self._allocate()
        self._send_letters()
        letter = self._letters()
        self.customer.email = "adler@customer.example"
        self._put_under_approval(self.phase_first)
        letter.with_user(self.collector).action_retry()
        self.assertFalse(self._deliver())
        self.assertEqual(letter.state, "cancelled")

    def test_job_goes_to_the_phase_below(self):
        """A step that must not act is skipped and reported; the one below it acts."""
        self._put_under_approval(self.phase_second)
        move = self._create_overdue(12)
        self._allocate()
        self.assertRecordValues(
            self._items(move), [{"phase_id": self.phase_first.id, "blocker": "unapproved"}]
        )

    # === Who asks, who decides === #

    def test_four_eyes(self):
        """Also somebody who has both roles decides nothing he asked for himself."""
        both = new_test_user(
            self.env(su=True),
            "both",
            groups="crm_collection.group_crm_collection_manager,"
            "crm_collection.group_crm_collection_approver",
        )
        self._put_under_approval(self.phase_first)
        phase = self.phase_first.with_user(both)
        phase.action_request_approval()
        for action in ("action_approve", "action_refuse"):
            with self.subTest(action), self.assertRaises(AccessError):
                getattr(phase, action)()
        self.assertFalse(phase.can_approve)
        self.assertEqual(phase.approval_state, "pending")
        other = phase.with_user(self.approver)
        self.assertTrue(other.can_approve)
        other.action_approve()
        self.assertRecordValues(
            phase,
            [
                {
                    "approval_state": "approved",
                    "approval_requested_by_id": both.id,
                    "approval_decided_by_id": self.approver.id,
                    "can_act": True,
                }
            ],
        )

    def test_who_may_decide(self):
        self._put_under_approval(self.phase_first)
        self.phase_first.with_user(self.manager).action_request_approval()
        for user in (self.manager, self.collector, self.outsider):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.phase_first.with_user(user).action_approve()
        self.assertEqual(self.phase_first.approval_state, "pending")

    def test_named_approver(self):
        """A rule may name people instead of a group."""
        rule = self._put_under_approval(self.phase_first)
        chief = self._create_user("chief", "approver")
        rule.with_user(self.manager).level_ids.write({"group_id": False, "user_ids": chief})
        self.phase_first.with_user(self.manager).action_request_approval()
        with self.assertRaises(AccessError):
            self.phase_first.with_user(self.approver).action_approve()
        self.phase_first.with_user(chief).action_approve()
        self.assertTrue(self.phase_first.can_act)

    def test_who_may_ask(self):
        self._put_under_approval(self.phase_first)
        for user in (self.collector, self.approver, self.outsider):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.phase_first.with_user(user).action_request_approval()
        self.assertEqual(self.phase_first.approval_state, "draft")

    def test_nothing_to_ask_or_decide(self):
        with self.assertRaises(UserError):
            self.phase_first.with_user(self.manager).action_request_approval()
        self._put_under_approval(self.phase_first)
        with self.assertRaises(AccessError):
            self.phase_first.with_user(self.approver).action_approve()

    def test_refusal_keeps_its_reason(self):
        self._put_under_approval(self.phase_first)
        self.phase_first.with_user(self.manager).action_request_approval()
        self.phase_first.with_user(self.approver).action_refuse("Too harsh")
        self.assertRecordValues(
            self.phase_first, [{"approval_state": "refused", "approval_note": "Too harsh"}]
        )
        self._approve(self.phase_first)
        self.assertFalse(self.phase_first.approval_note)

    # === No way around === #

    def test_state_is_not_written(self):
        """Through RPC, by nobody, not even with what is right beside it."""
        self._put_under_approval(self.phase_first)
        values = {
            "approval_state": "approved",
            "approval_requested_by_id": self.collector.id,
            "approval_decided_by_id": self.approver.id,
            "approval_date": "2026-03-01 00:00:00",
            "approval_note": "Fine",
        }
        for user in (self.manager, self.approver, self.env.ref("base.user_admin")):
            phase = self.phase_first.with_user(user)
            for fname, value in values.items():
                for method in ("write", "web_save"):
                    vals = {"name": "Renamed", fname: value}
                    args = [phase.ids, vals]
                    kwargs = {"specification": {}} if method == "web_save" else {}
                    with (
                        self.subTest(user=user.login, fname=fname, method=method),
                        self.assertRaises(AccessError),
                        self.env.cr.savepoint(),
                    ):
                        call_kw(phase.browse(), method, args, kwargs)
        self.assertRecordValues(self.phase_first, [{"approval_state": "draft", "name": "Phase 1"}])

    def test_private_methods_are_private(self):
        self._put_under_approval(self.phase_first)
        phase = self.phase_first.with_user(self.manager)
        for method, args in (
            ("_set_approval", []),
            ("_decide", ["approved"]),
            ("_reset_approval", []),
        ):
            with self.subTest(method), self.assertRaises(AccessError):
                call_kw(phase.browse(), method, [phase.ids, *args], {})

    def test_created_as_approved(self):
        """A new phase under a rule is a draft, whatever is passed, by value, default or import."""
        rule = self._put_under_approval(self.phase_first)
        Phase = self.env["crm.collection.phase"].with_user(self.manager)
        by_value = Phase.create(
            {
                "name": "New",
                "approval_rule_id": rule.id,
                "approval_state": "approved",
                "approval_decided_by_id": self.approver.id,
            }
        )
        by_context = Phase.with_context(
            default_approval_rule_id=rule.id, default_approval_state="approved"
        ).create({"name": "New"})
        self.assertEqual(by_context.approval_rule_id, rule)
        result = Phase.load(
            ["name", "approval_rule_id/.id", "approval_state"], [["New", str(rule.id), "Approved"]]
        )
        by_import = Phase.browse(result["ids"] or [])
        for phase in (by_value, by_context, by_import):
            self.assertEqual(set(phase.mapped("approval_state")), {"draft"})
            self.assertFalse(phase.approval_decided_by_id)

    def test_import_over_an_existing_phase(self):
        self._put_under_approval(self.phase_first)
        self.phase_first._export_rows([["id"]])
        xmlid = self.phase_first.get_external_id()[self.phase_first.id]
        with mute_logger("odoo.models"):
            result = (
                self.env["crm.collection.phase"]
                .with_user(self.manager)
                .load(["id", "approval_state"], [[xmlid, "Approved"]])
            )
        self.assertTrue(result["messages"])
        self.assertEqual(self.phase_first.approval_state, "draft")

    def test_copy_is_not_approved(self):
        self._put_under_approval(self.phase_first)
        self._approve(self.phase_first)
        copy = self.phase_first.with_user(self.manager).copy()
        self.assertRecordValues(
            copy, [{"approval_state": "draft", "approval_decided_by_id": False}]
        )

    def test_changing_what_was_approved_asks_again(self):
        """What was approved stays in force until the answer comes, and acts.

        Seen to fail with the change written at once.
        """
        other_rule = self.env["crm.collection.approval.rule"].create({"name": "Other"})
        changes = {
            "allocation_mode": "manual",
            "template_id": self.env.ref("crm_collection.mail_template_legal").id,
            "company_id": self.company.id,
            "approval_rule_id": other_rule.id,
        }
        phase = self.phase_first
        self._put_under_approval(phase)
        self._approve(phase)
        for fname, value in changes.items():
            with self.subTest(fname):
                before = phase[fname]
                phase.with_user(self.manager).write({fname: value, "color": 3})
                self.assertEqual(phase[fname], before)
                self.assertEqual(phase.color, 3)
                self.assertTrue(phase.can_act)
                self.assertEqual(len(phase.pending_approval_id._get_change_rows()), 1)
                self.assertEqual(phase.pending_approval_id.user_id, self.manager)
                with self.assertRaises(AccessError):
                    phase.with_user(self.manager).action_approve()
                phase.with_user(self.approver).action_approve("Fine")
                self.env.invalidate_all()
                self.assertEqual(getattr(phase[fname], "id", phase[fname]), value)
                self.assertEqual(phase.approval_state, "approved")

    def test_refused_change_leaves_what_is_in_force(self):
        phase = self.phase_first
        self._put_under_approval(phase)
        self._approve(phase)
        phase.with_user(self.manager).allocation_mode = "manual"
        phase.with_user(self.approver).action_refuse("Too much work")
        self.assertRecordValues(
            phase, [{"approval_state": "approved", "allocation_mode": "automatic"}]
        )
        self.assertFalse(phase.pending_approval_id)
        self._create_overdue(5)
        self._allocate()
        self._send_letters()
        self.assertEqual(len(self._deliver()), 1)

    def test_second_change_joins_the_first(self):
        """Both who had a hand in it are kept from approving."""
        phase = self.phase_first
        self._put_under_approval(phase)
        self._approve(phase)
        other = new_test_user(
            self.env(su=True),
            "other",
            groups="crm_collection.group_crm_collection_manager,"
            "crm_collection.group_crm_collection_approver",
        )
        phase.with_user(other).allocation_mode = "manual"
        first = phase.pending_approval_id
        phase.with_user(self.manager).template_id = self.env.ref(
            "crm_collection.mail_template_legal"
        )
        self.assertEqual(first.state, "cancelled")
        with self.assertRaises(AccessError):
            phase.with_user(other).action_approve()
        phase.with_user(self.approver).action_approve()
        self.env.invalidate_all()
        self.assertRecordValues(
            phase,
            [
                {
                    "allocation_mode": "manual",
                    "template_id": self.env.ref("crm_collection.mail_template_legal").id,
                }
            ],
        )

    def test_who_configured_was_away(self):
        """Archived for a time, he is not forgotten: back again he still does not approve.

        Seen to fail with the archived left out of those who had a hand in it.
        """
        phase = self.phase_first
        self._put_under_approval(phase)
        self._approve(phase)
        other = new_test_user(
            self.env(su=True),
            "other",
            groups="crm_collection.group_crm_collection_manager,"
            "crm_collection.group_crm_collection_approver",
        )
        phase.with_user(other).allocation_mode = "manual"
        other.active = False
        self.env.invalidate_all()
        phase.with_user(self.manager).template_id = self.env.ref(
            "crm_collection.mail_template_legal"
        )
        self.env.invalidate_all()
        phase.with_user(self.manager).company_id = self.company
        self.env.invalidate_all()
        other.active = True
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            phase.with_user(other).action_approve()

    def test_approval_rule_is_not_taken_off(self):
        """Neither by an approved nor by a new phase's manager alone: it takes an approval."""
        phase = self.phase_first
        rule = self._put_under_approval(phase)
        phase.with_user(self.manager).approval_rule_id = False
        self.assertEqual(phase.approval_rule_id, rule)
        self.assertFalse(phase.can_act)
        phase.with_user(self.approver).action_approve()
        self.env.invalidate_all()
        self.assertFalse(phase.approval_rule_id)
        self.assertTrue(phase.can_act)

    def test_rule_keeps_a_level(self):
        """Whoever deletes or moves levels by themselves; a form replaces the last one.

        Seen to fail: nobody could decide about anything under a rule without levels.
        """
        rule = self._put_under_approval(self.phase_first).with_user(self.manager)
        other = rule.copy({"name": "Other"})
        for spoil in (rule.level_ids.unlink, lambda: rule.level_ids.write({"rule_id": other.id})):
            with self.assertRaisesRegex(ValidationError, "needs a level"), self.cr.savepoint():
                spoil()
                self.env.cr.flush()
            self.env.cr.precommit.clear()
            self.env.invalidate_all()
        vals = {"user_ids": [Command.set(self.approver.ids)]}
        rule.level_ids = [Command.delete(rule.level_ids.id), Command.create(vals)]
        self.env.cr.flush()
        self.assertEqual(rule.level_ids.user_ids, self.approver)

    def test_changed_levels_leave_a_trace(self):
        """A manager may change who decides, and the rule's chatter says that he did."""
        rule = self._put_under_approval(self.phase_first).with_user(self.manager)
        self.env.cr.flush()
        rule.level_ids.write({"group_id": False, "user_ids": [Command.set(self.approver.ids)]})
        rule.env.flush_all()  # as the manager's own transaction does
        self.env.cr.flush()
        tracked = rule.message_ids[:1].sudo().tracking_value_ids
        self.assertEqual(tracked.field_id.name, "level_text")
        self.assertIn("Approver", tracked.old_value_char)
        self.assertEqual(tracked.new_value_char, f"1 × {self.approver.name}")
        self.assertEqual(rule.message_ids[:1].author_id, self.manager.partner_id)

    def test_proposal_makes_sense(self):
        """What cannot be is refused when it is proposed, not when it is approved."""
        phase = self.phase_first
        self._put_under_approval(phase)
        self._approve(phase)
        self.env.invalidate_all()
        for vals in ({"allocation_mode": "sometimes"}, {"template_id": 987654321}):
            with self.subTest(**vals), self.assertRaisesRegex(UserError, "does not exist"):
                phase.with_user(self.manager).write(vals)
        self.assertFalse(phase.pending_approval_id)

    def test_own_defaults_decide_nothing(self):
        """Requests are made as superuser: neither a context nor the default values everybody may
        set for himself bring decisions along.

        Seen to fail with the defaults of the one who asks.
        """
        phase = self.phase_first
        rule = self._put_under_approval(phase)
        forged = {
            "user_id": self.approver.id,
            "decision": "approved",
            "date": "2026-03-01 00:00:00",
            "level_id": rule.level_ids.id,
        }
        own = {"decision_ids": [Command.create(forged)], "date_escalated": "2026-03-01"}
        for fname, value in own.items():
            self.env["ir.default"].with_user(self.manager).set(
                "crm.collection.approval", fname, value, user_id=True
            )
        context = {f"default_{fname}": value for fname, value in own.items()}
        call_kw(
            phase.with_user(self.manager).browse(),
            "action_request_approval",
            [phase.ids],
            {"context": context},
        )
        self.env.invalidate_all()
        self.assertFalse(phase.pending_approval_id.decision_ids)
        self.assertFalse(phase.pending_approval_id.date_escalated)

    def test_what_was_proposed_is_deleted(self):
        """The form still opens, and it is not approved as if nothing had been proposed.

        Seen to fail with the ids of the proposal taken as they are.
        """
        phase = self.phase_first
        self._put_under_approval(phase)
        self._approve(phase)
        template = self.env.ref("crm_collection.mail_template_legal").copy()
        phase.with_user(self.manager).template_id = template
        request = phase.pending_approval_id
        template.with_user(SUPERUSER_ID).unlink()  # as when its module is removed
        self.env.invalidate_all()
        self.assertTrue(phase.with_user(self.approver).changes_html)
        self.assertTrue(request.with_user(self.approver).changes_html)
        with self.assertRaises(UserError):
            request.with_user(self.approver).action_approve()
        self.env.invalidate_all()
        request.with_user(self.approver).action_refuse("It is gone")
        self.assertEqual(phase.approval_state, "approved")

    def test_phase_that_was_asked_about_is_not_deleted(self):
        """Seen to fail: the database's own error came through."""
        phase = self.phase_first.copy({"name": "New"})
        self._put_under_approval(phase)
        phase.with_user(self.manager).action_request_approval()
        phase.with_user(self.manager).action_withdraw_approval()
        with self.assertRaisesRegex(UserError, "archive the phase"):
            phase.with_user(self.manager).unlink()

    # === The text of the letter === #

    def _get_text_changes(self, template):
        """Every way by which a manager changes what a letter says."""
        as_manager = template.with_user(self.manager)
        attachment = self.env["ir.attachment"].search(
            [("res_model", "=", "mail.template"), ("res_id", "=", template.id)]
        )
        term = {"en_US": "Pay at once"}
        return {
            "text": lambda: as_manager.write(
                {"body_html": '<p>Pay at once</p><t t-out="object.titles_html"/>'}
            ),
            "subject": lambda: as_manager.write({"subject": "Pay at once"}),
            "language": lambda: as_manager.with_context(lang="pt_BR").write({"subject": "Pague"}),
            "translation": lambda: as_manager.update_field_translations("subject", term),
            "sender": lambda: as_manager.write({"email_from": "me@example.com"}),
            "answers": lambda: as_manager.write({"reply_to": "me@example.com"}),
            "no attachment": lambda: as_manager.write({"attachment_ids": [Command.clear()]}),
            "attachment": lambda: attachment.with_user(self.manager).write({"raw": b"Other"}),
            "lost attachment": lambda: attachment.with_user(self.manager).unlink(),
            "moved attachment": lambda: (
                template.copy()
                .with_user(self.manager)
                .write({"attachment_ids": [Command.link(attachment.id)]})
            ),
            "archived": as_manager.action_archive,
            "deleted": as_manager.unlink,
        }

    def _check_text_changes(self, template, allowed):
        """A letter that a phase sends is not deleted, approved or not: another takes its place."""
        refusal = "Choose another" if allowed else "Copy it|Duplique a carta"
        for name, change in self._get_text_changes(template).items():
            savepoint = self.env.cr.savepoint()
            is_used = name == "deleted" and template in self.phase_first.template_id
            with self.subTest(name):
                if allowed and not is_used:
                    change()
                else:
                    with self.assertRaisesRegex(UserError, refusal):
                        change()
            savepoint.rollback()
            self.env.invalidate_all()

    def _create_letter_text(self):
        template = self.phase_first.template_id.copy()
        template.attachment_ids = [Command.create({"name": "Terms.txt", "raw": b"Terms"})]
        return template

    def test_approved_text_is_not_changed(self):
        """What the approvers looked at is what leaves: another text is another letter.

        Seen to fail with `write` and `unlink` of the template not overridden, and with the
        attachments of templates not looked at.
        """
        self.env["res.lang"]._activate_lang("pt_BR")
        template, phase = self._create_letter_text(), self.phase_first
        phase.template_id = template
        self._check_text_changes(template, allowed=True)
        self._put_under_approval(phase)
        self._check_text_changes(template, allowed=True)
        phase.with_user(self.manager).action_request_approval()
        self._check_text_changes(template, allowed=False)
        phase.with_user(self.approver).action_approve()
        self._check_text_changes(template, allowed=False)
        phase.with_user(self.manager).action_archive()
        self._check_text_changes(template, allowed=False)
        template.with_user(self.manager).write({"name": "Renamed", "description": "Ours"})

    def test_proposed_text_is_not_changed(self):
        """Between the approver's look and his answer the proposed letter stays as it is.

        Seen to fail with the proposals left out of `_get_approved_phases`.
        """
        self.env["res.lang"]._activate_lang("pt_BR")
        phase, template = self.phase_first, self._create_letter_text()
        self._put_under_approval(phase)
        self._approve(phase)
        before = phase.template_id
        phase.with_user(self.manager).template_id = template
        self._check_text_changes(template, allowed=False)
        phase.with_user(self.manager).action_withdraw_approval()
        self._check_text_changes(template, allowed=True)
        phase.with_user(self.manager).template_id = template
        phase.with_user(self.approver).action_approve()
        self._check_text_changes(template, allowed=False)
        before.with_user(self.manager).subject = "Nobody's any more"

    def test_text_of_guarded_phase_is_free(self):
        """A rule that governs items alone says nothing of the letter."""
        rule = self.env["crm.collection.approval.rule"].with_user(self.manager)
        template = self.phase_first.template_id
        self.phase_first.with_user(self.manager).approval_rule_id = rule.create(
            {"name": "Open Items", "governs": "allocation"}
        )
        template.with_user(self.manager).subject = "Another one"

    def test_letter_is_a_collection_letter(self):
        """Seen to fail without the constraints."""
        other = self.env["mail.template"].create(
            {"name": "Other", "model_id": self.env["ir.model"]._get_id("res.partner")}
        )
        with self.assertRaisesRegex(ValidationError, "no collection letter"):
            self.phase_second.with_user(self.manager).template_id = other
        with self.assertRaisesRegex(ValidationError, "no collection letter"):
            self.rule.step_ids[:1].with_user(self.manager).template_id = other
        with self.assertRaisesRegex(ValidationError, "no collection letter"):
            self.phase_first.template_id.model_id = other.model_id

    def test_rule_in_use_keeps_what_it_governs(self):
        rule = self._put_under_approval(self.phase_first)
        with self.assertRaises(UserError):
            rule.with_user(self.manager).governs = "allocation"
        with self.assertRaises(UserError):
            rule.with_user(self.manager).action_archive()

    def test_letter_of_a_step_is_approved_with_the_phase(self):
        """What is sent is what was approved; another one waits (see ``test_phase_texts.py``)."""
        step = self.rule.step_ids.filtered(lambda step: step.days == 1)
        legal = self.env.ref("crm_collection.mail_template_legal")
        step.template_id = legal
        self._put_under_approval(self.phase_first)
        self._approve(self.phase_first)
        step.with_user(self.manager).template_id = self.env.ref(
            "crm_collection.mail_template_final"
        )
        self._create_overdue(5)
        self._allocate()
        self._send_letters()
        self.assertEqual(self._letters().template_id, legal)

    def test_changing_while_it_is_asked_asks_again(self):
        """What the approver decides is what was asked for."""
        self._put_under_approval(self.phase_first)
        self.phase_first.with_user(self.manager).action_request_approval()
        self.phase_first.with_user(self.manager).allocation_mode = "manual"
        self.assertEqual(self.phase_first.approval_state, "draft")
        with self.assertRaises(AccessError):
            self.phase_first.with_user(self.approver).action_approve()

    def test_changing_the_rest_asks_nobody(self):
        self._put_under_approval(self.phase_first)
        self._approve(self.phase_first)
        self.phase_first.with_user(self.manager).write(
            {"name": "Renamed", "color": 4, "sequence": 111, "allocation_mode": "automatic"}
        )
        self.assertTrue(self.phase_first.can_act)

    def test_one_of_several_changes(self):
        """Writing one value to many phases asks again only about those it changes."""
        both = self.phase_first | self.phase_second
        for phase in both:
            self._put_under_approval(phase)
            self._approve(phase)
        self.phase_second.with_user(self.manager).allocation_mode = "manual"
        self.phase_second.with_user(self.approver).action_approve()
        both.with_user(self.manager).allocation_mode = "manual"
        self.assertTrue(self.phase_first.pending_approval_id)
        self.assertFalse(self.phase_second.pending_approval_id)

    def test_rule_in_use_is_not_deleted(self):
        """Deleting the rule would leave the phase without anybody who may approve it."""
        rule = self._put_under_approval(self.phase_first)
        with self.assertRaisesRegex(UserError, "in use"):
            rule.with_user(self.manager).unlink()
        self.assertEqual(self.phase_first.approval_rule_id, rule)

    def test_search_and_compute_agree(self):
        self._put_under_approval(self.phase_first)
        Phase = self.env["crm.collection.phase"].with_context(active_test=False)
        everything = Phase.search([])
        acting = everything.filtered("can_act")
        self.assertEqual(Phase.search([("can_act", "=", True)]), acting)
        self.assertEqual(Phase.search([("can_act", "=", False)]), everything - acting)

    def test_decisions_are_in_the_chatter(self):
        phase = self.phase_first
        self.env.cr.precommit.run()  # what was created before is tracked from now on
        self._put_under_approval(phase)
        self.env.cr.precommit.run()
        phase.with_user(self.manager).action_request_approval()
        self.env.cr.precommit.run()
        phase.with_user(self.approver).action_approve()
        self.env.cr.precommit.run()
        self.env.invalidate_all()
        tracked = {
            (value.new_value_char, message.author_id)
            for message in phase.message_ids.sudo()
            for value in message.tracking_value_ids
            if value.field_id.name == "approval_state"
        }
        self.assertEqual(
            tracked,
            {
                ("To request", self.manager.partner_id),
                ("Pending", self.manager.partner_id),
                ("Approved", self.approver.partner_id),
            },
        )

    def test_approvers_see_who_asks(self):
        """A user of another company neither sees nor decides."""
        company = self.env["res.company"].sudo().create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env(su=True),
            "stranger",
            groups="crm_collection.group_crm_collection_approver",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        self.phase_first.company_id = self.company
        self._put_under_approval(self.phase_first)
        self.phase_first.with_user(self.manager).action_request_approval()
        with self.assertRaises(AccessError):
            self.phase_first.with_user(stranger).action_approve()
