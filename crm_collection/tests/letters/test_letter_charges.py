import os
from decimal import ROUND_HALF_UP, Decimal, localcontext

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged
from odoo.tools import SQL

from ...models.letters import charge_queries
from ..common_letters import CrmCollectionLettersCommon

EXAMPLES = int(os.environ.get("CRM_COLLECTION_EXAMPLES", "50"))

roundings = st.sampled_from([Decimal(text) for text in ("0.01", "0.05", "1", "0.001", "0.5")])
percents = st.integers(0, 99999).map(lambda number: Decimal(number) / 100)
anything = st.integers(1, 10**14).map(lambda number: Decimal(number) / 1000)


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
                 JOIN res_partner partner ON partner.id = %s
                 JOIN res_currency currency ON currency.id = %s) AS charge""",
            charge_queries.charges(
                self.company, SQL("open_item.amount"), SQL("open_item.amount * open_item.days")
            ),
            open_item,
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
