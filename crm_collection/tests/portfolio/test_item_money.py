from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..common import TODAY
from ..common_engine import CrmCollectionEngineCommon


@tagged("post_install", "-at_install")
class TestItemMoney(CrmCollectionEngineCommon):
    """Currencies and companies."""

    def test_foreign_currency(self):
        """GIVEN an invoice in a currency of which two were worth one of the company's
        WHEN half of it is paid after the rate has changed
        THEN the item owes the other half in its currency, whatever the company books.
        """
        currency = self.setup_other_currency(
            "HRK", rates=[("2020-01-01", 2.0), (fields.Date.to_string(TODAY), 4.0)]
        )
        move = self._create_overdue(12, amount=200, currency_id=currency.id)
        self._allocate()
        item = self._items(move)
        self.assertRecordValues(
            item,
            [
                {
                    "currency_id": currency.id,
                    "amount_residual_currency": 200,
                    "amount_residual": 100,
                    "amount_original_currency": 200,
                }
            ],
        )
        self.assertRecordValues(
            item.allocation_ids, [{"amount_in": 100, "amount_in_currency": 200}]
        )
        self._register_payment(move, 100)
        self.assertRecordValues(item, [{"amount_residual_currency": 100, "amount_residual": 50}])
        self._register_payment(move)
        self.assertRecordValues(
            item, [{"state": "settled", "amount_residual_currency": 0, "amount_residual": 0}]
        )

    def test_companies_with_their_own_users(self):
        """GIVEN two companies, each with a rule, users and a currency of its own
        WHEN the job runs
        THEN each has its items in its phases, and its users see those alone.
        """
        other_data = self.setup_other_company(name="Other Ltd")
        other = other_data["company"]
        self.rule.company_id = self.company
        phase = self.env["crm.collection.phase"].create(
            {"name": "Theirs", "sequence": 115, "company_id": other.id}
        )
        rule = self._create_rule({1: phase}, company_id=other.id)
        ours = self._create_overdue(12)
        theirs = self._create_in_company(other_data)
        self._allocate()
        self._assert_phase(ours, self.phase_second)
        self.assertRecordValues(
            self._items(theirs),
            [{"company_id": other.id, "rule_id": rule.id, "phase_id": phase.id}],
        )
        their_collector = new_test_user(
            self.env(su=True),
            "their_collector",
            groups="crm_collection.group_crm_collection_user",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        for user, move in ((self.collector, ours), (their_collector, theirs)):
            items = self.env["crm.collection.item"].with_user(user).search([])
            self.assertEqual(items.move_id.ids, move.ids)
            runs = self.env["crm.collection.run"].with_user(user).search([])
            self.assertEqual(runs.company_id.ids, move.company_id.ids)
        self.assertEqual(self._get_run(company=other).item_new, 1)
        self.assertEqual(self._get_run().item_new, 1)

    def test_each_company_has_its_own_day(self):
        """GIVEN companies in Tokyo and in Honolulu, and an item of each due on the 15th
        WHEN it is half past three in the afternoon in London on the 16th
        THEN it is the 17th in Tokyo and the 16th in Honolulu, and the steps act accordingly.
        """
        other_data = self.setup_other_company(name="Tokyo KK")
        other_data["company"].collection_tz = "Asia/Tokyo"
        self.company.collection_tz = "Pacific/Honolulu"
        rule = self._create_rule({2: self.phase_first}, sequence=1)
        ours = self._create_overdue(1)
        theirs = self._create_in_company(other_data, days=1)
        with freeze_time(f"{TODAY} 15:30:00"):
            self._allocate()
        self._assert_phase(theirs, self.phase_first)
        self._assert_phase(ours, self.no_phase)
        self.assertEqual(self._items(theirs).allocation_ids.day_in, TODAY + timedelta(days=1))
        runs = self.env["crm.collection.run"].search([("kind", "=", "allocation")])
        days = {run.company_id: run.date for run in runs}
        self.assertEqual(days[self.company], TODAY)
        self.assertEqual(days[other_data["company"]], TODAY + timedelta(days=1))
        # half past midnight there: the item's third day has begun
        with freeze_time(f"{TODAY + timedelta(days=1)} 10:30:00"):
            self._allocate()
        self._assert_phase(ours, self.phase_first)
        self.assertEqual(self._items(ours).rule_id, rule)
        self.assertEqual(self._items(ours).allocation_ids.day_in, TODAY + timedelta(days=1))

    def test_new_day_of_the_company_not_of_the_server(self):
        """Just before and just after midnight where the company is."""
        self.company.collection_tz = "America/Sao_Paulo"
        move = self._create_overdue(0)
        for time, phase in (("02:30", self.no_phase), ("03:30", self.phase_first)):
            with freeze_time(f"{TODAY + timedelta(days=1)} {time}:00"):
                self._allocate()
                self._assert_phase(move, phase)

    def _create_in_company(self, data, days=12):
        company = data["company"]
        move = (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.customer.id,
                    "company_id": company.id,
                    "invoice_date": self._day(-days),
                    "invoice_date_due": self._day(-days),
                    "invoice_payment_term_id": False,
                    "invoice_line_ids": [
                        Command.create({"name": "S", "price_unit": 10, "tax_ids": []})
                    ],
                }
            )
        )
        move.action_post()
        return move
