from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from ..common import TODAY, CrmCollectionCommon


@tagged("post_install", "-at_install")
class TestManualLetters(CrmCollectionCommon):
    """Letters sent by hand: the preview, the same letters as the job's, and who may."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.collection_auto_send = False
        cls.other = cls._create_customer("Other")
        cls.moves = cls._create_overdue(5) | cls._create_overdue(40, amount=50)
        cls.move_other = cls._create_overdue(12, partner=cls.other)

    def setUp(self):
        super().setUp()
        self._allocate()
        self.items = self._items(self.moves | self.move_other)

    def _open(self, records, user=None):
        return Form(
            self.env["crm.collection.item.send"]
            .with_user(user or self.collector)
            .with_context(active_model=records._name, active_ids=records.ids)
        )

    # === What was written === #

    def _send_with_pdf(self):
        """A letter sent by the collector, and its message."""
        self.rule.step_ids.attach_pdf = True
        self._open(self._items(self.move_other)).save().action_send()
        letter = self.env["crm.collection.letter"].search([])
        message = letter.sudo().mail_message_id
        self.assertEqual(message.author_id, self.collector.partner_id)
        return letter, message

    def _read_letter(self, message):
        names = ("subject", "body", "email_from", "reply_to", "author_id", "message_type", "date")
        return [message[name] for name in names] + message.attachment_ids.sorted("id").ids

    def test_author_does_not_rewrite_it(self):
        """Who sent a letter by hand is the author of its message, in the queue and afterwards.

        Seen to fail with `write` and `unlink` of the message not overridden. More ways:
        `test_letter_evidence`.
        """
        letter, message = self._send_with_pdf()
        mine, pdf = message.with_user(self.collector), letter.sudo().pdf_attachment_id
        changes = {
            "subject": lambda: mine.write({"subject": "Forget it"}),
            "body": lambda: mine.write({"body": "<p>Pay me</p>"}),
            "email_from": lambda: mine.write({"email_from": "me@example.com"}),
            "reply_to": lambda: mine.write({"reply_to": "me@example.com"}),
            "attachment_ids": lambda: mine.write({"attachment_ids": [Command.clear()]}),
            "author_id": lambda: mine.write({"author_id": self.manager.partner_id.id}),
            "partner_ids": lambda: mine.write({"partner_ids": [Command.clear()]}),
            "date": lambda: mine.write({"date": "2020-01-01"}),
            "message_type": lambda: mine.write({"message_type": "comment"}),
            "message": mine.unlink,
            "pdf": lambda: pdf.with_user(self.collector).write({"raw": b"y"}),
            "no pdf": lambda: pdf.with_user(self.collector).unlink(),
        }
        self._end_transaction()
        before = self._read_letter(message), pdf.raw
        for delivered in (False, True):
            if delivered:
                self.assertEqual(len(self._deliver()), 1)
                self.assertEqual(letter.state, "sent")
            for name, change in changes.items():
                with self.subTest(name, delivered=delivered), self.assertRaises(AccessError):
                    change()
                self.env.invalidate_all()
            self.assertTrue((self._read_letter(message), pdf.raw) == before)
        mine.toggle_message_starred()
        self.assertTrue(mine.starred)

    def test_comments_allocation_peoples(self):
        letter = self._send_with_pdf()[0]
        comment = letter.with_user(self.collector).message_post(
            body="He called", message_type="comment"
        )
        comment.write({"body": "He called twice"})
        self.assertIn("twice", comment.body)

    # === The preview === #

    def test_preview_per_customer(self):
        """Who, where to, about what, how much, which letter: before anything is written."""
        self.env["res.partner"].create(
            {"parent_id": self.other.id, "type": "collection", "email": "ap@other.example"}
        )
        form = self._open(self.items)
        self.assertEqual((form.letter_count, form.item_count), (2, 3))
        self.assertFalse(form.refused_count)
        lines = {line.partner_id: line for line in form.save().line_ids}
        line = lines[self.customer]
        self.assertEqual(line.email_to, '"Adler GmbH" <adler@customer.example>')
        self.assertEqual((line.item_count, line.amount), (2, 150))
        self.assertEqual(line.phase_id, self.phase_third)  # the most severe sets the tone
        self.assertEqual(line.template_id, self.phase_third.template_id)
        for item in self._items(self.moves):
            self.assertIn(item.name, line.open_items)
        self.assertIn("ap@other.example", lines[self.other].email_to)
        self.assertFalse(self.env["crm.collection.letter"].search([]))

    def test_preview_agrees_with_the_letters(self):
        """Customer, address, phase, template, items and amount of each letter are as said."""
        wizard = self._open(self.items).save()
        said = {
            (x.partner_id, x.email_to, x.phase_id, x.template_id, x.item_count, x.amount)
            for x in wizard.line_ids
        }
        wizard.action_send()
        letters = self.env["crm.collection.letter"].search([])
        self.assertEqual(
            said,
            {
                (x.partner_id, x.email_to, x.phase_id, x.template_id, x.line_count, x.amount_total)
                for x in letters
            },
        )

    def test_preview_says_that_there_is_no_address(self):
        self.other.email = False
        lines = self._open(self._items(self.move_other)).save().line_ids
        self.assertEqual(lines.email_to, "No address")

    def test_left_out_and_why(self):
        """Each item that cannot be in a letter is left out with its reason, the rest goes.

        Seen to fail with holds left out of the reasons.
        """
        third = self._create_customer("Third")
        extra = {
            "hold": self._create_overdue(20),
            "followup": self._create_overdue(21),
            "no phase": self._create_overdue(22, partner=third),
            "silent": self._create_overdue(23),
        }
        self._allocate()
        self.env["crm.collection.hold"].create(
            {"move_id": extra["hold"].id, "reason": "Wrong price", "date_until": "2026-03-31"}
        )
        extra["followup"].line_ids.no_followup = True
        self._items(extra["no phase"])._maintain(self.env["crm.collection.phase"], "Out")
        extra["silent"].action_toggle_block_payment()
        moves = self.env["account.move"].concat(*extra.values())
        form = self._open(self._items(moves) | self.items)
        self.assertEqual((form.letter_count, form.item_count, form.refused_count), (2, 3, 4))
        for words in (
            "On hold until 03/31/2026: Wrong price",
            "out of follow-up",
            "in no phase",
            "blocked",
        ):
            self.assertIn(words, form.refusal_summary)
        line = form.save().line_ids.filtered(lambda x: x.partner_id == third)
        self.assertEqual((line.item_count, line.email_to), (0, False))
        self.assertIn("in no phase", line.refusal)

    def test_credits_cover_everything(self):
        self._create_credit(500, partner=self.other)
        form = self._open(self._items(self.move_other))
        self.assertEqual(form.letter_count, 0)
        self.assertIn("Open credits", form.refusal_summary)
        with self.assertRaisesRegex(UserError, "Open credits"):
            form.save().action_send()

    def test_phase_not_approved(self):
        """P8: what is not approved sends nothing, by hand neither."""
        approval = self.env["crm.collection.approval.rule"].create({"name": "Four eyes"})
        self.phase_third.approval_rule_id = approval
        item = self._items(self.moves[1])
        form = self._open(item)
        self.assertIn("not approved", form.refusal_summary)
        with self.assertRaises(UserError):
            form.save().action_send()
        self.assertFalse(item.letter_line_ids)

    # === Sending === #

    def test_same_letters_as_the_job(self):
        action = self._open(self.items).save().action_send()
        self.assertEqual(action["params"]["type"], "success")
        letters = self.env["crm.collection.letter"].search([])
        self.assertEqual(set(letters.mapped("origin")), {"manual"})
        self.assertEqual(set(letters.mapped("state")), {"outgoing"})
        self.assertEqual(set(letters.mapped("create_uid")), {self.collector})
        self.assertEqual(self.items.mapped("letter_count"), [1, 1, 1])
        messages = self._deliver()
        self.assertEqual(len(messages), 2)
        self.assertEqual(set(letters.mapped("state")), {"sent"})
        # the job has nothing left to send
        self.company.collection_auto_send = True
        self._send_letters()
        self.assertEqual(self.env["crm.collection.letter"].search([]), letters)

    def test_neither_next_date_nor_quiet_days_stop_it(self):
        self.company.collection_quiet_days = 10
        item = self._items(self.move_other)
        self._open(item).save().action_send()
        self.assertFalse(item.date_next_letter)
        form = self._open(item)
        form.again_reason = "Lost the first one"
        form.save().action_send()
        self.assertEqual(item.letter_line_ids.mapped("round"), [1, 2])
        self.assertEqual(len(self._letters(self.other)), 2)

    def test_only_the_open_items_that_were_chosen(self):
        self._open(self._items(self.moves[0])).save().action_send()
        self.assertEqual(self._letters().line_ids.item_id, self._items(self.moves[0]))

    def test_from_the_invoice(self):
        self._open(self.move_other).save().action_send()
        self.assertEqual(self._letters(self.other).line_ids.item_id, self._items(self.move_other))

    def test_paid_between_preview_and_click(self):
        """P3: what was paid meanwhile is not asked for."""
        wizard = self._open(self._items(self.moves)).save()
        self._pay(self.moves[1])
        wizard.action_send()
        self.assertEqual(self._letters().line_ids.item_id, self._items(self.moves[0]))

    def test_no_address_is_said(self):
        self.other.email = False
        action = self._open(self._items(self.move_other)).save().action_send()
        self.assertEqual(action["params"]["type"], "warning")
        self.assertIn("no e-mail address", action["params"]["message"])
        self.assertEqual(self._letters(self.other).state, "no_address")

    def test_accounting_is_not_written(self):
        before = self._accounting_checksum()
        self._open(self.items).save().action_send()
        self._deliver()
        self.assertEqual(self._accounting_checksum(), before)

    # === Who may === #

    def test_readers_and_strangers_may_not(self):
        auditor = new_test_user(
            self.env(su=True),
            "auditor",
            groups="account.group_account_readonly,account.group_account_invoice",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        for user in (auditor, self.outsider):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.env["crm.collection.item.send"].with_user(user).create(
                    {"item_ids": self.items.ids}
                )
        company = self.env["res.company"].sudo().create({"name": "Other company"})
        stranger = new_test_user(
            self.env(su=True),
            "stranger",
            groups="crm_collection.group_crm_collection_user",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        self.assertFalse(self._open(self.items, user=stranger).letter_count)
        with self.assertRaises(AccessError):
            self.env["crm.collection.item.send"].with_user(stranger).create(
                {"item_ids": self.items.ids}
            ).action_send()
        self.assertFalse(self.env["crm.collection.letter"].search([("date", "=", TODAY)]))
