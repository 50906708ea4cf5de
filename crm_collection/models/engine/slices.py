import logging
from collections import Counter
from datetime import timedelta

import psycopg2

from odoo import fields, models

from ...tools.retry import MAX_TRIES, RETRIED
from . import apply_queries

_logger = logging.getLogger(__name__)

# Items per transaction: long enough to be set-based, short enough to lose little and lock little.
SLICE = 10000
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
        run._set_total(total)
        run._commit(0)
        done = apart = 0
        for first in range(1, total + 1, SLICE):
            last = min(first + SLICE - 1, total)
            counts = self._write_again(run, write, query_open_item, first, last)
            done += counts.pop("done", 0)
            apart += counts.pop("apart", 0)
            run._add(**counts)
            if not run._commit(last - first + 1) and last < total:
                return None
        if done + apart < total:
            self._come_back()
        return done == total

    def _come_back(self):
        """Items somebody else was writing to were left out: they do not wait for tomorrow."""
        job = self.env.ref(
            "crm_collection.ir_cron_crm_collection_allocate", raise_if_not_found=False
        )
        if job:
            job.sudo()._trigger(fields.Datetime.now() + COME_BACK_AFTER)

    def _write_again(self, run, write, query_open_item, first, last):
        """Write a slice, on a new snapshot when another transaction got there first."""
        for attempt in range(1, MAX_TRIES + 1):
            try:
                return self._write_safely(run, write, query_open_item, first, last)
            except psycopg2.Error as error:
                if error.pgcode not in RETRIED or attempt == MAX_TRIES:
                    raise
                # all that was written since the last commit is this very slice
                self.env.cr.rollback()
                self.env.invalidate_all(flush=False)
        return Counter()

    def _write_safely(self, run, write, query_open_item, first, last):
        """Write a slice; one record the database refuses is set apart, the rest goes on."""
        try:
            with self.env.cr.savepoint():
                return write(run, first, last)
        except psycopg2.Error as error:
            # without a code it is the connection that is gone
            if not error.pgcode or error.pgcode in RETRIED:
                raise
            if first == last:
                self._set_apart(run, query_open_item(first), error)
                return Counter(apart=1)
        middle = (first + last) // 2
        return self._write_safely(run, write, query_open_item, first, middle) + self._write_safely(
            run, write, query_open_item, middle + 1, last
        )

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
