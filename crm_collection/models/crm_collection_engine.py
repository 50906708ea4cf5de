import logging

import psycopg2
from psycopg2.errorcodes import DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE, SERIALIZATION_FAILURE

from odoo import api, models
from odoo.fields import Domain

from ..sql import apply, simulate, sync
from ..sql import plan as plan_sql

_logger = logging.getLogger(__name__)

# Titles per transaction: long enough to be set-based, short enough to lose little and lock little.
SLICE = 10000
# Another transaction got there first: the same slice is tried again on a new snapshot.
RETRIED = (DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE, SERIALIZATION_FAILURE)
MAX_TRIES = 3


class CrmCollectionEngine(models.AbstractModel):
    """Allocation: decides by one statement, writes in slices, each its own transaction.

    Killed between two slices it loses nothing: what was written is no longer in the next plan.
    """

    _name = "crm.collection.engine"
    _description = "Collection Engine"

    # === Deciding === #

    @api.model
    def _get_rules(self, company):
        """:return: the company's rules, first match first."""
        return (
            self.env["crm.collection.rule"]
            .sudo()  # jobs and simulations see every rule that is in force for the company
            .search(Domain("company_id", "in", [False, company.id]))
        )

    @api.model
    def _query_plan(self, company, today, changed_only=True):
        """:return: SQL of the allocation plan of ``company`` on ``today`` (see ``sql.plan``)."""
        rules = self._get_rules(company)
        partners = self.env["res.partner"].sudo().with_context(active_test=False)
        horizon = max([0, *(-days for days in rules.step_ids.mapped("days"))])
        return plan_sql.plan(
            company.id, today, partners.with_company(company), rules, horizon, changed_only
        )

    # === Allocating === #

    def _allocate(self, run):
        """Sweep, plan and write one company's titles; commits between the slices.

        :param run: the run that keeps the log
        :return: whether everything was done (false: time is up, the next call goes on)
        """
        company, today = run.company_id, run.date
        self.env["crm.collection.hold"]._update_states(company, today)
        self.env.flush_all()
        fingerprint = self._get_fingerprint(company, today)
        if fingerprint == run.fingerprint and not self._has_changed_items(company):
            return True
        self._sweep(run)
        total = self._make_plan(company, today)
        run._set_total(total)
        done = self._apply_plan(run, total)
        self.env.cr.execute(apply.drop_plan())
        if done:
            run.fingerprint = fingerprint
        return done

    def _get_fingerprint(self, company, today):
        return self.env.execute_query(plan_sql.fingerprint(company.id, today))[0][0]

    def _has_changed_items(self, company):
        domain = [("company_id", "=", company.id), ("to_evaluate", "=", True)]
        return bool(self.env["crm.collection.item"].search_count(domain, limit=1))

    def _sweep(self, run):
        """Settle, reopen and cancel what the hooks did not see (data loaded by SQL, say)."""
        counts = self.env["crm.collection.item"]._sync(sync.items_of_company(run.company_id.id))
        run._add(
            item_settled=counts.get("settled", 0),
            item_reopened=counts.get("reopened", 0),
            item_cancelled=counts.get("cancelled", 0),
        )

    def _make_plan(self, company, today):
        """Keep the plan in a temporary table; :return: its number of rows."""
        self.env.cr.execute(apply.drop_plan())
        self.env.cr.execute(apply.create_plan(self._query_plan(company, today)))
        self.env.cr.execute(apply.index_plan())
        total = self.env.execute_query(apply.count_plan())[0][0]
        return total

    def _apply_plan(self, run, total):
        run._log_moves(self.env.execute_query(apply.moves_summary()))
        time_left = run._commit(0)
        for first in range(1, total + 1, SLICE):
            if not time_left:
                return False
            last = min(first + SLICE - 1, total)
            self._apply_safely(run, first, last)
            time_left = run._commit(last - first + 1)
        run._log_blockers(self.env.execute_query(apply.blockers_summary(run.company_id.id)))
        return True

    def _apply_safely(self, run, first, last, tries=1):
        """Write a slice; one record the database refuses is set apart, the rest goes on."""
        try:
            with self.env.cr.savepoint():
                counts = self._apply_slice(run, first, last)
        except psycopg2.Error as error:
            if error.pgcode in RETRIED:
                self._apply_again(run, first, last, tries, error)
            elif first == last:
                self._set_apart(run, first, error)
            else:
                middle = (first + last) // 2
                self._apply_safely(run, first, middle)
                self._apply_safely(run, middle + 1, last)
            return
        run._add(**counts)

    def _apply_again(self, run, first, last, tries, error):
        if tries >= MAX_TRIES:
            raise error
        # a new transaction, since this one's snapshot is too old; the slice wrote nothing yet
        self.env.cr.rollback()
        self.env.invalidate_all(flush=False)
        self._apply_safely(run, first, last, tries + 1)

    def _apply_slice(self, run, first, last):
        """Five statements, whatever the number of titles; :return: counts for the run."""
        today, uid = run.date, self.env.uid
        new, entered = self.env.execute_query(
            apply.insert_items(run.company_id.id, today, uid, first, last)
        )[0]
        locked = [row[0] for row in self.env.execute_query(apply.lock_items(first, last))]
        moved, proposed = self._apply_known(locked, today)
        activities = self._get_activity_items(first, last)
        activities._schedule_step_activity()
        self.env["crm.collection.item"].invalidate_model(flush=False)
        self.env["crm.collection.allocation"].invalidate_model(flush=False)
        return {"item_new": new, "item_moved": entered + moved, "item_proposed": proposed}

    def _apply_known(self, item_ids, today):
        if not item_ids:
            return 0, 0
        rows = self.env.execute_query(apply.update_items(item_ids, today, self.env.uid))
        moved = [row[0] for row in rows if row[1]]
        if moved:
            self.env.cr.execute(apply.close_stays(moved, "moved", today, self.env.uid))
            self.env.cr.execute(apply.open_stays_of_items(moved, "automatic", today, self.env.uid))
        return len(moved), sum(1 for row in rows if row[2])

    def _get_activity_items(self, first, last):
        Step = self.env["crm.collection.rule.step"]
        if not Step.search_count([("activity_type_id", "!=", False)], limit=1):
            return self.env["crm.collection.item"]
        rows = self.env.execute_query(apply.entered_with_activity(first, last))
        return self.env["crm.collection.item"].browse(row[0] for row in rows)

    def _set_apart(self, run, seq, error):
        """Keep the reason on the title and on the run; the next run tries again."""
        message = " ".join(str(error).split())
        item_id, partner_id, name = self.env.execute_query(apply.planned_title(seq))[0]
        _logger.info("Title %s was set apart: %s", name, message)
        if item_id:
            self.env.cr.execute(apply.set_exception(item_id, message[:500]))
        run._log_exception(f"{name}: {message}", item_id, partner_id)

    # === Simulating === #

    @api.model
    def _simulate(self, company, date, limit=5000):
        """What the jobs would do on ``date``; writes nothing that lasts.

        :param int limit: rows of each list at most; the totals are of everything
        :return: dict of ``moves`` and ``letters`` (lists of dicts, amounts in company currency)
            and ``totals`` (looked at, moves, amount, proposed, held)
        """
        self.env.flush_all()
        self.env.cr.execute(simulate.drop_table())
        self.env.cr.execute(
            simulate.create_table(self._query_plan(company, date, changed_only=False))
        )
        names = ("looked_at", "moves", "amount", "proposed", "held")
        result = {
            "moves": self.env.execute_query_dict(simulate.moves(limit)),
            "letters": self.env.execute_query_dict(simulate.letters(company.id, date, limit)),
            "totals": dict(zip(names, self.env.execute_query(simulate.totals())[0], strict=True)),
        }
        self.env.cr.execute(simulate.drop_table())
        return result
