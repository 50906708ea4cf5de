from collections import deque
from contextlib import suppress
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2.errors import CheckViolation, SerializationFailure

from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from ...tools import pace
from ..common_letters import CrmCollectionLettersCommon

DUE = "odoo.addons.crm_collection.models.letters.due"


class Killed(BaseException):
    """What is not caught: the process was killed."""


@tagged("post_install", "-at_install")
class TestPace(BaseCase):
    @settings(max_examples=60, deadline=None)
    @given(
        total=st.integers(0, 300),
        first=st.integers(1, 50),
        most=st.integers(1, 80),
        cost=st.lists(st.floats(0, 10), min_size=300, max_size=300),
    )
    def test_pieces_are_of_a_few_seconds(self, total, first, most, cost):
        """Whatever each one costs: everybody has his turn, once and in order; a piece is as large
        as the one before it says that fits, and no larger than it may be."""
        now, taken, last = [0.0], [], None
        with patch.object(pace.time, "monotonic", lambda: now[0]):
            batches, speed = deque([range(total)] if total else ()), pace.Pace(first, most)
            while batches:
                piece = speed.take(batches)
                taken += piece
                self.assertTrue(1 <= len(piece) <= most)
                if last:
                    fits = max(1, last[0] * pace.SECONDS / max(last[1], 0.001))
                    self.assertLessEqual(len(piece), fits + 0.001)
                    self.assertLessEqual(len(piece), last[2] * pace.GROWTH)
                last = len(piece), sum(cost[one] for one in piece), speed.size
                now[0] += last[1]
                speed.measure(len(piece))
        self.assertEqual(taken, list(range(total)))


@tagged("post_install", "-at_install")
class TestLetterPieces(CrmCollectionLettersCommon):
    """The letters job works in pieces of a few seconds; what is done stays, and no letter stands
    in the way of the others."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partners = cls.env["res.partner"].union(
            *(cls._create_customer(f"Many{number}") for number in range(7))
        )
        for partner in cls.partners:
            cls._create_overdue(5, partner=partner)

    def setUp(self):
        super().setUp()
        self._allocate()
        self._record_allocation()

    def _all_letters(self):
        domain = [("partner_id", "in", self.partners.ids)]
        return self.env["crm.collection.letter"].search(domain, order="partner_id")

    def _start_job(self):
        with self.enter_registry_test_mode(), suppress(Killed), self.registry.cursor() as cr:
            self.env(cr=cr, su=True)["crm.collection.run"]._cron_letters()
        self.env.invalidate_all()

    def test_letter_that_costs_the_job_its_process(self):
        """GIVEN a letter whose text kills the process
        WHEN the job is started again and again
        THEN all the others leave, and it is set apart, on somebody's list.
        """
        letters = self.registry["crm.collection.letter"]
        queue, bad = letters._queue, self.partners[1]

        def kill(todo, template):
            if bad in todo.partner_id:
                raise Killed
            return queue(todo, template)

        with patch.object(letters, "_queue", kill):
            for _time in range(4):
                self._start_job()
        self.assertEqual(self._all_letters().mapped("state").count("outgoing"), 6)
        bad_letter = self._all_letters().filtered(lambda letter: letter.partner_id == bad)
        self.assertRecordValues(bad_letter, [{"state": "failed", "will_retry": False}])
        self.assertTrue(self._problems(bad_letter))
        bad_letter.with_user(self.collector).action_retry()
        self.assertRecordValues(bad_letter, [{"state": "outgoing", "kills": 0}])

    def test_no_time_left(self):
        """One piece and no more, whatever there is to do; the next call goes on."""
        run_model = self.registry["crm.collection.run"]
        commit = run_model._commit

        def no_time(run, processed):
            commit(run, processed)
            return 0 if processed else 1

        with patch.object(run_model, "_commit", no_time):
            self._start_job()  # decides
            self.assertEqual(self._all_letters().mapped("state"), ["to_send"] * 7)
            for done in (5, 7):
                self._start_job()
                self.assertEqual(self._all_letters().mapped("state").count("outgoing"), done)

    @mute_logger("odoo.sql_db")
    def test_what_is_counted_is_written(self):
        """GIVEN a customer whose letter the database refuses, and another transaction in the way
        of one of the halves
        WHEN letters are decided
        THEN all but that one are written, and as many are counted.
        """
        letters = self.registry["crm.collection.letter"]
        create, conflicts = letters._create_batch, []
        bad, late = self.partners[0].id, self.partners[6].id

        def fail(model, company, today, partner_ids, *args):
            result = create(model, company, today, partner_ids, *args)
            if bad in partner_ids:
                raise self._error(CheckViolation, "23514")
            if late in partner_ids and len(conflicts) < 3:
                conflicts.append(partner_ids)
                raise self._error(SerializationFailure, "40001")
            return result

        with patch.object(letters, "_create_batch", fail):
            self._start_job()
        self.assertEqual(len(self._all_letters()), 6)
        run = self.env["crm.collection.run"].search([("kind", "=", "letters")], limit=1)
        self.assertEqual((run.letter_count, run.exception_count), (6, 1))

    def _error(self, base, code):
        return type(base.__name__, (base,), {"pgcode": code})("for a test")
