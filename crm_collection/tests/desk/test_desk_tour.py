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

    def test_keys(self):
        self._allocate()
        self.start_tour(
            "/odoo/collection-work", "crm_collection_desk_keys", login=self.collector.login
        )
        self.assertEqual(self.env["crm.collection.desk.mark"].search([]).partner_id, self.second)
