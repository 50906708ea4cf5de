from datetime import datetime, time, timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..common import TODAY
from ..common_letters import CrmCollectionLettersCommon


@tagged("post_install", "-at_install")
class TestLetterMoney(CrmCollectionLettersCommon):
    """P3: never ask for money that is not owed, and lose nothing that is.

    The same events happen between allocation and decision, between decision and issue (the job
    was killed in between), and between issue and delivery (the mail was in the queue).

    Seen to fail: with `asked_open_items` without its hold, `no_followup` or silent condition, with
    `_refresh_money` left out of `_issue`, with `_is_still_true` returning True, and with
    `give_back` deleting the lines only.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.events = {
            "paid": cls._event_paid,
            "held customer": lambda test, move: test._hold(move.partner_id),
            "held entry": lambda test, move: test._hold(move),
            "held item": lambda test, move: test._hold(test._items(move)),
            "disputed": lambda test, move: test._hold(move, "dispute"),
            "promised": lambda test, move: test._hold(
                move.partner_id, "promise", date_until=TODAY + timedelta(days=5), amount=100.0
            ),
            "no followup": lambda test, move: move.write({"no_followup": True}),
            "blocked": lambda test, move: move.write({"payment_state": "blocked"}),
            "credit note matched": cls._event_credit_matched,
            "credit note open": lambda test, move: test._create_credit(
                100.0, partner=move.partner_id
            ),
            "payment open": cls._event_payment_open,
            "back to draft": lambda test, move: move.button_draft(),
            "cancelled": lambda test, move: (move.button_draft(), move.button_cancel()),
            "due date moved": lambda test, move: test._receivables(move).write(
                {"date_maturity": TODAY + timedelta(days=10)}
            ),
            "customer changed": cls._event_customer_changed,
            "other phase": lambda test, move: test._items(move)._maintain(
                test.phase_manual, "Elsewhere", send_letter=False
            ),
        }

    def _event_paid(self, move):
        self._pay(move)

    def _event_credit_matched(self, move):
        credit = self._create_credit(100.0, partner=move.partner_id)
        self._receivables(move | credit).reconcile()

    def _event_payment_open(self, move):
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": move.partner_id.id,
                "amount": 100.0,
                "date": TODAY,
                "journal_id": self.company_data["default_journal_bank"].id,
            }
        )
        payment.action_post()

    def _event_customer_changed(self, move):
        move.button_draft()
        move.partner_id = self._create_customer(f"Heir of {move.partner_id.name}")
        move.action_post()

    def _prepare(self):
        """:return: {event: (customer, entry)}, allocated."""
        cases = {}
        for number, event in enumerate(self.events):
            partner = self._create_customer(f"Customer{number}")
            cases[event] = partner, self._create_overdue(5, partner=partner)
        self._create_overdue(5)  # nothing happens to this one
        self._allocate()
        return cases

    def _happen(self, cases):
        for event, (_partner, move) in cases.items():
            self.events[event](self, move)
        self.env.flush_all()
        self.env.invalidate_all()

    def _assert_nobody_asked(self, cases, messages):
        self.assertEqual([message["To"] for message in messages], [self.customer.email_formatted])
        for event, (partner, _move) in cases.items():
            with self.subTest(event=event):
                letters = self._letters(partner)
                self.assertLessEqual(set(letters.mapped("state")), {"cancelled"})
                self.assertFalse(letters.line_ids)

    # === Events === #

    def test_before_the_decision(self):
        cases = self._prepare()
        self._happen(cases)
        self._send_letters()
        self._assert_nobody_asked(cases, self._deliver())

    def test_between_decision_and_issue(self):
        cases = self._prepare()
        self.assertEqual(len(self._decide()), len(cases) + 1)
        self._happen(cases)
        self._send_letters()
        self._assert_nobody_asked(cases, self._deliver())

    def test_between_issue_and_delivery(self):
        cases = self._prepare()
        self._send_letters()
        self._happen(cases)
        self._assert_nobody_asked(cases, self._deliver())
        for event, (partner, _move) in cases.items():
            with self.subTest(event=event):
                self.assertEqual(self._letters(partner).state, "cancelled")
                self.assertEqual(self._mails(self._letters(partner)).mapped("state"), ["cancel"])
        self.assertFalse(self._deliver())

    def test_nothing_is_lost(self):
        """What was taken back leaves when its obstacle is gone: the same allocation, round one."""
        cases = self._prepare()
        self._send_letters()
        self._happen(cases)
        self._deliver()
        for event in ("held customer", "held entry", "held item", "disputed", "no followup"):
            _partner, move = cases[event]
            with self.subTest(event=event):
                item = self._items(move)
                self.assertRecordValues(item, [{"letter_count": 0, "date_next_letter": TODAY}])
                self.assertEqual(item.allocation_id.letter_count, 0)
        self.env["crm.collection.hold"].search([]).action_lift("Over")
        cases["no followup"][1].no_followup = False
        cases["blocked"][1].payment_state = "not_paid"
        self._move_on(1)
        self._allocate()
        self._send_letters()
        self._deliver()
        for event in ("held customer", "held entry", "held item", "disputed", "promised") + (
            "no followup",
            "blocked",
        ):
            partner, move = cases[event]
            with self.subTest(event=event):
                sent = self._letters(partner).filtered(lambda letter: letter.state == "sent")
                self.assertEqual(len(sent), 1)
                self.assertRecordValues(sent.line_ids, [{"round": 1, "amount_residual": 100.0}])
                self.assertEqual(self._items(move).letter_count, 1)

    def test_unapproved_at_every_point(self):
        """P8: a phase whose approval is asked again stops its letters wherever they are; they
        leave once it is approved."""
        others = [self._create_customer(f"Other{number}") for number in range(2)]
        self._create_overdue(5, partner=others[0])
        self._allocate()
        self._send_letters()
        self._create_overdue(5, partner=others[1])
        self._allocate()
        self._decide()
        self._create_overdue(5)
        self._allocate()
        self._put_under_approval(self.phase_first)
        self._send_letters()
        self.assertFalse(self._deliver())
        self._send_letters()
        self.assertFalse(self._deliver())
        self._approve(self.phase_first)
        self._send_letters()
        self.assertEqual(len(self._deliver()), 3)

    def test_archived_phase_sends_nothing(self):
        self._create_overdue(5)
        self._allocate()
        self._send_letters()
        self.phase_first.action_archive()
        self.assertFalse(self._deliver())

    # === Amounts === #

    def test_partly_paid_before_the_decision(self):
        """Neither the original amount nor nothing: the residual."""
        move = self._create_overdue(5)
        self._allocate()
        self._pay(move, 30.0)
        self._send_letters()
        self.assertRecordValues(
            self._letters().line_ids, [{"amount_original": 100.0, "amount_residual": 70.0}]
        )

    def test_partly_paid_between_decision_and_issue(self):
        move = self._create_overdue(5)
        self._allocate()
        self._decide()
        self._pay(move, 30.0)
        self._send_letters()
        self.assertEqual(self._letters().line_ids.amount_residual, 70.0)
        (message,) = self._deliver()
        self.assertIn("70.00", self._text(message))

    def test_partly_paid_between_issue_and_delivery(self):
        """The mail in the queue is taken back and the same letter is written anew."""
        move = self._create_overdue(5)
        self._allocate()
        self._send_letters()
        self._pay(move, 30.0)
        self.assertFalse(self._deliver())
        letter = self._letters()
        self.assertRecordValues(
            letter.line_ids,
            [{"amount_residual": 70.0, "round": 1, "item_id": self._items(move).id}],
        )
        (message,) = self._deliver()
        self.assertIn("70.00", self._text(message))
        self.assertEqual(letter.state, "sent")
        self.assertEqual(self._mails(letter).mapped("state"), ["cancel", "sent"])

    def test_one_of_two_open_items_is_paid(self):
        """The letter goes on about the other, in the tone of its phase."""
        low, high = self._create_overdue(5), self._create_overdue(40)
        self._allocate()
        self._send_letters()
        self.assertEqual(self._letters().phase_id, self.phase_third)
        self._pay(high)
        self.assertFalse(self._deliver())
        self.assertRecordValues(
            self._letters(),
            [{"phase_id": self.phase_first.id, "template_id": self.phase_first.template_id.id}],
        )
        (message,) = self._deliver()
        self.assertIn(low.name, self._text(message))
        self.assertNotIn(high.name, self._text(message))

    def test_credit_that_appears_in_the_queue_is_shown(self):
        """A credit note of a part: the letter is written anew with it."""
        self._create_overdue(5)
        self._allocate()
        self._send_letters()
        credit = self._create_credit(25.0)
        self.assertFalse(self._deliver())
        (message,) = self._deliver()
        self.assertIn("75.00", self._text(message))
        self.assertEqual(self._letters()._get_credits().move_id, credit)

    def test_credits_are_netted(self):
        self._create_overdue(5)
        self._create_credit(25.0)
        self._allocate()
        self._send_letters()
        currency = self.company.currency_id
        self.assertEqual(self._letters()._get_totals(), [(currency, 100.0, 25.0, 75.0)])
        self.assertEqual(self._letters().amount_credit, 25.0)

    def test_net_zero_or_less_gets_no_letter(self):
        for number, credit in enumerate((100.0, 100.01, 99.99)):
            partner = self._create_customer(f"Net{number}")
            self._create_overdue(5, partner=partner)
            self._create_credit(credit, partner=partner)
        self._allocate()
        self._send_letters()
        self.assertEqual([message["To"] for message in self._deliver()], [partner.email_formatted])
        run = self.env["crm.collection.run"].search([("kind", "=", "letters")], limit=1)
        held = run.line_ids.filtered(lambda line: line.kind == "held")
        self.assertRecordValues(held, [{"blocker": "credit", "count": 2}])

    def test_repeated_run_counts_nobody_anew(self):
        """GIVEN a customer who owes in two currencies, in one of which a credit pays it all
        WHEN the letters job runs twice on a day
        THEN he has one letter, and no run says that he was left out.

        Seen to fail: the second run counted him, for the credit.
        """
        self._create_overdue(5)
        self._create_overdue(5, currency_id=self.foreign.id)
        self._create_credit(500.0, currency_id=self.foreign.id)
        self._allocate()
        for _time in range(2):
            self._send_letters()
        self.assertEqual(len(self._letters()), 1)
        runs = self.env["crm.collection.run"].search([("kind", "=", "letters")])
        self.assertFalse(runs.line_ids.filtered(lambda line: line.kind == "held"))

    def test_credit_pays_what_the_letter_is_about(self):
        """GIVEN an invoice written to, and another one whose turn it is, paid by a credit: it was
        due first
        WHEN letters are written, by the job and by hand
        THEN there is none: it would ask for nothing. In the queue it is taken back.

        Seen to fail with what the customer owes in all looked at alone, deciding and at issue;
        the mail in the queue says another amount then.
        """
        later = self._create_overdue(2, amount=200.0)
        self._allocate()
        self._send_letters()
        self._deliver()
        first = self._create_overdue(5, amount=100.0)
        credit = self._create_credit(150.0)
        self._allocate()
        self._send_letters()
        self.assertEqual(self._letters().line_ids.item_id, self._items(later))
        with self.assertRaisesRegex(UserError, "credits"):
            self._send_now(self._items(first))
        credit.button_draft()
        self._send_letters()
        queued = self._letters().filtered(lambda letter: letter.state == "outgoing")
        self.assertEqual(queued.line_ids.item_id, self._items(first))
        credit.action_post()
        self.assertEqual(self._deliver(), [])
        self.assertEqual(queued.state, "cancelled")

    def test_credit_pays_what_came_back(self):
        """GIVEN a letter that came back
        WHEN a credit pays what it is about, though the customer owes more
        THEN it does not go again.

        Seen to fail with what he owes in all looked at alone.
        """
        self._create_overdue(5, amount=100.0)
        self._allocate()
        self._send_letters()
        self._deliver()
        letter = self._letters()
        letter.sudo()._set_problem("bounced", "Returned")
        self._create_overdue(2, amount=200.0)
        self._allocate()
        self._create_credit(150.0)
        with self.assertRaisesRegex(UserError, "new letter instead"):
            letter.with_user(self.collector).action_retry()

    def test_credit_is_taken_off_once(self):
        """GIVEN two invoices written to on two days, and a credit
        WHEN both letters leave
        THEN the one that was due first has it, and what they ask for together is owed.

        Seen to fail with the whole credit taken off in each of them.
        """
        self._create_credit(30.0)
        first = self._create_overdue(1, amount=100.0)
        second = self._create_overdue(0, amount=100.0)
        asked, seen = 0.0, self.env["crm.collection.letter"]
        for _day in range(3):
            self._allocate()
            self._send_letters()
            self._deliver()
            for letter in self._letters() - seen:
                (group,) = letter._get_groups()
                asked += group["to_pay"] - group["charges"]
                seen |= letter
            self._move_on(1)
        self.assertEqual(
            [letter.line_ids.item_id.move_id for letter in seen.sorted("id")], [first, second]
        )
        self.assertEqual(seen.sorted("id").mapped("amount_credit"), [30.0, 0.0])
        self.assertEqual(asked, 170.0)

    def test_credit_that_is_free_again_is_taken_off(self):
        """GIVEN a letter in the queue about the later of two invoices, and a credit that pays
        the first one
        WHEN the first is paid otherwise before it is delivered
        THEN the letter is written anew, with the credit.

        Seen to fail with the sum of the open credits compared.
        """
        self._create_credit(30.0)
        first = self._create_overdue(1, amount=100.0)
        second = self._create_overdue(0, amount=100.0)
        self._allocate()
        self._send_letters()
        self._deliver()
        self._move_on(1)
        self._allocate()
        self._send_letters()
        queued = self._letters().filtered(lambda letter: letter.state == "outgoing")
        self.assertEqual(queued.line_ids.item_id.move_id, second)
        self.assertEqual(queued.amount_credit, 0.0)
        self._pay(first)
        self._deliver()
        self._deliver()
        self.assertEqual(queued.state, "sent")
        self.assertEqual(queued.amount_credit, 30.0)

    def test_credit_does_not_pay_what_is_held(self):
        """A credit counts against what may be asked for, not against a disputed item."""
        self._create_overdue(5, amount=40.0)
        disputed = self._create_overdue(5, amount=500.0)
        self._create_credit(50.0)
        self._allocate()
        self._hold(self._items(disputed), "dispute")
        self._send_letters()
        self.assertFalse(self._letters())

    def test_credit_of_a_contact_counts_for_the_customer(self):
        contact = self._contact(self.customer, "contact", "ann@customer.example")
        self._create_overdue(5, partner=contact)
        self._create_credit(100.0)
        self._allocate()
        self._send_letters()
        self.assertFalse(self._letters())

    def test_credit_in_the_name_of_a_contact_is_netted(self):
        """Imports and entries write the contact on the journal item, where payments by hand
        write the customer.

        Seen to fail with the letter's credits, then the statement's, searched by the customer
        alone.
        """
        contact = self._contact(self.customer, "contact", "ann@customer.example")
        move = self._create_overdue(5)
        payment = self.env["account.payment"].create(
            {"partner_id": contact.id, "amount": 60.0, "payment_type": "inbound"}
        )
        payment.action_post()
        credits = payment.move_id.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )
        self.assertEqual(credits.partner_id, contact)
        self._allocate()
        self._send_letters()
        letter = self._letters()
        self.assertEqual(letter.amount_credit, 60.0)
        self.assertEqual(letter._get_groups()[0]["to_pay"], 40.0)
        (statement,) = self.customer._get_collection_statements()
        group = statement["groups"][0]
        self.assertEqual((group["credit"], group["balance"]), (60.0, 40.0))
        Statement = self.env["crm.collection.statement"]
        payment = Statement._get_payment(self._receivables(move))
        self.assertEqual(payment["amount"], 40.0)

    def test_due_date_moved_while_it_waits(self):
        """GIVEN a letter decided, or in the mail queue
        WHEN the item gets a later due date, still in its step
        THEN it leaves with that date, and with the days and the interest of it.

        Seen to fail with the due date left out of `refresh_lines`, and out of `_is_as_written`.
        """
        self.company.collection_interest_percent = 3
        for queued in (False, True):
            with self.subTest(queued=queued):
                partner = self._create_customer(f"Later {queued}")
                move = self._create_overdue(9, partner=partner, amount=1000)
                self._allocate()
                if queued:
                    self._send_letters()
                else:
                    self._decide()
                self._receivables(move).date_maturity = TODAY - timedelta(days=4)
                if queued:
                    self._deliver()
                self._send_letters()
                self._deliver()
                letter = self._letters(partner)
                self.assertEqual(letter.state, "sent")
                self.assertRecordValues(
                    letter.line_ids,
                    [
                        {
                            "date_maturity": TODAY - timedelta(days=4),
                            "days_overdue": 4,
                            "amount_interest": 4.0,
                        }
                    ],
                )

    def test_letter_that_waited_is_dated_anew(self):
        """GIVEN a letter without an address, or in a queue nobody works
        WHEN it leaves a month later
        THEN its last day to pay is ahead, and the interest is up to the day it says.

        Seen to fail without the date written in `_refresh_money`, and with the days left out of
        `_is_as_written`.
        """
        self.company.collection_interest_percent = 3
        self.customer.email = False
        stuck = self._create_customer("Stuck")
        for partner in (self.customer, stuck):
            self._create_overdue(5, partner=partner, amount=1000)
        self._allocate()
        self._send_letters()
        self.customer.email = "adler@customer.example"
        self._move_on(2)
        for _time in range(2):  # what is not true any more is taken back, and written anew
            self._send_letters()
            self._deliver()
        letters = self._letters() | self._letters(stuck)
        for letter in letters:
            self.assertEqual((letter.state, letter.date), ("sent", TODAY + timedelta(days=2)))
            self.assertGreaterEqual(letter._get_deadline(), TODAY + timedelta(days=12))
            line = letter.line_ids
            self.assertEqual((line.days_overdue, line.amount_interest), (7, 7))
        self.assertEqual(len(letters), 2)

    def test_several_currencies(self):
        """Totals per currency, the credit in its own; who owes is decided in company currency."""
        foreign = self.foreign
        self._create_overdue(5, amount=100.0)
        self._create_invoice_in(foreign, 5, 300.0)
        self._create_invoice_in(foreign, 40, 60.0)
        self._create_credit(10.0)
        self._allocate()
        self._send_letters()
        letter = self._letters()
        self.assertEqual(
            letter._get_totals(),
            [(self.company.currency_id, 100.0, 10.0, 90.0), (foreign, 360.0, 0.0, 360.0)],
        )
        in_company = sum(letter.line_ids.item_id.line_id.mapped("amount_residual"))
        self.assertAlmostEqual(letter.amount_total, in_company)
        self.assertEqual(len(self._deliver()), 1)

    def test_partly_paid_in_its_currency(self):
        foreign = self.foreign
        move = self._create_invoice_in(foreign, 5, 300.0)
        self._allocate()
        self._send_letters()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create(
            {"amount": 120.0, "currency_id": foreign.id, "payment_date": fields.Date.today()}
        )._create_payments()
        self.assertFalse(self._deliver())
        self.assertRecordValues(
            self._letters().line_ids, [{"amount_residual": 180.0, "currency_id": foreign.id}]
        )
        self.assertEqual(len(self._deliver()), 1)

    def test_minimum_after_a_part_was_paid(self):
        """What is left is below the minimum: the queued letter is taken back."""
        self.rule.amount_min = 50.0
        move = self._create_overdue(5)
        self._allocate()
        self._send_letters()
        self._pay(move, 60.0)
        self.assertFalse(self._deliver())
        self.assertEqual(self._letters().state, "cancelled")

    def test_charges_are_shown_and_never_posted(self):
        """P1, P3: fine and interest follow the residual and are in no entry."""
        self.company.collection_fine_percent = 2.0
        self.company.collection_interest_percent = 3.0
        move = self._create_overdue(10)
        before = self._accounting_checksum()
        self._allocate()
        self._send_letters()
        self.assertRecordValues(
            self._letters().line_ids, [{"amount_fine": 2.0, "amount_interest": 1.0}]
        )
        self.assertEqual(self._accounting_checksum(), before)
        self._pay(move, 50.0)
        self._deliver()
        self.assertRecordValues(
            self._letters().line_ids,
            [{"amount_residual": 50.0, "amount_fine": 1.0, "amount_interest": 0.5}],
        )

    def test_fine_of_brazilian_consumers_is_capped(self):
        self.company.account_fiscal_country_id = self.env.ref("base.br")
        self.company.collection_fine_percent = 10.0
        person = self._create_customer("Ana", is_company=False)
        for partner in (self.customer, person):
            self._create_overdue(10, partner=partner)
        self._allocate()
        self._send_letters()
        self.assertEqual(self._letters().line_ids.amount_fine, 10.0)
        self.assertEqual(self._letters(person).line_ids.amount_fine, 2.0)

    # === Quiet period === #

    def test_quiet_period_between_decision_and_issue(self):
        """A person wrote while the automatic letter waited: it is taken back, its item is due
        after the quiet days."""
        self.company.collection_quiet_days = 3
        first = self._create_overdue(5)
        self._allocate()
        automatic = self._decide()
        second = self._create_overdue(6)
        self._allocate()
        self._send_now(self._items(second))
        self._send_letters()
        self.assertEqual(len(self._deliver()), 1)
        self.assertEqual(automatic.state, "cancelled")
        self.assertRecordValues(
            self._items(first), [{"letter_count": 0, "date_next_letter": TODAY}]
        )
        self._move_on(3)
        self._send_letters()
        self.assertEqual(len(self._deliver()), 1)
        self.assertEqual(self._items(first).letter_count, 1)

    def test_quiet_period_between_issue_and_delivery(self):
        self.company.collection_quiet_days = 3
        first = self._create_overdue(5)
        self._allocate()
        self._send_letters()
        automatic = self._letters()
        second = self._create_overdue(6)
        self._allocate()
        self._send_now(self._items(second))
        self.assertEqual(len(self._deliver()), 1)
        self.assertEqual(automatic.state, "cancelled")
        self.assertEqual(self._items(first).letter_count, 0)

    def test_quiet_period_counts_from_the_day_it_left(self):
        """A letter that was held up for days is recent when it leaves."""
        self.company.collection_quiet_days = 3
        self._create_overdue(5)
        self._allocate()
        self._send_letters()
        self._move_on(4)
        self._deliver()
        self._create_overdue(-3)
        self._allocate()
        self._send_letters()
        self.assertEqual(len(self._letters()), 1)

    def test_quiet_period_counts_company_days(self):
        """A letter that left in the evening of São Paulo left on the next day in UTC.

        Seen to fail with the day of UTC: the quiet period was a day longer.
        """
        self.company.sudo().collection_tz = "America/Sao_Paulo"
        self.company.collection_quiet_days = 3
        self._create_overdue(5)
        self._allocate()
        self._send_letters()
        self._deliver()
        today = self.company._get_collection_today()
        letter = self._letters().sudo()
        letter.date_sent = datetime.combine(today + timedelta(days=1), time(1, 30))
        self._move_on(3)
        self._create_overdue(-2)
        self._allocate()
        self._send_letters()
        self.assertEqual(len(self._letters()), 2)

    # === By hand === #

    def test_manual_letter_taken_back_restores_the_date(self):
        """A letter by hand that never leaves does not make an automatic one out of nothing."""
        move = self._create_overdue(5)
        self._allocate()
        self._send_letters()
        self._deliver()
        self.assertFalse(self._items(move).date_next_letter)
        self._send_now(self._items(move))
        self._hold(move)
        self.assertFalse(self._deliver())
        self.assertRecordValues(self._items(move), [{"letter_count": 1, "date_next_letter": False}])

    def _text(self, message):
        return message.get_body(("plain",)).get_content()
