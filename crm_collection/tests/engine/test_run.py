from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import TODAY
from ..common_engine import COLLECTION_TABLES, CrmCollectionEngineCommon


@tagged("post_install", "-at_install")
class TestRun(CrmCollectionEngineCommon):
    """P5: one bad record never stops a run. The log, and running again."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.moves = cls.env["account.move"].union(*(cls._create_overdue(9) for _i in range(7)))

    def _get_lines(self, kind, **kwargs):
        return self._get_run(**kwargs).line_ids.filtered(lambda line: line.kind == kind)

    # === One bad record === #

    @mute_logger("odoo.sql_db")
    def test_bad_open_item_does_not_stop_the_run(self):
        """GIVEN seven items, one of which the database refuses to insert
        WHEN the job runs
        THEN six are in their phase, the run says which one is not and why, and the next run of
        the day tries again.

        Seen to fail with the slice not written in halves, and with a run that ended with
        exceptions taken as complete.
        """
        bad = self.moves[3]
        self._refuse_updates(
            "crm_collection_item", self._receivables(bad).id, "INSERT", column="line_id"
        )
        self._allocate()
        self._assert_phase(self.moves - bad, self.phase_first)
        self.assertEqual(len(self._items(self.moves)), 6)
        run = self._get_run()
        self.assertRecordValues(
            run, [{"state": "done", "exception_count": 1, "item_new": 6, "item_moved": 6}]
        )
        line = self._get_lines("exception")
        self.assertIn(bad.name, line.message)
        self.assertIn("refused for a test", line.message)
        self.assertEqual(line.partner_id, self.customer)
        self._accept_updates("crm_collection_item")
        self._allocate()
        self._assert_phase(bad, self.phase_first)
        self.assertRecordValues(run, [{"exception_count": 1, "item_new": 7, "execution_count": 2}])

    @mute_logger("odoo.sql_db")
    def test_bad_history_is_kept_on_the_open_item(self):
        """GIVEN an item whose allocation the database refuses to end
        WHEN its day to move on comes
        THEN it stays where it is with the reason on itself, the others move, and when the
        reason is gone the next run moves it and takes the reason away.
        """
        self._allocate()
        bad = self._items(self.moves[3])
        self._refuse_updates("crm_collection_allocation", bad.allocation_ids.id)
        self._move_on(1)
        self._allocate()
        self.assertEqual(bad.phase_id, self.phase_first)
        self.assertIn("refused for a test", bad.exception)
        self._assert_phase(self.moves - bad.move_id, self.phase_second)
        self.assertFalse(any(self._items(self.moves - bad.move_id).mapped("exception")))
        self.assertEqual(self._get_lines("exception").item_id, bad)
        self.assertIn("refused for a test", str(bad.explanation))
        self._accept_updates("crm_collection_allocation")
        self._allocate()
        self.assertRecordValues(bad, [{"phase_id": self.phase_second.id, "exception": False}])

    @mute_logger("odoo.sql_db")
    def test_open_item_that_cannot_be_written_at_all(self):
        """Not even the reason can be kept on it: the run has it."""
        self._allocate()
        bad = self._items(self.moves[3])
        self._refuse_updates("crm_collection_item", bad.id)
        self._move_on(1)
        self._allocate()
        self.assertEqual(bad.phase_id, self.phase_first)
        self.assertFalse(bad.exception)
        self._assert_phase(self.moves - bad.move_id, self.phase_second)
        self.assertEqual(self._get_lines("exception").item_id, bad)
        self.assertEqual(self._get_run().state, "done")

    @mute_logger("odoo.sql_db")
    def test_bad_open_item_does_not_stop_the_sweep(self):
        """GIVEN items that were paid unseen by the hooks, one of which cannot be written
        WHEN the job sweeps
        THEN the others are settled and the rest of the job is done.

        Seen to fail with the sweep written in one statement.
        """
        self._allocate()
        paid, bad = self.moves[:3], self._items(self.moves[1])
        self.env.cr.execute(
            """UPDATE account_move_line SET amount_residual = 0, amount_residual_currency = 0,
                      reconciled = TRUE WHERE id = ANY(%s)""",
            [self._receivables(paid).ids],
        )
        self._refuse_updates("crm_collection_item", bad.id)
        self._move_on(1)
        self._allocate()
        self.assertEqual(self._items(paid - bad.move_id).mapped("state"), ["settled", "settled"])
        self.assertEqual(bad.state, "open")
        self._assert_phase(self.moves - paid, self.phase_second)
        run = self._get_run()
        self.assertEqual((run.item_settled, run.state), (2, "done"))
        self.assertEqual(self._get_lines("exception").item_id, bad)

    @mute_logger("odoo.sql_db")
    def test_two_bad_open_items_in_one_slice(self):
        self._allocate()
        bad = self._items(self.moves[0] | self.moves[6])
        self._refuse_updates("crm_collection_allocation", bad[0].allocation_ids.id)
        self.env.cr.execute(
            """ALTER TRIGGER refuse_for_test ON crm_collection_allocation
               RENAME TO refuse_for_test_too"""
        )
        self._refuse_updates("crm_collection_allocation", bad[1].allocation_ids.id)
        self._move_on(1)
        self._allocate()
        self._assert_phase(bad.move_id, self.phase_first)
        self._assert_phase(self.moves - bad.move_id, self.phase_second)
        self.assertEqual(self._get_run().exception_count, 2)
        self.assertEqual(self._get_run().item_moved, 5)

    @mute_logger("odoo.addons.crm_collection.models.engine.run")
    def test_failing_company_does_not_stop_the_next(self):
        """GIVEN a company whose job fails altogether
        WHEN the job runs
        THEN its run says so, its manager is told once, and the next company is worked on.
        """
        other = self.setup_other_company(name="Other Ltd")["company"]
        engine = self.registry["crm.collection.engine"]
        sweep = engine._sweep

        def fail(model, run):
            if run.company_id == self.company:
                raise ValueError("Out of order")
            return sweep(model, run)

        self.company.collection_manager_id = self.manager
        with patch.object(engine, "_sweep", fail), self.enter_registry_test_mode():
            for _time in range(2):
                self.env.ref(
                    "crm_collection.ir_cron_crm_collection_allocate"
                ).sudo().method_direct_trigger()
        self.env.invalidate_all()
        told = self.env["mail.message"].with_user(self.manager).search([])
        told = told.filtered(lambda message: "Out of order" in message.body)
        self.assertEqual(len(told), 1)
        self.assertIn(f"{self.company.name}: failed", told.subject)
        self.assertFalse(told.email_add_signature, "a job signs nothing")
        self.assertRecordValues(self._get_run(), [{"state": "failed", "message": "Out of order"}])
        self.assertEqual(self._get_run(company=other).state, "done")
        self._allocate_after_failure()
        self._assert_phase(self.moves, self.phase_first)

    @mute_logger(
        "odoo.addons.crm_collection.models.engine.run",
        "odoo.addons.crm_collection.models.engine.run_told",
    )
    def test_telling_fails_too(self):
        """Seen to fail where the telling is not guarded: the run stayed *running*."""
        engine, run = self.registry["crm.collection.engine"], self.registry["crm.collection.run"]

        def fail(*_arguments):
            raise ValueError("Out of order")

        with (
            patch.object(engine, "_sweep", fail),
            patch.object(run, "_tell_manager_once", fail),
            self.enter_registry_test_mode(),
        ):
            self.env.ref(
                "crm_collection.ir_cron_crm_collection_allocate"
            ).sudo().method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(self._get_run().state, "failed")

    def test_company_without_books_is_passed_over(self):
        """GIVEN a company and a branch without any entry
        WHEN the job runs
        THEN their day is done without a plan, and the first entry is seen the same day, also a
        branch's, which is in a journal of its parent's.
        """
        new = self.env(su=True)["res.company"].create(
            [{"name": "Shell"}, {"name": "Branch", "parent_id": self.company.id}]
        )
        self._end_transaction()  # the branch gets its parent's chart of accounts
        self.env.user.company_ids += new
        allowed = {"allowed_company_ids": (self.company | new).ids}
        self.patch(type(self), "env", self.env(context=self.env.context | allowed))
        engine, worked = self.registry["crm.collection.engine"], []
        write_day = engine._write_day

        def note(model, run):
            worked.append(run.company_id)
            return write_day(model, run)

        with patch.object(engine, "_write_day", note):
            self._allocate()
            self.assertIn(self.company, worked)
            self.assertFalse(new & self.env["res.company"].union(*worked))
            self.assertEqual({self._get_run(company=one).state for one in new}, {"done"})
            move = self._create_overdue(9, company_id=new[1].id)
            self._allocate()
        self.assertIn(new[1], worked)
        self.assertNotIn(new[0], worked)
        self._assert_phase(move, self.phase_first)

    def _allocate_after_failure(self):
        self._allocate()
        self.assertRecordValues(self._get_run(), [{"state": "done", "message": False}])

    # === Again === #

    def test_second_run_changes_nothing(self):
        """P6: a second run on the same day writes no row of any table but the log's.

        Seen to fail with items on hold written again in every run.
        """
        self.moves[0].action_toggle_block_payment()
        self.env["crm.collection.hold"].create({"move_id": self.moves[1].id, "reason": "Wait"})
        self._create_overdue(70)
        self._create_entry(12)
        self._allocate()
        self._send_letters()
        before = self._get_versions()
        for _again in range(3):
            self._allocate()
        self.assertEqual(self._get_versions(), before)
        # nor when it has to look, because something else has changed
        self._create_customer("Somebody")
        self._allocate()
        self.assertEqual(self._get_versions(), before)
        self.assertEqual(self._get_run().execution_count, 5)

    def test_second_run_sees_what_changed(self):
        """The same day's next run is not blind: new items, rules, holds and customers."""
        self._allocate()
        late = self._create_overdue(20)
        self._allocate()
        self._assert_phase(late, self.phase_second)
        self.rule.step_ids.filtered(lambda step: step.days == 10).days = 9
        self._allocate()
        self._assert_phase(self.moves, self.phase_second)
        own = self._create_rule({1: self.phase_third}, sequence=2000)
        self.customer.collection_rule_id = own
        self._allocate()
        self._assert_phase(self.moves, self.phase_third)

    def test_new_criteria_are_seen(self):
        """Criteria in relation tables leave no trace in the rule's own row."""
        rule = self._create_rule(
            {1: self.phase_third}, sequence=1, industry_ids=[(4, self._create_industry().id)]
        )
        self._allocate()
        self._assert_phase(self.moves, self.phase_first)
        rule.industry_ids = False
        self._allocate()
        self._assert_phase(self.moves, self.phase_third)

    def _create_industry(self):
        return self.env["res.partner.industry"].create({"name": "Retail"})

    # === The log === #

    def test_counters(self):
        """What the run says it did is what it did."""
        manual = self._create_overdue(70)
        self._allocate()
        self.assertRecordValues(
            self._get_run(),
            [
                {
                    "kind": "allocation",
                    "date": TODAY,
                    "state": "done",
                    "item_new": 8,
                    "item_moved": 8,
                    "item_proposed": 1,
                    "item_settled": 0,
                    "exception_count": 0,
                    "execution_count": 1,
                }
            ],
        )
        self._register_payment(self.moves[0])
        self._move_on(1)
        self._allocate()
        run = self._get_run()
        self.assertRecordValues(run, [{"item_new": 0, "item_moved": 6, "item_proposed": 0}])
        self.assertRecordValues(
            self._get_lines("moved"),
            [
                {
                    "phase_from_id": self.phase_first.id,
                    "phase_id": self.phase_second.id,
                    "count": 6,
                    "amount": 600,
                }
            ],
        )
        self.assertEqual(self._items(manual).proposed_phase_id, self.phase_manual)
        self.assertTrue(run.date_end)

    def test_moves_of_the_day_are_added_up(self):
        self._allocate()
        self._create_overdue(5, amount=50)
        self._allocate()
        self.assertRecordValues(self._get_lines("moved"), [{"count": 8, "amount": 750}])

    def test_what_is_held_back_is_as_it_is_now(self):
        """The reasons are a picture of the end of the last execution, not a sum."""
        hold = self.env["crm.collection.hold"].create(
            {"move_id": self.moves[0].id, "reason": "Wait"}
        )
        self._allocate()
        self._create_overdue(5)
        self._allocate()
        self.assertRecordValues(
            self._get_lines("held"), [{"blocker": "hold", "count": 1, "amount": 100}]
        )
        hold.action_lift("Over")
        self._allocate()
        self.assertFalse(self._get_lines("held"))

    def test_one_log_a_day(self):
        self._allocate()
        self._allocate()
        self._move_on(1)
        self._allocate()
        runs = self.env["crm.collection.run"].search(
            [("company_id", "=", self.company.id), ("kind", "=", "allocation")]
        )
        self.assertEqual(runs.mapped("execution_count"), [1, 2])

    def test_rights(self):
        """Users start the job and read its log; nobody writes it."""
        self._allocate()
        run = self._get_run()
        for user in (self.collector, self.manager, self.bookkeeper):
            with self.assertRaises(AccessError):
                run.with_user(user).write({"item_moved": 0})
            with self.assertRaises(AccessError):
                run.with_user(user).unlink()
            self.assertEqual(run.with_user(user).item_new, 7)
        for user in (self.outsider, self.bookkeeper):
            with self.assertRaises(AccessError):
                run.with_user(user).action_run_now()
        run.with_user(self.collector).action_run_now()
        cron = self.env.ref("crm_collection.ir_cron_crm_collection_allocate")
        self.assertTrue(
            self.env["ir.cron.trigger"].sudo().search_count([("cron_id", "=", cron.id)])
        )

    def test_other_tables_are_looked_at(self):
        """The test of the test: the tables compared above exist and have rows."""
        self._allocate()
        self._send_letters()
        self.env["crm.collection.hold"].create({"move_id": self.moves[1].id, "reason": "Wait"})
        self.assertTrue(all(self._get_versions(COLLECTION_TABLES).values()))

    def test_name_has_the_date_as_the_user_writes_it(self):
        """Seen to fail with the date as the database writes it."""
        self._allocate()
        run = self._get_run()
        self.env["res.lang"].sudo()._activate_lang("pt_BR")
        for lang, day in (("en_US", "03/16/2026"), ("pt_BR", "16/03/2026")):
            with self.subTest(lang=lang):
                self.assertIn(day, run.with_context(lang=lang).display_name)

    # === The letters' turn === #

    def test_letters_wait_for_an_allocation_that_was_asked_for_again(self):
        """GIVEN an allocation of today, and somebody who asked for another one since
        WHEN the letters job comes first
        THEN it waits; the phases of the morning are not those the letters go by.
        """
        Run = self.env["crm.collection.run"].sudo()
        self._allocate()
        self.assertTrue(Run._is_allocated(self.company, TODAY))
        with freeze_time(f"{TODAY} 10:00:00"):
            Run.with_user(self.collector).action_run_now("allocation")
            self.assertFalse(Run._is_allocated(self.company, TODAY))
            self._run_job("ir_cron_crm_collection_letters")
            self.assertEqual(self._get_run(kind="letters").state, "waiting")
            self.assertFalse(self._letters())
        with freeze_time(f"{TODAY} 10:05:00"):
            self._allocate()
            self.assertTrue(Run._is_allocated(self.company, TODAY))
            self._run_job("ir_cron_crm_collection_letters")
        self.assertTrue(self._letters())
