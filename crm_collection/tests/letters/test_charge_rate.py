from datetime import date, timedelta

import psycopg2

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import TODAY
from ..common_letters import CrmCollectionLettersCommon


@tagged("post_install", "-at_install")
class TestChargeRate(CrmCollectionLettersCommon):
    """Fine and interest from a day on. Today is 16 March 2026; by the settings the fine is 2 %, the
    interest 3 % a month: a thousandth of what is owed each day.

    A thousand was due on 24 February, 20 days ago: charged are the days from 25 February to today.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"collection_fine_percent": 2, "collection_interest_percent": 3})
        cls.move = cls._create_overdue(20, amount=1000.0)

    def _rate(self, day, fine=0, interest=0, **vals):
        values = {"fine_percent": fine, "interest_percent": interest}
        return (
            self.env["crm.collection.charge.rate"]
            .with_user(self.manager)
            .create({"company_id": self.company.id, "date": day, **values, **vals})
        )

    def _get_charges(self, move=None):
        """Fine and interest as a letter writes them, undone; the customer's page says the same."""
        move = move or self.move
        self._allocate()
        savepoint = self.env.cr.savepoint()
        self._send_letters()
        lines = self._letters(move.partner_id).line_ids
        line = lines.filtered(lambda line: line.item_id.move_id == move)
        charges = line.amount_fine, line.amount_interest
        savepoint.close(rollback=True)
        self.env.invalidate_all()
        desk = self.env["crm.collection.desk"].with_user(self.collector)
        groups = desk.get_customer(move.partner_id.id, self.company.id)["groups"]
        shown = {item["move_id"]: item["charges"] for group in groups for item in group["items"]}
        self.assertAlmostEqual(shown[move.id], sum(charges))
        return charges

    def test_each_day_its_rate(self):
        """Seen to fail with a period that is a day longer, with today's rate for all days, and
        with the fine of today."""
        # none: 20 days of 0.1 %
        self.assertEqual(self._get_charges(), (20.0, 20.0))
        # before the item was due: 20 days of 6 % a month, a fine of 5 %
        self._rate(date(2026, 1, 1), fine=5, interest=6)
        self.assertEqual(self._get_charges(), (50.0, 40.0))
        # from 7 March on 1.5 %: the 10 days from 25 February to 6 March at 0.2 % are 20.00, the 10
        # from 7 to 16 March at 0.05 % are 5.00; the fine is that of 25 February
        march = self._rate(date(2026, 3, 7), fine=9, interest=1.5)
        self.assertEqual(self._get_charges(), (50.0, 25.0))
        # from today on nothing: 9 days of 0.05 % are 4.50
        self._rate(TODAY, fine=9)
        self.assertEqual(self._get_charges(), (50.0, 24.5))
        # from tomorrow on says nothing of today
        self._rate(TODAY + timedelta(days=1), fine=9, interest=90)
        self.assertEqual(self._get_charges(), (50.0, 24.5))
        # a legal rate has more decimals: 10 days of 0.7935 % a month are 2.645, and 2.65 with the
        # 20.00; half a cent is a cent. Nine of them: 2.3805, so 22.38
        march.interest_percent = 0.7935
        self.assertEqual(self._get_charges(), (50.0, 22.38))

    def test_part_paid(self):
        """A part that a credit pays is charged until its day, at the rates of these days.

        Seen to fail with the percentages of all days on the part.
        """
        self._rate(date(2026, 3, 7), interest=6)
        # 300.00 came on 11 March, 15 days late: 10 at 0.1 % and 5 at 0.2 % are 6.00. 700.00 is
        # left: 10 days at 0.1 % and 10 at 0.2 % are 21.00, and 2 % of it 14.00
        self._create_credit(300.0, days=5)
        self.assertEqual(self._get_charges(), (14.0, 27.0))

    def test_rule_and_fixed_amount(self):
        """A rule's own rates are for its customers, from the first one on. The fixed amount is
        once for an item, none for consumers in Brazil, and none in another currency.

        Seen to fail with the company's rates for all, and without each of the exceptions.
        """
        self._rate(date(2026, 1, 1), fine=1, interest=6, amount_fixed=40.0)
        # 40.00 beside 1 % of 1,000.00; 20 days of 0.2 %
        self.assertEqual(self._get_charges(), (50.0, 40.0))
        rate = self._rate(date(2026, 3, 7), interest=9, rule_id=self.rule.id)
        # of the company until 6 March: 10 days of 0.2 %, then 10 of 0.3 %; fine of 25 February
        self.assertEqual(self._get_charges(), (50.0, 50.0))
        [simulated] = self.env["crm.collection.engine"]._simulate(self.company, TODAY)["letters"]
        self.assertEqual(simulated["charges"], 100.0)
        # what the company changes later is for others
        self._rate(date(2026, 3, 10), interest=90)
        self.assertEqual(self._get_charges(), (50.0, 50.0))
        self.env["crm.collection.charge.rate"].search([("date", "=", "2026-03-10")]).unlink()
        other = self._create_rule({1: self.phase_first}, name="Other", sequence=1000)
        rate.rule_id = other
        self.assertEqual(self._get_charges(), (50.0, 40.0))
        euros = self._create_invoice_in(self.foreign, 20, 1000.0)
        self.assertEqual(self._get_charges(euros), (10.0, 40.0))
        consumer = self._create_customer(
            "Ana Lima", is_company=False, country_id=self.env.ref("base.br").id
        )
        owed = self._create_overdue(20, partner=consumer, amount=1000.0)
        self.assertEqual(self._get_charges(owed), (10.0, 40.0))
        rate.rule_id = False
        with self.assertRaises(psycopg2.errors.UniqueViolation), mute_logger("odoo.sql_db"):
            self._rate(date(2026, 3, 7))
