from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from ..common import TODAY
from ..common_letters import CrmCollectionLettersCommon


@tagged("post_install", "-at_install")
class TestSendPreview(CrmCollectionLettersCommon):
    """*Send Letter Now* shows what it will do: to whom, in which words, after which letter and
    before which; and counts what will leave.

    Seen to fail: with letters to nobody counted, with another subject, with a second letter that
    needs no word or one of any day, and with no next day.
    """

    def setUp(self):
        super().setUp()
        self.rule.step_ids.write({"resend_interval": 10})
        self.silent = self._create_customer("Silent Ltd", email=False)
        self.moves = self._create_overdue(4) | self._create_overdue(4, partner=self.silent)
        self._allocate()
        self.items = self._items(self.moves)
        self.item = self.items.filtered(lambda item: item.partner_id == self.customer)

    def _open(self, items):
        return Form(
            self.env["crm.collection.item.send"]
            .with_user(self.collector)
            .with_context(active_model=items._name, active_ids=items.ids)
        )

    def _create(self, items):
        """As RPC, without what the form asks for."""
        return (
            self.env["crm.collection.item.send"]
            .with_user(self.collector)
            .with_context(active_model=items._name, active_ids=items.ids)
            .create({})
        )

    def _line(self, wizard, partner):
        return wizard.line_ids.filtered(lambda line: line.partner_id == partner)

    def test_counts_only_what_will_leave(self):
        """A letter to nobody is not counted as one that leaves."""
        form = self._open(self.items)
        self.assertEqual((form.letter_count, form.item_count), (1, 1))
        self.assertEqual(form.no_address_count, 1)

    def test_text_and_recipient_are_shown_as_they_leave(self):
        form = self._open(self.items)
        self.assertEqual(form.shown_partner_id, self.customer)
        shown = (form.letter_subject, form.letter_email_to)
        form.save().with_user(self.collector).action_send()
        letter = self._letters()
        mail = letter.mail_id.sudo()
        self.assertEqual(shown, (mail.subject, letter.email_to))
        self.assertIn(self.item.name, str(form.letter_body))
        self.assertEqual(
            str(form.letter_body).count(self.item.name),
            str(mail.body_html).count(self.item.name),
        )
        form = self._open(self.items)
        form.shown_partner_id = self.silent
        self.assertIn("No address", form.letter_email_to)

    def test_second_letter_of_a_day_needs_a_word(self):
        self.assertFalse(self._open(self.items).again_note)
        first = self._create(self.items)
        first.again_reason = "Not asked for"
        first.action_send()
        self.env.invalidate_all()
        self.assertNotIn("Not asked for", str(self._letters().message_ids.mapped("body")))
        item = self.item
        wizard = self._create(item)
        self.assertIn("Adler", wizard.again_note)
        self.assertEqual(self._line(wizard, self.customer).date_last_letter, TODAY)
        with self.assertRaisesRegex(UserError, "Say why"):
            wizard.with_user(self.collector).action_send()
        self.assertEqual(len(self._letters()), 1)
        wizard.again_reason = "Lost the first one"
        wizard.with_user(self.collector).action_send()
        last = self._letters().sorted("id")[-1]
        notes = last.message_ids.filtered(lambda one: "Lost the first one" in one.body)
        self.assertEqual(notes.author_id, self.collector.partner_id)
        self._move_on(1)
        self.assertFalse(self._open(item).again_note)

    def test_next_date_is_said(self):
        """What it says is what the item has afterwards."""
        wizard = self._create(self.items)
        said = self._line(wizard, self.customer).date_next
        self.assertTrue(said)
        wizard.with_user(self.collector).action_send()
        self.env.invalidate_all()
        self.assertEqual(self.item.date_next_letter, said)
        self.rule.step_ids.write({"resend_interval": 0})
        wizard = self._create(self.items)
        self.assertFalse(self._line(wizard, self.customer).date_next)
