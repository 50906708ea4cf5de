from odoo.tests import tagged
from odoo.tools import SQL

from ...models.letters import queries as letter_queries
from ...models.portfolio import hold_queries
from ..common import TODAY
from ..common_engine import CrmCollectionEngineCommon


@tagged("post_install", "-at_install")
class TestHoldScope(CrmCollectionEngineCommon):
    """What a hold covers is asked of one owner, by the customers of today: by job, letters, item,
    list, portal, statement and customers' report, whatever became of the customer since.

    Seen to fail: with the customer as the item, the list or the hold knew him.
    """

    def setUp(self):
        super().setUp()
        self.person = self._create_customer("Vera Lang", is_company=False)
        self.holding = self._create_customer("Lang Holding")
        self.contact = self.env["res.partner"].create(
            {"name": "Office", "parent_id": self.holding.id, "type": "invoice"}
        )

    def _hold(self, record=None, kind="dispute", **vals):
        fname = {
            "res.partner": "partner_id",
            "account.move": "move_id",
            "crm.collection.item": "item_id",
        }[record._name]
        Hold = self.env["crm.collection.hold"].with_user(self.collector)
        hold = Hold.create({"kind": kind, "reason": "Wrong goods", fname: record.id, **vals})
        self.env.flush_all()  # the customer of that day
        return hold.sudo()

    def _assert_held(self, moves, hold):
        """Everybody says the same: held by this hold, or by none."""
        self.env.flush_all()
        self.env.invalidate_all()
        items, lines = self._items(moves), self._receivables(moves)
        today = self.company._get_collection_today()
        held = bool(hold)
        disputed = hold_queries.disputed_lines(self.company.id, today, lines.ids)
        asked = letter_queries.asked_open_items(self.company.id, today, SQL("item.id"))
        asked_ids = {item_id for (item_id,) in self.env.execute_query(asked)}
        statement = self.env["crm.collection.statement"].sudo()._get_open_items(lines.sudo())
        plan = self.env["crm.collection.engine"]._get_plan(
            self.company, [today], lines.partner_id.commercial_partner_id.ids
        )
        rows = self.env.execute_query_dict(plan.query(changed_only=False))
        found = self.env["crm.collection.item"].search([("is_held", "=", True)])
        answers = {
            "item": [item.hold_id == hold and item.is_held == held for item in items],
            "list": [(item in found) == held for item in items],
            "statement": [(row["status"] == "review") == held for row in statement],
            "disputed": [bool(self.env.execute_query(disputed)) == held],
            "letter": [(item.id not in asked_ids) == held for item in items],
            "job": [
                row["hold_id"] == (hold.id or None) for row in rows if row["line_id"] in lines.ids
            ],
        }
        wrong = [name for name, said in answers.items() if not (said and all(said))]
        self.assertEqual(wrong, [])

    def _get_customer_line(self, partner):
        return self.env["crm.collection.customer"].search([("partner_id", "=", partner.id)])

    def test_entry_posted_to_a_contact(self):
        """Of an entry that names no customer itself, its lines do."""
        entry = self._create_entry(9, partners=self.contact, no_followup=False)
        self._allocate()
        hold = self._hold(entry)
        self.assertEqual(hold.customer_id, self.holding)
        self.assertEqual(self.holding.collection_hold_ids, hold)
        self._assert_held(entry, hold)

    def test_item_of_an_entry_of_several_customers(self):
        """A hold of the entry is every customer's, one of an item its own."""
        entry = self._create_entry(9, partners=self.contact | self.person, no_followup=False)
        self._allocate()
        of_contact, of_person = (
            self._items(entry).filtered(lambda item, partner=partner: item.partner_id == partner)
            for partner in (self.holding, self.person)
        )
        hold = self._hold(of_person, "promise", date_until=TODAY)
        self.assertEqual(hold.customer_id, self.person)
        self.assertFalse(of_contact.hold_id)
        hold.action_lift("Over")
        hold = self._hold(entry, "promise", date_until=TODAY)
        self.assertEqual((of_contact | of_person).hold_id, hold)
        self.assertFalse(hold.customer_id, "it is no single one's")
        for partner in (self.holding, self.person):
            self.assertEqual(self._get_customer_line(partner).promise_date, TODAY)

    def test_customer_gets_a_parent(self):
        """At once, and not with the next run."""
        for scope in ("partner", "move", "item"):
            with self.subTest(scope):
                person = self._create_customer("Person", is_company=False)
                holding = self._create_customer("Holding")
                of_holding = self._create_overdue(9, partner=holding)
                move = self._create_overdue(9, partner=person)
                self._allocate()
                records = {"partner": person, "move": move, "item": self._items(move)}
                hold = self._hold(records[scope])
                self._assert_held(move, hold)
                person.parent_id = holding
                self._assert_held(move, hold)
                self._assert_held(of_holding, hold if scope == "partner" else hold.browse())
                self.assertEqual(hold.customer_id, holding)
                self._allocate()
                self._assert_held(move, hold)
                self._assert_held(of_holding, hold if scope == "partner" else hold.browse())
                self.assertIn(hold, holding.collection_hold_ids)

    def test_contact_of_a_held_customer_goes_elsewhere(self):
        """What was posted to it goes with it, and is held there no longer; what was invoiced to
        it is its customer's, as accounting posted it, and stays."""
        self._assert_leaves(lambda: self.contact.write({"parent_id": self.person.id}))

    def test_contact_becomes_a_company(self):
        self._assert_leaves(lambda: self.contact.write({"is_company": True}))

    def _assert_leaves(self, leave):
        invoice = self._create_overdue(9, partner=self.contact)
        entry = self._create_entry(9, partners=self.contact, no_followup=False)
        self._allocate()
        hold = self._hold(self.contact)
        self.assertEqual(hold.partner_id, self.holding)
        self._assert_held(invoice | entry, hold)
        leave()
        for _again in range(2):
            self._assert_held(invoice, hold)
            self._assert_held(entry, hold.browse())
            self.assertEqual(hold.customer_id, self.holding)
            self._allocate()

    def test_invoice_of_another_customer_now(self):
        move = self._create_overdue(9, partner=self.person)
        self._allocate()
        on_move, on_item = self._hold(move), self._hold(self._items(move))
        move.button_draft()
        move.partner_id = self.contact
        move.action_post()
        self._allocate()
        self.assertEqual((on_move | on_item).customer_id, self.holding)
        self.assertEqual(self._items(move).partner_id, self.holding)
        self._assert_held(move, on_item)
        self.assertFalse(self.person.collection_hold_ids)

    def test_merged_customers(self):
        move = self._create_overdue(9, partner=self.person)
        self._allocate()
        hold = self._hold(self.person)
        self.env.flush_all()
        merge = self.env["base.partner.merge.automatic.wizard"].sudo()
        merge._merge([self.person.id, self.holding.id], self.holding, extra_checks=False)
        self.env.invalidate_all()
        self._allocate()
        self.assertEqual((hold.partner_id, hold.customer_id), (self.holding, self.holding))
        self._assert_held(move, hold)
        line = self._get_customer_line(self.holding)
        self.assertTrue(line.is_held)

    def test_customers_report(self):
        """Holds and promises of who became a contact are on his customer's line, at once."""
        move = self._create_overdue(9, partner=self.person)
        entry = self._create_entry(9, partners=self.person, no_followup=False)
        self._create_overdue(9, partner=self.holding)
        self._allocate()
        self._hold(self._items(move), "promise", date_until=TODAY)
        self._hold(entry, "promise", date_until=TODAY, amount=5)
        self._hold(self.person, "block")
        self.person.parent_id = self.holding
        for _again in range(2):
            self.env.flush_all()
            self.env.invalidate_all()
            line = self._get_customer_line(self.holding)
            self.assertRecordValues(line, [{"is_held": True, "promise_date": TODAY}])
            self._allocate()

    def test_promise_is_judged_by_the_customer_of_today(self):
        """Who became a contact just before keeps his promise by what he pays."""
        move = self._create_overdue(9, partner=self.person)
        self._allocate()
        promise = self._hold(self.person, "promise", date_until=TODAY)
        self.person.parent_id = self.holding
        self._register_payment(move)
        self._move_on(1)
        self.env["crm.collection.hold"]._update_states(
            self.company, self.company._get_collection_today()
        )
        self.assertEqual(promise.state, "kept")
