import psycopg2

from odoo import api, models
from odoo.tools import split_every

from ...tools.retry import MAX_TRIES, RETRIED
from . import credit_queries, queries

CUSTOMERS_PER_BATCH = 1000  # letters decided and written in one transaction


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
        """The letters job for one company; commits after each batch.

        What is new is decided by the phases of the day alone: after the allocation. The jobs
        start by the clock of the server, which may be on either side of the company's midnight,
        and the allocation may have failed.

        :return: whether everything was done (false: time is up, the next call goes on)
        """
        company, today = run.company_id, run.date
        self._sweep_outgoing()
        done = True
        if company.collection_auto_send:
            if run._is_allocated(company, today):
                done = self._create_all_due(run, company, today)
            else:
                run._wait_for_allocation()
        done = done and self._issue_all(run, company)
        self._trigger_mail_queue()
        return done

    def _create_all_due(self, run, company, today):
        self.env.flush_all()
        partner_ids = [
            row[0] for row in self.env.execute_query(queries.due_partners(company.id, today))
        ]
        run._set_total(len(partner_ids))
        skipped = {}
        for batch in split_every(CUSTOMERS_PER_BATCH, partner_ids, list):
            created, line_count = self._create_safely(run, company, today, batch, skipped)
            run._add(letter_count=len(created), letter_line_count=line_count)
            if not run._commit(len(batch)):
                return False
        run._log_skipped(skipped)
        return True

    def _create_safely(self, run, company, today, partner_ids, skipped, tries=1):
        try:
            with self.env.cr.savepoint():
                return self._create_batch(company, today, partner_ids, skipped=skipped)
        except psycopg2.Error as error:
            if error.pgcode in RETRIED and tries < MAX_TRIES:
                self.env.cr.rollback()
                self.env.invalidate_all(flush=False)
                return self._create_safely(run, company, today, partner_ids, skipped, tries + 1)
            if len(partner_ids) == 1:
                run._log_exception(" ".join(str(error).split()), partner_id=partner_ids[0])
                return self.browse(), 0
        created, line_count, middle = self.browse(), 0, len(partner_ids) // 2
        for half in (partner_ids[:middle], partner_ids[middle:]):
            more, more_lines = self._create_safely(run, company, today, half, skipped)
            created, line_count = created | more, line_count + more_lines
        return created, line_count

    # === Deciding === #

    @api.model
    def _create_due(self, company, today, item_ids=None, origin="automatic", force=False):
        """Write the letters that are due, one per customer.

        :param date today: the company's day
        :param list item_ids: exactly these items, whatever their next date
        :param bool force: whether customers written to a moment ago (quiet days) get one too
        :return: letters ``to send``
        """
        self.env.flush_all()
        partner_ids = [
            row[0]
            for row in self.env.execute_query(queries.due_partners(company.id, today, item_ids))
        ]
        if not partner_ids:
            return self.browse()
        return self._create_batch(company, today, partner_ids, item_ids, origin, force)[0]

    def _create_batch(
        self,
        company,
        today,
        partner_ids,
        item_ids=None,
        origin="automatic",
        force=False,
        skipped=None,
    ):
        """:return: (letters, number of lines)"""
        partner_ids = self._filter_partners(company, today, partner_ids, force, skipped, item_ids)
        if not partner_ids:
            return self.browse(), 0
        letter_ids, line_count = self.env.execute_query(
            queries.create(company, today, self.env.uid, origin, partner_ids, item_ids)
        )[0]
        self.env.invalidate_all(flush=False)
        return self.browse(letter_ids), line_count

    def _filter_partners(
        self, company, today, partner_ids, force=False, skipped=None, item_ids=None
    ):
        """Leave out customers who owe nothing in all, those in their quiet period, and those a
        letter waits for already: a person may write to the latter two (``force``)."""
        skipped = {} if skipped is None else skipped
        left, covered = self._split_paid(company, today, partner_ids, item_ids)
        skipped["credit"] = skipped.get("credit", 0) + len(covered)
        if force:
            return left
        left = self._leave_out(queries.waiting_partners(company.id, left), left, skipped, "waiting")
        if company.collection_quiet_days:
            quiet = queries.in_quiet_period(company, today, left)
            left = self._leave_out(quiet, left, skipped, "quiet")
        return left

    def _leave_out(self, query, partner_ids, skipped, reason):
        out = {row[0] for row in self.env.execute_query(query)} if partner_ids else set()
        skipped[reason] = skipped.get(reason, 0) + len(out)
        return [partner_id for partner_id in partner_ids if partner_id not in out]

    def _split_covered(self, company, today, partner_ids):
        """:return: (ids of customers who owe, ids of those whose open credits cover it)"""
        return self._split_by(partner_ids, self._get_net_owed(company, today, partner_ids))

    def _split_paid(self, company, today, partner_ids, item_ids=None):
        """:return: as :meth:`_split_covered`, also with those who owe, but whose open credits
        pay all that a letter would be about"""
        credit_by_owing = self._get_net_owed(company, today, partner_ids)
        with_credit = [partner_id for partner_id, credit in credit_by_owing.items() if credit]
        if with_credit:  # few have one
            query = credit_queries.paid_by_credits(company.id, today, with_credit, item_ids)
            for (partner_id,) in self.env.execute_query(query):
                del credit_by_owing[partner_id]
        return self._split_by(partner_ids, credit_by_owing)

    def _get_net_owed(self, company, today, partner_ids):
        """:return: {id of a customer who owes in all: his open credits}"""
        rows = self.env.execute_query(credit_queries.net_owed(company.id, today, list(partner_ids)))
        return {
            partner_id: credit
            for partner_id, owed, credit in rows
            if company.currency_id.compare_amounts(owed + credit, 0) > 0
        }

    def _split_by(self, partner_ids, owing):
        return (
            [partner_id for partner_id in partner_ids if partner_id in owing],
            [partner_id for partner_id in partner_ids if partner_id not in owing],
        )
