from datetime import timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import TODAY
from ..common_engine import CrmCollectionEngineCommon
from ..common_portal import CrmCollectionOnItsWayCommon

SETTINGS = "crm.collection.settings"


@tagged("post_install", "-at_install")
class TestCollected(CrmCollectionEngineCommon, CrmCollectionOnItsWayCommon):
    """What the company collects itself, by direct debit say, is not asked for until the days after
    its due date are over, or the debit failed; job, letters, explanation, simulation and statement
    say the same.

    Seen to fail with the last day left out, with letters that do not ask, with a fingerprint
    without it, without what settlements, or payments, say of what was undone, and with every
    installment of an invoice taken for the one whose payment was.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.debit, cls.transfer = cls._create_methods("Direct debit", "Transfer")
        cls.company.sudo().collection_collected_method_ids = cls.debit
        cls.branch = (
            cls.env["res.company"].sudo().create({"name": "Branch", "parent_id": cls.company.id})
        )
        cls.branch.collection_tz = "UTC"
        cls.env.cr.precommit.run()  # then it has the chart of accounts
        (cls.env.user | cls.bookkeeper | cls.manager).sudo().company_ids |= cls.branch
        cls.env = cls.env(context={"allowed_company_ids": (cls.company | cls.branch).ids})
        cls.move = cls._create_collected(1)

    @classmethod
    def _create_methods(cls, *names):
        manual = cls.env.ref("account.account_payment_method_manual_in")
        journal = cls.company_data["default_journal_bank"]
        return cls.env["account.payment.method.line"].create(
            [
                {"name": name, "payment_method_id": manual.id, "journal_id": journal.id}
                for name in names
            ]
        )

    @classmethod
    def _create_collected(cls, days, **kwargs):
        move = cls._create_overdue(days, **kwargs)
        move.preferred_payment_method_line_id = cls.debit
        return move

    def test_it_is_waited_for_until_the_days_are_over(self):
        """The last day is the fifth after the due date; then it is collected as any other, with
        the fine that it would have had."""
        self.company.sudo().collection_fine_percent = 2
        self._allocate()
        item = self._items(self.move)
        self.assertEqual((item.blocker, item.phase_id), ("collected", self.no_phase))
        self.assertEqual(
            self._facts(item)["Held back"],
            "Collected by the company (Direct debit): waited for until 03/20/2026.",
        )
        foreseen = item._foresee()[item.id]
        first_step = self.rule.step_ids.filtered(lambda step: step.days == 1)
        asked_from = TODAY + timedelta(days=5)
        self.assertEqual(foreseen["step"], (asked_from, first_step.id))
        self.assertEqual(foreseen["letter"][0], asked_from)
        for days, expected in ((0, True), (4, True), (1, False)):
            self._move_on(days)
            self._allocate()
            self._send_letters()
            self.assertEqual(self._get_answers(), [expected])
            self.assertEqual(not self._letters(), expected)
        self.assertEqual(item.phase_id, self.phase_first)
        self.assertEqual(self._letters().line_ids.amount_fine, 2)

    def test_before_the_due_date_nobody_is_reminded(self):
        """Nor offered to pay it; what another invoice owes is asked for."""
        self.rule.step_ids.filtered(lambda step: step.days == 1).days = -3
        collected, other = self._create_collected(-2), self._create_overdue(-2)
        self._allocate()
        self._send_letters()
        self.assertEqual(self._letters().line_ids.item_id, self._items(other))
        self.assertEqual(self._get_answers(collected), [True])
        self.assertEqual(self._get_answers(other), [False])
        Statement = self.env["crm.collection.statement"].sudo()
        self.assertFalse(Statement._get_payment(self._receivables(collected).sudo()))

    def test_payment_that_was_undone(self):
        """GIVEN a payment of an open item, and one that was made before there was one
        WHEN they are taken back, matched no more or cancelled
        THEN both are asked for at once, while others are waited for.
        """
        self._allocate()
        early = self._create_collected(-2)
        cancelled, untouched = self._create_collected(-2), self._create_collected(-2)
        self._match_payment(self.move)
        self._register_payment(early)
        payment = self._register_payment(cancelled)
        self._move_on(3)
        self._allocate()
        self.assertEqual(self._items(self.move).state, "settled")
        self.assertFalse(self._items(early))
        self._unmatch(self.move | early)
        payment.action_draft()
        payment.action_cancel()
        self._allocate()
        for move, expected in (
            *((self.move, False), (early, False), (cancelled, False)),
            (untouched, True),
        ):
            self.assertEqual(self._get_answers(move), [expected])
            self.assertEqual(bool(self._items(move).phase_id), not expected)

    def _match_payment(self, move):
        """A payment of the customer that was made for no invoice."""
        vals = {"payment_type": "inbound", "partner_id": self.customer.id, "amount": 100}
        payment = self.env["account.payment"].create(vals)
        payment.action_post()
        self._receivables(payment.move_id | move).reconcile()

    def test_payment_of_an_installment_that_was_undone(self):
        """The other one is waited for."""
        move = self._create_collected(-2, terms=(0, 20), amount=200)
        self._register_payment(move, 100)
        self._move_on(3)
        self._unmatch(move)
        self._move_on(21)
        self._allocate()
        self.assertEqual(self._get_answers(move), [False, True])

    def test_method_is_the_invoices(self):
        """As the customer's default has it when the invoice is made; another one counts at once."""
        self._allocate()
        self._as_bookkeeper(self.move).preferred_payment_method_line_id = self.transfer
        self._allocate()
        self.assertEqual(self._items(self.move).phase_id, self.phase_first)
        self.assertEqual(self._get_answers(), [False])
        before = self._create_overdue(1)
        customer = self.customer.with_company(self.company)
        customer.property_inbound_payment_method_line_id = self.debit
        after = self._create_overdue(1)
        self._allocate()
        self.assertEqual((self._get_answers(before), self._get_answers(after)), ([False], [True]))

    def test_each_company_says_it_of_its_own_invoices(self):
        """By methods of its journals and of those above it, for as many days as it says."""
        branch = self.branch.sudo()
        move = self._create_collected(3, company_id=branch.id)
        self._allocate()
        self.assertEqual((self._get_answers(), self._get_answers(move)), ([True], [False]))
        branch.collection_collected_method_ids = self.debit
        for days, expected in ((2, False), (3, True), (0, False)):
            branch.collection_collected_days = days
            self.env.flush_all()
            self._allocate()
            self.assertEqual((self._get_answers(), self._get_answers(move)), ([True], [expected]))
        own = self.debit.copy({"name": "Own", "journal_id": self._create_journal(branch).id})
        outbound = self.company_data["default_journal_bank"].outbound_payment_method_line_ids
        for method in (own, outbound[0]):
            with self.assertRaises(ValidationError):
                self.company.sudo().collection_collected_method_ids |= method

    def _create_journal(self, company):
        vals = {"name": "Bank", "code": "BNKB", "type": "bank", "company_id": company.id}
        return self.env["account.journal"].sudo().create(vals)

    def test_managers_say_what_is_collected(self):
        """On the module's page of settings; what is collected no more is asked for at once."""
        self._allocate()
        Settings = self.env[SETTINGS].with_user(self.manager)
        page = Settings.with_company(self.company).create({})
        self.assertEqual(page.collection_collected_method_ids, self.debit)
        found = (
            self.env["account.payment.method.line"]
            .with_user(self.manager)
            .name_search(
                "", [("payment_type", "=", "inbound"), ("company_id", "parent_of", self.company.id)]
            )
        )
        self.assertIn(self.transfer.id, [id_ for id_, _name in found])
        page.collection_collected_method_ids = [Command.set(self.transfer.ids)]
        self.assertEqual(self.company.sudo().collection_collected_method_ids, self.transfer)
        self._allocate()
        self.assertEqual(self._get_answers(), [False])
        self.assertEqual(self._items(self.move).phase_id, self.phase_first)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            page.collection_collected_days = -1
            self.env.flush_all()
