from psycopg2 import IntegrityError
from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common_engine import CrmCollectionEngineCommon


@tagged("post_install", "-at_install")
class TestHistory(CrmCollectionEngineCommon):
    """P4: the phase history is append-only; the database enforces one open allocation per item."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.move = cls._create_overdue(12)

    def setUp(self):
        super().setUp()
        self._allocate()
        self.item = self._items(self.move)
        self.allocation = self.item.allocation_ids

    def _get_users(self):
        """Everybody who could try: each role, the accountant who is manager, superuser."""
        users = (self.collector, self.approver, self.manager, self.bookkeeper, self.env.user)
        return [*(self.allocation.with_user(user) for user in users), self.allocation.sudo()]

    def test_nobody_writes(self):
        """Not even superuser, and not one field.

        Seen to fail with ``write`` taken out of the model: superuser could.
        """
        for allocation in self._get_users():
            for vals in ({"reason": "Nicer"}, {"date_out": False}, {"amount_settled": 1}):
                with self.subTest(user=allocation.env.user.login, vals=vals):
                    with self.assertRaises(AccessError):
                        allocation.write(vals)
                    field = next(iter(vals))
                    with self.assertRaises(AccessError):
                        allocation[field] = vals[field]

    def test_nobody_deletes(self):
        """Seen to fail with the guard on deletion taken out: superuser could."""
        for allocation in self._get_users():
            with self.subTest(user=allocation.env.user.login), self.assertRaises(AccessError):
                allocation.unlink()

    def test_nobody_creates(self):
        vals = self.allocation.copy_data()[0]
        for allocation in self._get_users():
            with self.subTest(user=allocation.env.user.login), self.assertRaises(AccessError):
                allocation.create(vals)

    def test_nobody_by_rpc(self):
        """The web client and external programs come in through the same door."""
        for allocation in self._get_users():
            model = allocation.browse().sudo(False)
            calls = (
                ("write", [allocation.ids, {"reason": "Nicer"}]),
                ("unlink", [allocation.ids]),
                ("create", [[{"item_id": self.item.id}]]),
                ("web_save", [allocation.ids, {"reason": "Nicer"}], {"specification": {}}),
            )
            for name, args, *kwargs in calls:
                with (
                    self.subTest(user=allocation.env.user.login, call=name),
                    self.assertRaises(AccessError),
                ):
                    call_kw(model, name, args, kwargs[0] if kwargs else {})

    def test_not_by_way_of_the_open_item(self):
        """One2many commands on the item, and what the engine keeps of it, are closed too."""
        item = self.item.with_user(self.manager)
        for vals in (
            {"allocation_ids": [(1, self.allocation.id, {"reason": "Nicer"})]},
            {"allocation_ids": [(2, self.allocation.id)]},
            {"state": "settled"},
            {"amount_residual": 1},
            {"partner_id": self.manager.partner_id.id},
            {"date_next_letter": "2026-01-01"},
            {"letter_count": 0},
            {"line_id": False},
        ):
            with self.subTest(vals=vals), self.assertRaises(AccessError):
                item.write(vals)
            with self.subTest(vals=vals, user="superuser"), self.assertRaises(AccessError):
                self.item.sudo().write(vals)

    def test_outsiders_see_nothing(self):
        with self.assertRaises(AccessError):
            self.allocation.with_user(self.outsider).read(["name"])
        with self.assertRaises(AccessError):
            self.item.with_user(self.outsider).read(["name"])

    def test_readers_read(self):
        for user in (self.collector, self.approver, self.manager, self.bookkeeper):
            self.assertEqual(self.allocation.with_user(user).name, self.move.name)

    # === What the database enforces === #

    @mute_logger("odoo.sql_db")
    def test_one_open_allocation(self):
        """Seen to fail with the unique index dropped."""
        with self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            self._insert_allocation()
        self._register_payment(self.move)
        self._insert_allocation()  # the one before it has ended

    def _insert_allocation(self):
        self.env.cr.execute(
            """INSERT INTO crm_collection_allocation
                           (item_id, phase_id, company_id, origin, date_in, day_in)
               VALUES (%s, %s, %s, 'automatic', now(), now())""",
            [self.item.id, self.phase_first.id, self.company.id],
        )

    @mute_logger("odoo.sql_db")
    def test_one_open_item_per_journal_item(self):
        with self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            self.env.cr.execute(
                """INSERT INTO crm_collection_item (line_id, company_id, state)
                   VALUES (%s, %s, 'open')""",
                [self.item.line_id.id, self.company.id],
            )

    @mute_logger("odoo.sql_db")
    def test_what_the_history_needs_allocations(self):
        """Items, phases, rules and companies with a history cannot be deleted."""
        for table, record in (
            ("crm_collection_item", self.item),
            ("crm_collection_phase", self.phase_second),
            ("crm_collection_rule", self.rule),
        ):
            with (
                self.subTest(table=table),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(f"DELETE FROM {table} WHERE id = %s", [record.id])
        with self.assertRaises(UserError):
            self.phase_second.with_user(self.manager).unlink()
        with self.assertRaises(UserError):
            self.rule.with_user(self.manager).unlink()

    # === What survives === #

    def test_snapshot_survives_the_journal_item(self):
        """Number, customer's name and amounts are those of the moment, whatever becomes of the
        entry, the customer's name, the step and the letter."""
        expected = {
            "name": self.move.name,
            "partner_name": "Adler GmbH",
            "amount_in": 100,
            "amount_in_currency": 100,
            "days_in": 12,
            "phase_id": self.phase_second.id,
            "rule_id": self.rule.id,
        }
        self.customer.name = "Adler & Sons"
        self.rule.step_ids.filtered(lambda step: step.days == 10).unlink()
        self.move.button_draft()
        self.move.with_context(force_delete=True).unlink()
        self.assertRecordValues(self.allocation, [expected])
        self.assertFalse(self.allocation.step_id)

    def test_archived_phase_and_rule_keep_their_history(self):
        self.phase_second.action_archive()
        self.rule.action_archive()
        self.assertEqual(self.allocation.phase_id.name, "Phase 2")
        self.assertEqual(self.allocation.rule_id.name, "Rule")

    def test_allocations_follow_one_another(self):
        """Whatever happens, an allocation begins when the one before it has ended."""
        self._move_on(18)
        self._allocate()
        self.item.with_user(self.collector)._maintain(self.phase_first, "Softer")
        self._register_payment(self.move)
        self._unmatch(self.move)
        self._allocate()
        allocations = self.item.allocation_ids.sorted("id")
        self.assertEqual(allocations.mapped("reason_out"), ["moved", "moved", "settled", False])
        for before, after in zip(allocations, allocations[1:], strict=False):
            self.assertLessEqual(before.date_out, after.date_in)
            self.assertLessEqual(before.day_out, after.day_in)
        self.assertEqual(
            allocations.mapped("origin"), ["automatic", "automatic", "manual", "automatic"]
        )
        self.assertEqual(allocations[2].user_id, self.collector)
        self.assertEqual(allocations[2].reason, "Softer")
        self.assertEqual(allocations[1].user_out_id, self.collector)
