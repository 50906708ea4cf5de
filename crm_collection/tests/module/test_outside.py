from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import HttpCase, JsonRpcException, new_test_user, tagged
from odoo.tools import mute_logger

from ..common import TODAY
from ..common_approval import CrmCollectionApprovalCommon

READERS = {
    "auditor": "account.group_account_readonly",
    "billing": "account.group_account_invoice",
}
OWN = {"reply_to": "me@private.example", "email_from": "Me <me@private.example>"}


@tagged("post_install", "-at_install")
class TestOutside(CrmCollectionApprovalCommon, HttpCase):
    """Customers are written to from this module's records by collection users alone, and in the
    company's name; who may read notes for colleagues.

    Seen to fail on a version without `crm.collection.thread`: every way below reached the
    customer but those that want write access.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.readers = [
            new_test_user(
                cls.env(su=True),
                login,
                groups=group,
                password=login.ljust(8, "x"),
                email=f"{login}@creditor.example",
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            )
            for login, group in READERS.items()
        ]
        cls.colleague = cls.manager.partner_id
        cls.manager.sudo().notification_type = "email"
        cls.template = (
            cls.env["mail.template"]
            .sudo()
            .create(
                {
                    "name": "About a customer",
                    "model_id": cls.env["ir.model"]._get_id("res.partner"),
                    "subject": "Hello",
                    "body_html": "<p>Hello</p>",
                }
            )
        )

    def _prepare(self):
        """A record of every model of the module that has a chatter."""
        approval_rule = self._guard(self.phase_second)
        self._create_overdue(5)
        self._create_overdue(12)
        self.rule.step_ids.activity_type_id = self.env.ref("mail.mail_activity_data_call")
        self._allocate()
        self._send_letters()
        self.env["crm.collection.fuse"].sudo().create({"name": "Mail server"})
        self._hold(self.customer)
        records = [
            self._letters()[:1],
            self.env["crm.collection.item"].search([], limit=1),
            self._requests()[:1],
            self.phase_first,
            approval_rule,
            self.env["crm.collection.hold"].search([], limit=1),
            self.env["crm.collection.contact"]
            .with_user(self.collector)
            .create({"partner_id": self.customer.id}),
            self.env["crm.collection.fuse"].search([], limit=1),
            self.env["crm.collection.task"].search([], limit=1),
            self.env["crm.collection.thanks"]
            .sudo()
            .create({"company_id": self.company.id, "partner_id": self.customer.id, "date": TODAY}),
        ]
        names = {record._name for record in records}
        self.assertEqual(names, self.env["crm.collection.thread"]._get_chatters())
        self._end_transaction()
        return records

    def _call(self, user, record, method, *args, context=None, **kwargs):
        Model = self.env[record if isinstance(record, str) else record._name].with_user(user)
        ids = [[]] if isinstance(record, str) else [record.ids]
        if context:
            kwargs["context"] = context
        return call_kw(Model, method, [*ids, *args], kwargs)

    def _compose(self, user, record, mode):
        values = {
            "model": record._name,
            "res_ids": str(record.ids),
            "composition_mode": mode,
            "subject": "Hello",
            "body": "<p>Hello</p>",
            "partner_ids": [Command.set(self.customer.ids)],
            "subtype_id": self.env.ref("mail.mt_comment").id,
            **OWN,
        }
        created = call_kw(self.env["mail.compose.message"].with_user(user), "create", [values], {})
        self._call(user, self.env["mail.compose.message"].browse(created), "action_send_mail")

    def _send_template(self, user, record, **values):
        values |= {"model": record._name, "res_id": record.id, **OWN}
        template = self.template
        self._call(user, template, "send_mail", self.customer.id, email_values=values)

    def _forge_mail(self, user, record):
        """A mail for a note of one's own."""
        result = self._call(user, record, "message_post", body="Note", message_type="comment")
        message_id = result if isinstance(result, int) else result[0]
        self._send_template(
            *(user, record),
            mail_message_id=message_id,
            recipient_ids=[Command.set(self.customer.ids)],
        )

    def _post_by_route(self, user, record):
        self.authenticate(user.login, user.login.ljust(8, "x"))
        with mute_logger("odoo.http"):
            self.make_jsonrpc_request(
                "/mail/message/post",
                {
                    "thread_model": record._name,
                    "thread_id": record.id,
                    "post_data": {
                        "body": "Hello",
                        "partner_ids": self.customer.ids,
                        "subtype_xmlid": "mail.mt_comment",
                        **OWN,
                    },
                },
            )

    def _get_ways(self, record):
        """:return: {name: how a user writes to the customer from there}"""
        customer = self.customer.ids
        note = {"body": "Hello", "message_type": "comment", **OWN}
        soon = fields.Datetime.now() + timedelta(hours=1)
        return {
            "post": lambda user: self._call(
                user, record, "message_post", partner_ids=customer, **note
            ),
            "notification": lambda user: self._call(
                user, record, "message_post", partner_ids=customer, body="Hello", **OWN
            ),
            "address": lambda user: self._call(
                *(user, record, "message_post"),
                outgoing_email_to="adler@customer.example",
                **note,
            ),
            "later": lambda user: self._call(
                *(user, record, "message_post"),
                partner_ids=customer,
                scheduled_date=str(soon),
                **note,
            ),
            "notify": lambda user: self._call(
                user, record, "message_notify", partner_ids=customer, body="Hello", **OWN
            ),
            "notify about": lambda user: self._call(
                *(user, "mail.thread", "message_notify"),
                model=record._name,
                res_id=record.id,
                partner_ids=customer,
                body="Hello",
                **OWN,
            ),
            "composer": lambda user: self._compose(user, record, "comment"),
            "mass mail": lambda user: self._compose(user, record, "mass_mail"),
            "template": lambda user: self._send_template(
                user, record, recipient_ids=[Command.set(customer)]
            ),
            "template to an address": lambda user: self._send_template(
                user, record, email_to="adler@customer.example"
            ),
            "mail of a note": lambda user: self._forge_mail(user, record),
            "route": lambda user: self._post_by_route(user, record),
        }

    def _get_mails(self):
        return self.env["mail.mail"].sudo().search([])

    def _get_reached(self, mails):
        partners = mails.recipient_ids.filtered("partner_share")
        return set(partners.mapped("email")) | set(filter(None, mails.mapped("email_to")))

    def test_readers_write_to_nobody_outside(self):
        """GIVEN every record with a chatter
        WHEN who may only read it posts, notifies, composes or mails to its customer
        THEN it is refused, and nothing is in the mail queue or waits for its hour.
        """
        known = self._get_mails()
        for record in self._prepare():
            known |= self._get_mails()
            for name, way in self._get_ways(record).items():
                # one of them everywhere, both where they may post
                for user in (
                    self.readers if record._mail_post_access == "read" else self.readers[:1]
                ):
                    with self.subTest(record._name, way=name, user=user.login):
                        error = JsonRpcException if name == "route" else AccessError
                        with self.assertRaises(error), self.env.cr.savepoint():
                            way(user)
                        self.env.invalidate_all()
                        self.assertFalse(self._get_reached(self._get_mails() - known))

    def test_followers_outside_are_not_written_to(self):
        """GIVEN a letter that its customer follows, who got it there from a collector
        WHEN an auditor comments, or finishes an activity with a comment
        THEN he is told why not; his note for colleagues is posted.
        """
        letter = self._prepare()[0]
        letter.sudo().message_subscribe(self.customer.ids)
        auditor = self.readers[0]
        comment = {"body": "Hello", "message_type": "comment", "subtype_xmlid": "mail.mt_comment"}
        with self.assertRaisesRegex(AccessError, "log a note"), self.env.cr.savepoint():
            self._call(auditor, letter, "message_post", **comment)
        before = self._get_mails()
        note = comment | {"subtype_xmlid": "mail.mt_note"}
        self._call(auditor, letter, "message_post", **note)
        self._call(auditor, letter, "message_post", partner_ids=self.colleague.ids, **note)
        mails = self._get_mails() - before
        self.assertEqual(mails.recipient_ids, self.colleague)
        with self.assertRaises(AccessError):
            self._call(auditor, letter, "message_subscribe", self.customer.ids)

    def test_readers_send_no_text_messages(self):
        """Seen to fail without `_notify_thread`: numbers went beside the recipients."""
        if "sms.sms" not in self.env:
            self.skipTest("text messages are not installed")
        letter, number = self._prepare()[0], "+32479000000"
        for numbers in (
            {"sms_numbers": [number]},
            {
                "sms_pid_to_number": {self.colleague.id: number},
                "partner_ids": self.colleague.ids,
            },
        ):
            with self.subTest(**numbers), self.assertRaises(AccessError), self.env.cr.savepoint():
                self._call(
                    *(self.readers[0], letter, "message_post"),
                    body="Hello",
                    message_type="sms",
                    **numbers,
                )

    def test_readers_are_suggested_colleagues(self):
        letter = self._prepare()[0]
        ask = {"reply_discussion": True}
        suggested = letter.with_user(self.readers[0])._message_get_suggested_recipients(**ask)
        self.assertFalse(suggested)
        suggested = letter.with_user(self.collector)._message_get_suggested_recipients(**ask)
        self.assertEqual([one["partner_id"] for one in suggested], self.customer.ids)

    def test_collectors_write_in_the_name_of_the_company(self):
        """What reaches the customer is from the company's address, and answers come to it, however
        it is written and whatever is said of it."""
        for record in self._prepare()[:-1]:  # nobody posts about mail servers
            for name, way in self._get_ways(record).items():
                if name == "later":
                    continue
                known = self._get_mails()
                with self.subTest(record._name, way=name):
                    way(self.manager)
                    mails = self._get_mails() - known
                    self.assertEqual(self._get_reached(mails), {"adler@customer.example"})
                    for mail in mails:
                        self.assertNotIn("private", f"{mail.email_from} {mail.reply_to}")
                        self.assertIn(self.company.email, mail.reply_to)

    def test_mail_that_comes_in_is_kept(self):
        """An auditor who answers by mail reaches colleagues alone; the mail is not refused."""
        letter = self._prepare()[0]
        letter.sudo().message_subscribe((self.customer | self.colleague).ids)
        before = self._get_mails()
        self._call(
            *(self.readers[0], letter, "message_post"),
            body="Hello",
            message_type="email",
            subtype_xmlid="mail.mt_comment",
        )
        self.assertEqual((self._get_mails() - before).recipient_ids, self.colleague)
