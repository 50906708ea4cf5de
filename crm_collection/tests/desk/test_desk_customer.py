from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..common import TODAY, CrmCollectionCommon


@tagged("post_install", "-at_install")
class TestDeskCustomer(CrmCollectionCommon):
    """One page for a customer, and his line of time."""

    def _desk(self, user=None):
        self.env.invalidate_all()
        return self.env(user=user or self.collector)["crm.collection.desk"]

    def _page(self, user=None):
        return self._desk(user).get_customer(self.customer.id, self.company.id)

    def _timeline(self, kinds=None, before=None, user=None):
        desk = self._desk(user)
        return desk.get_timeline(self.customer.id, self.company.id, kinds, before)

    def _titles(self, **kwargs):
        return [entry["title"] for entry in self._timeline(**kwargs)["entries"]]

    def test_what_is_owed_is_what_the_statement_says(self):
        """GIVEN items, a credit note, a promise, and a fine and interest
        THEN owed, overdue, credits and balance are the statement's, and charges the letter's.
        """
        self.company.write({"collection_fine_percent": 2, "collection_interest_percent": 3})
        self._create_overdue(30, amount=100)
        late = self._create_overdue(10, amount=200)
        self._create_overdue(-5, amount=50)
        self._create_credit(40)
        self._allocate()
        self._items(late)._origin.sudo().env["crm.collection.hold"].create(
            {
                "item_id": self._items(late).id,
                "kind": "promise",
                "reason": "On Friday",
                "date_until": TODAY + timedelta(days=4),
            }
        )
        [group] = self._page()["groups"]
        self.assertEqual(group["residual"], 350)
        self.assertEqual(group["overdue"], 300)
        self.assertEqual((group["credit"], group["balance"]), (40, 310))
        self.assertEqual(sum(bucket["amount"] for bucket in group["buckets"]), 350)
        first, second, third = group["items"]
        self.assertEqual((first["days"], second["days"], third["days"]), (30, 10, -5))
        # the credit came today and pays the oldest: a fine of 2 % of what is left of it, interest
        # of 3 % for the month until then on all of it
        self.assertAlmostEqual(first["charges"], 1.2 + 3.0)
        self.assertIn("Promise", second["held"])
        self.assertFalse(third["id"])  # no step before the due date: it is not in collection
        self.assertEqual(first["phase"]["name"], "Phase 3")
        brazil = self.env.ref("base.br")
        self.customer.sudo().write({"country_id": brazil.id, "vat": "99900101000186"})
        self.assertEqual(self._page()["vat"], "CNPJ 99.900.101/0001-86")

    def test_how_the_customer_pays(self):
        """GIVEN payments of this year and of the one before, and promises that are over
        THEN days late are weighted by what was paid, and each year is by itself.
        """
        old = self._create_overdue(500, amount=1000)
        self._move_on(-490)
        self._pay(old)
        self._move_on(490)
        moves = [
            self._create_overdue(days, amount=amount) for days, amount in ((30, 300), (10, 100))
        ]
        self._allocate()
        for move in moves:
            self._pay(move)
        behaviour = self._page()["behaviour"]
        self.assertEqual(behaviour["days_before"], 10)
        self.assertEqual(behaviour["days_late"], 25)
        self.assertEqual(behaviour["after"], [{"name": "No letter", "share": 100}])
        self.assertEqual((behaviour["kept"], behaviour["broken"]), (0, 0))

    def test_everything_that_happened_is_in_one_line_of_time(self):
        """GIVEN a letter, a call, a promise, a payment, and a note
        THEN each is told once, the latest first, and can be asked for by itself.
        """
        move = self._create_overdue(10, amount=100)
        self._allocate()
        self._send_letters()
        self._deliver()
        contact = self.env(user=self.collector)["crm.collection.contact"].create(
            {
                "partner_id": self.customer.id,
                "company_id": self.company.id,
                "note": "Says that the goods came late",
                "outcome_id": self.env.ref("crm_collection.outcome_other").id,
            }
        )
        self._end_transaction()
        hold = self.env(user=self.collector)["crm.collection.hold"].create(
            {
                "item_id": self._items(move).id,
                "kind": "promise",
                "reason": "On Friday",
                "date_until": TODAY + timedelta(days=4),
            }
        )
        self._end_transaction()
        self._pay(move, 30)
        self._end_transaction()
        self._items(move).with_user(self.collector).message_post(
            body="Mind the tone", message_type="comment"
        )
        kinds = [entry["kind"] for entry in self._timeline()["entries"]]
        self.assertEqual(
            sorted(kinds), sorted(["note", "payment", "hold", "contact", "letter", "move"])
        )
        for kind in kinds:
            [entry] = self._timeline([kind])["entries"]
            self.assertEqual(entry["kind"], kind)
        entries = {entry["kind"]: entry for entry in self._timeline()["entries"]}
        self.assertIn("30.00", entries["payment"]["title"])
        self.assertIn("Phase 2", entries["letter"]["title"])
        self.assertEqual(entries["note"]["text"], "Mind the tone")
        self.assertEqual(entries["contact"]["id"], contact.id)
        self.assertIn("goods came late", entries["contact"]["text"])
        self.assertEqual(entries["contact"]["by"], self.collector.name)
        self.assertEqual(entries["move"]["title"], "Moved to Phase 2")
        self._move_on(2)
        hold.with_user(self.collector).action_lift("Paid in part")
        over = fields.Datetime.to_string(fields.Datetime.now())
        self._end_transaction()
        self._move_on(3)
        hold.sudo().flush_recordset()
        hold.sudo()._write_evidence({"entry_name": "Written later"})
        entries = self._timeline(["hold"])["entries"]
        self.assertEqual(len(entries), 2)
        self.assertIn(over, [entry["moment"] for entry in entries])

    def test_a_returned_payment_is_told_as_one(self):
        move = self._create_overdue(10, amount=100)
        self._allocate()
        self._pay(move)
        self._end_transaction()
        self._receivables(move).remove_move_reconcile()
        self._allocate()
        titles = [entry["title"] for entry in self._timeline(["payment"])["entries"]]
        self.assertEqual(len(titles), 2)
        self.assertTrue(any(title.startswith("Undone") for title in titles))

    def test_pages_show_each_entry_once(self):
        """Whatever is written at the same moment: no entry is left out, none comes twice."""
        Contact = self.env["crm.collection.contact"].sudo()
        Contact.create(
            [
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "note": str(number),
                    "date": f"2026-03-{1 + number % 3:02} 08:00:00",
                }
                for number in range(70)
            ]
        )
        seen, before = [], None
        for _page in range(5):
            page = self._timeline(before=before)
            seen += [entry["id"] for entry in page["entries"]]
            before = page["next"]
            if not before:
                break
        self.assertEqual((len(seen), len(set(seen))), (70, 70))

    def test_who_may_not_see_does_not(self):
        second = self.env(su=True)["res.company"].create({"name": "Second"})
        for partner_id, company_id in (
            (self.customer.id, second.id),
            (0, self.company.id),
            ("1", self.company.id),
            (self.customer.id, None),
        ):
            with self.assertRaises(UserError):
                self._desk().get_customer(partner_id, company_id)
            with self.assertRaises(UserError):
                self._desk().get_timeline(partner_id, company_id)
        with self.assertRaises(AccessError):
            self._page(self.outsider)
        for before in ("x", [1], ["a", "b", "c"], ["2026-01-01 00:00:00", "letter", 10**20], {}):
            self._timeline("letter", before)

    def test_collector_of_more_companies(self):
        """Who works in one company sees the customers of who works in several.

        Seen to fail with the companies read as who asks."""
        second = self.env(su=True)["res.company"].create({"name": "Second"})
        self.manager.sudo().company_ids += second
        self.customer.collection_user_id = self.manager
        self._create_overdue(10)
        self._allocate()
        self.assertEqual(self._page()["user"]["id"], self.manager.id)

    def test_called_today_already(self):
        """Whoever is about to call sees that somebody did."""
        self._create_overdue(10)
        self._allocate()
        self.assertFalse(self._page()["notices"])
        self.env(user=self.manager)["crm.collection.contact"].create(
            {"partner_id": self.customer.id, "company_id": self.company.id}
        )
        [notice] = self._page()["notices"]
        self.assertIn(self.manager.name, notice)
        self._move_on(1)
        self.assertFalse(self._page()["notices"])
