from odoo import SUPERUSER_ID, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged

from ..common_approval import CrmCollectionApprovalCommon

UNINSTALL = {"_force_unlink": True}
SILENCE = {"tracking_disable": True, "mail_notrack": True, "mail_create_nolog": True}


class ApprovalCallsCommon(CrmCollectionApprovalCommon):
    """A request for one item, and calls as the web client makes them."""

    def _ask(self, **vals):
        self._guard(self.phase_second, levels=self._get_team(), **vals)
        move = self._create_overdue(2)
        self._allocate()
        self._items(move).with_user(self.collector)._maintain(self.phase_second, "Because")
        self._end_transaction()
        return self._requests()

    def _call(self, user, records, method, *args, context=None):
        head = [] if method == "create" else [records.ids]
        model = self.env(user=user, context={})[records._name]
        result = call_kw(model, method, [*head, *args], {"context": context or {}})
        self._end_transaction()
        return result


@tagged("post_install", "-at_install")
class TestApprovalContext(ApprovalCallsCommon):
    """A key of the context changes nothing that is protected, whoever says it with whatever call.

    Seen to fail, each case, with the model's `unlink`, `default_get` or `_compute_field_value` as
    core has them, and with the decision taken in the caller's context.
    """

    def test_nothing_is_deleted_that_must_stay(self):
        """A level that is awaited, a rule, phase or sending rule in use, its step's letter."""
        request = self._ask()
        rule = request.approval_rule_id
        cases = {
            "level": (rule.level_ids, "unlink", []),
            "level by its rule": (
                rule,
                "write",
                [
                    {
                        "level_ids": [
                            Command.delete(rule.level_ids.id),
                            Command.create({"user_ids": self.both.ids}),
                        ]
                    }
                ],
            ),
            "approval rule": (rule, "unlink", []),
            "phase": (self.phase_first, "unlink", []),
            "sending rule": (self.rule, "unlink", []),
            "letter": (self.phase_third.template_id, "unlink", []),
            "request": (request, "unlink", []),
        }
        for name, (records, method, args) in cases.items():
            with self.subTest(name), self.assertRaises(UserError), self.cr.savepoint():
                self._call(self.manager, records, method, *args, context=UNINSTALL)
            self.cr.precommit.clear()
            self.env.invalidate_all()
        self.assertEqual(request.level_id, rule.level_ids)

    def test_level_is_not_moved_away(self):
        """Seen to fail: the request waited for a level of another rule."""
        request = self._ask()
        other = request.approval_rule_id.with_user(self.manager).copy({"name": "Other"})
        with self.assertRaisesRegex(UserError, "wait for"), self.cr.savepoint():
            self._call(self.manager, request.level_id, "write", {"rule_id": other.id})

    def test_request_without_a_level(self):
        """Whatever took it away: nobody decides, nothing breaks, and the job mends it.

        Seen to fail: screens raised `Expected singleton`.
        """
        request = self._ask()
        level = request.level_id
        request.sudo().level_id = False
        self.env.invalidate_all()
        mine = request.with_user(self.approver)
        self.assertFalse(mine.can_decide)
        self.assertIn("not an approver", mine.cannot_decide_reason)
        self.assertNotIn(request, mine.search([("can_decide", "=", True)]))
        with self.assertRaises(AccessError):
            self._say(request, "approve")
        request.sudo()._cron_remind()
        self.assertEqual(request.level_id, level)
        self._say(request, "approve")

    def test_changes_are_told_of(self):
        """Who decides is on record also where a level alone is written, silently."""
        rule = self._ask().approval_rule_id
        level = rule.level_ids
        calls = {
            "level": (level, "write", {"approver_count": 2}),
            "rule": (rule, "write", {"escalate_days": 3, "escalation_user_id": self.approver.id}),
            "phase": (self.phase_second, "write", {"name": "Renamed"}),
        }
        for name, (records, method, vals) in calls.items():
            chatter = records if name != "level" else rule
            before = chatter.message_ids.sudo().tracking_value_ids
            self._call(self.manager, records, method, vals, context=SILENCE)
            self.env.flush_all()
            self.cr.flush()
            with self.subTest(name):
                self.assertTrue(chatter.message_ids.sudo().tracking_value_ids - before)

    def test_defaults_write_nothing_protected(self):
        """Neither those of the context nor those a user set for himself."""
        Rule = self.env["crm.collection.approval.rule"]
        forged = {"default_configured_by_ids": [Command.set(self.approver.ids)]}
        rule = Rule.browse(
            self._call(self.both, Rule, "create", [{"name": "Mine"}], context=forged)
        )
        self.assertEqual(rule.configured_by_ids, self.both)
        Phase = self.env["crm.collection.phase"]
        phase = Phase.browse(
            self._call(
                self.both,
                Phase,
                "create",
                [{"name": "Mine", "approval_rule_id": rule.id}],
                context={
                    "default_configured_by_ids": [Command.set(self.approver.ids)],
                    "default_is_governed": False,
                    "default_approval_state": "approved",
                    "default_approval_decided_by_id": self.approver.id,
                },
            )
        )
        self.assertRecordValues(
            phase,
            [
                {
                    "configured_by_ids": self.both.ids,
                    "is_governed": True,
                    "approval_state": "draft",
                    "approval_decided_by_id": False,
                }
            ],
        )

    def test_letter_says_the_same(self):
        """How a letter is printed is nothing for whoever has it sent to choose.

        Seen to fail with the letter composed in the caller's context.
        """
        moves = self._create_overdue(5)
        other = self._create_customer("Other GmbH")
        moves |= self._create_overdue(5, partner=other)
        self._allocate()
        bodies = []
        for item, extra in zip(
            self._items(moves), ({}, {"crm_collection_print": True}), strict=True
        ):
            context = {"active_model": item._name, "active_ids": item.ids, **extra}
            Send = self.env["crm.collection.item.send"]
            wizard = Send.browse(self._call(self.collector, Send, "create", {}, context=context))
            self._call(self.collector, wizard, "action_send", context=context)
            letter = self._letters(item.partner_id)
            self.assertEqual(letter.state, "outgoing")
            bodies.append(letter.mail_message_id.body)
        self.assertEqual(["font-size:13px" in body for body in bodies], [True, True])

    def test_decision_is_told_as_it_was_taken(self):
        """Seen to fail: the message of a decision took on what the context said."""
        request = self._ask()
        item = request.line_ids.item_id
        field = self.env["ir.model.fields"]._get("crm.collection.approval", "state")
        forged = {
            "default_tracking_value_ids": [
                Command.create({"field_id": field.id, "new_value_char": "Forged"})
            ],
            "default_subject": "Forged",
            "default_reason": "Forged",
            "default_is_escalated": True,
            **SILENCE,
            **UNINSTALL,
        }
        self._call(self.approver, request, "action_approve", context=forged)
        decision = request.decision_ids
        self.assertRecordValues(decision, [{"reason": False, "is_escalated": False}])
        messages = request.message_ids.sudo()
        self.assertNotIn("Forged", messages.mapped("subject"))
        self.assertNotIn("Forged", messages.tracking_value_ids.mapped("new_value_char"))
        self.assertEqual(item.phase_id, self.phase_second)


@tagged("post_install", "-at_install")
class TestApprovalSubstitute(ApprovalCallsCommon):
    """Who stands in for an approver has the role and works in the company, when he is named and
    whenever he decides.

    Seen to fail: a read-only auditor approved.
    """

    def _prepare(self, delegate):
        today = fields.Date.today()
        return {"delegate_id": delegate.id, "date_from": today, "date_to": today}

    def _get_strangers(self):
        auditor = new_test_user(
            self.env(su=True),
            "auditor",
            groups="account.group_account_readonly",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        portal = new_test_user(self.env(su=True), "portal_user", groups="base.group_portal")
        elsewhere = self._create_user("elsewhere", "approver")
        other = self.env["res.company"].sudo().create({"name": "Elsewhere"})
        elsewhere.sudo().write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        system = self.env["res.users"].browse(SUPERUSER_ID)
        return auditor, portal, elsewhere, system, self.collector, self.manager

    def test_named(self):
        Delegation = self.env["crm.collection.approval.delegation"]
        mine = Delegation.browse(
            self._call(self.approver, Delegation, "create", self._prepare(self.second_approver))
        )
        for stranger in self._get_strangers():
            vals = self._prepare(stranger)
            for records, method in ((Delegation, "create"), (mine, "write")):
                with (
                    self.subTest(stranger.login, method=method),
                    self.assertRaises(ValidationError),
                    self.cr.savepoint(),
                ):
                    self._call(self.approver, records, method, vals)

    def test_deciding(self):
        """Who lost the role or left the company since has no power, nor the request on his list."""
        self._give_role(self.director)
        request = self._ask()
        Delegation = self.env["crm.collection.approval.delegation"]
        self._call(self.approver, Delegation, "create", self._prepare(self.director))
        mine = request.with_user(self.director)
        self.assertTrue(mine.can_decide)
        other = self.env["res.company"].sudo().create({"name": "Elsewhere"})
        user = self.env.ref("crm_collection.group_crm_collection_user")
        approver = self.env.ref("crm_collection.group_crm_collection_approver")
        for vals, back in (
            (
                {"group_ids": [Command.set(user.ids)]},
                {"group_ids": [Command.set(approver.ids)]},
            ),
            (
                {"company_ids": [Command.set(other.ids)], "company_id": other.id},
                {"company_ids": [Command.set(self.company.ids)], "company_id": self.company.id},
            ),
        ):
            with self.subTest(**vals):
                self.director.sudo().write(vals)
                self.env.invalidate_all()
                self.assertFalse(request._get_power(self.director))
                found = mine.sudo().search([("can_decide", "=", True)])
                self.assertNotIn(request, found)
                standing_in = Delegation._get_delegates(self.approver, self.company)
                self.assertFalse(standing_in)
                with self.assertRaises(AccessError):
                    self._call(self.director, request, "action_approve")
                self.director.sudo().write(back)
                self.env.invalidate_all()
        self._call(self.director, request, "action_approve")
        self.assertEqual(request.decision_ids.principal_id, self.approver)

    def test_ended_absence_gives_nothing(self):
        """Seen to fail: with `active_test` in the context an archived one did."""
        self._give_role(self.director)
        request = self._ask()
        Delegation = self.env["crm.collection.approval.delegation"]
        mine = Delegation.browse(
            self._call(self.approver, Delegation, "create", self._prepare(self.director))
        )
        self._call(self.approver, mine, "write", {"active": False})
        for context in ({}, {"active_test": False}):
            with self.subTest(**context), self.assertRaises(AccessError):
                self._call(self.director, request, "action_approve", context=context)
