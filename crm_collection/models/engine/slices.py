import logging
from collections import Counter, deque
from datetime import timedelta

import psycopg2

from odoo import fields, models

from ...tools.pace import Pace, put_back_halves
from ...tools.retry import RETRIED, in_transaction
from . import apply_queries

_logger = logging.getLogger(__name__)

# Items per transaction: long enough to be set-based, short enough to lose little and lock little.
SLICE = 10000
FIRST_SLICE = 1000  # how long a slice takes is known after the first
SHRINK = 8  # after a slice that cost the job its process
COME_BACK_AFTER = timedelta(minutes=5)


class CrmCollectionEngine(models.AbstractModel):
    """Writing in slices, each its own transaction: one bad record never stops a run."""

    _inherit = "crm.collection.engine"

    def _write_slices(self, run, total, write, query_open_item):
        """Write items numbered from 1 to ``total``; commits after each slice.

        At least one slice is written however late it is, so that every call gets further.

        :param write: ``write(run, first, last)`` giving a Counter of the run's counters and
            ``done``, the number of items that were written; ``apart`` are those refused
        :param query_open_item: SQL of (item, customer, name) by number
        :return: whether all was done; false where items were left for the next run, ``None``
            when time is up
        """
        if not total:
            return True
        numbers, counts = deque([range(1, total + 1)]), Counter()
        step = write.__name__
        pace = self._get_pace(run, step, total)
        run.write({"to_process": total, "processed": 0, "at_work": f"{step}:{pace.size}"})
        run._commit(0)  # the table of what there is to write outlives a slice that begins anew
        while numbers:
            run._note_work(f"{step}:{pace.size}")
            piece = pace.take(numbers)
            written = self._write_safely(run, write, query_open_item, piece)
            if written is None:
                put_back_halves(numbers, piece)
                continue
            counts += written
            pace.measure(len(piece))
            run.at_work = f"{step}:{pace.size}" if numbers else False
            if not run._commit(len(piece)) and numbers:
                run._note_work(None)
                return None
        run._note_work(None)
        if counts["done"] + counts["apart"] < total:
            self._come_back(run.company_id)
        return counts["done"] == total

    def _get_pace(self, run, step, total):
        """:return: how many items to begin with; a slice that the last job did not survive was
        too large"""
        before, _colon, size = (run.at_work or "").partition(":")
        first = max(int(size) // SHRINK, 1) if before == step else FIRST_SLICE
        return Pace(min(first, total), SLICE)

    def _come_back(self, company):
        """Items somebody else was writing to were left out: they do not wait for tomorrow."""
        at = fields.Datetime.now() + COME_BACK_AFTER
        self.env["crm.collection.run"]._ask("allocation", company, at)

    def _write_safely(self, run, write, query_open_item, piece):
        """Write a slice in a transaction of its own, again on a new snapshot where another one
        got there first; a record the database refuses is set apart.

        :param range piece: the numbers of its items
        :return: Counter of ``done`` and ``apart``; ``None`` where it has to be written in halves
        """
        first, last = piece[0], piece[-1]
        try:
            return in_transaction(self.env, self._write_counted, run, write, first, last)
        except psycopg2.Error as error:
            # without a code it is the connection that is gone
            if not error.pgcode or error.pgcode in RETRIED:
                raise
            if len(piece) > 1:
                return None
            in_transaction(self.env, self._set_apart, run, query_open_item(first), error)
        return Counter(apart=1)

    def _write_counted(self, run, write, first, last):
        """Write a slice, and count it where it is written."""
        counts = write(run, first, last)
        result = Counter(done=counts.pop("done", 0), apart=counts.pop("apart", 0))
        run._add(**counts)
        return result

    def _set_apart(self, run, query_open_item, error):
        """Keep the reason on the item and on the run; the next run tries again."""
        message = " ".join(str(error).split())
        item_id, partner_id, name = self.env.execute_query(query_open_item)[0]
        _logger.info("Item %s was set apart: %s", name, message)
        if item_id:
            self._set_exception(item_id, message[:500])
        run._log_exception(f"{name}: {message}", item_id, partner_id)

    def _set_exception(self, item_id, message):
        try:
            with self.env.cr.savepoint():
                self.env.cr.execute(
                    apply_queries.set_exception(item_id, message), log_exceptions=False
                )
        except psycopg2.Error as error:
            if not error.pgcode or error.pgcode in RETRIED:
                raise
            # the item cannot be written at all: the run has the reason
        self.env["crm.collection.item"].invalidate_model(["exception"], flush=False)
