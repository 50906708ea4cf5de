from unittest.mock import patch

from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..common import TODAY
from ..common_desk import CrmCollectionDeskCommon


@tagged("post_install", "-at_install")
class TestChatter(CrmCollectionDeskCommon):
    """Letters, promises and disputes are told where salespeople look."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.moves = cls._create_overdue(12) | cls._create_overdue(5, amount=50)
        cls.seller = new_test_user(
            cls.env(su=True),
            "seller",
            groups="base.group_user",
            company_id=cls.company.id,
        )

    def _said(self, record, words):
        """The notes that say something, as a salesperson without the app reads them on the
        customer."""
        user = self.seller if record._name == "res.partner" else self.env.user
        return record.with_user(user).message_ids.filtered(lambda one: words in (one.body or ""))

    def _send(self):
        self._allocate()
        self._send_letters()
        self._end_transaction()

    def test_letter(self):
        """Once it is sent, with what is asked for, in the office's language; nobody is notified,
        and accounting is not touched."""
        self.env["res.lang"]._activate_lang("pt_BR")
        self.manager.sudo().lang = "pt_BR"
        self.customer.message_subscribe(self.manager.partner_id.ids)
        self._send()
        self.assertFalse(self._said(self.customer, self.phase_second.name))
        before = self._accounting_checksum()
        mails = self.env["mail.mail"].sudo().search_count([])
        self._deliver()
        self.assertEqual(self._accounting_checksum(), before)
        self.assertEqual(self.env["mail.mail"].sudo().search_count([]), mails)
        [note] = self._said(self.customer, self.phase_second.name)
        for words in (self.company.name, "16/03/2026", "150,00"):
            self.assertIn(words, note.body)
        self.assertNotIn("href", note.body)
        self.assertEqual(note.sudo().subtype_id, self.env.ref("mail.mt_note"))
        self.assertFalse(note.sudo().notification_ids)
        for move, amount in zip(self.moves, ("100,00", "50,00"), strict=True):
            [note] = self._said(move, self.phase_second.name)
            self.assertIn(amount, note.body)

    def test_letter_that_may_have_left(self):
        """It is told when somebody says that it arrived, and not twice where it came back."""
        self._send()
        letter = self._letters().sudo()
        letter._set_interrupted()
        self.assertFalse(self._said(self.customer, "collection letter"))
        letter.with_user(self.collector).action_arrived()
        self.assertEqual(len(self._said(self.customer, "collection letter")), 1)
        letter._set_problem("bounced", "No such user")
        letter.with_user(self.collector).action_arrived()
        self.assertEqual(letter.state, "sent")
        self.assertEqual(len(self._said(self.customer, "collection letter")), 1)

    def test_sent_whatever_the_chatter_says(self):
        """What the mail server took is on record also where it cannot be told."""
        self._send()
        letter_class = self.registry["crm.collection.letter"]
        with (
            patch.object(letter_class, "_tell_sent", side_effect=ValueError),
            mute_logger("odoo.addons.crm_collection.models.letters.chatter"),
        ):
            self._deliver()
        self.assertEqual(self._letters().state, "sent")

    def test_same_number_of_statements(self):
        """However many invoices a letter is about."""
        many = self._create_customer("Many AG")
        for _number in range(8):
            self._create_overdue(5, partner=many)
        self._send()
        counts = []
        for customer in (self.customer, many):
            letter = self._letters(customer).sudo()
            letter._tell_sent_safely()  # what is cached is cached
            self._end_transaction()
            start = self.env.cr.sql_log_count
            letter._tell_sent_safely()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - start)
        self.assertLessEqual(abs(counts[0] - counts[1]), 1)

    def test_promise_and_dispute(self):
        """Those set together are one note on the customer; blocks are the company's own affair."""
        self._allocate()
        items = self._items(self.moves)
        before = self._accounting_checksum()
        contact = self._log(items, "promised", date_until=TODAY, note="On Monday")
        self.assertEqual(contact.hold_ids.item_ids, items)
        [note] = self._said(self.customer, "promise to pay everything by 03/16/2026")
        self.assertEqual(note.sudo().author_id, self.collector.partner_id)
        for move in self.moves:
            self.assertIn(move.name, note.body)
            [said] = self._said(move, "promise to pay")
            self.assertIn("On Monday", said.body)
        self._hold(self.moves[0], "dispute", reason="Freight", date_until=TODAY)
        self.assertEqual(len(self._said(self.customer, "dispute of")), 1)
        self.assertEqual(len(self._said(self.moves[0], "Freight")), 1)
        self.assertFalse(self._said(self.moves[1], "Freight"))
        known = self._said(self.customer, "")
        self._hold(self.customer, "block", date_until=TODAY)
        self.assertEqual(self._said(self.customer, ""), known)
        self.assertEqual(self._accounting_checksum(), before)
