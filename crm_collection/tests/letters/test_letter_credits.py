from datetime import timedelta

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import SQL

from ...models.letters import credit_queries
from ..common import TODAY
from ..common_letters import CrmCollectionLettersCommon


@tagged("post_install", "-at_install")
class TestLetterCredits(CrmCollectionLettersCommon):
    """What open credits pay: of their own currency, what was due first, and nothing else."""

    def _create_line(self, amount, balance, days=5, partner=None, currency=None):
        """A posted receivable journal item worth ``balance`` in the company's money."""
        due = TODAY - timedelta(days=days)
        accounts = self.company_data
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": min(due, TODAY),
                "line_ids": [
                    Command.create(
                        {
                            "account_id": accounts["default_account_receivable"].id,
                            "partner_id": (partner or self.customer).id,
                            "currency_id": (currency or self.foreign).id,
                            "amount_currency": amount,
                            "balance": balance,
                            "date_maturity": due,
                            "no_followup": False,
                        }
                    ),
                    Command.create(
                        {
                            "account_id": accounts["default_account_revenue"].id,
                            "balance": -balance,
                        }
                    ),
                ],
            }
        )
        move.action_post()
        return move

    def _get_letter(self):
        self._allocate()
        self._send_letters()
        return self._letters()

    # === Each currency by itself === #

    def test_rates_do_not_pay(self):
        """GIVEN an invoice and a payment on account in one currency, booked at two rates
        WHEN letters are written
        THEN what is left in that currency is asked for, whatever the company's money says.

        Seen to fail with debts and credits added up in the company's money.
        """
        self._create_line(1000.0, 1100.0)
        self._create_line(-950.0, -1140.0, days=1)
        (group,) = self._get_letter()._get_groups()
        self.assertEqual((group["currency"], group["to_pay"]), (self.foreign, 50.0))

    def test_credit_of_another_currency_silences_nobody(self):
        """GIVEN a customer with a debt, and credits of another currency only
        WHEN letters are written
        THEN his letter leaves and shows the credit, and before it the item says so.

        Seen to fail with debts and credits added up in the company's money.
        """
        move = self._create_line(100.0, 110.0)
        self._create_credit(500.0)
        self._allocate()
        explanation = str(self._items(move).explanation)
        self.assertIn("next run", explanation)
        self.assertIn(f"Open credits in {self.company.currency_id.name}", explanation)
        self._send_letters()
        groups = {group["currency"]: group for group in self._letters()._get_groups()}
        self.assertEqual(groups[self.foreign]["to_pay"], 100.0)
        self.assertEqual(groups[self.company.currency_id]["credit"], 500.0)
        self.assertEqual(groups[self.company.currency_id]["credit_left"], 500.0)
        self.assertEqual(self._letters().amount_credit, 0.0)

    def test_nothing_in_its_currency_is_nothing(self):
        """GIVEN a debt, and entries that have something left in the company's money alone
        WHEN letter, statement, portal and payment are asked
        THEN these entries are neither debt nor credit, and shown nowhere.

        Seen to fail with credits told by the company's money.
        """
        move = self._create_line(100.0, 110.0)
        leftovers = self._create_line(0.0, -150.0) | self._create_line(0.0, 70.0)
        letter = self._get_letter()
        self.assertEqual(letter.line_ids.item_id, self._items(move))
        self.assertFalse(letter._get_credits() | self._items(leftovers).line_id)
        self.assertEqual([group["to_pay"] for group in letter._get_groups()], [100.0])
        (statement,) = self.customer._get_collection_statements()
        self.assertEqual([group["balance"] for group in statement["groups"]], [100.0])
        self.assertFalse(statement["groups"][0]["credits"])
        Statement = self.env["crm.collection.statement"]
        self.assertFalse(Statement._get_paid_by_credits(self._receivables(move)))
        self.assertEqual(self.env["crm.collection.customer"].search([]).amount_residual, 110.0)

    def test_paid_currency_is_not_written_about(self):
        """GIVEN debts in two currencies, of which credits pay one
        WHEN letters are written, by the job and by hand
        THEN the letter is about the other one alone, and the paid one keeps its letter for the
        day the credit is gone; each item says what comes.

        Seen to fail with the letter written about all that is due.
        """
        paid = self._create_overdue(5)
        open_move = self._create_line(100.0, 110.0)
        credit = self._create_credit(100.0)
        self._allocate()
        self.assertIn("cover", str(self._items(paid).explanation))
        self.assertIn("next run", str(self._items(open_move).explanation))
        self._send_letters()
        letter = self._letters()
        self.assertEqual(letter.line_ids.item_id, self._items(open_move))
        self.assertRecordValues(self._items(paid), [{"letter_count": 0, "date_next_letter": TODAY}])
        wizard = (
            self.env["crm.collection.item.send"]
            .with_context(active_model="crm.collection.item", active_ids=self._items(paid).ids)
            .create({})
        )
        self.assertEqual((wizard.letter_count, wizard.refused_count), (0, 1))
        self._deliver()
        credit.button_draft()
        self._send_letters()
        self.assertEqual((self._letters() - letter).line_ids.item_id, self._items(paid))

    def test_simulated_letter_leaves_out_what_is_paid(self):
        """Seen to fail with all that is due in the simulated letter."""
        self._create_overdue(5)
        self._create_line(100.0, 110.0)
        self._create_credit(100.0)
        wizard = self.env["crm.collection.simulate"].create({"date": TODAY})
        wizard.action_simulate()
        letter = wizard.line_ids.filtered(lambda line: line.kind == "letter")
        self.assertRecordValues(letter, [{"count": 1, "amount": 110.0, "credit": 0.0}])

    def test_simulated_letter_asks_what_the_letter_asks(self):
        """GIVEN debts in two currencies, a credit that pays a part, a fine and interest
        WHEN the letter is simulated, and then written
        THEN both say the same of what is owed, taken off, charged and asked for.

        Seen to fail with what is owed, and with all open credits.
        """
        self.company.write({"collection_fine_percent": 2, "collection_interest_percent": 3})
        self._create_overdue(12)
        self._create_overdue(-1, amount=7.0)
        self._create_line(100.0, 110.0)
        self._create_credit(30.0)
        self._allocate()
        wizard = self.env["crm.collection.simulate"].create({"date": TODAY})
        wizard.action_simulate()
        self._send_letters()
        letter = self._letters()
        lines = letter.line_ids
        charges = sum(
            line._to_company_currency(line.amount_fine + line.amount_interest) for line in lines
        )
        said = wizard.letter_line_ids
        self.assertRecordValues(
            said,
            [
                {
                    "count": 2,
                    "amount": letter.amount_total,
                    "credit": letter.amount_credit,
                    "asked": letter.amount_asked,
                }
            ],
        )
        self.assertAlmostEqual(said.charges, charges, 2)
        self.assertEqual((said.amount, said.credit), (210.0, 30.0))
        self.assertAlmostEqual(said.asked, 180.0 + charges, 2)

    # === One test of what there is to ask for === #

    def test_reminder_leaves_beside_what_credits_pay(self):
        """GIVEN an overdue item that credits pay, and another one due today
        WHEN the letters job runs, again and again
        THEN the reminder of what is due today leaves once, about that alone.

        Seen to fail with what is not due left aside beside anything overdue, paid or not.
        """
        self._create_step_rule(0, self.phase_first)
        self._create_overdue(5)
        reminded = self._create_overdue(0, amount=70.0)
        self._create_credit(100.0)
        letter = self._get_letter()
        self.assertEqual(letter.line_ids.item_id, self._items(reminded))
        self.assertEqual([group["to_pay"] for group in letter._get_groups()], [70.0])
        for _run in range(3):
            self._send_letters()
        self.assertEqual(self._letters(), letter)
        self.assertEqual(letter.state, "outgoing")

    def test_reminder_is_asked_for_where_the_rest_is_paid(self):
        """GIVEN a letter in the making about an overdue item and another one due today
        WHEN a credit pays what is overdue
        THEN the letter is about the other item, and the first one is due for its letter again.

        Seen to fail with what is not due left aside beside anything overdue, paid or not.
        """
        self._create_step_rule(0, self.phase_first)
        paid = self._create_overdue(5)
        self._create_overdue(0, amount=70.0)
        self._allocate()
        self._decide()
        self._create_credit(100.0)
        self._send_letters()
        (group,) = self._letters()._get_groups()
        self.assertEqual(self._letters().state, "outgoing")
        self.assertEqual((group["mixed"], group["to_pay"]), (False, 70.0))
        self.assertRecordValues(self._items(paid), [{"letter_count": 0, "date_next_letter": TODAY}])

    # === What pays what === #

    def test_payments_pay_what_was_due_first(self):
        """GIVEN items and credits of two customers, in two currencies
        WHEN it is asked which credit pays how much of which item
        THEN the first credit pays what was due first, to the cent, and nothing is left over but
        what no item takes.
        """
        rows = self.env.execute_query(
            SQL(
                """WITH asked (partner_id, currency_id, item_id, line_id, date_maturity,
                               amount_residual_currency) AS (VALUES
                          (1, 1, 11, 111, '2026-01-01'::date, 100.00),
                          (1, 1, 12, 112, '2026-02-01', 50.00),
                          (1, 1, 13, 113, '2026-02-01', 25.00),
                          (1, 2, 14, 114, '2026-01-01', 9.00),
                          (2, 1, 21, 211, '2026-01-01', 10.00)),
                        credit (partner_id, currency_id, line_id, date, amount_currency) AS (VALUES
                          (1, 1, 902, '2026-01-10'::date, -60.00),
                          (1, 1, 901, '2026-01-10', -30.00),
                          (1, 1, 903, '2026-01-05', -60.00),
                          (2, 1, 904, '2026-01-05', -30.00))
                   SELECT item_id, credit_line_id, date::text, amount FROM (%s) AS payment
                 ORDER BY item_id, date, credit_line_id""",
                credit_queries.payments("asked", "credit"),
            )
        )
        self.assertEqual(
            [(item, line, day, float(amount)) for item, line, day, amount in rows],
            [
                (11, 903, "2026-01-05", 60.0),
                (11, 901, "2026-01-10", 30.0),
                (11, 902, "2026-01-10", 10.0),
                (12, 902, "2026-01-10", 50.0),
                (21, 904, "2026-01-05", 10.0),
            ],
        )
