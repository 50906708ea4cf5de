from datetime import timedelta

from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ...models.evidence.evidence import WRITING
from ..common import TODAY
from ..common_engine import CrmCollectionEngineCommon


@tagged("post_install", "-at_install")
class TestHold(CrmCollectionEngineCommon):
    """While a hold is in force nothing it covers moves; when it ends, collection resumes by
    itself in the phase the days say."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.move = cls._create_overdue(9, amount=200, terms=(0, 5))
        cls.other = cls._create_overdue(9)
        cls.stranger = cls._create_overdue(9, partner=cls._create_customer("Berg AG"))

    def setUp(self):
        super().setUp()
        self._allocate()
        self.item, self.second = self._items(self.move)

    def _hold(self, **vals):
        return (
            self.env["crm.collection.hold"]
            .with_user(self.collector)
            .create({"reason": "Because", "date_from": TODAY, **vals})
        )

    def _promise(self, days, **vals):
        return self._hold(kind="promise", date_until=TODAY + timedelta(days=days), **vals)

    def test_held_says_the_same_however_it_is_asked(self):
        """Within a transaction, too, and of companies that are not the active ones.

        Seen to fail: an item that had been looked at kept what it said then.
        """
        Item = self.env["crm.collection.item"]

        def assert_held(expected):
            found = Item.search([("is_held", "=", True)])
            self.assertEqual(self.item in found, expected)
            self.assertEqual(self.item.is_held, expected)
            self.assertEqual(bool(self.item.hold_id), expected)
            left = Item.search([("is_held", "in", [False])])
            self.assertEqual(self.item in left, not expected)

        assert_held(False)
        hold = self._hold(partner_id=self.customer.id)
        assert_held(True)
        hold.action_lift("Over")
        assert_held(False)
        hold = self._hold(item_id=self.item.id)
        assert_held(True)
        hold.sudo().with_context(crm_collection_writing=WRITING).date_from = TODAY + timedelta(1)
        assert_held(False)
        self._hold(move_id=self.move.id)
        other = self.env["res.company"].sudo().create({"name": "Elsewhere"})
        elsewhere = Item.sudo().with_context(allowed_company_ids=other.ids)
        self.assertIn(self.item.id, elsewhere.search([("is_held", "=", True)]).ids)

    def _get_moved(self):
        """The items that were moved on when all were due to be, a day later."""
        self._move_on(1)
        self._allocate()
        items = self._items(self.move | self.other | self.stranger)
        return items.filtered(lambda item: item.phase_id == self.phase_second)

    # === Scopes === #

    def test_begins_in_force_in_ones_own_name(self):
        """Seen to fail: through RPC a promise was born kept, or made in somebody else's name."""
        scope = {"partner_id": self.customer.id}
        for vals in ({"state": "kept"}, {"date_closed": TODAY}, {"user_id": self.manager.id}):
            with self.subTest(**vals):
                with self.assertRaises(UserError):
                    self._promise(3, **scope, **vals)
                context = {f"default_{fname}": value for fname, value in vals.items()}
                holds = self.env["crm.collection.hold"].with_user(self.collector)
                hold = holds.with_context(**context).create({"reason": "Because", **scope})
                self.assertRecordValues(
                    hold,
                    [{"state": "active", "date_closed": False, "user_id": self.collector.id}],
                )
        copy = self._hold(**scope).with_user(self.manager).copy()
        self.assertEqual(copy.user_id, self.manager)

    def test_hold_of_a_open_item(self):
        hold = self._hold(item_id=self.item.id)
        self.assertEqual(self.item.hold_id, hold)
        self.assertEqual((hold.company_id, hold.customer_id), (self.company, self.customer))
        self.assertFalse(self.second.is_held)
        self.assertEqual(self._get_moved(), self._items(self.other | self.stranger))
        self.assertEqual(self.item.blocker, "hold")
        self.assertEqual(self.item.phase_id, self.phase_first)

    def test_hold_of_an_invoice(self):
        hold = self._hold(move_id=self.move.id)
        self.assertEqual((self.item | self.second).hold_id, hold)
        self.assertEqual(self._get_moved(), self._items(self.other | self.stranger))
        self.assertEqual((self.item | self.second).mapped("blocker"), ["hold", "hold"])

    def test_hold_of_a_customer(self):
        """The hold of a contact is that of its commercial partner: of all its items."""
        contact = self._create_customer("Office", parent_id=self.customer.id, is_company=False)
        hold = self._hold(partner_id=contact.id)
        self.assertEqual(hold.partner_id, self.customer)
        self.assertEqual(self._get_moved(), self._items(self.stranger))
        self.assertEqual(self._items(self.other).hold_id, hold)

    def test_hold_of_a_customer_covers_new_open_items(self):
        """An item that becomes overdue while its customer is held is listed, and not entered."""
        self._hold(partner_id=self.customer.id)
        late = self._create_overdue(20)
        self._allocate()
        self._assert_phase(late, self.no_phase)
        self.assertEqual(self._items(late).blocker, "hold")

    def test_held_customer_who_joins_another(self):
        """The hold goes along when the customer becomes a contact of another."""
        person = self._create_customer("Person", is_company=False)
        move = self._create_overdue(9, partner=person)
        self._hold(partner_id=person.id)
        person.parent_id = self._create_customer("Holding SA")
        self._move_on(1)
        self._allocate()
        self._assert_phase(move, self.no_phase)
        self.assertEqual(self._items(move).blocker, "hold")
        self.assertTrue(self._items(move).is_held)

    def test_search_held(self):
        self._hold(move_id=self.move.id)
        Item = self.env["crm.collection.item"].with_user(self.collector)
        self.assertEqual(
            Item.search([("is_held", "=", True)]).sudo(False).ids, self._items(self.move).ids
        )
        self.assertEqual(
            set(Item.search([("is_held", "=", False)]).ids),
            set(self._items(self.other | self.stranger).ids),
        )

    # === Nothing moves === #

    def test_nothing_moves_while_held(self):
        """P3: a held item neither moves nor is proposed nor gets a letter, however long.

        Seen to fail with the hold taken out of the reasons that hold an item back and out of the
        slice, each of which is enough.
        """
        self.item._maintain(self.phase_first, "Again")
        hold = self._hold(partner_id=self.customer.id)
        hold.sudo().date_until = False  # as a manager sets it
        before = self._get_allocations(self.move | self.other)
        for days in (1, 30, 60):
            self._move_on(days)
            self._allocate()
            self._send_letters()
        self.assertEqual(self._get_allocations(self.move | self.other), before)
        self.assertFalse(self._items(self.move | self.other).proposed_step_id)
        self.assertFalse(self._letters())
        self.assertEqual(hold.state, "active")
        # the others went on
        self._assert_phase(self.stranger, self.phase_third)

    def _get_allocations(self, moves):
        return self._items(moves).allocation_ids.read(["item_id", "phase_id", "date_out"])

    def test_payment_is_seen_while_held(self):
        """A hold keeps items from moving on, not from being settled."""
        self._hold(item_id=self.item.id)
        self._register_payment(self.item.line_id, self.item.amount_residual)
        self.assertEqual(self.item.state, "settled")
        self.assertEqual(self.item.allocation_ids.reason_out, "settled")

    # === How it ends === #

    def test_expiry(self):
        """GIVEN a hold until a day
        WHEN that day has come, and the day after it
        THEN it still holds on its last day; after it the item goes where the days say, and
        not through what it missed.
        """
        hold = self._hold(item_id=self.item.id, date_until=TODAY + timedelta(days=25))
        self._move_on(25)
        self._allocate()
        self.assertEqual(hold.state, "active")
        self.assertEqual(self.item.phase_id, self.phase_first)
        self._move_on(1)
        self.assertFalse(self.item.hold_id)
        self._allocate()
        self.assertRecordValues(
            hold, [{"state": "ended", "date_closed": TODAY + timedelta(days=26)}]
        )
        self.assertEqual(self.item.phase_id, self.phase_third)
        self.assertFalse(self.item.blocker)
        self.assertEqual(
            self.item.allocation_ids.sorted("id").phase_id, self.phase_first | self.phase_third
        )

    def test_hold_that_begins_later(self):
        self._hold(item_id=self.item.id, date_from=TODAY + timedelta(days=5))
        self.assertFalse(self.item.is_held)
        self.assertIn(self.item, self._get_moved())
        self._move_on(20)
        self._allocate()
        self.assertEqual(self.item.phase_id, self.phase_second)
        self.assertEqual(self.item.blocker, "hold")

    def test_lifted(self):
        hold = self._hold(item_id=self.item.id)
        self._move_on(1)
        self._allocate()
        self.assertEqual(self.item.phase_id, self.phase_first)
        hold.action_lift("Over")
        self.assertRecordValues(
            hold, [{"state": "ended", "date_closed": TODAY + timedelta(days=1)}]
        )
        self._allocate()
        self.assertEqual(self.item.phase_id, self.phase_second)

    def test_two_holds(self):
        """Collection resumes when the last of several holds is over."""
        first = self._hold(item_id=self.item.id)
        self._hold(partner_id=self.customer.id, date_until=TODAY + timedelta(days=3))
        first.action_lift("Over")
        self._move_on(3)
        self._allocate()
        self.assertEqual(self.item.phase_id, self.phase_first)
        self._move_on(1)
        self._allocate()
        self.assertEqual(self.item.phase_id, self.phase_second)

    # === Promises === #

    def test_promise_kept(self):
        """The promised amount was paid in time: the promise is kept, and what is left goes on
        being collected."""
        promise = self._promise(5, partner_id=self.customer.id, amount=100)
        self._move_on(2)
        self._register_payment(self.item.line_id, 60)
        self._allocate()
        self.assertEqual(promise.state, "active")
        self.assertEqual(promise.amount_paid, 60)
        self._register_payment(self._receivables(self.other), 40)
        self._allocate()
        self.assertRecordValues(
            promise, [{"state": "kept", "date_closed": TODAY + timedelta(days=2)}]
        )
        self.assertEqual(self.second.phase_id, self.phase_first)
        self._assert_phase(self.other, self.phase_second)

    def test_promise_of_everything_kept(self):
        """Without an amount, everything that was due is promised."""
        promise = self._promise(5, move_id=self.move.id)
        self._move_on(1)
        self._register_payment(self.item.line_id, self.item.amount_residual)
        self._allocate()
        self.assertEqual(promise.state, "active")
        self._register_payment(self.second.line_id, self.second.amount_residual)
        self._allocate()
        self.assertEqual(promise.state, "kept")

    def test_promise_broken(self):
        """GIVEN a promise
        WHEN its day has passed without the money
        THEN it is broken, and collection resumes in the phase the days say.
        """
        promise = self._promise(21, partner_id=self.customer.id, amount=150)
        self._register_payment(self.item.line_id, 60)
        self._move_on(21)
        self._allocate()
        self.assertEqual(promise.state, "active")
        self.assertEqual(self.item.phase_id, self.phase_first)
        self._move_on(1)
        self._allocate()
        self.assertRecordValues(
            promise, [{"state": "broken", "date_closed": TODAY + timedelta(days=22)}]
        )
        self.assertEqual(self.item.phase_id, self.phase_third)

    def test_paid_before_the_promise_does_not_count(self):
        self._register_payment(self.item.line_id, 60)
        self._move_on(1)
        promise = self._promise(5, item_id=self.item.id, amount=30, date_from=TODAY + timedelta(1))
        self._allocate()
        self.assertEqual(promise.state, "active")
        self.assertEqual(promise.amount_paid, 0)

    def _let_time_pass(self):
        """Records made from now on were made later."""
        self.env.flush_all()
        self.env.cr._now = self.env.cr.now() + timedelta(seconds=1)

    def test_paid_earlier_the_same_day_does_not_count(self):
        """GIVEN a part that was paid, and then a promise of another part
        WHEN the job looks
        THEN the promise still waits.

        Seen to fail with the day of the match compared alone.
        """
        self._pay(self.other, 30)
        self._let_time_pass()
        promise = self._promise(5, item_id=self._items(self.other).id, amount=30)
        self._let_time_pass()
        self._allocate()
        self.assertEqual((promise.state, promise.amount_paid), ("active", 0))
        self._pay(self.other, 30)
        self._allocate()
        self.assertEqual((promise.state, promise.amount_paid), ("kept", 30))

    def test_paid_new_invoice_does_not_count(self):
        """Seen to fail with every match of the customer counted."""
        promise = self._promise(20, partner_id=self.customer.id, amount=100)
        self._move_on(2)
        later = TODAY + timedelta(days=2)
        move = self._create_overdue(-2, invoice_date=later, date=later)
        self._move_on(2)
        self._allocate()
        self.assertTrue(self._items(move))
        self._pay(move, 100)
        self._allocate()
        self.assertEqual((promise.state, promise.amount_paid), ("active", 0))

    def test_transfer_of_the_day_before_matched_later_counts(self):
        """It was on its way when the customer promised.

        Seen to fail with the day of the match compared alone.
        """
        promise = self._promise(5, item_id=self._items(self.other).id, amount=60)
        self._let_time_pass()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.other.ids
        ).create({"payment_date": TODAY - timedelta(days=1), "amount": 60})._create_payments()
        self._allocate()
        self.assertEqual(promise.state, "kept")

    def test_begins_on_the_day_of_its_company(self):
        """GIVEN a user who works in a company where it is tomorrow already
        WHEN he holds back an invoice of one where it is not
        THEN the hold is in force at once.

        Seen to fail with the day of the active company.
        """
        other = self.setup_other_company(name="Kiritimati Ltd")["company"]
        other.sudo().collection_tz = "Pacific/Kiritimati"
        self.company.collection_tz = "Pacific/Honolulu"
        self.collector.sudo().company_ids |= other
        both = (other | self.company).ids
        hold = (
            self.env["crm.collection.hold"]
            .with_user(self.collector)
            .with_context(allowed_company_ids=both)
            .create({"kind": "dispute", "reason": "Wrong goods", "move_id": self.move.id})
        )
        self.assertEqual(hold.date_from, self.company._get_collection_today())
        self.assertNotEqual(hold.date_from, other._get_collection_today())
        self.assertEqual(self.item.with_context(allowed_company_ids=both).hold_id, hold)

    def test_promise_before_the_due_date(self):
        """GIVEN a reminder before the due date, and a customer who promises to pay
        WHEN the job runs before anything is overdue
        THEN the promise is not taken as kept: nothing has been paid.
        """
        reminder = self.env["crm.collection.phase"].create({"name": "Reminder", "sequence": 100})
        self._create_rule({-5: reminder, 5: self.phase_first}, sequence=1)
        customer = self._create_customer("Early Bird")
        move = self._create_overdue(-3, partner=customer, invoice_date=TODAY)
        self._allocate()
        self._assert_phase(move, reminder)
        promise = self._promise(6, partner_id=customer.id)
        self._move_on(1)
        self._allocate()
        self.assertEqual(promise.state, "active")
        self._move_on(6)
        self._allocate()
        self.assertEqual(promise.state, "broken")

    def test_later_invoices_are_not_promised(self):
        """What is invoiced after the promise was made does not break it."""
        promise = self._promise(20, partner_id=self._items(self.stranger).partner_id.id)
        self._move_on(5)
        self._create_overdue(-10, partner=self.stranger.partner_id)
        self._register_payment(self.stranger)
        self._move_on(8)
        self._allocate()
        self.assertEqual(promise.state, "kept")

    def test_promise_about_an_entry_dated_later(self):
        """GIVEN an invoice that is dated tomorrow, and a promise about it
        WHEN the job runs
        THEN the promise is in force until it is paid; a customer's promise is none about it.

        Seen to fail with items dated later left out of every promise: it was kept at once.
        """
        day = TODAY + timedelta(days=1)
        customer = self._create_customer("Later AG")
        reminder = self.env["crm.collection.phase"].create({"name": "Reminder", "sequence": 90})
        self._create_rule({-20: reminder, 5: self.phase_first}, sequence=1)
        move = self._create_overdue(-10, partner=customer, invoice_date=day, date=day)
        self._allocate()
        promises = (
            self._promise(15, move_id=move.id)
            | self._promise(15, item_id=self._items(move).id)
            | self._promise(15, partner_id=customer.id)
        )
        self._allocate()
        self.assertEqual(promises.mapped("state"), ["active"] * 3)
        self._register_payment(move)
        self._allocate()
        self.assertEqual(promises.mapped("state"), ["kept", "kept", "active"])
        self.assertEqual(promises.mapped("amount_paid"), [100, 100, 0])

    def test_promise_is_not_kept_without_money(self):
        """GIVEN a promise about an invoice, and the customer's about what is due later
        WHEN the job runs while the invoice is a draft, or before anything promised is due
        THEN neither is kept, and the first is broken when its day has passed.

        Seen to fail with drafts, and with what is due later than promised, counted as promised
        and not as owed.
        """
        reminder = self.env["crm.collection.phase"].create({"name": "Reminder", "sequence": 90})
        self._create_rule({-20: reminder, 5: self.phase_first}, sequence=1)
        customer = self._create_customer("Later AG")
        later = self._create_overdue(-15, partner=customer, invoice_date=TODAY)
        self._allocate()
        promises = (
            self._promise(5, move_id=self.other.id)
            | self._promise(5, move_id=later.id)
            | self._promise(5, partner_id=customer.id)
        )
        entry = self._as_bookkeeper(self.other)
        entry.button_draft()
        self._allocate()
        self.assertEqual(promises.mapped("state"), ["active"] * 3)
        entry.action_post()
        self._move_on(6)
        self._allocate()
        self.assertEqual(promises.mapped("state"), ["broken"] * 3)

    def test_chosen_day_stays_in_the_form(self):
        """Seen to fail with the day written again with each choice."""
        form = Form(self.env["crm.collection.hold"].with_user(self.collector))
        form.date_from = TODAY - timedelta(days=3)
        form.move_id = self.other
        self.assertEqual(form.date_from, TODAY - timedelta(days=3))

    def test_paid_since_of_many_in_one_statement(self):
        holds = self._promise(5, partner_id=self.customer.id) | self._promise(
            5, item_id=self.item.id
        )
        self._let_time_pass()
        self._pay(self.other, 40)
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(holds.mapped("amount_paid"), [40, 0])
        one = holds[:1]
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        one.mapped("amount_paid")
        first = self.cr.sql_log_count - before
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        holds.mapped("amount_paid")
        self.assertLessEqual(self.cr.sql_log_count - before, first)

    def test_form_begins_on_the_day_of_its_company(self):
        """Seen to fail with the day of the active company kept in the form."""
        other = self.setup_other_company(name="Kiritimati Ltd")["company"]
        other.sudo().collection_tz = "Pacific/Kiritimati"
        self.company.collection_tz = "Pacific/Honolulu"
        self.collector.sudo().company_ids |= other
        items = self._items(self.move)
        companies = (other | self.company).ids
        action = (
            items[:1]
            .with_user(self.collector)
            .with_context(allowed_company_ids=companies)
            .action_hold()
        )
        form = Form(
            self.env["crm.collection.hold"]
            .with_user(self.collector)
            .with_context(**action["context"], allowed_company_ids=companies)
        )
        self.assertEqual(form.date_from, self.company._get_collection_today())
        form.reason = "Wrong goods"
        self.assertEqual(form.save().company_id, self.company)

    def test_hold_of_a_deleted_entry_stays_on_record(self):
        """GIVEN an invoice that is disputed
        WHEN it is reset to draft and deleted
        THEN the dispute is over, and still tells what it was about and whose it was.

        Seen to fail with the hold deleted with the entry.
        """
        hold = self._hold(kind="dispute", move_id=self.other.id)
        name, customer = self.other.name, hold.customer_id
        entry = self._as_bookkeeper(self.other)
        entry.button_draft()
        self.assertEqual(hold.state, "active")
        entry.with_context(force_delete=True).unlink()
        self.env.invalidate_all()
        self.assertRecordValues(
            hold, [{"state": "ended", "move_id": False, "customer_id": customer.id}]
        )
        self.assertIn(name, hold.display_name)
        self.assertFalse(self.item.hold_id)
        with self.assertRaises(UserError):
            hold.with_user(self.collector).entry_name = "Another one"
        with self.assertRaises(UserError):
            self._hold(entry_name="Nothing", partner_id=self.customer.id)

    def test_many_holds_end_in_few_statements(self):
        """P6: judging holds takes as many statements for many as for few."""
        Hold = self.env["crm.collection.hold"]

        def count(number):
            for _index in range(number):
                self._promise(5, item_id=self.item.id, amount=10)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            Hold._update_states(self.company, TODAY)
            return self.env.cr.sql_log_count - before

        self.assertEqual(count(1), count(30))

    @mute_logger("odoo.sql_db")
    def test_hold_that_cannot_be_closed(self):
        """P5: one hold the database refuses to close does not stop the run or the others."""
        bad = self._hold(item_id=self.item.id, date_until=TODAY)
        good = self._hold(item_id=self.second.id, date_until=TODAY)
        self._refuse_updates("crm_collection_hold", bad.id)
        self._move_on(1)
        self._allocate()
        self.assertEqual((bad.state, good.state), ("active", "ended"))
        self._assert_phase(self.stranger, self.phase_second)
        self.assertIn("refused", self._get_run().line_ids.filtered("message").message)

    # === Rights and constraints === #

    def test_state_is_not_written_by_hand(self):
        hold = self._hold(item_id=self.item.id)
        for vals in ({"state": "ended"}, {"date_closed": TODAY}, {"user_id": self.manager.id}):
            with self.assertRaises(UserError):
                hold.write(vals)
        self.assertEqual(hold.user_id, self.collector)

    def test_who_sets_a_hold_is_not_chosen(self):
        """The form offers nobody else, whom saving would refuse."""
        form = Form(self.env["crm.collection.hold"].with_user(self.collector))
        self.assertEqual(form.user_id, self.collector)
        with self.assertRaisesRegex(AssertionError, "readonly"):
            form.user_id = self.manager

    def test_bookkeepers_read_holds(self):
        hold = self._hold(item_id=self.item.id)
        self.assertEqual(hold.with_user(self.bookkeeper).reason, "Because")
        with self.assertRaises(AccessError):
            hold.with_user(self.bookkeeper).action_lift("Over")
        with self.assertRaises(AccessError):
            hold.with_user(self.collector).unlink()

    def test_company_of_the_scope(self):
        other = self.setup_other_company(name="Other Ltd")["company"]
        with self.assertRaises(UserError):
            self.env["crm.collection.hold"].create(
                {"item_id": self.item.id, "company_id": other.id, "reason": "No"}
            )

    @mute_logger("odoo.sql_db")
    def test_database_constraints(self):
        for vals in (
            {"item_id": self.item.id, "partner_id": self.customer.id},
            {},
            {"item_id": self.item.id, "kind": "promise"},
            {"item_id": self.item.id, "date_until": TODAY - timedelta(days=1)},
            {"item_id": self.item.id, "amount": -1},
        ):
            with (
                self.subTest(vals=vals),
                self.assertRaises(CheckViolation),
                self.env.cr.savepoint(),
            ):
                self._hold(**vals)
