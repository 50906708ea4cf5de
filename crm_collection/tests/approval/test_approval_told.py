from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..common_approval_screens import CrmCollectionApprovalScreensCommon


@tagged("post_install", "-at_install")
class TestApprovalTold(CrmCollectionApprovalScreensCommon):
    """Every request that waits is on somebody's list, and who had an empty one gets a message."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agreed = cls._guard(cls.phase_third, remind_days=2)

    def _remind(self):
        self._run_job("ir_cron_crm_collection_approvals")
        self.env.invalidate_all()

    def _ask_one(self, name=None, user=None):
        move = self._create_overdue(20, partner=self._create_customer(name) if name else None)
        self._allocate()
        earlier = self._requests()
        return self._ask(move, user=user) - earlier

    def _messages(self, requests, *users):
        """What these users were told about requests."""
        partners = self.env["res.users"].union(*users).partner_id
        return (
            self.env["mail.message"]
            .sudo()
            .search(
                [
                    ("model", "=", "crm.collection.approval"),
                    ("res_id", "in", requests.ids),
                    ("message_type", "=", "user_notification"),
                    ("notified_partner_ids", "in", partners.ids),
                ],
                order="id",
            )
        )

    def _assert_on_a_list(self, request):
        """Each on a list has the power to decide."""
        users = self._activities(request).user_id
        self.assertTrue(users)
        for user in users:
            self.assertTrue(request.with_user(user).can_decide, user.login)
        return users

    def test_whoever_asks(self):
        """A person, the job, and the manager about a phase.

        Seen to fail with the activities left out of each of the three."""
        by_person = self._ask_one()
        late = self._create_customer("Late Ltd")
        self._create_overdue(40, partner=late)
        self._allocate()
        by_job = self._requests(partner_id=late.id)
        self._put_under_approval(self.phase_first)
        self.phase_first.with_user(self.manager).action_request_approval()
        for request in (by_person, by_job, self.phase_first.pending_approval_id):
            with self.subTest(request=request.display_name):
                self.assertEqual(request.state, "pending")
                self._assert_on_a_list(request)

    def test_counted_in_the_menu_bar(self):
        """Core counts what is due. Seen to fail with activities due when the reminder is."""
        request = self._ask_one()
        user = self._activities(request).user_id
        for tz in ("Pacific/Kiritimati", "America/Sao_Paulo", "Pacific/Pago_Pago"):
            with self.subTest(tz=tz):
                user.sudo().tz = tz
                self._activities(request).unlink()
                request.sudo()._schedule_activities()
                groups = {
                    group["model"]: group["total_count"]
                    for group in user.with_user(user).with_context(tz=tz)._get_activity_groups()
                }
                self.assertEqual(groups.get(request._name), 1)

    def test_next_level(self):
        """Who has to agree next finds it on the list when the first level has agreed."""
        group = self.env.ref("crm_collection.group_crm_collection_approver")
        people = {"name": "Board", "user_ids": [Command.set(self.second.ids)]}
        self._guard(self.phase_second, levels=[{"name": "Desk", "group_id": group.id}, people])
        move = self._create_overdue(5)
        self._allocate()
        request = self._ask(move, self.phase_second)
        before = self._messages(request, self.second)
        request.with_user(self.approver).action_approve()
        self.env.invalidate_all()
        self.assertEqual(self._assert_on_a_list(request), self.second)
        self.assertEqual(len(self._messages(request, self.second) - before), 1)

    def test_message_for_an_empty_list(self):
        """One message, not one for each request; whose list has something sees it there."""
        people = {"user_ids": [Command.set(self.approver.ids)], "group_id": False}
        self.agreed.with_user(self.manager).level_ids.write(people)
        first = self._ask_one()
        [message] = self._messages(first, self.approver)
        self.assertEqual(message.subject, "An approval waits for you")  # it said: 1 approvals
        other = self._ask_one("Bauer AG")
        self.assertEqual(self._activities(other).user_id, self.approver)
        self.assertFalse(self._messages(other, self.approver))

    def test_who_has_no_part_in_it(self):
        """Who asked, who wrote the rule and who cannot decide are told nothing."""
        request = self._ask_one()
        own = self._ask_one("Own Ltd", user=self.approver)
        self.assertFalse(self._messages(request, self.collector, self.manager))
        self.assertFalse(self._messages(own, self.approver))
        self.assertNotIn(self.approver, self._assert_on_a_list(own))
        self._move_on(3)
        self._remind()
        self.assertFalse(self._messages(request, self.collector, self.manager))
        self.assertNotIn(self.approver, self._assert_on_a_list(own))

    def test_unanswered_is_everybodys(self):
        """The turn falls on one; left unanswered, it is on the list of each who may decide, and
        each is told once.

        Seen to fail with the reminder sent to those whose turn it was alone.
        """
        request = self._ask_one()
        self.assertEqual(len(self._activities(request)), 1)
        self._move_on(3)
        before = self._messages(request, self.approver, self.second)
        self._remind()
        users = self._assert_on_a_list(request)
        self.assertLessEqual(self.approver | self.second, users)
        told = self._messages(request, self.approver, self.second) - before
        self.assertLessEqual((self.approver | self.second).partner_id, told.notified_partner_ids)
        self.assertNotIn(True, told.mapped("email_add_signature"), "a job signs nothing")
        self._move_on(1)
        self._remind()
        self.assertEqual(self._messages(request, self.approver, self.second) - before, told)

    def test_phase_of_all_companies(self):
        """An approver of another company has shared phases on his list, and no customer's items."""
        company = self.env["res.company"].sudo().create({"name": "Far away"})
        far = new_test_user(
            self.env(su=True),
            "far_approver",
            groups="crm_collection.group_crm_collection_approver",
            email="far@example.com",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        people = {"user_ids": [Command.set((self.approver | far).ids)]}
        rule = self._guard(self.phase_second, "both", levels=[people], remind_days=2)
        self.phase_second.with_user(self.manager).action_request_approval()
        definition = self.phase_second.pending_approval_id
        self._move_on(3)
        self._remind()
        self.assertEqual(self._assert_on_a_list(definition), self.approver | far)
        definition.with_user(self.approver).action_approve()
        self.env.invalidate_all()
        move = self._create_overdue(5)
        self._allocate()
        request = self._ask(move, self.phase_second)
        self.assertEqual(request.approval_rule_id, rule)
        self.assertEqual(self._assert_on_a_list(request), self.approver)

    def test_delegate(self):
        """Who is away has nothing on his list: who stands in for him has, and is told."""
        people = {"user_ids": [Command.set(self.approver.ids)], "group_id": False}
        self.agreed.with_user(self.manager).level_ids.write(people)
        today = fields.Date.today()
        self.env["crm.collection.approval.delegation"].with_user(self.approver).create(
            {"delegate_id": self.second.id, "date_from": today, "date_to": today}
        )
        request = self._ask_one()
        self.assertEqual(self._assert_on_a_list(request), self.second)
        self.assertTrue(self._messages(request, self.second))

    def test_language(self):
        self.env["res.lang"].sudo()._activate_lang("pt_BR")
        self.approver.sudo().lang = "pt_BR"
        self.phase_third.sudo().with_context(lang="pt_BR").name = "Jurídico"
        level = self.agreed.level_ids.with_user(self.manager)
        level.approver_count = 3  # on the list of each of them: else the turn falls on one
        request = self._ask_one()
        for user, name in ((self.approver, "Jurídico"), (self.second, self.phase_third.name)):
            activity = self._activities(request, user)
            self.assertTrue(activity.summary.startswith(f"{name}: "), activity.summary)
            self.assertIn(f"{name}: ", self._messages(request, user).body)

    def test_names_are_in_each_readers_language(self):
        """In one transaction, whoever reads first. Seen to fail with the names kept for all."""
        self.env["res.lang"].sudo()._activate_lang("pt_BR")
        hold = (
            self.env["crm.collection.hold"]
            .with_user(self.collector)
            .create({"kind": "dispute", "reason": "Why", "partner_id": self.customer.id})
        )
        records = (self.rule.step_ids[0], hold, self.phase_third.approval_rule_id.sudo().level_ids)
        names = (("day ", "dia "), ("Dispute: ", "Contestação: "), ("Level 1", "Nível 1"))
        for record, of_record in zip(records, names, strict=True):
            for lang, name in zip(("en_US", "pt_BR"), of_record, strict=True):
                with self.subTest(name=name):
                    self.assertTrue(
                        record[:1].with_context(lang=lang).display_name.startswith(name)
                    )
