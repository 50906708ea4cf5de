import base64

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged

from .common_approval import CrmCollectionApprovalCommon

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@tagged("post_install", "-at_install")
class TestLetterEvidence(CrmCollectionApprovalCommon):
    """What was written, sent and decided stays as it was, and letters leave through the engine
    alone, whatever public method of the mail system is called and in whose name it works on.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = new_test_user(
            cls.env(su=True),
            "auditor",
            groups="account.group_account_readonly",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.other_template = cls.env["mail.template"].create(
            {
                "name": "Other",
                "model_id": cls.env["ir.model"]._get_id("res.partner"),
                "subject": "Hello",
                "body_html": "<p>Hello</p>",
            }
        )
        cls.users = cls.auditor | cls.collector | cls.manager | cls.approver

    def _call(self, user, model, method, *args, **kwargs):
        """As the web client, or anybody's script, calls the server."""
        return call_kw(self.env[model].with_user(user), method, list(args), kwargs)

    def _send_one(self, **step_vals):
        """A letter the collector sent by hand."""
        self.rule.step_ids.write({"attach_pdf": True, **step_vals})
        move = self._create_overdue(5)
        self._allocate()
        self._send_now(self._items(move))
        return self._letters()

    def _read(self, message):
        names = ("subject", "body", "email_from", "reply_to", "model", "res_id", "message_type")
        self.env.invalidate_all()
        message_sudo = message.sudo().exists()
        return [message_sudo[name] for name in names] + message_sudo.attachment_ids.ids

    # === Messages === #

    def test_message_is_not_taken_over_by_another_mail(self):
        """Core makes mails as superuser, with what its caller says: for a message that is there,
        its content is written, and it is deleted with the mail.

        Seen to fail with superuser mode let through in `write`.
        """
        message = self._send_one().sudo().mail_message_id
        self.assertEqual(len(self._deliver()), 1)
        before = self._read(message)
        for vals in (
            {"body": "<p>Forged</p>", "body_html": "<p>Forged</p>", "is_notification": True},
            {"subject": "Forged", "is_notification": True},
            {"email_from": "me@example.com", "is_notification": True},
            {"reply_to": "me@example.com", "is_notification": True, "body": before[1]},
            {"is_notification": False, "auto_delete": True},
        ):
            values = {"mail_message_id": message.id, "state": "cancel", **vals}
            for user in self.users:
                with self.subTest(user.login, **vals), self.assertRaises(AccessError):
                    self._call(
                        *(user, "mail.template", "send_mail", [self.other_template.id]),
                        self.customer.id,
                        email_values=values,
                    )
                self.assertEqual(self._read(message), before)

    def test_message_is_not_deleted_with_a_mail(self):
        """What a decision's message says is taken over word for word, by a mail that is deleted
        when it was sent and takes its message along.

        Seen to fail without `create` of the mail.
        """
        self._guard(self.phase_second)
        self._create_overdue(12)
        self._allocate()
        request = self._requests()
        self._say(request, "approve")
        message = request.message_ids.filtered(lambda one: "Approved" in one.body).sudo()
        self.assertEqual(len(message), 1)
        same = ("body", "email_from", "message_type", "model", "reply_to", "res_id", "subject")
        values = {name: message[name] for name in same} | {
            "mail_message_id": message.id,
            "author_id": message.author_id.id,
            "attachment_ids": [],
            "auto_delete": True,
            "body_html": message.body,
            "is_notification": False,
        }
        with self.assertRaises(AccessError):
            self._call(
                *(self.approver, "mail.template", "send_mail", [self.other_template.id]),
                self.customer.id,
                email_values=values,
            )

    def test_defaults_take_over_no_message(self):
        """Seen to fail without `default_get` of the mail: it was the letter's message that was
        written, and deleted."""
        message = self._send_one().sudo().mail_message_id
        self._deliver()
        before = self._read(message)
        for store in (False, True):
            context = {} if store else {"default_mail_message_id": message.id}
            if store:
                self.env["ir.default"].with_user(self.collector).set(
                    "mail.mail", "mail_message_id", message.id, user_id=True
                )
            with self.subTest(store=store):
                self._call(
                    *(self.collector, "mail.template", "send_mail", [self.other_template.id]),
                    self.customer.id,
                    context=context,
                )
                self.assertEqual(self._read(message), before)

    def test_defaults_send_no_letter_on_paper_only(self):
        """A letter is sent when the mail server took it, not when its sender's defaults say so.

        Seen to fail with the caller's context passed on, and state and headers left to defaults.
        """
        move, other = (
            self._create_overdue(5),
            self._create_overdue(
                5,
                partner=self.env["res.partner"].create(
                    {"name": "Zwei", "email": "zwei@customer.example", "is_company": True}
                ),
            ),
        )
        self._allocate()
        collector = self.collector
        wizard = self.env["crm.collection.item.send"].with_user(collector)
        context = {"default_state": "sent", "default_headers": "{'X-Mine': '1'}"}
        wizard.with_context(
            active_model="crm.collection.item", active_ids=self._items(move).ids, **context
        ).create({}).action_send()
        defaults = self.env["ir.default"].with_user(collector)
        defaults.set("mail.mail", "state", "sent", user_id=True)
        self._send_now(self._items(other), collector)
        letters = self.env["crm.collection.letter"].search([])
        self.assertEqual(letters.mapped("state"), ["outgoing"] * 2)
        self.assertEqual(letters.sudo().mail_id.mapped("state"), ["outgoing"] * 2)
        self.assertNotIn("X-Mine", str(letters.sudo().mail_id.mapped("headers")))
        self.assertEqual(len(self._deliver()), 2)

    def test_decision_on_the_invoice_is_not_rewritten(self):
        """Seen to fail with the chatters of entries left out."""
        self._guard(self.phase_second)
        move = self._create_overdue(12)
        self._allocate()
        self._say(self._requests(), "approve")
        message = move.message_ids.filtered(lambda one: "Approved" in one.body)
        self.assertEqual(message.author_id, self.approver.partner_id)
        bookkeeper = new_test_user(
            self.env(su=True),
            "bookkeeper",
            groups="account.group_account_invoice",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        with self.assertRaises(AccessError):
            message.with_user(self.approver).write({"body": "Refused"})
        with self.assertRaises(AccessError):
            message.with_user(bookkeeper).unlink()
        note = move.with_user(bookkeeper).message_post(body="Mine", message_type="comment")
        note.write({"body": "Mine still"})
        note.unlink()

    def test_core_still_notifies(self):
        """A message on record is mailed to its followers, and activities with files are done."""
        letter = self._send_one()
        letter.with_user(self.manager).message_subscribe(self.manager.partner_id.ids)
        self.manager.sudo().notification_type = "email"
        letter.with_user(self.collector).message_post(
            body="He called", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        item = letter.line_ids.item_id.with_user(self.collector)
        activity = item.activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.collector.id, summary="Call"
        )
        paper = (
            self.env["ir.attachment"]
            .with_user(self.collector)
            .create(
                {
                    "name": "Paper.txt",
                    "raw": b"x",
                    "res_model": activity._name,
                    "res_id": activity.id,
                }
            )
        )
        activity.with_user(self.collector).action_feedback("Done", attachment_ids=paper.ids)
        self.assertTrue(item.message_ids.attachment_ids)

    # === Letters leave through the engine === #

    def test_nobody_sends_the_template(self):
        """GIVEN a letter that is paid
        WHEN somebody who may read it sends its template about it, as core allows
        THEN it is refused: nobody asked whether it is owed.

        Seen to fail without `_send_check_access` and without the composer's check.
        """
        letter = self._send_one()
        self._deliver()
        template = letter.template_id
        count = self.env["mail.mail"].sudo().search_count([])
        for user in self.users:
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    self._call(user, "mail.template", "send_mail", [template.id], letter.id, True)
                with self.assertRaises(AccessError):
                    self._call(
                        *(user, "crm.collection.letter", "message_mail_with_source"),
                        letter.ids,
                        "crm_collection.mail_template_legal",
                    )
                composer = (
                    self.env["mail.compose.message"]
                    .with_user(user)
                    .create(
                        {
                            "model": letter._name,
                            "res_ids": str(letter.ids),
                            "template_id": template.id,
                            "composition_mode": "comment",
                        }
                    )
                )
                with self.assertRaises(AccessError):
                    composer.action_send_mail()
        self.assertEqual(self.env["mail.mail"].sudo().search_count([]), count)

    def test_waiting_letter_takes_the_text_that_was_approved(self):
        """GIVEN a letter that waits for an address, and a phase for which another text is approved
        meanwhile, so that the first one is nobody's and can be changed
        WHEN the letter goes
        THEN it says what was approved.

        Seen to fail with the letter's template kept.
        """
        self.customer.email = False
        self._put_under_approval(self.phase_first)
        self._approve(self.phase_first)
        first = self.phase_first.template_id
        self._create_overdue(5)
        self._allocate()
        self._send_letters()
        self.assertEqual(self._letters().state, "no_address")
        second = first.with_user(self.manager).copy({"subject": "The second text"})
        self.phase_first.with_user(self.manager).template_id = second
        self.phase_first.with_user(self.approver).action_approve()
        first.with_user(self.manager).subject = "Nobody approved this"
        self.customer.email = "adler@customer.example"
        self.env.invalidate_all()
        self._letters().with_user(self.collector).action_retry()
        self.assertEqual(self._deliver()[0]["Subject"], "The second text")

    # === What goes out with it === #

    def test_letter_owns_what_goes_out_with_it(self):
        """The files of its template are copied: whoever changes them later does not change what
        was sent, and is free to.

        Seen to fail with the template's own files sent.
        """
        template = self.phase_first.template_id
        template.attachment_ids = [Command.create({"name": "Terms.txt", "raw": b"Terms"})]
        terms = template.attachment_ids
        letter = self._send_one(attach_invoices=True)
        sent = letter.sudo().mail_message_id.attachment_ids
        self.assertGreaterEqual(len(sent), 2)
        self.assertEqual(set(sent.mapped("res_model")), {letter._name})
        self.assertEqual(set(sent.mapped("res_id")), set(letter.ids))
        terms.with_user(self.manager).raw = b"Others"
        self.env.invalidate_all()
        self.assertEqual(sent.filtered(lambda one: one.name == "Terms.txt").raw, b"Terms")
        message = self._deliver()[0]
        names = [part.get_filename() for part in message.walk() if part.get_filename()]
        self.assertEqual(len(names), len(sent))
        for attachment in sent:
            for user in self.users:
                with self.subTest(attachment.name, user=user.login):
                    # what the route that deletes attachments asks, before it does as superuser
                    self.assertFalse(attachment.with_user(user).sudo(False).has_access("write"))

    def test_files_of_an_approved_letter(self):
        """Whoever they belong to, and as superuser: the route that deletes attachments asks only
        whether the user may write.

        Seen to fail with superuser mode let through, with the owner asked alone, and with images
        left out.
        """
        phase, template = self.phase_first, self.phase_first.template_id.copy()
        free = template.copy()
        template.attachment_ids = [Command.create({"name": "Terms.txt", "raw": b"Terms"})]
        terms = template.attachment_ids
        free.attachment_ids = [Command.link(terms.id)]  # core makes it the other's
        image = self.env["ir.attachment"].create(
            {"name": "logo.png", "raw": PIXEL, "res_model": free._name, "res_id": free.id}
        )
        template.body_html = f'{template.body_html}<img src="/web/image/{image.id}-abc/logo.png"/>'
        phase.template_id = template
        self._put_under_approval(phase)
        self._approve(phase)
        for attachment in (terms, image):
            mine = attachment.with_user(self.manager)
            for name, change in {
                "write": lambda mine=mine: mine.write({"raw": b"Other"}),
                "unlink": mine.unlink,
                "sudo unlink": mine.sudo().unlink,
            }.items():
                with (
                    self.subTest(attachment.name, change=name),
                    self.assertRaisesRegex(UserError, "Copy it"),
                ):
                    change()
        other = self.env["ir.attachment"].create(
            {"name": "x.png", "raw": PIXEL, "res_model": free._name, "res_id": free.id}
        )
        other.with_user(self.manager).unlink()

    # === What is approved === #

    def test_all_of_a_phase_is_shown_that_was_never_approved(self):
        """GIVEN a phase that was never approved, of which the rule is exchanged and the letter
        WHEN the approver looks
        THEN he sees the letter too: he approves all of it.

        Seen to fail with the changes alone shown.
        """
        phase = self.phase_first
        self._put_under_approval(phase)
        rule = self.env["crm.collection.approval.rule"].with_user(self.manager)
        legal = self.env.ref("crm_collection.mail_template_legal")
        phase.with_user(self.manager).write(
            {"approval_rule_id": rule.create({"name": "Second"}).id, "template_id": legal.id}
        )
        request = phase.pending_approval_id.with_user(self.approver)
        self.assertIn("Second", request.changes_html)
        self.assertIn(legal.display_name, request.changes_html)
