from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..common import CrmCollectionCommon


@tagged("post_install", "-at_install")
class TestPartner(CrmCollectionCommon):
    """The customer: his items, his own rule, his collector, his contact for collection."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contact = cls.env["res.partner"].create(
            {"name": "Bookkeeper", "parent_id": cls.customer.id, "type": "contact"}
        )
        cls.moves = cls._create_overdue(5) | cls._create_overdue(40, partner=cls.contact)
        cls.upcoming = cls._create_overdue(-2)

    def test_counts_of_the_commercial_partner_show_on_its_contacts(self):
        """Seen to fail with the items read by ``partner_id`` of the contact."""
        reminder = self.env["crm.collection.phase"].create({"name": "Reminder", "sequence": 5})
        self.rule.step_ids.create({"rule_id": self.rule.id, "days": -5, "phase_id": reminder.id})
        self._allocate()
        for partner in (self.customer | self.contact).with_user(self.collector):
            with self.subTest(partner=partner.name):
                self.assertEqual(partner.collection_item_count, 3)
                self.assertEqual(partner.collection_amount, 200)  # not what is due in two days
                action = partner.action_open_collection_items()
                self.assertEqual(
                    self.env["crm.collection.item"].search(action["domain"]),
                    self._items(self.moves | self.upcoming),
                )

    def test_settled_open_items_leave_the_counts(self):
        self._allocate()
        self.assertEqual(self.customer.collection_amount, 200)
        self._pay(self.moves[0])
        self.customer.invalidate_recordset()
        self.assertEqual(self.customer.collection_item_count, 1)
        self.assertEqual(self.customer.collection_amount, 100)
        self.assertEqual(len(self.customer.collection_item_ids), 2)

    def test_counts_are_of_the_active_company(self):
        self._allocate()
        company = self.env["res.company"].sudo().create({"name": "Other company"})
        self.env.user.sudo().company_ids += company
        self.assertEqual(self.customer.with_company(company).collection_item_count, 0)
        self.assertEqual(self.customer.with_company(self.company).collection_item_count, 2)

    def test_own_rule_and_collector_reach_the_contacts_and_the_open_items(self):
        own = self._create_rule({2: self.phase_second}, name="Own", sequence=900)
        self.customer.write({"collection_rule_id": own.id, "collection_user_id": self.collector.id})
        self.assertEqual(self.contact.collection_rule_id, own)
        self.assertEqual(self.contact.collection_user_id, self.collector)
        self._allocate()
        items = self._items(self.moves)
        self.assertEqual(items.rule_id, own)
        self.assertEqual(items.phase_id, self.phase_second)
        self.assertEqual(items.user_id, self.collector)
        new = self.env["res.partner"].create({"name": "New", "parent_id": self.customer.id})
        self.assertEqual(new.collection_rule_id, own)

    def test_own_rule_is_per_company(self):
        company = self.env["res.company"].sudo().create({"name": "Other company"})
        self.env.user.sudo().company_ids += company
        self.customer.collection_rule_id = self.rule
        self.assertFalse(self.customer.with_company(company).collection_rule_id)

    def test_collection_address(self):
        """A contact of type Collection is found first, and is called what it is."""
        address = self.env["res.partner"].create(
            {"parent_id": self.customer.id, "type": "collection", "email": "ap@adler.example"}
        )
        self.assertIn("Collection Address", address.display_name)
        self.assertEqual(self.customer.address_get(["collection"])["collection"], address.id)
        self._allocate()
        self._send_letters()
        self.assertEqual(self._letters().recipient_ids, address)

    def test_uninstall_keeps_collection_addresses_as_contacts(self):
        """Removing the type must not remove or break the contacts that had it."""
        address = self.env["res.partner"].create(
            {"name": "AP", "parent_id": self.customer.id, "type": "collection"}
        )
        selection = (
            self.env["ir.model.fields.selection"]
            .sudo()
            .search(
                [
                    ("field_id.model", "=", "res.partner"),
                    ("field_id.name", "=", "type"),
                    ("value", "=", "collection"),
                ]
            )
        )
        selection._process_ondelete()
        self.assertEqual(address.type, "contact")

    def test_holds_of_the_customer(self):
        self._allocate()
        Hold = self.env["crm.collection.hold"].with_user(self.collector)
        holds = Hold.create(
            [
                {"partner_id": self.contact.id, "reason": "Whole customer"},
                {"move_id": self.moves[1].id, "reason": "Wrong price"},
                {"item_id": self._items(self.moves[0]).id, "reason": "Call back"},
            ]
        )
        self.assertEqual(set(self.customer.collection_hold_ids), set(holds))

    def test_fields_need_accounting_rights(self):
        """Whoever reads customers without accounting rights reads on, without these."""
        partner = self.customer.with_user(self.outsider)
        self.assertEqual(partner.name, "Adler GmbH")
        self.assertNotIn("collection_amount", partner.fields_get())
        with self.assertRaises(AccessError):
            partner.read(["collection_amount"])

    # === The list of customers === #

    def test_customers_one_line_each(self):
        """Owed, overdue, oldest, highest phase, promise and hold of a customer.

        Seen to fail with the holds joined to the items instead of summed on their own.
        """
        other = self._create_customer("Other")
        self._create_overdue(12, partner=other, amount=30)
        self.customer.collection_user_id = self.collector
        self._allocate()
        self.env["crm.collection.hold"].create(
            [
                {
                    "partner_id": other.id,
                    "kind": "promise",
                    "reason": "Phone",
                    "date_until": "2026-03-20",
                    "amount": 20,
                },
                {
                    "partner_id": other.id,
                    "kind": "promise",
                    "reason": "Phone",
                    "date_until": "2026-03-30",
                    "amount": 10,
                },
            ]
        )
        customers = self.env["crm.collection.customer"].with_user(self.collector).search([])
        first, second = customers
        self.assertRecordValues(
            first,
            [
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "company_currency_id": self.company.currency_id.id,
                    "amount_residual": 200,
                    "amount_overdue": 200,
                    "days_oldest": 40,
                    "phase_id": self.phase_third.id,
                    "item_count": 2,
                    "user_id": self.collector.id,
                    "date_next_letter": self.company._get_collection_today(),
                    "promise_date": False,
                    "is_held": False,
                }
            ],
        )
        self.assertRecordValues(
            second,
            [
                {
                    "partner_id": other.id,
                    "amount_overdue": 30,
                    "phase_id": self.phase_second.id,
                    "promise_amount": 20,
                    "is_held": True,
                }
            ],
        )
        self.assertEqual(str(second.promise_date), "2026-03-20")
        self.assertEqual(first.display_name, "Adler GmbH")
        items = self.env["crm.collection.item"].search(first.action_open_items()["domain"])
        self.assertEqual(items, self._items(self.moves))

    def test_customers_who_are_not_late_come_last(self):
        """Seen to fail where nothing overdue was no amount at all, which sorts first."""
        reminder = self.env["crm.collection.phase"].create({"name": "Reminder", "sequence": 5})
        self.rule.step_ids.create({"rule_id": self.rule.id, "days": -5, "phase_id": reminder.id})
        early = self._create_customer("Early")
        self._create_overdue(-5, partner=early, amount=900)
        self._allocate()
        Customer = self.env["crm.collection.customer"]
        first, last = Customer.search([])
        self.assertEqual(first.partner_id, self.customer)
        self.assertEqual(last.partner_id, early)
        self.assertEqual(Customer.search([("amount_overdue", "=", 0)]), last)

    def test_customer_line_keeps_its_id(self):
        """The oldest item is paid: the open form of the customer still finds its record."""
        self._allocate()
        line = self.env["crm.collection.customer"].search([])
        self._pay(self.moves[1])
        self.env.flush_all()
        line.invalidate_recordset()
        self.assertEqual(line.item_count, 1)
        self.assertEqual(line.days_oldest, 5)

    def test_customer_lines_of_other_companies_are_hidden(self):
        self._allocate()
        company = self.env["res.company"].sudo().create({"name": "Other company"})
        self.collector.sudo().write({"company_ids": [(4, company.id)]})
        Customer = self.env["crm.collection.customer"].with_user(self.collector)
        self.assertFalse(Customer.with_context(allowed_company_ids=company.ids).search([]))
        self.assertTrue(Customer.with_context(allowed_company_ids=self.company.ids).search([]))
