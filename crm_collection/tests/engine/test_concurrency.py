from unittest.mock import patch

import psycopg2

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common_concurrency import NUMBER, RUN, ConcurrencyCommon


@tagged("post_install", "-at_install")
class TestConcurrency(ConcurrencyCommon):
    """Jobs and bookkeepers at the same time."""

    @mute_logger("odoo.sql_db")
    def test_two_jobs_at_once(self):
        """P2: two jobs at once end as one does: one works, the other leaves it alone.

        Seen to fail without the lock: one of the two fails on the log they both write.
        """
        with self.assertNoLogs(RUN, "ERROR"):
            self._in_threads(self._run_job, self._run_job)
        self.assertEqual(self._get_counts(), (NUMBER, NUMBER, 0, NUMBER, NUMBER))
        self.assertEqual(self._get_runs(), [("done", NUMBER, NUMBER, 0)])
        self._let_all_move()
        with self.assertNoLogs(RUN, "ERROR"):
            self._in_threads(self._run_job, self._run_job, self._run_job)
        self.assertEqual(self._get_counts(), (NUMBER, 0, NUMBER, 2 * NUMBER, NUMBER))

    @mute_logger("odoo.sql_db")
    def test_two_engines_at_once(self):
        """P2: without any lock between them the database sees to it: every item is entered
        once, every conflict is tried again, and together they did what one would have done.

        Seen to fail with a serialization failure taken for a bad record: items were set apart.
        """
        kinds = ("allocation", "letters")
        engines = [lambda cr, kind=kind: self._run_engine(cr, kind) for kind in kinds]
        self._in_threads(*engines)
        self.assertEqual(self._get_counts(), (NUMBER, NUMBER, 0, NUMBER, NUMBER))
        self._assert_shared(NUMBER, moved=NUMBER)
        self._let_all_move()
        self._in_threads(*engines)
        self.assertEqual(self._get_counts(), (NUMBER, 0, NUMBER, 2 * NUMBER, NUMBER))
        self._assert_shared(NUMBER, moved=2 * NUMBER)

    def _assert_shared(self, new, moved):
        runs = self._get_runs()
        self.assertEqual({run[0] for run in runs}, {"done"})
        self.assertEqual(sum(run[1] for run in runs), new)
        self.assertEqual(sum(run[2] for run in runs), moved)
        self.assertEqual(sum(run[3] for run in runs), 0)

    def test_open_items_somebody_works_on(self):
        """GIVEN a person whose transaction has written to an item and is not committed
        WHEN the job runs
        THEN it neither waits nor fails: that item is left for another run, which does not wait
        for tomorrow.

        Seen to fail with SKIP LOCKED taken out: the job waits for the person.
        """
        self._in_threads(self._run_job)
        self._let_all_move()
        with self.registry.cursor() as person:
            person.execute(
                """SELECT id FROM crm_collection_item WHERE move_id = %s ORDER BY id LIMIT 1
                   FOR NO KEY UPDATE""",
                [self.move_id],
            )
            self._in_threads(self._run_job)
            self.assertEqual(self._get_counts()[1:3], (1, NUMBER - 1))
            self.assertEqual(self._count_triggers(), 1)
            person.rollback()
        self._in_threads(self._run_job)
        self.assertEqual(self._get_counts()[1:3], (0, NUMBER))
        self.assertEqual(self._count_triggers(), 1)

    def _count_triggers(self):
        """How often the job is to start beside its schedule."""
        return self._fetch(
            "SELECT COUNT(*) FROM ir_cron_trigger WHERE id > %s", self.newest["ir_cron_trigger"]
        )[0][0]

    @mute_logger("odoo.sql_db", RUN)
    def test_connection_lost(self):
        """GIVEN a job whose connection is cut between two slices, as when it is killed
        WHEN it is started again
        THEN what was committed stays, the lock is gone, and the rest follows.

        Seen to fail with all slices in one transaction.
        """
        engine = self.registry["crm.collection.engine"]
        move_slice, calls = engine._move_slice, []

        def cut(model, run, first, last):
            calls.append(first)
            if len(calls) == 3:
                model.env.cr.execute("SELECT pg_backend_pid()")
                self._fetch("SELECT pg_terminate_backend(%s)", model.env.cr.fetchone()[0])
            return move_slice(model, run, first, last)

        with patch.object(engine, "_move_slice", cut), self.assertRaises(psycopg2.Error):
            self._in_threads(self._run_job)
        self.assertEqual(self._get_counts(), (10, 10, 0, 10, 10))
        self.assertEqual(self._get_runs(), [("running", 10, 10, 0)])
        self._in_threads(self._run_job)
        self.assertEqual(self._get_counts(), (NUMBER, NUMBER, 0, NUMBER, NUMBER))
        self.assertEqual(self._get_runs(), [("done", NUMBER, NUMBER, 0)])

    def test_bookkeeper_pays_while_the_job_runs(self):
        """GIVEN a job in the middle of its slices
        WHEN payments of items it has not come to yet are committed
        THEN those items are settled, not moved, and the job ends well.
        """
        self._in_threads(self._run_job)
        self._let_all_move()
        engine = self.registry["crm.collection.engine"]
        move_slice, paid = engine._move_slice, []

        def pay(model, run, first, last):
            if first == 11:
                paid.extend(self._pay_last())
            return move_slice(model, run, first, last)

        with patch.object(engine, "_move_slice", pay):
            self._in_threads(self._run_job)
        rows = self._fetch(
            "SELECT state, phase_id FROM crm_collection_item WHERE id = ANY(%s)", paid
        )
        self.assertEqual(rows, [("settled", None)] * 2)
        self.assertEqual(self._get_counts()[1:3], (0, NUMBER - 2))
        self.assertEqual(self._get_runs()[0][0], "done")
