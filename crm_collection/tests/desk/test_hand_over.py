from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import TODAY
from ..common_returned import ANSWER
from ..letters.test_letter_returned import ReturnedCommon


@tagged("post_install", "-at_install")
class TestHandOver(ReturnedCommon):
    """Customers go to another collector with all that is open of theirs, and he is told once.

    Seen to fail: with mails that wait left where they are, with everybody taken for somebody who
    works there, and with absences not looked at.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second, cls.third = cls._create_users(second="user", third="user")
        cls.others = [cls._create_customer(f"Customer{number}") for number in range(12)]

    def _open(self, records, user=None, **vals):
        Wizard = self.env["crm.collection.hand.over"].with_user(user or self.manager)
        context = {"active_model": records._name, "active_ids": records.ids}
        vals = {"user_id": self.second.id, "reason": "Takes over the region", **vals}
        return Wizard.with_context(**context).create(vals)

    def _customers(self, partners):
        self.env.flush_all()
        return self.env["crm.collection.customer"].search([("partner_id", "in", partners.ids)])

    def _schedule(self, record, user):
        return record.sudo().activity_schedule(
            "mail.mail_activity_data_todo", user_id=user.id, summary="Call"
        )

    def _notices(self, user):
        return (
            self.env["mail.message"]
            .sudo()
            .search(
                [
                    ("message_type", "=", "user_notification"),
                    ("partner_ids", "in", user.partner_id.ids),
                ]
            )
        )

    def test_all_that_is_open_goes_along(self):
        """GIVEN a collector's customers with items, one paid, one given to a colleague, letters
        that left and that wait, a mail that waits and lists of the collector and of others
        WHEN the manager hands them over
        THEN what is open goes to the new collector with one notice, and the rest stays."""
        self.customer.collection_user_id = self.collector
        letter, message_id = self._send()
        self._receive(ANSWER, letter, message_id=message_id, to="answers@creditor.example")
        [reply] = self.env["crm.collection.contact"].search([])
        paid, colleagues = self._create_overdue(20), self._create_overdue(20)
        many = self.env["res.partner"].union(*self.others)
        many.collection_user_id = self.collector
        self._create_entry(15, partners=many, no_followup=False)
        self._allocate()
        self._pay(paid)
        self._items(colleagues).user_id = self.third
        waiting = self.env["crm.collection.letter"].sudo()._create_due(self.company, TODAY)
        self.env.invalidate_all()
        item = letter.line_ids.item_id
        mine = [self._schedule(record, self.collector) for record in (item, letter)]
        mine.append(reply.sudo().activity_ids)
        kept = [self._schedule(item, self.third), self._schedule(self.customer, self.collector)]
        before = self._notices(self.second)

        wizard = self._open(self._customers(self.customer | many))
        self.assertRecordValues(
            wizard, [{"customer_count": 13, "item_count": 13, "other_count": 1}]
        )
        wizard.action_apply()
        self.env.invalidate_all()

        customers = self.customer | many
        self.assertEqual(customers.collection_user_id, self.second)
        items = self.env["crm.collection.item"].search([("partner_id", "in", customers.ids)])
        of_others = self._items(paid | colleagues)
        self.assertEqual((items - of_others).user_id, self.second)
        self.assertEqual(self._items(paid).user_id, self.collector)
        self.assertEqual(self._items(colleagues).user_id, self.third)
        self.assertEqual(letter.user_id, self.collector)
        of_many = waiting.filtered(lambda one: one.partner_id != self.customer)
        self.assertEqual((len(of_many), of_many.user_id), (12, self.second))
        self.assertEqual(reply.user_id, self.second)
        self.assertEqual({one.user_id for one in mine}, {self.second})
        self.assertEqual([one.user_id for one in kept], [self.third, self.collector])
        [notice] = self._notices(self.second) - before
        self.assertIn("13 customers", notice.subject)
        self.assertIn("and 3 more", notice.body)
        self.assertIn("Takes over the region", notice.body)
        for customer in customers:
            self.assertIn("Takes over the region", customer.message_ids[0].body)
        # what the colleague has, when it is said
        self._open(self.customer, everyone=True).action_apply()
        self.env.invalidate_all()
        self.assertEqual(self._items(colleagues).user_id, self.second)

    def test_what_a_departed_collector_left(self):
        """Nobody works his customers any more: what he had goes to the next collector, whoever
        writes him."""
        self.customer.collection_user_id = self.collector
        move = self._create_overdue(12)
        self._allocate()
        activity = self._schedule(self._items(move), self.collector)
        self.collector.sudo().active = False
        self.customer.collection_user_id = self.second
        self.env.invalidate_all()
        self.assertEqual(self._items(move).user_id, self.second)
        self.assertEqual(activity.user_id, self.second)

    def test_the_same_statements_for_any_number(self):
        counts = []
        for customers in (self.others[:2], self.others[2:]):
            partners = self.env["res.partner"].union(*customers).with_company(self.company)
            partners.mapped("name")
            self.env.flush_all()
            start = self.env.cr.sql_log_count
            partners._hand_over_collection(self.collector, self.second)
            counts.append(self.env.cr.sql_log_count - start)
        self.assertEqual(counts[0], counts[1])

    def test_chosen_items(self):
        """Their customers are handed over, and they are, whoever works them; what others work of
        the same customers stays."""
        moves = [self._create_overdue(12), self._create_overdue(13), self._create_overdue(14)]
        self._allocate()
        items = [self._items(move) for move in moves]
        items[0].user_id = items[1].user_id = self.third
        before = self._notices(self.second)
        wizard = self._open(items[0], self.collector)
        self.assertRecordValues(wizard, [{"item_count": 2, "other_count": 1}])
        wizard.action_apply()
        self.env.invalidate_all()
        self.assertEqual([one.user_id for one in items], [self.second, self.third, self.second])
        self.assertEqual(self.customer.collection_user_id, self.second)
        self.assertEqual(len(self._notices(self.second) - before), 1)

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")
    def test_who_hands_over_to_whom(self):
        """Collection users of the company to collection users of the company, of one company at a
        time; who takes customers over himself is told nothing."""
        move = self._create_overdue(12)
        self._allocate()
        with self.assertRaises(AccessError):
            self._open(self.customer, self.outsider)
        for nobody in (self.outsider, self.env.ref("base.user_root").sudo()):
            with self.assertRaises(UserError):
                self._open(self.customer, user_id=nobody.id).action_apply()
        other = self.env["res.company"].sudo().create({"name": "Other"})
        with self.assertRaises(AccessError):
            wizard = self._open(self.customer)
            wizard.sudo().company_id = other
            wizard.action_apply()
        self.second.sudo().write({"company_id": other.id, "company_ids": [Command.set(other.ids)]})
        with self.assertRaises(UserError):
            self._open(self.customer).action_apply()
        before = self._notices(self.collector)
        self._open(self.customer, self.collector, user_id=self.collector.id).action_apply()
        self.env.invalidate_all()
        self.assertEqual(self._items(move).user_id, self.collector)
        self.assertEqual(self._notices(self.collector), before)

    def test_absence(self):
        """Who stands in for a collector does his work from day to day of the company; who decides
        takes who may decide."""
        Absence = self.env["crm.collection.approval.delegation"]
        vals = {"date_from": TODAY, "date_to": TODAY}
        Absence.with_user(self.collector).create({**vals, "delegate_id": self.second.id})
        Absence.with_user(self.third).create(
            {"date_from": "2026-03-20", "date_to": "2026-03-25", "delegate_id": self.second.id}
        )
        substitute = self.second.with_user(self.second)
        self.assertEqual(substitute._get_collection_substituted(), self.second | self.collector)
        self.assertEqual(self.third._get_collection_substituted(), self.third)
        self._move_on(4)
        self.assertEqual(substitute._get_collection_substituted(), self.second | self.third)
        for user, delegate in ((self.collector, self.outsider), (self.approver, self.second)):
            with self.assertRaises(ValidationError):
                Absence.with_user(user).create({**vals, "delegate_id": delegate.id})
