import base64

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged

from ...models.evidence.ir_attachment import find_images
from ..common_approval import CrmCollectionApprovalCommon

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

    def _create_admin(self, *groups):
        return new_test_user(
            self.env(su=True),
            "sysadmin",
            groups=",".join(("base.group_system", *groups)),
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )

    def _decide_one(self):
        """The message that tells of a decision."""
        self._guard(self.phase_second)
        self._create_overdue(12)
        self._allocate()
        request = self._requests()
        self._say(request, "approve")
        message = request.message_ids.filtered(lambda one: "Approved" in one.body).sudo()
        self.assertEqual(len(message), 1)
        return message

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

    def _forge(self, user, values, template=None):
        """A mail of another template, with what its sender says it is to say: core makes it as
        superuser, in the environment of the call."""
        self._end_transaction()
        env = self.env(user=user)
        self.patch(self.env.transaction, "default_env", env)
        self._call(
            *(user, "mail.template", "send_mail", [(template or self.other_template).id]),
            self.customer.id,
            email_values={"state": "cancel", **values},
        )

    def _tell(self, message):
        """What a mail says that tells a message again, word for word."""
        message_sudo = message.sudo()
        same = ("email_from", "message_type", "model", "reply_to", "res_id", "subject")
        return {name: message_sudo[name] for name in same} | {
            "mail_message_id": message.id,
            "author_id": message_sudo.author_id.id,
            "attachment_ids": [],
            "body_html": message_sudo.body,
            "partner_ids": [Command.set(message_sudo.partner_ids.ids)],
        }

    def _allocated(self, days):
        move = self._create_overdue(days)
        self._allocate()
        return move

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
        self._end_transaction()
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
        message = self._decide_one()
        values = self._tell(message) | {"auto_delete": True, "is_notification": False}
        with self.assertRaises(AccessError):
            self._forge(self.approver, values)

    def test_nothing_is_changed_beside_a_mail(self):
        """GIVEN a letter in the queue, a decision, and a rule that was changed
        WHEN commands on what is related to a message come along with another mail
        THEN they are refused: what is on record stays.

        Seen to fail with commands as superuser allowed on messages, with the tracking's own
        checks left out, and with the files of letters free.
        """
        self.rule.step_ids.attach_pdf = True
        rule = self._guard(self.phase_second)
        self._create_overdue(12)
        self._allocate()
        self._say(self._requests(), "approve")
        self._send_letters()
        letter = self._letters()
        message, mail = letter.sudo().mail_message_id, letter.sudo().mail_id
        messages = self._requests("approved").message_ids
        decided = messages.filtered(lambda one: "Approved" in one.body)
        self._end_transaction()
        rule.with_user(self.manager).name = "Renamed"
        self._end_transaction()
        tracking = rule.sudo().message_ids.tracking_value_ids
        self.assertTrue(tracking)
        noted = tracking.mail_message_id
        pdf = letter.pdf_attachment_id.sudo()
        new = {"field_id": tracking[0].field_id.id, "new_value_char": "Forged"}
        forged = [
            {"child_ids": [Command.delete(message.id)]},
            {"child_ids": [Command.update(message.id, {"body": "Forged"})]},
            {"child_ids": [Command.link(decided.id)]},
            {"mail_ids": [Command.update(mail.id, {"body_html": "Forged"})]},
            {"mail_ids": [Command.delete(mail.id)]},
            {"attachment_ids": [Command.update(pdf.id, {"raw": b"Forged"})]},
            {"attachment_ids": [Command.delete(pdf.id)]},
            {"tracking_value_ids": [Command.update(tracking[0].id, {"new_value_char": "Forged"})]},
            {"tracking_value_ids": [Command.delete(tracking[0].id)]},
            {"tracking_value_ids": [Command.link(tracking[0].id)]},
            self._tell(noted) | {"tracking_value_ids": [Command.create(new)]},
            self._tell(noted) | {"body_html": "<p>Forged</p>"},
            self._tell(decided) | {"subject": "Refused"},
            self._tell(decided) | {"message_id": "<forged@example.com>"},
            self._tell(decided) | {"attachment_ids": [Command.link(pdf.id)]},
            self._tell(decided) | {"author_id": self.manager.partner_id.id},
            self._tell(decided) | {"date": "2020-01-01 00:00:00"},
        ]

        def read():
            return [
                *(self._read(message), self._read(decided), self._read(noted)),
                *(str(mail.exists().body_html), pdf.exists().raw, decided.parent_id.id),
                *(decided.message_id, noted.tracking_value_ids.ids),
                tracking.exists().mapped("new_value_char"),
            ]

        before = read()
        for told in decided + noted:  # as core does it to notify
            self._forge(self.collector, self._tell(told))
            self.assertEqual(read(), before)
        for user in self.users:
            for values in forged:
                with self.subTest(user.login, **values):
                    with self.assertRaises(AccessError):
                        self._forge(user, values)
                    self.assertEqual(read(), before)

    def test_administrator_changes_no_letter_in_the_queue(self):
        """He sends it as it is, with or without rights on letters.

        Seen to fail without the content's check in `write` of the mail, and with the mail sent
        with his own rights.
        """
        mail = self._send_one().sudo().mail_id
        self._end_transaction()
        admin = self._create_admin()
        mine = mail.with_user(admin)
        for vals in ({"body_html": "Forged"}, {"email_to": "me@example.com"}):
            with self.subTest(**vals), self.assertRaises(AccessError):
                mine.write(vals)
        with self.assertRaises(AccessError):
            mine.unlink()
        self.assertEqual(len(self._deliver(user=admin)), 1)
        self.assertEqual(self._letters().state, "sent")

    def test_administrator_sends_notifications(self):
        """What an item's followers are told: the mail system writes on the message that it left.

        Seen to fail with that refused to him.
        """
        self.manager.sudo().notification_type = "email"
        move = self._create_overdue(5)
        self._allocate()
        item = self._items(move)
        item.sudo().message_post(
            body="Moved", message_type="notification", partner_ids=self.manager.partner_id.ids
        )
        mail = self.env["mail.mail"].sudo().search([("model", "=", item._name)])
        self.assertEqual(len(mail), 1)
        self._end_transaction()
        admin = self._create_admin("crm_collection.group_crm_collection_manager")
        self.assertEqual(len(self._deliver(user=admin, model=item._name)), 1)
        self.assertFalse(mail.exists())  # it is deleted once it was sent

    def test_administrator_changes_no_tracking(self):
        """Seen to fail with each of the tracking's own checks left out."""
        rule = self._guard(self.phase_second)
        self._end_transaction()
        rule.with_user(self.manager).name = "Renamed"
        self._end_transaction()
        tracking = rule.sudo().message_ids.tracking_value_ids.with_user(self._create_admin())
        values = {"mail_message_id": tracking.mail_message_id.id, "new_value_char": "Forged"}
        for name, change in {
            "create": lambda: tracking.create(values),
            "write": lambda: tracking.write({"new_value_char": "Forged"}),
            "unlink": tracking.unlink,
        }.items():
            with self.subTest(name), self.assertRaises(AccessError):
                change()
        tracking.write({"field_info": {"desc": "Name"}})  # as core does when a field is removed

    def test_nobody_posts_as_the_system(self):
        """GIVEN a request
        WHEN somebody posts in its chatter that the approver approved, as core lets him
        THEN it is a comment, and his own; nor does a comment become a record.

        Seen to fail with messages as they come, as superuser and not, and with the check of what
        a message became left out.
        """
        self._guard(self.phase_second)
        move = self._create_overdue(12)
        self._allocate()
        request = self._requests()
        author = self.approver.partner_id
        words = {"author_id": author.id, "message_type": "notification", "body": "Approved by"}
        target = {"model": request._name, "res_id": request.id}
        mark = f'<span data-oe-model="crm&#46;collection.approval">{words["body"]}</span>'
        self.env["mail.followers"].search([("partner_id", "=", author.id)]).unlink()
        for user in self.collector | self.manager:
            known = request.sudo().message_ids | move.sudo().message_ids
            self._call(user, request._name, "message_post", request.ids, **words)
            self._call(user, "mail.message", "create", words | target)
            mailed = words | {"message_type": "email", "author_id": self.customer.id}
            self._call(user, request._name, "message_post", request.ids, **mailed)
            context = {f"default_{key}": value for key, value in target.items()}
            self._call(user, "mail.message", "create", words, context=context)
            self._forge(user, words | target)
            marked = {"model": "account.move", "res_id": move.id, "body": mark, "body_html": mark}
            self._forge(user, words | marked)
            self.env.invalidate_all()
            posted = (request.sudo().message_ids | move.sudo().message_ids) - known
            with self.subTest(user.login):
                self.assertEqual(len(posted), 6)
                self.assertEqual(posted.author_id, user.partner_id)
                self.assertTrue({"comment", "email_outgoing"} >= set(posted.mapped("message_type")))
        self._end_transaction()
        comment = posted.filtered(lambda one: one.message_type == "comment")[:1].with_user(user)
        with self.assertRaises(AccessError):
            comment.message_type = "notification"
        elsewhere = self.env["mail.message"].with_user(user).create(words | {"author_id": False})
        self._end_transaction()
        with self.assertRaises(AccessError):
            elsewhere.write(target)
        with self.assertRaises(AccessError):
            self._forge(user, target | {"mail_message_id": elsewhere.id})

    def test_templates_keep_their_sender(self):
        """Whoever sends it is the author; the customer reads the sender that was chosen.

        Seen to fail with the user's address always written.
        """
        item = self._items(self._allocated(5))
        template = self.env["mail.template"].create(
            {
                "name": "About an item",
                "model_id": self.env["ir.model"]._get_id(item._name),
                "subject": "About an item",
                "body_html": "<p>Hello</p>",
                "email_from": "Collections <collections@comp.example>",
            }
        )
        mail_id = self._call(self.collector, "mail.template", "send_mail", [template.id], item.id)
        mail = self.env["mail.mail"].sudo().browse(mail_id)
        self.assertEqual(mail.email_from, "Collections <collections@comp.example>")
        self.assertEqual(mail.author_id, self.collector.partner_id)

    def test_other_kinds_of_messages_allocation(self):
        """Seen to fail with every kind that is not known taken for the system's."""
        item = self._items(self._allocated(5)).with_user(self.collector)
        message = item.message_post(body="Out", message_type="out_of_office")
        self.assertEqual(message.message_type, "out_of_office")

    def test_changes_are_told_whatever_the_caller_says(self):
        """Seen to fail with the context of the call followed."""
        rule = self._guard(self.phase_second)
        self._end_transaction()
        context = {"tracking_disable": True, "mail_notrack": True}
        known = rule.sudo().message_ids
        self._call(
            *(self.manager, rule._name, "write", rule.ids, {"name": "Renamed"}), context=context
        )
        self._end_transaction()
        self.assertEqual(len(rule.sudo().message_ids - known), 1)

    def test_letter_that_went_twice(self):
        """GIVEN a letter that came back and was sent once more, with another PDF
        WHEN somebody deletes the first PDF, by a comment of his that shows it
        THEN it stays.

        Seen to fail with the letter's latest mail alone looked at.
        """
        letter = self._send_one()
        self._deliver()
        first = letter.sudo().pdf_attachment_id
        letter.sudo()._set_problem("bounced", "Returned")
        letter.with_user(self.collector).action_retry()
        self.assertNotEqual(letter.sudo().pdf_attachment_id, first)
        self._end_transaction()
        with self.assertRaises(AccessError):
            first.with_user(self.collector).sudo().unlink()

    def test_message_is_not_deleted_with_a_notification(self):
        """Seen to fail with the mail's message free to be given to another mail."""
        message = self._decide_one()
        admin = self._create_admin("crm_collection.group_crm_collection_manager")
        self._end_transaction()
        mail = self.env["mail.mail"].with_user(admin).create({"mail_message_id": message.id})
        other = self.env["mail.mail"].with_user(admin).create({"subject": "Mine"})
        self._end_transaction()
        with self.assertRaises(AccessError):
            mail.write({"is_notification": False, "auto_delete": True})
        with self.assertRaises(AccessError):
            other.write({"mail_message_id": message.id})

    def test_defaults_take_over_no_message(self):
        """Seen to fail without `default_get` of the mail: it was the letter's message that was
        written, and deleted."""
        message = self._send_one().sudo().mail_message_id
        self._deliver()
        self._end_transaction()
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
        defaults.set("mail.mail", "message_type", "comment", user_id=True)
        self._send_now(self._items(other), collector)
        letters = self.env["crm.collection.letter"].search([])
        self.assertEqual(letters.mapped("state"), ["outgoing"] * 2)
        self.assertEqual(letters.sudo().mail_id.mapped("state"), ["outgoing"] * 2)
        messages = letters.sudo().mail_message_id
        self.assertEqual(messages.mapped("message_type"), ["email_outgoing"] * 2)
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
        self._end_transaction()
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
        shown = paper.copy({"res_id": 0, "name": "shown.png", "raw": PIXEL})
        activity.with_user(self.collector).action_feedback("Done", attachment_ids=shown.ids)
        self.assertTrue(item.message_ids.attachment_ids)
        self.assertIn(paper, item.message_ids.attachment_ids)

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
                with self.assertRaises(AccessError):
                    composer.action_schedule_message()
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

    def test_queued_letter_takes_the_text_that_was_approved(self):
        """GIVEN a letter in the queue, and another text that is approved before it is delivered
        WHEN the queue is worked
        THEN what leaves is what was approved, once.

        Seen to fail without the letter's text asked for at delivery.
        """
        self._put_under_approval(self.phase_first)
        self._approve(self.phase_first)
        self._create_overdue(5)
        self._allocate()
        self._send_letters()
        second = self.phase_first.template_id.with_user(self.manager).copy({"subject": "Second"})
        self.phase_first.with_user(self.manager).template_id = second
        self.phase_first.with_user(self.approver).action_approve()
        messages = self._deliver() + self._deliver()
        self.assertEqual([message["Subject"] for message in messages], ["Second"])

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

    def test_images_of_a_letter_stay_as_they_were_sent(self):
        """GIVEN a letter's text with images, at all the addresses core has for one
        WHEN it was sent, as the template says it
        THEN nobody exchanges or deletes what customers see in it, the images' owner included;
        files they cannot see are not touched, and the template is free to get other images.

        Seen to fail without the images kept, and with every number taken for an image.
        """
        template = self.phase_first.template_id
        image = {"raw": PIXEL, "res_model": template._name, "res_id": template.id}
        public, private, hidden, elsewhere, file = self.env["ir.attachment"].create(
            [
                {"name": "public.png", "public": True, **image},
                {"name": "private.png", "access_token": "secret", **image},
                {"name": "hidden.png", **image},
                {"name": "elsewhere.png", "public": True, **image},
                {"name": "file.txt", "public": True, **image, "raw": b"Text"},
            ]
        )
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url")
        addresses = [
            f"/web/image/{public.id}-abc/public.png",
            f"{base}/web/image/{public.id}",
            f"/web/image/ir.attachment/{public.id}/raw",
            f"/web/image?model=ir.attachment&amp;id={public.id}",
            f"/web/image?id={public.id}&amp;model=ir.attachment",
            f"/web/content/{private.id}?access_token=secret",
            f"https://else.example/web/image/{elsewhere.id}",
            f"/web/image?model=res.partner&amp;id={elsewhere.id}",
            f"/web/image/{hidden.id}",
            f"/web/content/{file.id}",
        ]
        images = "".join(f'<img src="{address}"/>' for address in addresses)
        template.body_html = f"{template.body_html}{images}"
        letter = self._send_one()
        self._end_transaction()
        text = self._deliver()[0].get_body(("html",)).get_content()
        message = letter.sudo().mail_message_id
        for shown in (text, message.body):
            self.assertEqual(
                find_images(shown), {public.id, private.id, hidden.id, elsewhere.id, file.id}
            )
            self.assertIn("access_token=secret", shown)
        self.assertEqual(letter.sudo().image_ids, public | private)
        for shown in public | private:
            for user in self.users:
                mine = shown.with_user(user).sudo()
                for name, change in {
                    "write": lambda mine=mine: mine.write({"raw": b"Forged"}),
                    "unlink": mine.unlink,
                }.items():
                    with (
                        self.subTest(shown.name, user=user.login, change=name),
                        self.assertRaises(AccessError),
                    ):
                        change()
        for free in hidden | elsewhere | file:
            free.with_user(self.manager).raw = b"Other"
            free.with_user(self.manager).unlink()
        template.with_user(self.manager).body_html = template.body_html.replace(
            str(public.id), str(public.copy().id)
        )
        self.assertEqual((public | private).mapped("raw"), [PIXEL, PIXEL])

    def test_images_of_a_letter_outlive_its_template(self):
        """Core deletes files with what they belong to.

        Seen to fail without the images left to the letter: the template could not be deleted.
        """
        template = self.phase_first.template_id.copy()
        image = self.env["ir.attachment"].create(
            {
                "name": "public.png",
                "public": True,
                "raw": PIXEL,
                "res_model": template._name,
                "res_id": template.id,
            }
        )
        template.body_html = f'{template.body_html}<img src="/web/image/{image.id}"/>'
        before = self.phase_first.template_id
        self.phase_first.template_id = template
        self._send_one()
        self._end_transaction()
        self.phase_first.template_id = before
        template.with_user(self.manager).unlink()
        self.assertEqual(image.exists().raw, PIXEL)
        with self.assertRaises(AccessError):
            image.with_user(self.manager).sudo().unlink()

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
