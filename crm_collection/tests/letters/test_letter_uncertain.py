import smtplib
from datetime import datetime

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..common_letters import CrmCollectionLettersCommon, Session

HANDED_OVER = datetime(2026, 3, 16, 8, 0, 0)


@tagged("post_install", "-at_install")
class TestLetterUncertain(CrmCollectionLettersCommon):
    """A letter that was handed over without an answer is neither sent nor failed: it counts as
    one that arrived until a person who looked says what he found, and never leaves a second time
    without that.
    """

    def _interrupt(self, partner=None):
        """A letter that the mail server took, perhaps; the connection was lost before it said."""
        self._create_overdue(5, partner=partner)
        self._allocate()
        self._send_letters()
        lost = smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
        self._run_mail_queue(Session(lost))
        return self._letters(partner).with_user(self.collector)

    def _assert_settled(self, letter, state):
        self.assertEqual(letter.state, state)
        self.assertFalse(self._problems(letter))

    def _read_chatter(self, letter):
        return "".join(letter.sudo().message_ids.mapped("body"))

    # === The three answers === #

    def test_uncertain(self):
        """It is on somebody's list, with what the log of the mail server is searched by."""
        letter = self._interrupt()
        self.assertEqual(letter.state, "uncertain")
        self.assertFalse(letter.date_sent)
        self.assertEqual(self._problems(letter).user_id, self.manager)
        self.assertIn("arrive?", self._problems(letter).summary)
        self.collector.sudo().group_ids += self.env.ref("base.group_allow_export")
        (row,) = letter.export_data(["mail_identifier", "delivery_started", "email_to"])["datas"]
        self.assertEqual(row[0], self._mails(letter).message_id)
        self.assertTrue(all(row))
        found = letter.search([("mail_identifier", "=", self._mails(letter).message_id)])
        self.assertEqual(found, letter)

    def test_it_arrived(self):
        letter = self._interrupt()
        letter.sudo().delivery_started = HANDED_OVER
        letter.action_arrived()
        self._assert_settled(letter, "sent")
        self.assertEqual(letter.date_sent, HANDED_OVER)
        self.assertFalse(letter.failure_reason)
        message = letter.sudo().message_ids[0]
        self.assertEqual(message.author_id, self.collector.partner_id)
        for known in ("It arrived", letter.mail_identifier, "adler@customer.example"):
            self.assertIn(known.strip("<>"), message.body)
        self._send_letters()
        self.assertFalse(self._run_mail_queue(Session()))

    def test_it_did_not_arrive(self):
        """It goes again as a mail of its own; what was known of the first one stays on record."""
        letter = self._interrupt()
        first = letter.mail_identifier
        letter.action_not_arrived()
        self._assert_settled(letter, "outgoing")
        self.assertEqual(len(self._run_mail_queue(Session())), 1)
        self._assert_settled(letter, "sent")
        self.assertNotEqual(letter.mail_identifier, first)
        self.assertIn(first.strip("<>"), self._read_chatter(letter))
        self.assertEqual(len(self._letters()), 1)

    def test_it_did_not_arrive_and_was_paid(self):
        """Nothing is asked for that is not owed any more."""
        letter = self._interrupt()
        self._pay(letter.line_ids.item_id.move_id)
        letter.action_not_arrived()
        self.assertFalse(self._run_mail_queue(Session()))
        self.assertEqual(letter.state, "cancelled")

    def test_nobody_knows(self):
        """Nobody is asked any more; it still counts, and can still be answered."""
        letter = self._interrupt()
        cockpit = self.env["crm.collection.cockpit"].with_user(self.collector)
        letter.action_nobody_knows()
        self._assert_settled(letter, "uncertain")
        self.assertTrue(letter.nobody_knows)
        keys = [figure["key"] for figure in cockpit.get_cockpit()["cards"]["exceptions"]]
        self.assertNotIn("uncertain", keys)
        letter.action_arrived()
        self._assert_settled(letter, "sent")
        self.assertFalse(letter.nobody_knows)

    def test_in_bulk(self):
        """Of the letters that are chosen, those that are uncertain are answered about."""
        sent = self._interrupt()
        sent.action_arrived()
        letters = self._interrupt(self._create_customer("Beier KG"))
        letters |= self._interrupt(self._create_customer("Cramer KG"))
        before = sent.sudo().message_ids
        (letters | sent).action_arrived()
        self.assertEqual((letters | sent).mapped("state"), ["sent"] * 3)
        self.assertEqual(sent.sudo().message_ids, before)
        with self.assertRaises(UserError):
            letters.action_nobody_knows()

    # === It counts === #

    def test_it_counts_until_somebody_says_otherwise(self):
        """The customer's quiet days, and what the reports say of the letters of a phase."""
        self.company.collection_quiet_days = 3
        letter = self._interrupt()
        self._create_overdue(5)
        self._allocate()
        self._send_letters()
        self.assertEqual(self._letters(), letter)
        allocation = self.env["crm.collection.allocation.report"].search(
            [("item_id", "=", letter.line_ids.item_id.id)]
        )
        self.assertEqual(allocation.letter_sent_count, 1)
        figures = self.env["crm.collection.cockpit"].with_user(self.collector).get_cockpit()
        (figure,) = [one for one in figures["cards"]["exceptions"] if one["key"] == "uncertain"]
        self.assertEqual(figure["count"], 1)

    # === Nothing leaves twice without the question === #

    def test_no_other_way_sends_it_again(self):
        letter = self._interrupt()
        failed = self._letters(self.customer)
        for action in (letter.action_retry, letter.action_cancel, (letter | failed).action_retry):
            with self.assertRaises(UserError):
                action()
        mail = self._mails(letter)
        mail.with_user(self.env.ref("base.user_admin")).action_retry()
        self.assertFalse(self._run_mail_queue(Session()))
        mail.with_user(self.env.ref("base.user_admin")).cancel()
        for _time in range(2):
            self._allocate()
            self._send_letters()
            self.assertFalse(self._run_mail_queue(Session()))
        self.assertEqual(letter.state, "uncertain")
        self.assertEqual(len(self._letters()), 1)

    def test_mark_without_an_answer_is_not_forgotten(self):
        """The process died after the mark: neither who cancels the letter, cancels its mail or
        deletes it makes it a letter that did not leave."""
        letters = {}
        for name in ("Cancelled", "Deleted"):
            partner = self._create_customer(name)
            self._create_overdue(5, partner=partner)
            self._allocate()
            self._send_letters()
            letters[name] = self._letters(partner).with_user(self.collector)
            letters[name].sudo().delivery_started = HANDED_OVER
        with self.assertRaises(UserError):
            letters["Cancelled"].action_cancel()
        self._mails(letters["Cancelled"]).with_user(self.env.ref("base.user_admin")).cancel()
        self._mails(letters["Deleted"]).unlink()
        self._send_letters()
        for letter in letters.values():
            self.assertEqual(letter.state, "uncertain")
            self.assertTrue(self._problems(letter))

    def test_who_may_answer(self):
        letter = self._interrupt()
        for name in ("action_arrived", "action_not_arrived", "action_nobody_knows"):
            with self.subTest(name=name), self.assertRaises(AccessError):
                getattr(letter.with_user(self.outsider), name)()
        self.assertEqual(letter.state, "uncertain")
