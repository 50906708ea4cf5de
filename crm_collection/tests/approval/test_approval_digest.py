import re

from odoo import fields
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

from ..common_approval_screens import CrmCollectionApprovalScreensCommon


@tagged("post_install", "-at_install")
class TestApprovalDigest(CrmCollectionApprovalScreensCommon, HttpCase):
    """The daily mail to approvers: to whom, about what, in which language, and how it ends."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._guard(cls.phase_third, remind_days=0)

    def _digest(self):
        """The mails of the daily job, by address."""
        before = self.env["mail.mail"].sudo().search([])
        self._run_job("ir_cron_crm_collection_approvals")
        mails = self.env["mail.mail"].sudo().search([]) - before
        return {mail.email_to: mail for mail in mails.filtered("email_to")}

    def _ask_one(self, **vals):
        move = self._create_overdue(20, **vals)
        self._allocate()
        return self._ask(move)

    def _mail_of(self, mails, user):
        return next((mail for to, mail in mails.items() if f"<{user.email}>" in to), None)

    def test_who_gets_it(self):
        """Who may decide, and nobody else: not who asked."""
        self._ask_one(amount=1234)
        mails = self._digest()
        for user in (self.approver, self.second):
            mail = self._mail_of(mails, user)
            self.assertTrue(mail, user.login)
            self.assertIn("1,234.00", mail.body_html)
            self.assertIn("Adler GmbH", mail.body_html)
            self.assertEqual(mail.state, "outgoing")
        self.assertFalse(self._mail_of(mails, self.collector))
        self.assertFalse(self._mail_of(mails, self.manager))

    def test_what_it_says_of_a_request(self):
        """One line each: since when, how many items, how late the oldest is."""
        said = {"Late Ltd": "oldest 20 days overdue", "Just Late Ltd": "oldest 1 day overdue"}
        for name, days in zip(said, (20, 1), strict=True):
            move = self._create_overdue(days, partner=self._create_customer(name))
            self._allocate()
            self._ask(move)
        body = self._mail_of(self._digest(), self.approver).body_html
        for name, late in said.items():
            text = " ".join(re.sub(r"<[^>]*>", "", body.split(f": {name}")[1]).split())
            self.assertRegex(text, rf"^waiting since [\d/]+, 1 open item, {late} \$")

    def test_nothing_waits(self):
        self.assertFalse(self._digest())
        self._ask_one().with_user(self.approver).action_approve()
        self.assertFalse(self._digest())

    def test_once_a_day(self):
        self._ask_one()
        self.assertTrue(self._digest())
        self.assertFalse(self._digest())
        self._move_on(1)
        self.assertTrue(self._digest())

    def test_own_request_is_left_out(self):
        """An approver who asked himself reads about the others only."""
        self._ask_one()
        move = self._create_overdue(20, partner=self._create_customer("Own Ltd"))
        self._allocate()
        self._ask(move, user=self.approver)
        mails = self._digest()
        self.assertNotIn("Own Ltd", self._mail_of(mails, self.approver).body_html)
        self.assertIn("Own Ltd", self._mail_of(mails, self.second).body_html)

    def test_approver_of_another_company_reads_about_shared_phases(self):
        """Seen to fail with only the companies of the items that wait at the level."""
        company = self.env["res.company"].sudo().create({"name": "Far away"})
        far = new_test_user(
            self.env(su=True),
            "far_approver",
            groups="crm_collection.group_crm_collection_approver",
            email="far@example.com",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        for phase in self.phase_second, self.phase_third:
            if phase.approval_rule_id:
                phase.with_user(self.manager).approval_rule_id = False
                phase.with_user(self.approver).action_approve()
        self.env.invalidate_all()
        people = {"user_ids": [Command.set((self.approver | far).ids)]}
        rule = self._guard(self.phase_third, "both", levels=[people])
        self._approve(self.phase_third)
        self.phase_second.with_user(self.manager).approval_rule_id = rule
        self.phase_second.with_user(self.manager).action_request_approval()
        self._ask_one()
        mail = self._mail_of(self._digest(), far)
        self.assertIn(self.phase_second.name, mail.body_html)
        self.assertNotIn("Adler GmbH", mail.body_html)

    def test_delegate_gets_it(self):
        rule = self.env["crm.collection.approval.rule"].search([("name", "=", "Agreed")])
        rule.with_user(self.manager).level_ids.write(
            {"group_id": False, "user_ids": [Command.set(self.approver.ids)]}
        )
        today = fields.Date.today()
        self.env["crm.collection.approval.delegation"].with_user(self.approver).create(
            {"delegate_id": self.manager.id, "date_from": today, "date_to": today}
        )
        # the manager put the phase under its rule: he decides nothing about it
        self.env["crm.collection.approval.delegation"].with_user(self.approver).search(
            []
        ).delegate_id = self.second
        self._ask_one()
        self.assertTrue(self._mail_of(self._digest(), self.second))

    def test_language(self):
        self.env["res.lang"]._activate_lang("pt_BR")
        self.approver.sudo().lang = "pt_BR"
        self.phase_third.sudo().with_context(lang="pt_BR").name = "Jurídico"
        level = self.phase_third.approval_rule_id.level_ids.with_user(self.manager)
        level.approver_count = 3  # on the list of each of them: else the turn falls on one
        approval = self._ask_one(amount=1234)
        mails = self._digest()
        own, other = (self._mail_of(mails, user).body_html for user in (self.approver, self.second))
        self.assertIn("1.234,00", own)
        self.assertIn("1,234.00", other)
        self.assertIn("Jurídico: ", own)
        self.assertNotIn("Jurídico", other)
        self.assertIn(f"{self.phase_third.name}: ", other)
        for user, name in ((self.approver, "Jurídico"), (self.second, self.phase_third.name)):
            activity = self._activities(approval, user)
            self.assertTrue(activity.summary.startswith(f"{name}: "), activity.summary)

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

    def test_preference(self):
        """Each for himself, without any other right."""
        self.approver.with_user(self.approver).write({"collection_approval_digest": False})
        self._ask_one()
        mails = self._digest()
        self.assertFalse(self._mail_of(mails, self.approver))
        self.assertTrue(self._mail_of(mails, self.second))

    def test_one_click(self):
        """Opening the link asks, pressing the button ends it, without a login."""
        self._ask_one()
        mail = self._mail_of(self._digest(), self.approver)
        url = re.search(r'href="([^"]*/collections/approvals/unsubscribe/[^"]+)"', mail.body_html)
        path = re.sub(r"^https?://[^/]+", "", url[1])
        self.assertIn(path, mail.headers)
        page = self.url_open(path)
        self.assertEqual(page.status_code, 200)
        self.assertIn("Stop the mails", page.text)
        self.env.invalidate_all()
        self.assertTrue(self.approver.collection_approval_digest)
        page = self.url_open(path, data={"List-Unsubscribe": "One-Click"})
        self.assertEqual(page.status_code, 200)
        self.env.invalidate_all()
        self.assertFalse(self.approver.collection_approval_digest)
        self.assertTrue(self.second.collection_approval_digest)

    def test_forged_token(self):
        token = self.approver._get_collection_unsubscribe_url().rsplit("/", 1)[1]
        for forged in (token[:-2] + "AA", "x", "A" * 60):
            page = self.url_open(f"/collections/approvals/unsubscribe/{forged}", data={"a": "b"})
            self.assertEqual(page.status_code, 404, forged)
        self.assertTrue(self.approver.collection_approval_digest)
