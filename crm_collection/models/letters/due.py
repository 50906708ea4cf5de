from collections import Counter, deque

import psycopg2

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import split_every

from ...tools.pace import Pace, put_back_halves
from ...tools.retry import RETRIED, in_transaction
from . import create_queries, queries
from .condition_queries import WAITING_STATES

FIRST = 250  # customers whose letters are decided and written in the first transaction
CUSTOMERS_PER_BATCH = 1000  # and in one that takes no time
CHARGED_PER_STATEMENT = 100  # letters whose charges are worked out at once


class CrmCollectionLetter(models.Model):
    """The letters job, and its first half: deciding (SQL, locks, unique index).

    Deciding and issuing (:mod:`.issue`: text, PDF, mail queue) are
    transactions of their own: a job killed between them finds the letters ``to send`` and goes
    on. Issuing reads the money again, and so does delivery
    (:mod:`.deliver`): what was paid in between is not asked for.
    """

    _inherit = "crm.collection.letter"

    # === Job === #

    @api.model
    def _run_letters(self, run):
        """The letters job for one company; commits every few seconds.

        What is new is decided by the phases of the day alone: after the allocation. The jobs
        start by the clock of the server, which may be on either side of the company's midnight,
        and the allocation may have failed.

        :return: whether everything was done (false: time is up, the next call goes on)
        """
        company, today = run.company_id, run.date
        done = self._sweep_outgoing(run)
        if done and not company._is_collection_live():
            self._stop_in_copy(run, company)
        elif done and company.collection_auto_send and not self._must_wait(run, company):
            if run._is_family_allocated(company, today):
                done = self._create_all_due(run, company, today)
            else:
                run._wait_for_allocation()
        done = done and self._issue_all(run, company)
        self._trigger_mail_queue()
        return done

    def _must_wait(self, run, company):
        return self._wait_for_workday(run, company) or self._wait_for_bank(run, company)

    def _create_all_due(self, run, company, today):
        """Write the letters of all customers in pieces, each its own transaction. A piece the
        database refuses is halved until the customer it is about stands alone."""
        partner_ids = self._get_due_partner_ids(company, today)
        if not partner_ids:
            return True
        run._set_total(len(partner_ids))
        run._commit(0)
        batches, left_out = deque([partner_ids]), Counter()
        pace = Pace(FIRST, CUSTOMERS_PER_BATCH)
        while batches:
            batch = pace.take(batches)
            try:
                left_out += in_transaction(
                    self.env, self._create_counted, run, company, today, batch
                )
            except psycopg2.Error as error:
                if len(batch) > 1:
                    put_back_halves(batches, batch)
                    continue
                run._log_exception(" ".join(str(error).split()), partner_id=batch[0])
                if error.pgcode in RETRIED:  # somebody else is at it: not until tomorrow
                    self._ask_for_job(company)
            pace.measure(len(batch))
            if not run._commit(len(batch)):
                return False
        run._log_skipped(left_out)
        return True

    def _create_counted(self, run, company, today, partner_ids):
        """Write the letters of a batch, and count them where they are written.

        :return: Counter of the customers left out by reason
        """
        letters, line_count, left_out = self._create_batch(company, today, partner_ids)
        run._add(letter_count=len(letters), letter_line_count=line_count)
        return left_out

    # === Deciding === #

    @api.model
    def _create_due(self, company, today, item_ids=None, origin="automatic", force=False):
        """Write the letters that are due, one per customer.

        :param date today: the company's day
        :param list item_ids: exactly these items, whatever their next date
        :param bool force: whether customers written to a moment ago (quiet days) get one too
        :return: letters ``to send``
        """
        partner_ids = self._get_due_partner_ids(company, today, item_ids)
        return self._create_batch(company, today, partner_ids, item_ids, origin, force)[0]

    def _get_due_partner_ids(self, company, today, item_ids=None):
        self.env.flush_all()
        rows = self.env.execute_query(queries.due_partners(company, today, item_ids))
        return [partner_id for (partner_id,) in rows]

    def _create_batch(
        self, company, today, partner_ids, item_ids=None, origin="automatic", force=False
    ):
        """Choose who gets a letter, and write these.

        :return: (letters, number of lines, Counter of the customers left out by reason)
        """
        if not partner_ids:
            return self.browse(), 0, Counter()
        self.env.flush_all()
        query = queries.choose(company, today, partner_ids, item_ids, force)
        chosen = self.env.execute_query_dict(query)
        left_out = self._count_left_out(self._get_left_out(chosen, company, today))
        item_ids = [id_ for row in chosen if not row["verdict"] for id_ in row["item_ids"]]
        if not item_ids:
            return self.browse(), 0, left_out
        if origin == "manual":
            written_ids = [row["partner_id"] for row in chosen if not row["verdict"]]
            self._give_way(company, self.env["res.partner"].browse(written_ids))
        query = create_queries.create(company, today, self.env.uid, origin, item_ids)
        letter_ids, line_count = self.env.execute_query(query)[0]
        self.env.invalidate_all(flush=False)
        letters = self.browse(letter_ids)
        if company._get_collection_family()._has_collection_charges():
            for slice_ids in split_every(CHARGED_PER_STATEMENT, letter_ids, list):
                self.browse(slice_ids)._set_asked(company, today)
        return letters, line_count, left_out

    @api.model
    def _get_left_out(self, chosen, company, today):
        """:return: the rows of ``queries.choose`` that count: who had a letter today has no other
        about what his credits pay, and the run that wrote it did not count him
        """
        covered = [row["partner_id"] for row in chosen if row["verdict"] == "credit"]
        written = self.browse()
        if covered:
            family = company._get_collection_family()
            written = self.search(
                Domain("partner_id", "in", covered)
                & Domain("company_id", "in", family.ids)
                & Domain("date", "=", today)
                & Domain("state", "!=", "cancelled")
            )
        had = set(written.partner_id.ids)
        return [row for row in chosen if row["verdict"] != "credit" or row["partner_id"] not in had]

    @api.model
    def _count_left_out(self, chosen):
        """Count the customers who get no letter about what is due, by reason. Not those of whom a
        letter about just that waits for an address, since an earlier run of the day: nothing of
        theirs is left out.

        :param chosen: rows of ``queries.choose``
        """
        waiting = [row for row in chosen if row["verdict"] == "waiting"]
        item_ids = [item_id for row in waiting for item_id in row["item_ids"] or ()]
        said = set()
        if item_ids:
            lines = self.line_ids.search(
                Domain("item_id", "in", item_ids)
                & Domain("letter_id.state", "in", (*WAITING_STATES, "failed"))
            )
            said = set(lines.item_id.ids)
        return Counter(
            row["verdict"]
            for row in chosen
            if row["verdict"]
            and not (row["verdict"] == "waiting" and said.issuperset(row["item_ids"] or ()))
        )
