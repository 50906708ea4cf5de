import html
import logging
from collections import Counter
from datetime import timedelta

from odoo import api, models
from odoo.tools import split_every

from ...tools.retry import in_transaction, start_anew
from ..evidence.evidence import WRITING
from ..letters.contact_queries import STATEMENT
from . import message_queries, retention_queries
from .kinds import KINDS

_logger = logging.getLogger(__name__)

CUSTOMERS_AT_ONCE = 100  # of a transaction
LOCK = "retention"
MAX_NOTE = 500
SHORTEST = 4  # words that are looked for in notes: less is nobody's


class CrmCollectionRetention(models.Model):
    """Anonymises: the one door to what is on record, and it opens from inside.

    The scheduled job and :class:`~...wizard.retention.customer` call :meth:`_anonymise`, which
    decides itself what is closed, and writes by SQL; nothing of what it does is asked of the
    context or of a record somebody may have written. All about a customer is done in one
    transaction, and a batch of customers with a constant number of statements; what is done is not
    due any more, so that a job which is killed goes on where it stopped.
    """

    _inherit = "crm.collection.retention"

    # === Job === #

    @api.model
    def _cron_anonymise(self):
        """Each company that has a term; what is left when time is up is the next call's."""
        companies_sudo = self.env["res.company"].sudo()
        companies_sudo = companies_sudo.search([("collection_retention_months", ">", 0)])
        for position, company in enumerate(companies_sudo, start=1):
            if not self.with_company(company)._anonymise_company(company):
                left = len(companies_sudo) - position + 1
                self.env["ir.cron"]._commit_progress(0, remaining=left)
                return

    def _anonymise_company(self, company):
        """:return: whether everything was done (false: time is up)"""
        Run = self.env["crm.collection.run"]
        if not Run._lock(LOCK, company):
            return True  # somebody is at it
        try:
            day = company._get_collection_kept_from()
            due = self._get_due_customers(company, day)
            for number, customers in enumerate(split_every(CUSTOMERS_AT_ONCE, due, list), start=1):
                self._anonymise_safely(company, day, customers)
                left = max(len(due) - number * CUSTOMERS_AT_ONCE, 0)
                self.env["ir.cron"]._commit_progress(len(customers), remaining=left)
                if left and not Run._get_seconds_left():
                    return False
            in_transaction(self.env, self._anonymise_rest, company, day)
            return True
        finally:
            Run._unlock(LOCK, company)

    def _anonymise_safely(self, company, day, customers):
        """Customers in a transaction of their own; where one cannot be done the others are."""
        months = company.collection_retention_months
        try:
            in_transaction(self.env, self._anonymise, "job", company, day, customers, months)
        except Exception as error:
            start_anew(self.env)
            if len(customers) == 1:
                _logger.info("Customer %s was not anonymised: %s", customers[0], error)
                in_transaction(self.env, self._note_failed, company, day, customers[0], error)
                return
            middle = len(customers) // 2
            self._anonymise_safely(company, day, customers[:middle])
            self._anonymise_safely(company, day, customers[middle:])

    def _note_failed(self, company, day, customer, error):
        self._note(
            "failed",
            company,
            months=company.collection_retention_months,
            date_before=day,
            partner_id=customer,
            note=" ".join(str(error).split())[:MAX_NOTE],
        )

    # === On request === #

    @api.model
    def _get_request_day(self, company):
        """:return: before which day what is closed is anonymised where a customer asks for it: all
        that is closed today"""
        return company._get_collection_today() + timedelta(days=1)

    def _anonymise_on_request(self, customer, company):
        """Who may ask for it was checked.

        :return: in sudo, the row of the record, empty where nothing is closed
        """
        day = self._get_request_day(company)
        months = company.sudo().collection_retention_months
        row = self._anonymise("request", company, day, customer.ids, months)
        if row:
            self._drop_batch_files(company)
        return row

    # === Anonymising === #

    @api.model
    def _get_kinds(self):
        """:return: {model: the :class:`~.kinds.Kind` that says what of it is personal}; override
        to add what another module keeps of customers"""
        return {kind.model: kind for kind in KINDS}

    @api.model
    def _get_due_customers(self, company, day):
        """:return: the ids of the customers of whom something is closed for long enough; 0 for
        those who were deleted"""
        self.env.flush_all()
        kinds = self._get_kinds().values()
        tables = {kind: self.env[kind.model]._table for kind in kinds}
        query = retention_queries.due_customers(tables, company.id, day, self._get_subtype_id())
        return [customer for (customer,) in self.env.execute_query(query)]

    @api.model
    def _get_subtype_id(self):
        return self.env["ir.model.data"]._xmlid_to_res_id(STATEMENT, raise_if_not_found=False)

    def _anonymise(self, how, company, day, customers, months):
        """Anonymise what is closed about customers, and note it.

        :param str how: ``job`` or ``request``
        :param day: what was closed before it
        :return: in sudo, the row of the record, empty where nothing was due
        """
        self.env.flush_all()
        word = self._get_word(company)
        done = {
            kind: self._anonymise_kind(kind, company, day, customers, word)
            for kind in self._get_kinds().values()
        }
        counts = self._anonymise_chatters(done, company, day, customers, word)
        counts["record_count"] = sum(map(len, done.values()))
        self.env.invalidate_all(flush=False)
        if not any(counts.values()):
            return self.sudo().browse()
        said = {"partner_id": customers[0]} if how == "request" else {}
        return self._note(
            *(how, company),
            customer_count=len(customers),
            months=months,
            date_before=day,
            **counts,
            **said,
        )

    @api.model
    def _get_word(self, company):
        """:return: what stands where a name or a text was, in the language of the company"""
        return self.with_context(lang=company._get_collection_lang()).env._("Anonymised")

    def _anonymise_kind(self, kind, company, day, customers, word):
        """:return: {record: what was told of it elsewhere}"""
        Model, today = self.env[kind.model], company._get_collection_today()
        query = retention_queries.anonymise(
            *(kind, Model._table, company.id, day, customers, today, word)
        )
        done = dict(self.env.execute_query(query))
        ids = list(done)
        if not ids:
            return done
        for part in kind.parts:
            table = self.env[part.model]._table
            self.env.cr.execute(retention_queries.anonymise_part(part, table, ids, word))
        for fname in kind.lists:
            field = Model._fields[fname]
            self.env.cr.execute(retention_queries.take_off(field.relation, field.column1, ids))
        return done

    def _anonymise_chatters(self, done, company, day, customers, word):
        """:param dict done: {kind: as of :meth:`_anonymise_kind`}
        :return: Counter of messages and files"""
        records = [
            (kind.model, id_) for kind, ids in done.items() if kind.has_chatter for id_ in ids
        ]
        message_ids = self._get_message_ids(done, records, company, day, customers)
        query = message_queries.attachments(message_ids, records)
        files = [id_ for (id_,) in self.env.execute_query(query)]
        if message_ids:
            for statement in message_queries.anonymise(message_ids, word):
                self.env.cr.execute(statement)
        if records:
            for statement in message_queries.anonymise_around(records):
                self.env.cr.execute(statement)
        self._drop_files(files)
        return Counter(message_count=len(message_ids), file_count=len(files))

    def _get_message_ids(self, done, records, company, day, customers):
        """:return: what was written about them: in their chatters and in those of customers and
        invoices, by the customers in others, and statements of account"""
        by_model = {kind.model: list(ids) for kind, ids in done.items()}
        told = [
            (kind.model, id_, html.escape(words, quote=False))
            for kind, ids in done.items()
            for id_, words in ids.items()
            if words and len(words) >= SHORTEST
        ]
        queries = [
            message_queries.mails_of_contacts(by_model["crm.collection.contact"]),
            message_queries.notes_elsewhere(told, by_model["crm.collection.approval"]),
            retention_queries.due_statements(company.id, day, self._get_subtype_id(), customers),
        ]
        if records:
            queries.append(message_queries.messages(records))
        rows = [row for query in queries for row in self.env.execute_query(query)]
        return sorted({id_ for (id_,) in rows})

    def _drop_files(self, ids):
        """Delete files; the store forgets their content when no other file has it."""
        if ids:
            files_sudo = self.env["ir.attachment"].sudo()
            files_sudo.with_context(crm_collection_writing=WRITING).browse(ids).unlink()

    def _anonymise_rest(self, company, day):
        """What is no single customer's: returned mail that belongs to no letter, addresses nobody
        has, errors of runs, what was to leave, and the PDFs of batches."""
        self.env.flush_all()
        word = self._get_word(company)
        for statement in (
            retention_queries.anonymise_returned(company.id, day),
            retention_queries.anonymise_addresses(company.id, day, word),
            retention_queries.anonymise_run_lines(company.id, day, word),
            retention_queries.drop_forewarnings(company.id, day),
        ):
            self.env.cr.execute(statement)
        self._drop_batch_files(company)
        self.env.invalidate_all(flush=False)

    def _drop_batch_files(self, company):
        rows = self.env.execute_query(retention_queries.batches_with_files(company.id))
        batches_sudo = self.env["crm.collection.batch"].sudo().browse(id_ for (id_,) in rows)
        files = batches_sudo.attachment_id.ids
        batches_sudo.attachment_id = False
        self.env.flush_all()
        self._drop_files(files)
