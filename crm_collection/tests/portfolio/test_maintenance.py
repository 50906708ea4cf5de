from odoo.tests import Form, tagged

from ..common import CrmCollectionCommon


class MaintenanceCommon(CrmCollectionCommon):
    """Three items, 5, 15 and 40 days late, and the wizard as a collector opens it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.moves = cls._create_overdue(5) | cls._create_overdue(15) | cls._create_overdue(40)

    def setUp(self):
        super().setUp()
        self._allocate()
        self.items = self._items(self.moves)[::-1]  # 5, 15 and 40 days late

    def _open(self, records, user=None, **context):
        """The wizard's form as ``user`` gets it from the list (or form) of ``records``."""
        return Form(
            self.env["crm.collection.item.maintain"]
            .with_user(user or self.collector)
            .with_context(active_model=records._name, active_ids=records.ids, **context)
        )


@tagged("post_install", "-at_install")
class TestMaintenance(MaintenanceCommon):
    """Phase maintenance: what it shows, what it does, where it is opened from."""

    # === What it shows === #

    def test_preview_tells_what_moves_and_what_is_refused(self):
        """GIVEN one open item on hold and one in the phase already
        WHEN the wizard is opened for three and a phase is chosen
        THEN it says before anything is written what moves, what not, and why.

        Seen to fail with the hold left out of the refusals.
        """
        self.env["crm.collection.hold"].create({"item_id": self.items[0].id, "reason": "Call"})
        form = self._open(self.items)
        form.phase_id = self.phase_third
        self.assertEqual((form.allowed_count, form.refused_count), (1, 2))
        self.assertEqual(form.amount, 100)
        self.assertIn("1 refused: It is on hold", form.refusal_summary)
        self.assertIn("1 refused: It is in this phase already", form.refusal_summary)
        form.reason = "Agreed"
        lines = form.save().line_ids
        self.assertEqual(set(lines.item_id), set(self.items))
        self.assertEqual(lines.mapped(lambda line: bool(line.refusal)), [True, True, False])
        self.assertEqual(lines[-1].item_id, self.items[1])
        self.assertEqual(lines[-1].phase_from_id, self.phase_second)
        self.assertEqual(lines[-1].phase_id, self.phase_third)
        # nothing was written
        self.assertEqual(
            self.items.phase_id, self.phase_first | self.phase_second | self.phase_third
        )

    def test_preview_lists_two_hundred_and_counts_all(self):
        move = self._create_entry(
            15, partners=[self._create_customer("Many")] * 203, no_followup=False
        )
        self._allocate()
        form = self._open(self._items(move))
        form.phase_id = self.phase_third
        form.reason = "All"
        wizard = form.save()
        self.assertEqual((wizard.allowed_count, len(wizard.line_ids)), (203, 200))
        wizard.action_apply()
        self.assertEqual(self._items(move).phase_id, self.phase_third)
        self.assertEqual(len(self._items(move)), 203)

    def test_letter_note_says_when_the_letter_leaves(self):
        form = self._open(self.items)
        form.phase_id = self.phase_third
        self.assertIn("next run of the letters job", form.letter_note)
        self.company.collection_auto_send = False
        form = self._open(self.items)
        form.phase_id = self.phase_third
        self.assertIn("Automatic sending is off", form.letter_note)
        form.send_letter = False
        self.assertFalse(form.letter_note)

    # === What it does === #

    def test_move_is_in_the_history_with_name_and_reason(self):
        """The history says who moved the item, why, and that a person did.

        Seen to fail with the wizard calling the engine as superuser.
        """
        item = self.items[0]
        form = self._open(item)
        form.phase_id = self.phase_second
        form.reason = "Customer asked for time"
        form.pinned = True
        action = form.save().action_apply()
        self.assertEqual(action["params"]["type"], "success")
        self.assertRecordValues(
            item,
            [
                {
                    "phase_id": self.phase_second.id,
                    "pinned": True,
                    "date_next_letter": self.company._get_collection_today(),
                    "letter_count": 0,
                }
            ],
        )
        allocation, before = item.allocation_ids
        self.assertRecordValues(
            allocation,
            [
                {
                    "phase_id": self.phase_second.id,
                    "origin": "manual",
                    "user_id": self.collector.id,
                    "reason": "Customer asked for time",
                    "amount_in": 100.0,
                    "date_out": False,
                }
            ],
        )
        self.assertEqual((before.reason_out, before.origin), ("moved", "automatic"))

    def test_accounting_is_not_written(self):
        """P1. Seen to fail with a write of the move's ``ref`` in ``action_apply``."""
        before = self._accounting_checksum()
        form = self._open(self.items)
        form.phase_id = self.phase_manual
        form.reason = "To the lawyer"
        form.save().action_apply()
        self.assertEqual(self.items.phase_id, self.phase_manual)
        self.assertEqual(self._accounting_checksum(), before)

    def test_backwards_and_pinned_stays_there(self):
        """A person may go back; pinned, the job leaves the item there, unpinned it does not."""
        for pinned in (True, False):
            with self.subTest(pinned=pinned):
                form = self._open(self.items[2])
                form.phase_id = self.phase_first
                form.reason = "Start again"
                form.pinned = pinned
                form.save().action_apply()
                self._allocate()
                expected = self.phase_first if pinned else self.phase_third
                self.assertEqual(self.items[2].phase_id, expected)
                self.items[2].with_user(self.collector).action_release_pin()
                self._allocate()

    def test_without_letter_none_is_ever_sent(self):
        self._send_letters()
        form = self._open(self.items)
        form.phase_id = self.phase_manual
        form.reason = "Quietly"
        form.send_letter = False
        form.save().action_apply()
        self.assertFalse(any(self.items.mapped("date_next_letter")))
        self._move_on(7)
        self._send_letters()
        self.assertFalse(self._letters().filtered(lambda x: x.phase_id == self.phase_manual))

    def test_proposed_phase_is_the_default(self):
        move = self._create_overdue(70)
        self._allocate()
        item = self._items(move)
        self.assertEqual(item.proposed_phase_id, self.phase_manual)
        form = self._open(item)
        self.assertEqual(form.phase_id, self.phase_manual)
        form.reason = "As proposed"
        form.save().action_apply()
        self.assertEqual(item.phase_id, self.phase_manual)
        self.assertFalse(item.proposed_step_id)

    # === Where it is opened from === #

    def test_kanban_drag_brings_the_phase(self):
        form = self._open(self.items[0], default_phase_id=self.phase_manual.id)
        self.assertEqual(form.phase_id, self.phase_manual)
        self.assertEqual(form.allowed_count, 1)

    def test_action_of_the_open_item_opens_the_wizard_on_it(self):
        action = self.items[:2].with_user(self.collector).action_maintain()
        self.assertEqual(action["res_model"], "crm.collection.item.maintain")
        form = Form(
            self.env[action["res_model"]]
            .with_user(self.collector)
            .with_context(**action["context"], default_phase_id=self.phase_manual.id)
        )
        self.assertEqual(form.allowed_count, 2)

    def test_from_invoices_all_their_open_installments(self):
        move = self._create_overdue(20, amount=300, terms=(0, 5, 90))
        self._allocate()
        form = self._open(move, default_phase_id=self.phase_third.id)
        self.assertEqual(form.allowed_count, 2)  # the third is far from due: no open item yet
        form.reason = "Whole invoice"
        form.save().action_apply()
        self.assertEqual(self._items(move).phase_id, self.phase_third)

    def test_from_a_contact_the_open_items_of_its_company(self):
        contact = self.env["res.partner"].create({"name": "Jo", "parent_id": self.customer.id})
        form = self._open(contact, default_phase_id=self.phase_manual.id)
        self.assertEqual(form.allowed_count, 3)

    def test_from_the_customers_list(self):
        other = self._create_overdue(5, partner=self._create_customer("Other"))
        self._allocate()
        customers = self.env["crm.collection.customer"].search([])
        self.assertEqual(len(customers), 2)
        line = customers.filtered(lambda c: c.partner_id == other.partner_id)
        form = self._open(line, default_phase_id=self.phase_manual.id)
        self.assertEqual(form.allowed_count, 1)
