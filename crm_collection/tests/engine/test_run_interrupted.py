from contextlib import suppress
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common_engine import CrmCollectionEngineCommon

SLICES = "odoo.addons.crm_collection.models.engine.slices"
PROMISE = "odoo.addons.crm_collection.models.portfolio.promise"


class Killed(BaseException):
    """What is not caught: the process was killed."""


@tagged("post_install", "-at_install")
class TestRunInterrupted(CrmCollectionEngineCommon):
    """A run that is killed, out of time or not alone: nothing is lost and nothing done twice."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.moves = cls.env["account.move"].union(*(cls._create_overdue(9) for _i in range(7)))

    def _slices_of(self, number):
        """Let the job write so few items at a time."""
        self.startPatcher(patch(f"{SLICES}.SLICE", number))

    # === Interrupted === #

    def test_killed_between_slices(self):
        """GIVEN a job that is killed between two slices
        WHEN it is started again on the same day
        THEN what was written stays, the rest follows, nothing twice, and the log adds up.

        Seen to fail with all slices in one transaction.
        """
        self._slices_of(3)
        self._kill_at(2)
        items = self._items(self.moves)
        self.assertEqual(len(items), 3)
        run = self._get_run()
        self.assertRecordValues(run, [{"state": "running", "item_new": 3, "processed": 3}])
        self._allocate()
        self._assert_whole_run(run, executions=2)

    def _kill_at(self, number):
        """Kill the job when it begins the slice of this number."""
        engine = self.registry["crm.collection.engine"]
        move_slice = engine._move_slice
        calls = []

        def kill(model, run, first, last):
            calls.append(first)
            if len(calls) == number:
                raise Killed
            return move_slice(model, run, first, last)

        # not assertRaises: it would roll back what the job has committed
        with (
            patch.object(engine, "_move_slice", kill),
            self.enter_registry_test_mode(),
            suppress(Killed),
        ):
            self._start_cron()
        self.env.invalidate_all()
        self.assertEqual(len(calls), number)

    def _start_cron(self):
        with self.registry.cursor() as cr:
            self.env(cr=cr, su=True)["crm.collection.run"]._cron_allocate()

    def _assert_whole_run(self, run, executions):
        self._assert_phase(self.moves, self.phase_first)
        self.assertEqual(len(self._items(self.moves)), 7)
        self.assertEqual(len(self._items(self.moves).allocation_ids), 7)
        self.assertRecordValues(
            run,
            [
                {
                    "state": "done",
                    "item_new": 7,
                    "item_moved": 7,
                    "exception_count": 0,
                    "execution_count": executions,
                    "progress": 100,
                }
            ],
        )
        self.assertRecordValues(
            run.line_ids,
            [
                {
                    "kind": "moved",
                    "phase_from_id": False,
                    "phase_id": self.phase_first.id,
                    "count": 7,
                    "amount": 700,
                }
            ],
        )

    def test_time_is_up(self):
        """GIVEN a scheduler that leaves no time
        WHEN it starts the job again and again
        THEN each call gets one slice further, and says that it is to be continued.

        Seen to fail with the time looked at before the first slice: nothing was ever done.
        """
        self._slices_of(3)
        run_model = self.registry["crm.collection.run"]
        commit = run_model._commit

        def no_time(run, processed):
            commit(run, processed)
            return 0

        with patch.object(run_model, "_commit", no_time), self.enter_registry_test_mode():
            for written in (3, 6):
                self._start_cron()
                self.env.invalidate_all()
                self.assertEqual(self._get_run().item_new, written)
                self.assertEqual(self._get_run().state, "interrupted")
            self._start_cron()
        self.env.invalidate_all()
        self._assert_whole_run(self._get_run(), executions=3)

    def test_slices_are_exact(self):
        """As many items as slices hold: no slice without an item, and none too few."""
        engine = self.registry["crm.collection.engine"]
        move_slice, slices = engine._move_slice, []

        def note(model, run, first, last):
            slices.append((first, last))
            return move_slice(model, run, first, last)

        for size, expected in ((7, [(1, 7)]), (4, [(1, 4), (5, 7)]), (1, [(1, 1)])):
            with (
                self.subTest(size=size),
                patch(f"{SLICES}.SLICE", size),
                patch.object(engine, "_move_slice", note),
            ):
                self._allocate()
                self.assertEqual(slices, expected)
            slices.clear()
            if size == 7:
                self._move_on(1)
            else:
                self._create_overdue(5)
        self.assertFalse(self._count_triggers(), "nothing was left to come back for")

    def _count_triggers(self):
        cron = self.env.ref("crm_collection.ir_cron_crm_collection_allocate")
        return self.env["ir.cron.trigger"].sudo().search_count([("cron_id", "=", cron.id)])

    def test_scheduler_goes_on_by_itself(self):
        """The scheduler calls the job until nothing is left: the job tells it how much is."""
        self._slices_of(2)
        progress = []
        cron_model, run_model = self.registry["ir.cron"], self.registry["crm.collection.run"]
        commit, commit_progress = run_model._commit, cron_model._commit_progress

        def no_time(run, processed):
            commit(run, processed)
            return 0

        def watched(cron, processed=0, *, remaining=None, **kwargs):
            progress.append(remaining)
            return commit_progress(cron, processed, remaining=remaining, **kwargs)

        with (
            patch.object(run_model, "_commit", no_time),
            patch.object(cron_model, "_commit_progress", watched),
        ):
            self._allocate()
        self._assert_whole_run(self._get_run(), executions=4)
        self.assertEqual(progress[-1], 0)
        self.assertTrue(any(progress))

    def test_late_call_leaves_the_job_to_the_next_one(self):
        """GIVEN a scheduler that calls the job again when its time has long been up
        WHEN it does
        THEN nothing is decided anew: the scheduler is told that there is more, and comes back.
        """
        progress = []

        def watched(cron, processed=0, *, remaining=None, **kwargs):
            progress.append((processed, remaining))

        with (
            patch.object(self.registry["ir.cron"], "_commit_progress", watched),
            patch.object(self.registry["crm.collection.run"], "_run_company") as run_company,
        ):
            self.env["crm.collection.run"].with_context(cron_end_time=0)._cron_allocate()
        run_company.assert_not_called()
        companies = self.env["crm.collection.run"]._get_companies()
        self.assertEqual(progress, [(0, len(companies))])

    def test_slice_that_costs_the_job_its_process(self):
        """GIVEN items that take so long that a slice of them does not come to its end
        WHEN the job is started again
        THEN its slices are smaller, and it gets further.
        """
        engine = self.registry["crm.collection.engine"]
        move_slice = engine._move_slice

        def kill(model, run, first, last):
            if last - first > 1:
                raise Killed
            return move_slice(model, run, first, last)

        with patch.object(engine, "_move_slice", kill):
            for _time in range(2):
                with self.enter_registry_test_mode(), suppress(Killed):
                    self._start_cron()
        self.env.invalidate_all()
        self.assertTrue(self._items(self.moves))
        self._allocate()
        self._assert_phase(self.moves, self.phase_first)

    def test_killed_between_holds(self):
        """Holds that are over are ended in pieces: what was ended stays so."""
        self._allocate()
        holds = self.env["crm.collection.hold"].create(
            [
                {"move_id": move.id, "reason": "Wait", "date_until": self._day(0)}
                for move in self.moves
            ]
        )
        self._move_on(1)
        model = self.registry["crm.collection.hold"]
        close, closed = model._close, []

        def kill(records, state, **vals):
            if closed:
                raise Killed
            closed.append(records.ids)
            return close(records, state, **vals)

        with (
            patch(f"{PROMISE}.HOLDS_PER_BATCH", 2),
            patch.object(model, "_close", kill),
            self.enter_registry_test_mode(),
            suppress(Killed),
        ):
            self._start_cron()
        self.env.invalidate_all()
        self.assertEqual(holds.mapped("state").count("ended"), 2)

    def test_killed_yesterday(self):
        """A log that was left running by a killed job does not say so for ever, nor that it is to
        be continued: today's run has taken over what it left.

        Seen to fail: it stayed "To be continued", whatever the runs after it did.
        """
        self._slices_of(3)
        self._kill_at(2)
        killed = self._get_run()
        self.assertEqual(killed.state, "running")
        self._move_on(1)
        self._allocate()
        self.assertEqual(killed.state, "continued")
        self.assertEqual(self._get_run().state, "done")
        self.assertEqual(len(self._items(self.moves)), 7)

    # === Contention === #

    def test_serialization_failure_is_retried(self):
        """GIVEN a slice another transaction gets in the way of, twice
        WHEN it is tried again
        THEN it is written whole, once, and the log adds up.

        Seen to fail with all slices in one transaction: the first was lost with the second.
        """
        self._slices_of(3)
        with self._failing(times=2, slice_number=2):
            self._allocate()
        self._assert_whole_run(self._get_run(), executions=1)

    @mute_logger("odoo.sql_db")
    def test_retry_after_a_bad_open_item(self):
        """GIVEN a slice that is written in halves because of a bad item
        WHEN the second half meets another transaction
        THEN the first half is written again too: the new transaction has nothing of it.

        Seen to fail with the second half alone tried again.
        """
        bad = self.moves[0]
        self._refuse_updates(
            "crm_collection_item", self._receivables(bad).id, "INSERT", column="line_id"
        )
        good = self._receivables(self.moves - bad).ids
        with self._failing(times=1, at=lambda first, last: first > 3 and good):
            self._allocate()
        self._assert_phase(self.moves - bad, self.phase_first)
        self.assertEqual(len(self._items(self.moves)), 6)
        run = self._get_run()
        self.assertEqual((run.item_new, run.exception_count), (6, 1))

    @mute_logger("odoo.addons.crm_collection.models.engine.run")
    def test_contention_that_does_not_end(self):
        """Given up after some tries: the run says so, and what was written before allocations.

        Seen to fail with the failure taken for a bad record.
        """
        self._slices_of(3)
        with self._failing(times=100, slice_number=2), self.enter_registry_test_mode():
            self._start_cron()
        self.env.invalidate_all()
        run = self._get_run()
        self.assertEqual((run.state, run.item_new), ("failed", 3))
        self._allocate()
        self.assertRecordValues(run, [{"state": "done", "message": False}])
        self.assertEqual(len(self._items(self.moves)), 7)

    def _failing(self, times, slice_number=None, at=None):
        """Let writing a slice fail as it does when another transaction was faster."""
        engine = self.registry["crm.collection.engine"]
        move_slice = engine._move_slice
        failures = []

        def fail(model, run, first, last):
            counts = move_slice(model, run, first, last)
            hit = at(first, last) if at else first == 3 * (slice_number - 1) + 1
            if hit and len(failures) < times:
                failures.append(first)
                raise self._serialization_failure()
            return counts

        return patch.object(engine, "_move_slice", fail)

    def _serialization_failure(self):
        class Failure(SerializationFailure):
            pgcode = "40001"

        return Failure("could not serialize access")

    def test_changed_meanwhile(self):
        """GIVEN a plan
        WHEN items are held, moved, paid or given more time before their slice is written
        THEN they are left as they are, and the next run of the day looks at them again.

        Seen to fail with the plan's word taken for what was held and given time meanwhile.
        """
        new_held, new_later, new_paid = self.moves[4:]
        (new_held | new_later | new_paid).button_draft()
        self._allocate()
        self._move_on(1)
        (new_held | new_later | new_paid).action_post()
        held, moved, paid, later = self.moves[:4]
        engine = self.registry["crm.collection.engine"]
        write_slices = engine._write_slices

        def change(model, run, total, write, query_open_item):
            if write.__name__ == "_move_slice" and run.company_id == self.company:
                env = self.env
                env["crm.collection.hold"].create(
                    [{"move_id": move.id, "reason": "Wait"} for move in held | new_held]
                )
                self._items(moved)._maintain(self.phase_third, "By hand")
                self._register_payment(paid | new_paid)
                (later | new_later).invoice_date_due = self._day(30)
                env.flush_all()
                model.env.invalidate_all()
            return write_slices(model, run, total, write, query_open_item)

        with patch.object(engine, "_write_slices", change):
            self._allocate()
        self._assert_phase(held, self.phase_first)
        self._assert_phase(moved, self.phase_third)
        self._assert_phase(later, self.no_phase)
        self.assertFalse(self._items(new_held | new_later | new_paid).phase_id)
        self.assertEqual(self._items(paid).state, "settled")
        self._allocate()
        self.assertEqual(self._items(held | new_held).mapped("blocker"), ["hold", "hold"])
        self._assert_phase(moved, self.phase_third)
