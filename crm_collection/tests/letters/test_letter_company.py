from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import tagged

from ..common_letters import CrmCollectionLettersCommon


class Outbox:
    """An SMTP session that keeps who wrote: the envelope and the headers."""

    from_filter = False

    def __init__(self, smtp_from):
        self.smtp_from = smtp_from
        self.left = []

    def noop(self):
        return 250, b"OK"

    def send_message(self, message, smtp_from, smtp_to_list):
        headers = {name: message[name] for name in ("From", "Reply-To", "Return-Path")}
        self.left += [{**headers, "envelope": smtp_from, "to": to} for to in smtp_to_list]

    def quit(self):
        pass


@tagged("post_install", "-at_install")
class TestLetterCompany(CrmCollectionLettersCommon):
    """Each company writes as itself: sender, return path and where answers go are those of the
    company whose letter it is, whatever company the mail queue or a user runs in.

    Seen to fail without the companies on the messages: letters of the second one, and statements
    of customers entered as the first one's, left as ``notif@creditor.example`` and would have come
    back there. Reminders are posted, and core says it of them.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.setup_other_company(name="Second & Sons")["company"]
        cls.second.sudo().write({"email": "billing@second.example", "collection_auto_send": True})
        Domain_sudo = cls.env["mail.alias.domain"].sudo()
        for company, name in ((cls.company, "creditor.example"), (cls.second, "second.example")):
            aliases = {"bounce_alias": "back", "catchall_alias": "answers", "default_from": "notif"}
            company.sudo().alias_domain_id = Domain_sudo.create({"name": name, **aliases})
        cls.env["ir.mail_server"].sudo().search([]).active = False
        cls.env["ir.mail_server"].sudo().create({"name": "The only one", "smtp_host": "localhost"})
        both = cls.company | cls.second
        for user in cls.env.user | cls.collector | cls.manager | cls.approver:
            user.sudo().company_ids = [Command.set(both.ids)]
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": both.ids})

    def _leave(self):
        """Let the mail queue run.

        :return: {address: who wrote to it}
        """
        sessions = []

        def connect(server, **kwargs):
            sessions.append(Outbox(kwargs["smtp_from"]))
            return sessions[-1]

        server_class = self.registry["ir.mail_server"]
        with (
            patch.object(server_class, "_disable_send", lambda server: False),
            patch.object(server_class, "_connect__", connect),
        ):
            self.env["mail.mail"].sudo().process_email_queue()
        self.env.invalidate_all()
        return {left["to"]: left for session in sessions for left in session.left}

    def _assert_written_by(self, left, domain):
        self.assertIn(f"notif@{domain}", left["From"])
        self.assertIn(f"answers@{domain}", left["Reply-To"])
        self.assertEqual(left["Return-Path"], f"back@{domain}")
        self.assertEqual(left["envelope"], f"back@{domain}")

    def test_letters(self):
        other = self._create_customer("Brown Ltd")
        self._create_overdue(5)
        self._create_overdue(5, partner=other, company_id=self.second.id)
        self._allocate()
        self._send_letters()
        left = self._leave()
        self._assert_written_by(left["adler@customer.example"], "creditor.example")
        self._assert_written_by(left["brown@customer.example"], "second.example")
        message_sudo = self._letters(other).sudo().mail_message_id
        self.assertEqual(message_sudo.record_company_id, self.second)

    def test_statement(self):
        """Also of a customer who is entered as the other company's."""
        self._create_overdue(5, company_id=self.second.id)
        for owner in (self.env["res.company"], self.company):
            with self.subTest(owner=owner.name):
                self.customer.sudo().company_id = owner
                wizard = (
                    self.env["crm.collection.statement.send"]
                    .with_user(self.collector)
                    .with_company(self.second)
                    .create({"partner_id": self.customer.id})
                )
                wizard.recipient_ids = self.customer
                wizard.with_context(mail_notify_force_send=False).action_send()
                left = self._leave()
                self._assert_written_by(left["adler@customer.example"], "second.example")

    def test_reminder_of_a_request(self):
        """The job runs as the system, in the first company."""
        rule = self.env["crm.collection.approval.rule"].with_user(self.manager)
        phase = self.env["crm.collection.phase"].create(
            {"name": "Of the second", "sequence": 400, "company_id": self.second.id}
        )
        phase.with_user(self.manager).approval_rule_id = rule.create(
            {"name": "Two people", "remind_days": 1}
        )
        phase.with_user(self.manager).action_request_approval()
        self._leave()
        self._move_on(2)
        self.env.invalidate_all()
        self.env["crm.collection.approval"].sudo().with_context(
            allowed_company_ids=self.company.ids
        )._cron_remind()
        left = self._leave()["approver@creditor.example"]
        self._assert_written_by(left, "second.example")
