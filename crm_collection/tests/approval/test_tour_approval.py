from odoo.fields import Command
from odoo.tests import tagged

from ..common_approval_screens import CrmCollectionApprovalScreensCommon
from ..common_browser import CrmCollectionBrowserCase


@tagged("post_install", "-at_install")
class TestTourApproval(CrmCollectionApprovalScreensCommon, CrmCollectionBrowserCase):
    """Approvals in a browser: as the user who asks, the approvers who decide, the manager who
    configured and the outsider who has no part in it."""

    def _tour(self, name, user, xmlid, record=None, timeout=60):
        path = f"/odoo/action-{xmlid}" + (f"/{record.id}" if record else "")
        self.start_tour(path, f"crm_collection_approval_{name}", login=user.login, timeout=timeout)
        self.env.invalidate_all()

    def _tour_phase(self, name, user):
        self._tour(name, user, "crm_collection.crm_collection_phase_action", self.phase_first)

    def _tour_invoice(self, name, user, move):
        self._tour(name, user, "account.action_move_out_invoice_type", move)

    def _tour_inbox(self, name, user, **options):
        self._tour(name, user, "crm_collection.crm_collection_approval_action", **options)

    def test_approval_of_a_phase(self):
        """The manager asks, an approver agrees in the chatter; a change is shown beside what is
        in force."""
        self._put_under_approval(self.phase_first)
        self._tour_phase("ask_definition", self.manager)
        self.assertEqual(self.phase_first.approval_state, "pending")
        self._tour_phase("give_definition", self.approver)
        self.assertRecordValues(
            self.phase_first,
            [{"approval_state": "approved", "approval_decided_by_id": self.approver.id}],
        )
        self._tour_phase("propose_definition", self.manager)
        self.assertEqual(self.phase_first.allocation_mode, "automatic")
        self.assertTrue(self.phase_first.pending_approval_id)

    def test_three_installments(self):
        """One request for the invoice; decided on it, with the reason asked for in place."""
        self._guard(self.phase_third, reason_required=True)
        move = self._create_overdue(20, amount=300, terms=(0, 5, 10))
        self._allocate()
        self._tour_invoice("ask_invoice", self.collector, move)
        self.assertEqual(len(self._requests()), 1)
        self.assertEqual(set(self._items(move).mapped("approval_state")), {"pending"})
        self._tour_invoice("manager", self.manager, move)
        self._tour_invoice("give_invoice", self.approver, move)
        items = self._items(move)
        self.assertEqual(items.phase_id, self.phase_third)
        self.assertEqual(set(items.allocation_id.mapped("origin")), {"approval"})
        self.assertEqual(self._requests("approved").decision_ids.reason, "Seen the file")

    def test_two_levels(self):
        group = self.env.ref("crm_collection.group_crm_collection_approver")
        self._guard(
            self.phase_third,
            levels=[
                {"name": "Desk", "group_id": group.id},
                {"name": "Board", "user_ids": [Command.set(self.second.ids)], "amount_min": 500},
            ],
        )
        move = self._create_overdue(20, amount=900)
        self._allocate()
        self._ask(move)
        path = "/odoo/action-crm_collection.crm_collection_approval_action"
        tour = "crm_collection_first_hour_approver"
        self.start_tour(path, tour, login=self.approver.login)  # shown around, he decides nothing
        self.assertEqual(len(self._requests("pending")), 1)
        self._tour_inbox("first_level", self.approver)
        self.assertEqual(self._items(move).phase_id, self.phase_second)
        self._tour("second_level", self.second, "base.action_partner_form", self.customer)
        self.assertEqual(self._items(move).phase_id, self.phase_third)
        self.assertEqual(
            self._requests("approved").decision_ids.sorted("id").user_id,
            self.approver | self.second,
        )

    def test_refusal_in_the_popover(self):
        """Refused with a reason; the job does not ask again."""
        self._guard(self.phase_third)
        move = self._create_overdue(40)
        self._allocate()
        self.assertEqual(len(self._requests()), 1)
        self._tour_inbox("refuse", self.approver)
        self.assertEqual(self._requests("refused").decision_ids.reason, "Call them first")
        self._move_on(1)
        self._allocate()
        self.assertFalse(self._requests())
        self._tour(
            "refused_open_item",
            self.collector,
            "crm_collection.crm_collection_item_action",
            self._items(move),
        )

    def test_dragged_card_allocations(self):
        self._guard(self.phase_third)
        move = self._create_overdue(20)
        self._allocate()
        self._tour("drag", self.collector, "crm_collection.crm_collection_item_action")
        self.assertEqual(self._items(move).phase_id, self.phase_second)
        self.assertEqual(len(self._requests()), 1)

    def test_systray(self):
        self._guard(self.phase_third)
        move = self._create_overdue(20)
        self._allocate()
        approval = self._ask(move)
        user = approval._get_activities().user_id[:1]
        self._tour("systray", user, "crm_collection.crm_collection_phase_action_overview")

    def test_more_than_a_page_at_once(self):
        self._guard(self.phase_third)
        customers = [self._create_customer(f"C{number} Ltd") for number in range(90)]
        move = self._create_entry(20, partners=customers, no_followup=False)
        self._allocate()
        self.assertEqual(len(self._ask(move)), 90)
        self._tour_inbox("many", self.approver, timeout=300)
        self.assertFalse(self._requests())
        self.assertEqual(self._items(move).phase_id, self.phase_third)
        self.assertEqual(
            set(self._requests("approved").decision_ids.mapped("reason")),
            {"Board decision of today"},
        )

    def test_outsider(self):
        """A user without any right in collections opens a customer with a request."""
        self._guard(self.phase_third)
        move = self._create_overdue(20)
        self._allocate()
        self._ask(move)
        self._tour("outsider", self.outsider, "base.action_partner_form", self.customer)
        self.assertTrue(self._requests())
