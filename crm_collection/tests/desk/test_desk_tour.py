from datetime import timedelta

from odoo.tests import tagged

from ..common import CrmCollectionCommon
from ..common_browser import CrmCollectionBrowserCase


@tagged("post_install", "-at_install")
class TestDeskTour(CrmCollectionCommon, CrmCollectionBrowserCase):
    """A collector's day, click by click and key by key."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls._create_customer("Bauer AG")
        (cls.customer | cls.second).collection_user_id = cls.collector
        for days in (20, 15, 12):
            cls._create_overdue(days, amount=500)
        cls._create_overdue(3, amount=50, partner=cls.second)
        phases = cls.phase_first | cls.phase_second | cls.phase_third
        phases.call_script = "<p>Good morning, <t t-out='object.customer'/></p>"

    def test_day(self):
        self._allocate()
        self.start_tour("/odoo", "crm_collection_desk", login=self.collector.login)
        [contact] = self.env["crm.collection.contact"].search([])
        self.assertEqual(contact.user_id, self.collector)
        self.assertEqual(contact.note, "Rang for a minute")
        self.assertTrue(contact.activity_ids)
        [promise] = self.env["crm.collection.hold"].search([])
        self.assertEqual((promise.kind, len(promise.item_ids)), ("promise", 2))

    def test_first_hour(self):
        """Who is shown around comes to the end of it, and nothing is written on the way."""
        self._allocate()
        self.start_tour(
            "/odoo/collection-work",
            "crm_collection_first_hour_collector",
            login=self.collector.login,
        )
        self.assertFalse(self.env["crm.collection.contact"].search([]))
        self.start_tour(
            "/odoo/collection-work",
            "crm_collection_first_hour_manager",
            login=self.manager.login,
        )

    def test_reply(self):
        """From the first line to the dispute in three clicks."""
        move = self._create_overdue(3, partner=self.second)
        self._allocate()
        message = self.customer.sudo().message_post(body="The chairs are broken")
        contact = (
            self.env["crm.collection.contact"]
            .sudo()
            .create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "user_id": self.collector.id,
                    "channel": "email",
                    "direction": "in",
                    "state": "waiting",
                    "note": "The chairs are broken",
                    "message_id": message.id,
                }
            )
        )
        self.start_tour(
            "/odoo/collection-work", "crm_collection_desk_reply", login=self.collector.login
        )
        self.assertEqual(contact.state, "done")
        self.assertEqual(set(contact.hold_ids.mapped("kind")), {"dispute"})
        self.assertFalse(self._items(move).is_held)

    def test_hand_over(self):
        others = [self._create_customer(f"Customer{number}") for number in range(8)]
        customers = (self.customer | self.second).union(*others)
        customers.collection_user_id = self.collector
        second = self._create_user("second", "user")
        for customer in others:
            self._create_overdue(12, partner=customer)
        self._allocate()
        self.start_tour(
            "/odoo/collection-customers",
            "crm_collection_desk_hand_over",
            login=self.collector.login,
        )
        self.assertEqual(customers.collection_user_id, second)
        items = self.env["crm.collection.item"].search([("partner_id", "in", customers.ids)])
        self.assertEqual(items.user_id, second)

    def test_broken_promise(self):
        """It is seen when the app opens, before what owes more."""
        self._allocate()
        item = self.env["crm.collection.item"].search([("partner_id", "=", self.second.id)])
        self.env["crm.collection.hold"].with_user(self.collector).create(
            {
                "kind": "promise",
                "reason": "On Tuesday",
                "item_id": item.id,
                "date_until": self.company._get_collection_today() + timedelta(days=1),
            }
        )
        self._move_on(2)
        self._allocate()
        self.start_tour(
            "/odoo/collection-work", "crm_collection_desk_broken", login=self.collector.login
        )

    def test_keys(self):
        self._allocate()
        self.start_tour(
            "/odoo/collection-work", "crm_collection_desk_keys", login=self.collector.login
        )
        self.assertEqual(self.env["crm.collection.desk.mark"].search([]).partner_id, self.second)
