"""The letters job, its parts timed apart, and their floors.

Deciding and writing letters; composing and queueing the mails; rendering the PDFs. The floors
write the very rows the job wrote, by plain SQL on equal tables: text and PDF are given to them.
"""

import time

from odoo.tools import SQL

from .plan import last_id
from .tables import copy_tables, drop_tables

TABLES = ("crm_collection_letter", "crm_collection_letter_line", "mail_message", "mail_mail")


class BenchLetters:
    """Letters of the items that are due, in the database of `env`.

    :param run_job: callable that runs the letters job and returns what `step_job` returns
    :param peak_mb: callable that returns the peak of memory
    :param query_count: callable that returns the number of statements since the job began
    :param int pdfs: how many letters are rendered as PDF, by one process and by several
    """

    def __init__(self, env, run_job, peak_mb, query_count, pdfs):
        self.env = env
        self.cr = env.cr
        self.run_job = run_job
        self.peak_mb = peak_mb
        self.query_count = query_count
        self.pdfs = pdfs
        self.before = {table: last_id(self.cr, table) for table in TABLES}

    def run(self):
        self._watch_issuing()
        job = self.run_job()
        created = self.issuing["start"] - job.pop("start")
        mails = job["seconds"] - created - self.issuing["paused"]
        mails_job = job | {"seconds": mails}
        letters_job = job | {
            "seconds": created,
            "peak_mb": self.issuing["peak_mb"],
            "queries": self.issuing["queries"],
        }
        mails_job["queries"] -= self.issuing["queries"]
        return {
            "jobs": {
                "letters_1000": letters_job,
                "mails_1000": mails_job,
                "pdfs": self._render_pdfs(job, processes=1),
                "pdfs_at_once": self._render_pdfs(job, processes=0),
            },
            "floors": {
                "letters_1000": self._floor_letters(),
                "mails_1000": self._floor_mails(),
                **dict.fromkeys(("pdfs", "pdfs_at_once"), self._floor_pdfs()),
            },
        }

    def _watch_issuing(self):
        """Note when the job begins to issue, and take the PDFs out: they are measured apart."""
        letters = self.env.registry["crm.collection.letter"]
        issue_all = letters._issue_all
        bench = self
        self.issuing = {}

        def watched(self, run, company):
            if not bench.issuing:
                bench.issuing = {"start": time.perf_counter(), "peak_mb": bench.peak_mb()}
                bench.issuing["queries"] = bench.query_count()
                self.env.cr.execute("UPDATE crm_collection_letter SET attach_pdf = FALSE")
                self.env.cr.commit()
                self.env.invalidate_all(flush=False)
                bench.issuing["paused"] = time.perf_counter() - bench.issuing["start"]
            return issue_all(self, run, company)

        letters._issue_all = watched

    def _render_pdfs(self, job, processes):
        """:param processes: how many print; 0: one for each core"""
        self.env["ir.config_parameter"].set_param("crm_collection.pdf_processes", processes)
        start = time.perf_counter()
        contents = self._get_printed()._render_pdfs()
        seconds = time.perf_counter() - start
        self.cr.rollback()
        rows = dict.fromkeys(job["rows"], 0) | {"letter_count": len(contents)}
        return job | {"seconds": seconds, "rows": rows, "peak_mb": self.peak_mb(), "queries": 0}

    def _get_printed(self):
        return self.env["crm.collection.letter"].search([], limit=self.pdfs, order="id")

    # ------------------------------------------------------------
    # FLOORS
    # ------------------------------------------------------------

    def _floor_letters(self):
        """Letters and lines inserted, items and stays counted up."""
        copies = {
            "bench_letter": "crm_collection_letter",
            "bench_letter_line": "crm_collection_letter_line",
            "bench_letter_item": "crm_collection_item",
            "bench_letter_stay": "crm_collection_allocation",
        }
        copy_tables(self.cr, copies, among=False)
        # among all the others, as the job finds them: a dozen rows a customer, far from each other
        for copy, table in (
            ("bench_letter_item", "crm_collection_item"),
            ("bench_letter_stay", "crm_collection_allocation"),
        ):
            names = SQL.identifier(copy), SQL.identifier(table)
            self.cr.execute(SQL("INSERT INTO %s SELECT * FROM %s", *names))
        self.cr.commit()
        start = time.perf_counter()
        rows = {
            "letters": self._copy_rows("bench_letter", "crm_collection_letter"),
            "lines": self._copy_rows("bench_letter_line", "crm_collection_letter_line"),
        }
        lines = SQL("SELECT * FROM bench_letter_line")
        self.cr.execute(
            SQL(
                "UPDATE bench_letter_item item SET letter_count = item.letter_count + 1,"
                " date_next_letter = item.date_next_letter + 7, write_date = now()"
                " FROM (%s) line WHERE item.id = line.item_id",
                lines,
            )
        )
        self.cr.execute(
            SQL(
                "UPDATE bench_letter_stay stay SET letter_count = stay.letter_count + 1"
                " FROM (%s) line WHERE stay.id = line.allocation_id",
                lines,
            )
        )
        self.cr.commit()
        seconds = time.perf_counter() - start
        drop_tables(self.cr, copies)
        return {"seconds": seconds, "rows": rows}

    def _floor_mails(self):
        """Messages and mails inserted, letters pointed to them."""
        copies = {
            "bench_message": "mail_message",
            "bench_mail": "mail_mail",
            "bench_letter": "crm_collection_letter",
        }
        copy_tables(self.cr, copies, among=False)
        self._copy_rows("bench_letter", "crm_collection_letter")
        self.cr.commit()
        start = time.perf_counter()
        rows = {
            "messages": self._copy_rows("bench_message", "mail_message"),
            "mails": self._copy_rows("bench_mail", "mail_mail"),
        }
        self.cr.execute("UPDATE bench_letter SET state = 'outgoing', write_date = now()")
        self.cr.commit()
        seconds = time.perf_counter() - start
        drop_tables(self.cr, copies)
        return {"seconds": seconds, "rows": rows}

    def _floor_pdfs(self):
        """The same pages printed by WeasyPrint alone, in one process."""
        import weasyprint  # noqa: PLC0415 - slow to import, and none of the jobs' time

        report = self.env["ir.actions.report"]
        action = self.env.ref("crm_collection.action_report_letter")
        pages = [report._crm_collection_get_html(action, letter) for letter in self._get_printed()]
        self.cr.rollback()
        start = time.perf_counter()
        for page in pages:
            weasyprint.HTML(string=page).write_pdf()
        return {"seconds": time.perf_counter() - start, "rows": {"letter_count": len(pages)}}

    def _copy_rows(self, copy, table):
        self.cr.execute(
            SQL(
                "INSERT INTO %s SELECT * FROM %s WHERE id > %s",
                SQL.identifier(copy),
                SQL.identifier(table),
                self.before[table],
            )
        )
        return self.cr.rowcount
