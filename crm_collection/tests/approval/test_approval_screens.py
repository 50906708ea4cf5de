from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.mail.tools.discuss import Store

from ..common_approval_screens import CrmCollectionApprovalScreensCommon


@tagged("post_install", "-at_install")
class TestApprovalScreens(CrmCollectionApprovalScreensCommon):
    """What an approver is shown: the letter to come, who decides, the request in every chatter."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._guard(cls.phase_third)

    def _thread(self, record, user):
        """The chatter of a record, as the web client gets it."""
        record = record.with_user(user)
        self.env.invalidate_all()
        store = Store().add(record, [], as_thread=True, request_list=["activities"])
        data = store.get_result()
        thread = data["mail.thread"][0]
        shown = {one["id"]: one for one in data.get("mail.activity", [])}
        return [shown[id_] for id_ in thread.get("activities", [])], thread

    # === The letter === #

    def test_preview_is_the_letter(self):
        """The preview says word for word what leaves with the approval, and writes nothing.

        Seen to fail with the amounts of the lines left out.
        """
        self.company.collection_fine_percent = 2
        self.company.collection_interest_percent = 1
        move = self._create_overdue(20, amount=300, terms=(0, 10))
        self._allocate()
        approval = self._ask(move).with_user(self.approver)
        letters = self.env["crm.collection.letter"].search_count([])
        subject, body = approval.letter_subject, approval.letter_body
        email = approval.letter_email_to
        self.assertEqual(self.env["crm.collection.letter"].search_count([]), letters)
        approval.action_approve()
        self._send_letters()
        letter = self._letters()[:1]
        self.assertEqual(letter.phase_id, self.phase_third)
        self.assertEqual(letter.mail_message_id.subject, subject)
        self.assertEqual(letter.email_to, email)
        self.assertIn("307.50", body)  # with fine and interest
        self.assertEqual(self._words(letter._get_text("body_html")), self._words(body))

    def _words(self, html):
        return html.striptags().replace("\xa0", " ").split()

    def test_preview_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("pt_BR")
        self.customer.lang = "pt_BR"
        move = self._create_overdue(20)
        self._allocate()
        approval = self._ask(move).with_user(self.approver)
        template = self.phase_third.template_id.with_context(lang="pt_BR")
        self.assertIn(template.subject[:10], approval.letter_subject)

    def test_no_letter_is_said(self):
        self.phase_third.template_id = False
        self.rule.step_ids.template_id = False
        move = self._create_overdue(20)
        self._allocate()
        approval = self._ask(move).with_user(self.approver)
        self.assertFalse(approval.letter_body)
        self.assertIn("no letter", approval.letter_note)

    # === Chatters === #

    def test_one_request_in_every_chatter(self):
        """Of its invoices, its customer and its items, with buttons for who may decide and
        without an activity of theirs."""
        moves = self._create_overdue(20) + self._create_overdue(15)
        self._allocate()
        approval = self._ask(moves)
        self.assertEqual(len(approval), 1)
        activities = self.env["mail.activity"].search([("res_model", "!=", approval._name)])
        self.assertFalse(activities.filtered(lambda one: one.res_id in moves.ids))
        for record in (*moves, self.customer, *self._items(moves)):
            for user, can_decide in (
                (self.approver, True),
                (self.second, True),
                (self.collector, False),
            ):
                with self.subTest(record=record, user=user.login):
                    shown, _thread = self._thread(record, user)
                    self.assertEqual(len(shown), 1)
                    facts = shown[0]["collection_approval"]
                    self.assertEqual(facts["id"], approval.id)
                    self.assertEqual(facts["can_decide"], can_decide)
                    self.assertEqual(bool(facts["cannot_decide_reason"]), not can_decide)
        approval.with_user(self.approver).action_approve()
        self.assertFalse(self._thread(moves[0], self.approver)[0])

    def test_definition_in_the_chatter_of_the_phase(self):
        self._put_under_approval(self.phase_first)
        self.phase_first.with_user(self.manager).action_request_approval()
        shown, _thread = self._thread(self.phase_first, self.approver)
        self.assertTrue(shown[0]["collection_approval"]["can_decide"])

    def test_request_on_nobodys_list_still_shows(self):
        """The activities may be lost, the request is not."""
        move = self._create_overdue(20)
        self._allocate()
        approval = self._ask(move)
        approval._get_activities().unlink()
        shown, thread = self._thread(move, self.approver)
        self.assertFalse(shown)
        self.assertEqual([one["id"] for one in thread["collection_approvals"]], approval.ids)

    def test_outsider_is_shown_nothing(self):
        """A user without a right to read requests opens a customer all the same."""
        move = self._create_overdue(20)
        self._allocate()
        self._ask(move)
        shown, thread = self._thread(self.customer, self.outsider)
        self.assertFalse(shown)
        self.assertFalse(thread.get("collection_approvals"))
        Approval = self.env["crm.collection.approval"].with_user(self.outsider)
        self.assertEqual(Approval.get_facts_of("res.partner", self.customer.id), [])

    def test_inbox_holds_what_one_may_decide(self):
        moves = self._create_overdue(20) + self._create_overdue(
            20, partner=self._create_customer("Bauer AG")
        )
        self._allocate()
        approvals = self._ask(moves)
        mine = [("can_decide", "=", True)]
        Approval = self.env["crm.collection.approval"]
        for user, number in ((self.approver, 2), (self.second, 2), (self.collector, 0)):
            self.assertEqual(Approval.with_user(user).search_count(mine), number)
        approvals[0].with_user(self.approver).action_approve()
        self.assertEqual(Approval.with_user(self.second).search_count(mine), 1)

    # === Wizard === #

    def test_many_with_one_reason(self):
        """Those the user may not decide are named, and stay."""
        moves = self._create_overdue(20) + self._create_overdue(
            20, partner=self._create_customer("Bauer AG")
        )
        own = self._create_overdue(20, partner=self._create_customer("Own Ltd"))
        self._allocate()
        approvals = self._ask(moves) | self._ask(own, user=self.approver)
        self.assertEqual(len(approvals), 3)
        wizard = self._open(approvals, "refused")
        self.assertEqual(wizard.request_count, 2)
        self.assertEqual(wizard.amount, 200.0)
        self.assertIn("Own Ltd", str(wizard.left_out_html))
        self.assertTrue(wizard.reason_required)
        wizard.reason = "Call them first"
        wizard.save().action_decide()
        self.env.invalidate_all()
        self.assertEqual(len(self._requests("refused")), 2)
        self.assertEqual(self._requests().partner_id.name, "Own Ltd")
        self.assertEqual(
            set(self._requests("refused").decision_ids.mapped("reason")), {"Call them first"}
        )

    def _open(self, approvals, decision):
        approvals = approvals.with_user(self.approver)
        action = (
            approvals.action_ask_refuse()
            if decision == "refused"
            else approvals.action_ask_approve()
        )
        Wizard = self.env[action["res_model"]].with_user(self.approver)
        return Form(Wizard.with_context(**action["context"]))

    def test_nothing_left_to_decide(self):
        """Somebody was faster: said, and nothing happens twice."""
        moves = self._create_overdue(20)
        self._allocate()
        approval = self._ask(moves)
        wizard = self._open(approval, "refused")
        wizard.reason = "Call them first"
        wizard = wizard.save()
        approval.with_user(self.second).action_approve()
        with self.assertRaises(UserError):
            wizard.action_decide()
        self.assertEqual(len(approval.decision_ids), 1)

    def test_one_is_approved_at_once(self):
        """No dialog where there is nothing to say and the items were shown; a dialog where a
        reason is asked for, and in a list."""
        move = self._create_overdue(20)
        self._allocate()
        approval = self._ask(move).with_user(self.approver)
        approval.approval_rule_id.with_user(self.manager).reason_required = True
        self.env.invalidate_all()
        action = approval.action_ask_approve()
        self.assertEqual(action["res_model"], "crm.collection.approval.decide")
        self.assertEqual(approval.state, "pending")
        approval.approval_rule_id.with_user(self.manager).reason_required = False
        self.env.invalidate_all()
        action = approval.action_ask_approve()
        self.assertEqual(action["res_model"], "crm.collection.approval.decide")
        seen = approval.with_context(crm_collection_seen=approval.last_line_id)
        seen.action_ask_approve()
        self.assertEqual(approval.state, "approved")

    def test_wizard_is_no_way_around(self):
        """Who may not decide gets nowhere with it."""
        move = self._create_overdue(20)
        self._allocate()
        approval = self._ask(move)
        for user in (self.collector, self.manager):
            wizard = (
                self.env["crm.collection.approval.decide"]
                .with_user(user)
                .create({"approval_ids": [Command.set(approval.ids)], "decision": "approved"})
            )
            with self.subTest(user.login), self.assertRaises(UserError):
                wizard.action_decide()
        with self.assertRaises(AccessError):
            self.env["crm.collection.approval.decide"].with_user(self.outsider).create({})

    # === Who decides, what changes === #

    def test_levels_are_told(self):
        group = self.env.ref("crm_collection.group_crm_collection_approver")
        self._guard(
            self.phase_second,
            levels=[
                {"name": "Desk", "group_id": group.id},
                {"name": "Board", "user_ids": [Command.set(self.second.ids)], "amount_min": 500},
            ],
        )
        move = self._create_overdue(5, amount=900)
        self._allocate()
        approval = self._ask(move, self.phase_second).with_user(self.approver)
        rows = approval._get_level_rows()
        self.assertEqual([row["name"] for row in rows], ["Desk", "Board"])
        self.assertEqual([row["is_now"] for row in rows], [True, False])
        self.assertIn(self.approver.name, rows[0]["names"])
        approval.action_approve("Fine with me")
        html = str(approval.levels_html)
        self.assertIn("Fine with me", html)
        self.assertIn(self.second.name, html)
        self.assertEqual([row["is_now"] for row in approval._get_level_rows()], [False, True])

    def test_change_side_by_side(self):
        self._put_under_approval(self.phase_first)
        self._approve(self.phase_first)
        self.phase_first.with_user(self.manager).allocation_mode = "manual"
        html = str(self.phase_first.with_user(self.approver).changes_html)
        self.assertIn("Automatic", html)
        self.assertIn("Manual only", html)
        self.assertLess(html.index("Automatic"), html.index("Manual only"))

    def test_too_few_people(self):
        group = self.env.ref("crm_collection.group_crm_collection_approver")
        people = len(group.sudo().all_user_ids.filtered(lambda user: user.active))
        rule = self._guard(self.phase_second, levels=[{"group_id": group.id}])
        self.assertFalse(rule.people_warning)
        rule.with_user(self.manager).level_ids.approver_count = people
        self.assertIn("Just enough", rule.people_warning)
        self.second.sudo().active = False
        self.env.invalidate_all()
        self.assertIn("Fewer", rule.people_warning)
