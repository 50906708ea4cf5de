from datetime import timedelta

from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..common import TODAY, CrmCollectionCommon
from ..common_browser import CrmCollectionBrowserCase


@tagged("post_install", "-at_install")
class TestTour(CrmCollectionCommon, CrmCollectionBrowserCase):
    """The screens, in a browser, as the people who use them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule.step_ids.attach_pdf = False
        cls.biller = cls._create_account_user("biller_user", "account.group_account_invoice")
        cls.auditor = cls._create_account_user("auditor_user", "account.group_account_readonly")

    @classmethod
    def _create_account_user(cls, login, group):
        return new_test_user(
            cls.env(su=True),
            login,
            groups=group,
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def _action_path(self, xmlid, record=None):
        path = f"/odoo/action-{xmlid}"
        return f"{path}/{record.id}" if record else path

    def test_portfolio_drag(self):
        """Dragging a card opens phase maintenance; nothing moves before it is confirmed."""
        move = self._create_overdue(5)
        self._allocate()

        self.start_tour("/odoo", "crm_collection_portfolio", login=self.collector.login)

        item = self._items(move)
        self.assertEqual(item.phase_id, self.phase_second)
        self.assertRecordValues(
            item.allocation_ids.sorted("id"),
            [
                {
                    "phase_id": self.phase_first.id,
                    "origin": "automatic",
                    "reason": False,
                    "reason_out": "moved",
                },
                {
                    "phase_id": self.phase_second.id,
                    "origin": "manual",
                    "reason": "Promised twice and did not pay",
                    "reason_out": False,
                },
            ],
        )
        self.assertEqual(item.allocation_id.user_id, self.collector)

    def test_portfolio_read_only(self):
        self._create_overdue(5)
        self._allocate()
        self.start_tour(
            self._action_path("crm_collection.crm_collection_item_action"),
            "crm_collection_portfolio_read_only",
            login=self.auditor.login,
        )

    def test_invoice_tab(self):
        """An invoicing user without a role in collections reads it on the invoice."""
        move = self._create_overdue(5, terms=(0, 30))
        self._allocate()
        self._send_letters()
        self.start_tour(
            self._action_path("account.action_move_out_invoice_type", move),
            "crm_collection_invoice_tab",
            login=self.biller.login,
        )

    def test_letters(self):
        self._create_overdue(5)
        self._create_overdue(5, partner=self._create_customer("Nobody Ltd", email=False))
        self._allocate()
        self._send_letters()
        self.start_tour(
            self._action_path("crm_collection.crm_collection_letter_action"),
            "crm_collection_letter_form",
            login=self.collector.login,
        )

    def test_rule_preview(self):
        self._create_overdue(5)
        self._allocate()
        self.start_tour(
            self._action_path("crm_collection.crm_collection_rule_action", self.rule),
            "crm_collection_rule_preview",
            login=self.manager.login,
        )
        self.assertIn(15, self.rule.step_ids.mapped("days"))

    def test_cockpit(self):
        """The first page of the app: every card leads to its list, and the filters stay."""
        self.env.ref("base.BRL").active = True
        early = self._create_overdue(70, amount=900.0)
        self._allocate()
        run = self.env["crm.collection.run"].sudo().search([("kind", "=", "allocation")])
        run.write({"date": TODAY - timedelta(days=60)})
        self._pay(early, 100.0)
        self._create_overdue(5, amount=250.0)
        self._create_overdue(5, partner=self._create_customer("Nobody Ltd", email=False))
        self._allocate()
        self._items(early).user_id = self.collector
        self._send_letters()
        self.start_tour("/odoo", "crm_collection_cockpit", login=self.collector.login)

    def test_cockpit_read_only(self):
        self.start_tour(
            self._action_path("crm_collection.crm_collection_cockpit_action"),
            "crm_collection_cockpit_empty",
            login=self.auditor.login,
        )
