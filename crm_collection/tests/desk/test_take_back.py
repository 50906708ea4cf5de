from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from ..common import TODAY
from ..common_returned import ANSWER
from ..letters.test_letter_returned import ReturnedCommon

HOLD = "crm.collection.hold"


@tagged("post_install", "-at_install")
class TestTakeBack(ReturnedCommon):
    """What a collector did by mistake is taken back in one click while nothing has left, and what
    stays on record says that it was a mistake.

    Seen to fail: with each of the conditions left out; with the reply left answered; with only the
    customers handed back; with nothing compared before a hand-over is taken back.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second, cls.third = cls._create_users(second="user", third="user")
        cls.customer.collection_user_id = cls.collector

    def setUp(self):
        super().setUp()
        # the day on which something is set is the day of its transaction
        self.env.cr._now = fields.Datetime.now()

    def _undo(self, action, user=None):
        """Press *Undo* in the message of what was done."""
        undo = action["params"]["undo"]
        records = self.env[undo["model"]].with_user(user or self.collector).browse(undo["ids"])
        result = getattr(records.with_company(self.company), undo["method"])()
        self.env.invalidate_all()
        return result

    def _hold_dialog(self, items, **vals):
        Wizard = self.env["crm.collection.item.hold"].with_user(self.collector)
        context = {"active_model": items._name, "active_ids": items.ids}
        vals = {"kind": "promise", "reason": "x", "date_until": TODAY + timedelta(days=4), **vals}
        return Wizard.with_context(**context).create(vals).action_apply()

    # === Holds === #

    def test_a_promise(self):
        """The item is free again, nothing counts as kept, broken or lifted, and where the promise
        was told it is told that it was none."""
        move = self._create_overdue(12) | self._create_overdue(12)
        self._allocate()
        items = self._items(move)
        action = self._hold_dialog(items)
        self._end_transaction()
        hold = self.env[HOLD].search([])
        self.assertEqual((hold.state, hold.can_take_back), ("active", False))  # not by who tests
        self.assertTrue(hold.with_user(self.collector).can_take_back)
        self._undo(action)
        self.assertEqual((hold.state, hold.date_closed), ("void", TODAY))
        self.assertFalse(any(items.mapped("is_held")))
        self.assertIn("by mistake", self.customer.message_ids[0].body)
        for told in move:
            said = " ".join(told.message_ids[:2].mapped("body"))
            self.assertIn("noted a promise", said)
            self.assertIn("by mistake", said)
        page = self.env["crm.collection.desk"].with_user(self.collector)
        behaviour = page.get_customer(self.customer.id, self.company.id)["behaviour"]
        self.assertEqual((behaviour["kept"], behaviour["broken"]), (0, 0))
        entries = page.get_timeline(self.customer.id, self.company.id, ["hold"])["entries"]
        self.assertEqual([entry["is_void"] for entry in entries], [True, True])
        with self.assertRaises(UserError):
            hold.with_user(self.collector).action_take_back()
        with self.assertRaises(UserError):
            hold.with_user(self.collector).reason = "Another"

    def test_what_is_not_taken_back(self):
        """Another's, another day's, and what the customer was told of."""
        move = self._create_overdue(12)
        self._allocate()
        vals = {"kind": "promise", "reason": "x", "date_until": TODAY + timedelta(days=9)}
        hold = self.env[HOLD].with_user(self.collector)
        hold = hold.create({**vals, "item_id": self._items(move).id})
        with self.assertRaises(UserError):
            hold.with_user(self.second).action_take_back()
        with self.assertRaises(AccessError):
            hold.with_user(self.outsider).action_take_back()
        with self.env.cr.savepoint() as savepoint:
            self.env["crm.collection.promise.send"].with_user(self.collector).create(
                {"hold_id": hold.id}
            ).with_context(force_report_rendering=True).action_send()
            self.assertFalse(hold.can_take_back)
            with self.assertRaises(UserError):
                hold.action_take_back()
            savepoint.rollback()
        self.env.invalidate_all()
        self._move_on(1)
        self.env.invalidate_all()
        self.assertFalse(hold.can_take_back)
        with self.assertRaises(UserError):
            hold.action_take_back()
        with self.assertRaises(UserError):
            hold.create({**vals, "partner_id": self.customer.id, "date_confirmed": TODAY})

    def test_the_mail_that_was_answered_with_it_waits_again(self):
        letter, message_id = self._send()
        self._receive(ANSWER, letter, message_id=message_id, to="answers@creditor.example")
        [reply] = self.env["crm.collection.contact"].search([])
        context = reply.with_user(self.collector).action_dispute()["context"]
        Wizard = self.env["crm.collection.item.hold"].with_user(self.collector)
        action = Wizard.with_context(**context).create({}).action_apply()
        self.assertEqual(reply.state, "done")
        self._undo(action)
        self.assertRecordValues(
            reply, [{"state": "waiting", "answered_by_id": False, "outcome_id": False}]
        )
        self.assertEqual(reply.sudo().activity_ids.user_id, self.collector)

    def test_a_call_with_all_that_came_of_it(self):
        move = self._create_overdue(12)
        self._allocate()
        Log = self.env["crm.collection.contact.log"].with_user(self.collector)
        context = {"active_model": "res.partner", "active_ids": self.customer.ids}
        outcome = self.env.ref("crm_collection.outcome_promised")
        vals = {"outcome_id": outcome.id, "date_until": TODAY + timedelta(days=4)}
        log = Log.with_context(**context).create({**vals, "next_date": TODAY})
        action = log.action_log()
        [contact] = self.env["crm.collection.contact"].search([])
        self.assertTrue(contact.sudo().activity_ids and self._items(move).is_held)
        self._undo(action)
        self.assertEqual((contact.state, contact.hold_ids.state), ("void", "void"))
        self.assertFalse(contact.sudo().activity_ids or self._items(move).is_held)

    # === Letters === #

    def test_letters_that_have_not_left(self):
        """Their items are due as they were; what has left is not taken back."""
        moves = self._create_overdue(12) | self._create_overdue(
            12, partner=self._create_customer("Brandt AG")
        )
        self._allocate()
        items = self._items(moves)
        before = items.mapped("date_next_letter")
        action = self._send_now(items)
        letters = self.env["crm.collection.letter"].search([])
        self.assertEqual(letters.mapped("state"), ["outgoing"] * 2)
        self._undo(action)
        self.assertEqual(letters.mapped("state"), ["cancelled"] * 2)
        self.assertEqual(items.mapped("date_next_letter"), before)
        self.assertEqual(items.mapped("letter_count"), [0, 0])
        self.assertFalse(self._deliver())
        action = self._send_now(items)
        self._deliver()
        with self.assertRaises(UserError):
            self._undo(action)

    # === Hand-over === #

    def _hand_over(self, records, user=None, **vals):
        Wizard = self.env["crm.collection.hand.over"].with_user(user or self.collector)
        context = {"active_model": records._name, "active_ids": records.ids}
        vals = {"user_id": self.second.id, "reason": "Takes over the region", **vals}
        return Wizard.with_context(**context).create(vals)

    def test_handed_back(self):
        """GIVEN a customer with items of his collector, of a colleague and of the new one, a letter
        that waits, a mail that waits, and tasks
        WHEN he is handed over with all of it, and handed back
        THEN each has what he had, and who had it meanwhile is told."""
        letter, message_id = self._send()
        self._receive(ANSWER, letter, message_id=message_id, to="answers@creditor.example")
        [reply] = self.env["crm.collection.contact"].search([])
        moves = [self._create_overdue(12) for _number in range(2)]
        self._allocate()
        own, others, seconds = (
            letter.line_ids.item_id,
            *map(self._items, moves),
        )
        others.user_id, seconds.user_id = self.third, self.second
        letters = self.env["crm.collection.letter"].sudo()._create_due(self.company, TODAY)
        tasks = [
            record.sudo().activity_schedule("mail.mail_activity_data_todo", user_id=user.id)
            for record, user in ((own, self.collector), (seconds, self.second))
        ]
        self.env.invalidate_all()

        def look():
            self.env.invalidate_all()
            records = (self._items(self.env["account.move"].search([])), letters, reply)
            users = [(one, one.user_id) for of in records for one in of]
            return users + [(task, task.user_id) for task in tasks]

        before = look()
        wizard = self._hand_over(self.customer, everyone=True)
        self.assertIn("Adler GmbH", wizard.customer_names)
        action = wizard.action_apply()
        self.assertEqual({user for _record, user in look()}, {self.second})
        self._undo(action)
        self.assertEqual(look(), before)
        self.assertEqual(self.customer.collection_user_id, self.collector)
        self.assertIn("taken back", self.customer.message_ids[0].body)
        notice = self.env["mail.message"].sudo().search([], order="id desc", limit=1)
        self.assertEqual(notice.partner_ids, self.second.partner_id)
        self.assertIn("taken back", notice.subject)
        with self.assertRaises(UserError):
            self._undo(action)

    def test_not_handed_back_any_more(self):
        """What went on to somebody else stays there; nobody says what a dialog remembers."""
        move = self._create_overdue(12)
        self._allocate()
        action = self._hand_over(self.customer).action_apply()
        self._hand_over(self.customer, user_id=self.third.id).action_apply()
        with self.assertRaises(UserError):
            self._undo(action)
        self.env.invalidate_all()
        self.assertEqual(self._items(move).user_id, self.third)
        forged = {str(self.company.id): {"customers": [], "records": {"res.partner": [[1, 2, 3]]}}}
        with self.assertRaises(AccessError):
            self._hand_over(self.customer, changes=forged)
        with self.assertRaises(AccessError):
            self._hand_over(self.customer).changes = forged

    # === Assign Now === #

    def test_assign_now_shows_first(self):
        """GIVEN a rule and customers without a collector, one of whom gets one meanwhile
        WHEN a manager assigns now
        THEN he sees who would get whom, and that is what is done, and taken back."""
        partners = [self._create_customer(f"Customer{number}") for number in range(3)]
        moves = [self._create_overdue(12, partner=partner) for partner in partners]
        self._allocate()
        self.env["crm.collection.assignment"].with_user(self.manager).create(
            {"name": "All", "user_ids": [Command.set((self.second | self.third).ids)]}
        )
        Assignment = self.env["crm.collection.assignment"].with_user(self.manager)
        action = Assignment.with_company(self.company).action_assign_now()
        wizard = self.env[action["res_model"]].with_user(self.manager).browse(action["res_id"])
        self.assertFalse(any(partner.collection_user_id for partner in partners))
        self.assertRecordValues(
            wizard.line_ids,
            [
                {"user_id": self.second.id, "customer_count": 2, "item_count": 2},
                {"user_id": self.third.id, "customer_count": 1, "item_count": 1},
            ],
        )
        self.assertEqual(wizard.line_ids[0].names, "Customer0, Customer2")
        self.assertEqual(Form(wizard).customer_count, 3)
        partners[2].collection_user_id = self.collector
        with self.assertRaises(AccessError):
            wizard.planned = {}
        with self.assertRaises(AccessError):
            wizard.with_user(self.collector).action_apply()
        done = wizard.with_company(self.company).action_apply()
        self.env.invalidate_all()
        users = [partner.collection_user_id for partner in partners]
        self.assertEqual(users, [self.second, self.third, self.collector])
        items = [self._items(move) for move in moves]
        self.assertEqual([item.user_id for item in items], users)
        self._undo(done, self.manager)
        self.assertEqual([bool(partner.collection_user_id) for partner in partners], [0, 0, 1])
        self.assertEqual([bool(item.user_id) for item in items], [0, 0, 1])
