import os
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged
from odoo.tools import SQL

from ...models.letters import charge_queries
from ..common import TODAY
from ..common_letters import CrmCollectionLettersCommon

EXAMPLES = int(os.environ.get("CRM_COLLECTION_EXAMPLES", "16"))
CUSTOMERS = 10  # of each example: their letters are written together

roundings = st.sampled_from([Decimal(text) for text in ("0.01", "0.05", "1", "0.001", "0.5")])
percents = st.integers(0, 99999).map(lambda number: Decimal(number) / 100)
anything = st.integers(1, 10**14).map(lambda number: Decimal(number) / 1000)

# (days overdue, tens) of items, (tens, days ago) of credits
accounts = st.tuples(
    st.lists(st.tuples(st.integers(1, 40), st.integers(1, 20)), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(1, 30), st.integers(-5, 60)), max_size=4),
)


@st.composite
def owed(draw):
    """(amount, days, percentage, rounding): anything, or what comes to half of the rounding."""
    rounding = draw(roundings)
    if draw(st.booleans()):
        return draw(anything), draw(st.integers(0, 4000)), draw(percents), rounding
    odd = 2 * draw(st.integers(0, 2000)) + 1
    return odd * 1500 * rounding, 2 * draw(st.integers(0, 50)) + 1, Decimal(1), rounding


def expect(amount, percent, rounding, divisor):
    """A percentage in the rounding of a currency, half away from zero, by other means."""
    with localcontext() as context:
        context.prec = 80
        units = amount * percent / divisor / rounding
        return units.quantize(Decimal(1), rounding=ROUND_HALF_UP) * rounding


@tagged("post_install", "-at_install")
class TestLetterCharges(CrmCollectionLettersCommon):
    """Fine and interest to the last cent.

    Seen to fail with the percentages as binary fractions, divided in Python.
    """

    def _get_charges(self, amount, days, currency):
        open_item = SQL("SELECT %s::numeric AS amount, %s::integer AS days", amount, days)
        query = SQL(
            """SELECT amount_fine::text, amount_interest::text
                 FROM (SELECT %s FROM (%s) AS open_item
                 JOIN res_company company ON company.id = %s
                 JOIN res_partner partner ON partner.id = %s
                 JOIN res_currency currency ON currency.id = %s) AS charge""",
            charge_queries.charges(
                self.env.ref("base.br").id,
                SQL("open_item.amount"),
                SQL("open_item.amount * open_item.days"),
            ),
            open_item,
            self.company.id,
            self.customer.id,
            currency.id,
        )
        self.env.flush_all()
        self.env.cr.execute(query)
        return [Decimal(text) for text in self.env.cr.fetchone()]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(owed=owed())
    def test_any_charge_is_what_decimals_say(self, owed):
        """GIVEN any amount, days, percentage and rounding
        WHEN fine and interest are worked out
        THEN they are what a model in decimals says.
        """
        amount, days, percent, rounding = owed
        self.company.write(
            {"collection_fine_percent": percent, "collection_interest_percent": percent}
        )
        self.foreign.rounding = rounding
        fine, interest = self._get_charges(amount, days, self.foreign)
        self.assertEqual(fine, expect(amount, percent, rounding, 100))
        self.assertEqual(interest, expect(amount * days, percent, rounding, 3000))

    def test_half_a_cent_is_a_cent(self):
        """GIVEN items whose interest ends in half a cent
        WHEN their letter is written
        THEN it is rounded away from zero, line by line.
        """
        self.company.collection_interest_percent = 1
        for amount, days in ((15.0, 1), (225.0, 15)):
            self._create_overdue(days, amount=amount)
        self._allocate()
        self._send_letters()
        self.assertEqual(
            {line.days_overdue: line.amount_interest for line in self._letters().line_ids},
            {1: 0.01, 15: 1.13},
        )
        (group,) = self._letters()._get_groups()
        self.assertEqual(group["to_pay"], 241.14)

    def test_a_share_is_exact(self):
        """GIVEN a step for items of which at least 4.03 % are owed
        WHEN exactly as much is
        THEN the item is in it. Seen to fail with the percentage as a binary fraction.
        """
        self.rule.step_ids.filtered(lambda step: step.days == 10).percent_min = 4.03
        move = self._create_overdue(12, amount=1000.0)
        self._pay(move, 959.7)
        self._allocate()
        self.assertEqual(self._items(move).phase_id, self.phase_second)

    def test_money_is_decimal_in_the_database(self):
        self.env.cr.execute(
            """SELECT table_name || '.' || column_name FROM information_schema.columns
                WHERE (table_name LIKE 'crm_collection%' OR table_name = 'res_company'
                       AND column_name LIKE 'collection%')
                  AND (column_name LIKE '%amount%' OR column_name LIKE '%percent%')
                  AND data_type = 'double precision'"""
        )
        self.assertEqual(self.env.cr.fetchall(), [])


@tagged("post_install", "-at_install")
class TestChargesAfterCredits(CrmCollectionLettersCommon):
    """Charges are on what open credits leave, and on what they pay until the day they came.

    Seen to fail with charges on all that is owed.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"collection_fine_percent": 2, "collection_interest_percent": 3})

    def _pay_on_account(self, amount, days=0, currency=None, partner=None):
        """A payment of so many days ago that nobody matched."""
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": (partner or self.customer).id,
                "amount": amount,
                "date": TODAY - timedelta(days=days),
                "journal_id": self.company_data["default_journal_bank"].id,
                "currency_id": (currency or self.company.currency_id).id,
            }
        )
        payment.action_post()
        return payment

    def _write(self):
        self._allocate()
        self._send_letters()
        return self._letters()

    def _get_lines(self, letter):
        return [
            (line.amount_residual, line.amount_credit, line.amount_fine, line.amount_interest)
            for line in letter.line_ids
        ]

    def test_payment_received_in_time(self):
        """GIVEN items of 100 and 200, due a month ago, and 150 received before
        THEN fine and interest are of the other 150."""
        for amount in (100, 200):
            self._create_overdue(30, amount=amount)
        self._pay_on_account(150, days=31)
        letter = self._write()
        self.assertEqual(self._get_lines(letter), [(200, 50, 3, 4.5)])
        (group,) = letter._get_groups()
        self.assertEqual((group["charges"], group["to_pay"]), (7.5, 157.5))
        self.assertIn("157.50", letter._get_text("body_html"))
        self.assertEqual(len(self._deliver()), 1)
        self.assertRecordValues(
            letter, [{"amount_total": 200, "amount_credit": 50, "amount_asked": 157.5}]
        )

    def test_what_is_asked_is_what_is_shown(self):
        """GIVEN items in two currencies, credits and charges
        WHEN a person sends their letter
        THEN wizard, letter, its list and its page say what it asks for, by currency and in
        company currency, at the rates of the items."""
        move = self._create_overdue(30, amount=200)
        foreign = self._create_invoice_in(self.foreign, 30, 100)
        self._pay_on_account(50, days=30)
        self._pay_on_account(20, days=30, currency=self.foreign)
        self._allocate()
        rate = self._receivables(foreign).balance / 100
        asked = 150 + 3 + 4.5 + (80 + 1.6 + 2.4) * rate
        wizard = (
            self.env["crm.collection.item.send"]
            .with_user(self.collector)
            .with_context(
                active_model="crm.collection.item", active_ids=self._items(move | foreign).ids
            )
            .create({})
        )
        self.assertAlmostEqual(wizard.line_ids.amount_asked, asked, 2)
        self.assertAlmostEqual(wizard.line_ids.amount, 200 + 100 * rate, 2)
        wizard.action_send()
        self.env.invalidate_all()
        letter = self._letters().with_user(self.collector)
        self.assertAlmostEqual(letter.amount_asked, asked, 2)
        self.assertAlmostEqual(letter.amount_total, 200 + 100 * rate, 2)
        self.assertAlmostEqual(letter.amount_credit, 50 + 20 * rate, 2)
        own = self.company.currency_id
        self.assertEqual(letter._get_asked(), {own: 157.5, self.foreign: 84})
        for text in ("157.50", "84.00"):
            self.assertIn(text, letter.asked_label)
            self.assertIn(text, letter.sudo()._get_text("body_html"))
        to_pay = {group["currency"]: group["to_pay"] for group in letter.sudo()._get_groups()}
        self.assertEqual(to_pay, letter._get_asked())
        self._pay(move)
        self.env.invalidate_all()
        self.assertEqual(letter._get_asked(), {own: 157.5, self.foreign: 84})

    def test_payment_received_late(self):
        """Interest on the part it pays ends with its day; the fine is of what is left."""
        self._create_overdue(30, amount=200)
        self._pay_on_account(50, days=10)
        self.assertEqual(self._get_lines(self._write()), [(200, 50, 3, 4.5 + 1)])

    def test_payment_of_a_coming_day(self):
        """It was not received yet: its part is charged until today."""
        self._create_overdue(30, amount=200)
        self._pay_on_account(50, days=-10)
        self.assertEqual(self._get_lines(self._write()), [(200, 50, 3, 4.5 + 1.5)])

    def test_each_credit_has_its_day(self):
        """The first one pays what was due first."""
        self._create_overdue(30, amount=200)
        self._pay_on_account(50, days=10)
        self._pay_on_account(100, days=20)
        self._pay_on_account(10, days=40)
        self.assertEqual(self._get_lines(self._write()), [(200, 160, 0.8, 1.2 + 1 + 1)])

    def test_nothing_left_is_asked_nothing(self):
        """Owed 50 in a currency, credit of 60 in it; owed 100 in another one."""
        self._create_invoice_in(self.foreign, 30, 50)
        self._pay_on_account(60, currency=self.foreign)
        self._create_overdue(30, amount=100)
        letter = self._write()
        self.assertEqual(self._get_lines(letter), [(100, 0, 2, 3)])
        self.assertNotIn(self.foreign, letter.line_ids.currency_id)
        self.assertNotIn("EUR", letter.totals_label)

    def test_charges_are_never_asked_for_alone(self):
        self._create_invoice_in(self.foreign, 30, 50)
        self._pay_on_account(60, currency=self.foreign)
        self.assertFalse(self._write())

    def test_from_the_next_working_day(self):
        """Due on Saturday, paid in part on Monday: nothing but what is left is charged."""
        self.company.collection_charges_workday = True
        self._create_overdue(9, amount=200)
        self._pay_on_account(50, days=7)
        self.assertEqual(self._get_lines(self._write()), [(200, 50, 3, 1.05)])

    def test_credit_of_another_day_is_another_letter(self):
        """GIVEN a letter in the queue
        WHEN the credit it counts with is entered anew with another day
        THEN the letter is written anew."""
        self._create_overdue(30, amount=200)
        payment = self._pay_on_account(50, days=10)
        letter = self._write()
        payment.action_draft()
        payment.date = TODAY
        payment.action_post()
        self.assertFalse(self._deliver())
        self.assertEqual(self._get_lines(letter), [(200, 50, 3, 6)])
        self.assertEqual(len(self._deliver()), 1)

    def test_matched_payment_leaves_the_residual(self):
        move = self._create_overdue(30, amount=200)
        self._pay(move, 50)
        self.assertEqual(self._get_lines(self._write()), [(150, 0, 3, 4.5)])

    @settings(
        max_examples=max(EXAMPLES // CUSTOMERS, 1),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases=st.lists(accounts, min_size=CUSTOMERS, max_size=CUSTOMERS))
    def test_any_credits(self, cases):
        """GIVEN customers with any items and any credits of any days
        WHEN their letters are written
        THEN they say what a model says that pays day by day, piece by piece."""
        with self.env.cr.savepoint() as savepoint:
            partners = [self._create_customer(f"Customer{number}") for number in range(CUSTOMERS)]
            for partner, (owed, open_credits) in zip(partners, cases, strict=True):
                for days, amount in owed:
                    self._create_entry(
                        days, amount=amount * 10.0, partners=partner, no_followup=False
                    )
                for amount, days in open_credits:
                    self._pay_on_account(amount * 10.0, days=days, partner=partner)
            self._allocate()
            self._send_letters()
            written = [self._read_letter(self._letters(partner)) for partner in partners]
            savepoint.rollback()
        self.env.invalidate_all()
        self.assertEqual(written, [expect_lines(*case) for case in cases])

    def _read_letter(self, letter):
        """What its lines say, as of :func:`expect_lines`, of which its totals are the sum."""
        asked = sum(letter.line_ids.mapped("amount_asked"))
        groups = letter._get_groups() if letter else []
        self.assertAlmostEqual(asked, sum(group["to_pay"] for group in groups))
        return sorted(
            (line.days_overdue, *(round(value * 100) for value in values))
            for line, values in zip(letter.line_ids, self._get_lines(letter), strict=True)
        )


def expect_lines(owed, open_credits):
    """What a letter says of items (days overdue, tens) and credits (tens, days ago): of those of
    which anything is left, in cents (days, owed, paid, fine, interest)."""
    pieces = [
        days
        for amount, days in sorted(open_credits, key=lambda one: -one[1])
        for _ in range(amount)
    ]
    lines = []
    for days, amount in sorted(owed, key=lambda one: -one[0]):
        paid, pieces = pieces[:amount], pieces[amount:]
        left = amount - len(paid)
        if left:
            late = [max(days - max(ago, 0), 0) for ago in paid] + [days] * left
            lines.append(
                (days, amount * 1000, len(paid) * 1000, left * 20, cents(Decimal(sum(late))))
            )
    return sorted(lines)


def cents(ten_days):
    """3 % a month of ten, by the day."""
    return int(ten_days.quantize(Decimal(1), rounding=ROUND_HALF_UP))
