import re
from contextlib import contextmanager
from unittest.mock import patch

from odoo.fields import Command
from odoo.sql_db import Cursor
from odoo.tests import tagged

from ..common_engine import CrmCollectionEngineCommon

OWN = re.compile(r"crm_collection_(item|allocation|settlement|hold)\b")


@tagged("post_install", "-at_install")
class TestQueryCount(CrmCollectionEngineCommon):
    """P6: the number of statements does not grow with the number of items."""

    def _create_many(self, number, days):
        """Items of many customers, due so many days ago: one entry, which is made quickly."""
        partners = self.env["res.partner"].create(
            [
                {"name": f"Customer {index}", "email": f"c{index}@customer.example"}
                for index in range(max(number // 4, 1))
            ]
        )
        receivable = self.company_data["default_account_receivable"]
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": self._day(-days),
                "line_ids": [
                    Command.create(
                        {
                            "account_id": receivable.id,
                            "partner_id": partners[index % len(partners)].id,
                            "debit": 100,
                            "date_maturity": self._day(-days),
                            "no_followup": False,
                        }
                    )
                    for index in range(number)
                ]
                + [
                    Command.create(
                        {
                            "account_id": self.company_data["default_account_revenue"].id,
                            "credit": 100 * number,
                        }
                    )
                ],
            }
        )
        move.action_post()
        return move

    def _count_run(self, new=0, moved=0):
        """Statements of a run, which has to do what is expected of it."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self._get_run()
        counts = (before.item_new, before.item_moved)
        start = self.env.cr.sql_log_count
        self._allocate()
        statements = self.env.cr.sql_log_count - start
        after = self._get_run()
        self.assertEqual((after.item_new - counts[0], after.item_moved - counts[1]), (new, moved))
        return statements

    def test_statements_of_a_run(self):
        """A first run, the next day's and a second run of the day: 10 open items and 200 alike.

        Seen to fail with the slice written item by item.
        """
        counts = []
        for number in (10, 200):
            with self.subTest(number=number):
                self._create_many(number, days=9)
                self._allocate()  # whatever the run itself needs once
                moves = self._create_many(number, days=9)
                first = self._count_run(new=number, moved=number)
                second = self._count_run()
                self._register_payment_by_sql(moves)
                third = self._count_run()
                counts.append((first, second, third))
                self._end_all()
        self.assertEqual(counts[0], counts[1])
        self.assertLess(counts[0][1], counts[0][0] / 2)

    def _register_payment_by_sql(self, moves):
        """All paid, unseen by the hooks: the sweep's work."""
        self.env.cr.execute(
            """UPDATE account_move_line SET amount_residual = 0, amount_residual_currency = 0,
                      reconciled = TRUE WHERE id = ANY(%s)""",
            [self._receivables(moves).ids],
        )
        self.env.cr.execute(
            "UPDATE account_move SET write_date = write_date + interval '1 h' WHERE id = ANY(%s)",
            [moves.ids],
        )
        self.env.invalidate_all()

    def _end_all(self):
        """Out of the way of the next measurement."""
        moves = self.env["crm.collection.item"].search([("state", "=", "open")]).move_id
        self._register_payment_by_sql(moves)
        self._allocate()

    def test_statements_of_the_next_day(self):
        """All items move on a phase: 10 and 200 alike."""
        counts = []
        for number, day in ((10, 1), (200, 2)):
            self._create_many(number, days=10 - day)
            self._allocate()
            self._move_on(1)
            counts.append(self._count_run(moved=number))
            self._end_all()
        self.assertEqual(counts[0], counts[1])

    def test_statements_of_the_hooks(self):
        """Matching many items brings them up to date with as many statements as few."""
        Item = self.env["crm.collection.item"]
        few, many = self._create_many(10, days=12), self._create_many(200, days=12)
        self._allocate()
        counts = []
        for moves in (few, many):
            self._register_payment_by_sql(moves)
            start = self.env.cr.sql_log_count
            Item._sync_lines(self._receivables(moves))
            counts.append(self.env.cr.sql_log_count - start)
            self.assertEqual(set(self._items(moves).mapped("state")), {"settled"})
        self.assertEqual(counts[0], counts[1])

    def test_statements_in_accounting(self):
        """GIVEN items in collection
        WHEN an invoice is created, posted, paid, unmatched and reset that never was
        THEN nothing is asked of this module's tables until it is paid, and then each time once
        what items there are.

        Seen to fail with a look for items at all in each of these, and with drafts looked up.
        """
        self._create_many(3, days=12)
        self._allocate()
        asked = {}
        with self._count_own(asked, "create"):
            move = self._create_draft()
        with self._count_own(asked, "post"):
            move.action_post()
        with self._count_own(asked, "pay"):
            self._register_payment(move, 100)
        lines = self._receivables(move)
        self.assertTrue(lines.reconciled)
        with self._count_own(asked, "unmatch"):
            lines.remove_move_reconcile()
        with self._count_own(asked, "reset"):
            move.button_draft()
        self.assertEqual(asked, {"create": 0, "post": 0, "pay": 1, "unmatch": 1, "reset": 1})

    def _create_draft(self):
        return self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "invoice_date": self._day(0),
                "invoice_date_due": self._day(20),
                "invoice_line_ids": [
                    Command.create({"name": "Service", "price_unit": 100, "tax_ids": []})
                ],
            }
        )

    @contextmanager
    def _count_own(self, asked, what):
        """Count the statements about items and what became of them."""
        statements, execute = [], Cursor.execute

        def note(cursor, query, *args, **kwargs):
            statements.append(str(getattr(query, "code", query)))
            return execute(cursor, query, *args, **kwargs)

        self.env.flush_all()
        with patch.object(Cursor, "execute", note):
            yield
            self.env.flush_all()
        asked[what] = sum(map(bool, map(OWN.search, statements)))

    def test_statements_of_maintenance(self):
        """A person moves 200 open items with as many statements as 10."""
        few, many = self._create_many(10, days=12), self._create_many(200, days=12)
        self._allocate()
        counts = []
        for moves in (few, many):
            items = self._items(moves).with_user(self.collector)
            items.read(["state", "phase_id"])
            start = self.env.cr.sql_log_count
            result = items._maintain(self.phase_third, "All")
            counts.append(self.env.cr.sql_log_count - start)
            self.assertEqual(len(result["done"]), len(items))
        # what is prefetched in batches may take a few more
        self.assertLessEqual(counts[1], counts[0] + 5)

    def test_statements_of_a_simulation(self):
        """Who gets a letter, by which channel and when, of 10 and of 60 customers: alike.

        Seen to fail with letters that are asked one by one where they go, and with the addresses
        of a contact looked up in the blacklist by themselves.
        """
        self.company.write({"collection_second_channel": "post", "collection_send_to": 9})
        self.company.collection_letters_workday = True
        counts = []
        for number in (10, 60):
            moves = self._create_many(number * 4, days=9)
            partners = moves.line_ids.partner_id
            partners[::2].email = "one@customer.example; two@customer.example"
            partners[::3].email = False
            self.env["res.partner"].create(
                [{"name": "Clerk", "parent_id": one.id, "type": "invoice"} for one in partners[::4]]
            )
            engine = self.env["crm.collection.engine"]
            day = self._day(1)
            engine._simulate(self.company, day)
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            result = engine._simulate(self.company, day)
            counts.append(self.env.cr.sql_log_count - start)
            self.assertGreaterEqual(len(result["letters"]), number)
        self.assertEqual(*counts)
