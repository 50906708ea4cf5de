from odoo.tests import tagged

from .test_maintenance import MaintenanceCommon


@tagged("post_install", "-at_install")
class TestMaintenanceReading(MaintenanceCommon):
    """What is refused is found by searching: maintenance of tens of thousands of items does not
    read them one by one."""

    def test_refusals_are_searched(self):
        """GIVEN items one of which is blocked, one settled, one on hold
        WHEN their refusals are asked for
        THEN each has its own, and no open item but its company was read.

        Seen to fail with the reasons asked item by item.
        """
        moves = self.env["account.move"]
        for days in range(2, 5):
            moves |= self._create_overdue(days)
        self._allocate()
        blocked, settled, held = (self._items(move) for move in moves)
        moves[0].action_toggle_block_payment()
        self._pay(moves[1])
        self.env["crm.collection.hold"].with_user(self.collector).create(
            {"item_id": held.id, "kind": "dispute", "reason": "Wrong price"}
        )
        items = (blocked | settled | held | self.items).with_user(self.collector)
        self.env.invalidate_all()
        refusals = items._get_maintain_refusals(self.phase_manual)
        self.assertEqual(set(refusals), set((blocked | settled | held).ids))
        self.assertIn("blocked", refusals[blocked.id])
        self.assertIn("not open", refusals[settled.id])
        self.assertIn("on hold", refusals[held.id])
        read = {
            name
            for name, field in items._fields.items()
            if field.store and field.column_type and items.ids[0] in field._get_cache(items.env)
        }
        self.assertLessEqual(read, {"company_id", "id"})
