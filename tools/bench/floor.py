"""The floors: the least plain SQL that does what each job does, on equal tables.

The tables of items, history and settlements are copied with their columns, indexes, checks and
foreign keys, so that a floor pays for storage what the job pays, and nothing else: no batches, no
locks, no log, no holds, no minimum amounts, no explanation of what is held back, no kind of
settlement but payments.
"""

import time

from odoo.tools import SQL

from . import narrow
from .ledger import query_different_settlements, query_settlements
from .rules import query_customer_rules
from .tables import copy_tables

ITEM, STAY, LEDGER = (SQL(f"bench_floor_{name}") for name in ("item", "stay", "settlement"))
TABLES = {
    "bench_floor_item": "crm_collection_item",
    "bench_floor_stay": "crm_collection_allocation",
    "bench_floor_settlement": "crm_collection_settlement",
}
NOW = SQL("(now() AT TIME ZONE 'UTC')")


class BenchFloor:
    """The floors of the jobs of one database, run in their order."""

    def __init__(self, env, today):
        self.env = env
        self.cr = env.cr
        self.today = today
        self.company = env.company

    def create_tables(self):
        copy_tables(self.cr, TABLES)

    # ------------------------------------------------------------
    # JOBS
    # ------------------------------------------------------------

    def allocate(self, days=0):
        """One run of the allocation `days` after today: `(seconds, {what: rows})`."""
        day = self.env.cr.mogrify("%s::date + %s", [self.today, days]).decode()
        self.cr.commit()
        start = time.perf_counter()
        self._create_spans()
        rows = {
            "settled": self._run(self._query_sweep()),
            "amounts": self._run(self._query_amounts()),
            "moved": self._move(SQL(day)),
            "new": self._insert(SQL(day)),
            "matches": self._run(query_settlements(LEDGER, ITEM, STAY, SQL(day))),
        }
        self._drop_spans()
        return time.perf_counter() - start, rows

    def _drop_spans(self):
        self.cr.execute("DROP TABLE bench_span, bench_customer")
        self.cr.commit()

    def _run(self, query):
        self.cr.execute(query)
        return self.cr.rowcount

    def _create_spans(self):
        """Which days belong to which step of a rule; a manual phase is only proposed."""
        self.cr.execute(
            SQL("CREATE TEMP TABLE bench_customer AS %s", query_customer_rules(self.env))
        )
        self.cr.execute("ANALYZE bench_customer")
        self.cr.execute(
            """
            CREATE TEMP TABLE bench_span AS
            SELECT rule_id, step_id, phase_id, sequence, has_letter, proposed_step_id,
                   days AS first_day, COALESCE(last_day, 1000000) AS last_day
              FROM (
                SELECT s.rule_id, s.days, LEAD(s.days) OVER w - 1 AS last_day,
                       CASE WHEN manual THEN LAG(s.id) OVER w ELSE s.id END AS step_id,
                       CASE WHEN manual THEN LAG(s.phase_id) OVER w ELSE s.phase_id END
                           AS phase_id,
                       CASE WHEN manual THEN LAG(s.sequence) OVER w ELSE s.sequence END
                           AS sequence,
                       CASE WHEN manual THEN LAG(s.has_letter) OVER w ELSE s.has_letter END
                           AS has_letter,
                       CASE WHEN manual THEN s.id END AS proposed_step_id
                  FROM (
                    SELECT step.*, phase.sequence, phase.allocation_mode = 'manual' AS manual,
                           COALESCE(step.template_id, phase.template_id) IS NOT NULL AS has_letter
                      FROM crm_collection_rule_step step
                      JOIN crm_collection_phase phase ON phase.id = step.phase_id
                  ) s
                WINDOW w AS (PARTITION BY s.rule_id ORDER BY s.days)
              ) spans
            """
        )
        self.cr.execute("ANALYZE bench_span")

    def _query_sweep(self):
        """What was paid in the meantime leaves its phase."""
        return SQL(
            """
            WITH settled AS (
                UPDATE %(item)s i
                   SET state = 'settled', amount_residual = 0, amount_residual_currency = 0,
                       phase_id = NULL, step_id = NULL, date_phase = NULL,
                       date_next_letter = NULL, proposed_step_id = NULL, blocker = NULL,
                       write_date = %(now)s
                  FROM account_move_line l
                 WHERE l.id = i.line_id AND l.reconciled AND i.state = 'open'
             RETURNING i.id)
            UPDATE %(stay)s s
               SET date_out = %(now)s, day_out = %(today)s, reason_out = 'settled',
                   date_settled = %(today)s, write_date = %(now)s
              FROM settled WHERE s.item_id = settled.id AND s.date_out IS NULL
            """,
            item=ITEM,
            stay=STAY,
            now=NOW,
            today=self.today,
        )

    def _query_amounts(self):
        return SQL(
            """
            UPDATE %(item)s i
               SET amount_residual = l.amount_residual,
                   amount_residual_currency = l.amount_residual_currency, write_date = %(now)s
              FROM account_move_line l
             WHERE l.id = i.line_id AND i.state = 'open'
               AND i.amount_residual != l.amount_residual
            """,
            item=ITEM,
            now=NOW,
        )

    def _move(self, day):
        self.cr.execute(
            SQL(
                """
                CREATE TEMP TABLE bench_moved AS
                SELECT i.id, s.*, s.phase_id IS DISTINCT FROM i.phase_id AS moves
                  FROM %(item)s i
                  JOIN bench_customer c USING (partner_id)
                  JOIN bench_span s ON s.rule_id = c.rule_id
                   AND %(day)s - i.date_maturity BETWEEN s.first_day AND s.last_day
                   AND (s.first_day >= 0 OR %(day)s <= i.date_maturity OR s.phase_id = i.phase_id)
                 WHERE i.state = 'open' AND (s.step_id IS DISTINCT FROM i.step_id
                    OR s.proposed_step_id IS DISTINCT FROM i.proposed_step_id)
                """,
                item=ITEM,
                day=day,
            )
        )
        moved = self.cr.rowcount
        self.cr.execute(
            SQL(
                """
                UPDATE %(stay)s s SET date_out = %(now)s, day_out = %(day)s, reason_out = 'moved',
                       write_date = %(now)s
                  FROM bench_moved m
                 WHERE m.id = s.item_id AND m.moves AND s.date_out IS NULL
                """,
                stay=STAY,
                now=NOW,
                day=day,
            )
        )
        self.cr.execute(
            SQL(
                """
                WITH moved AS (
                    UPDATE %(item)s i
                       SET rule_id = m.rule_id, step_id = m.step_id, phase_id = m.phase_id,
                           proposed_step_id = m.proposed_step_id, letter_count = 0, blocker = NULL,
                           date_phase = CASE WHEN m.moves THEN %(day)s ELSE date_phase END,
                           date_next_letter = CASE WHEN m.moves THEN %(day)s
                                                   ELSE date_next_letter END,
                           write_date = %(now)s
                      FROM bench_moved m WHERE m.id = i.id
                 RETURNING i.*, m.moves)
                %(stays)s
                """,
                item=ITEM,
                now=NOW,
                day=day,
                stays=self._query_stays(day, SQL("moved WHERE moves")),
            )
        )
        self.cr.execute("DROP TABLE bench_moved")
        return moved

    def _insert(self, day):
        """The items not known yet, each with its stay; a reminder is for before the due date."""
        return self._run(
            SQL(
                """
                WITH entered AS (
                    INSERT INTO %(item)s (line_id, move_id, company_id, partner_id, name,
                           date_maturity, currency_id, amount_residual, amount_residual_currency,
                           no_followup, state, phase_id, rule_id, step_id, date_phase,
                           date_next_letter, letter_count, proposed_step_id, create_uid,
                           create_date, write_uid, write_date)
                    SELECT l.id, l.move_id, l.company_id, l.partner_id, l.move_name,
                           l.date_maturity, l.currency_id, l.amount_residual,
                           l.amount_residual_currency, l.no_followup, 'open', s.phase_id,
                           c.rule_id, s.step_id,
                           CASE WHEN s.phase_id IS NOT NULL THEN %(day)s END,
                           CASE WHEN s.has_letter THEN %(day)s END, 0, s.proposed_step_id,
                           1, %(now)s, 1, %(now)s
                      FROM %(entering)s
                     WHERE (l.date_maturity <= %(day)s OR s.rule_id IS NOT NULL)
                       AND NOT EXISTS (SELECT FROM %(item)s i WHERE i.line_id = l.id)
                 RETURNING *),
                stays AS (%(stays)s)
                SELECT FROM entered
                """,
                item=ITEM,
                entering=self._query_entering(day),
                day=day,
                now=NOW,
                stays=self._query_stays(day, SQL("entered WHERE phase_id IS NOT NULL")),
            )
        )

    def _query_entering(self, day):
        """What is overdue, or soon, with the step of its day."""
        return SQL(
            """(account_move_line l
                JOIN account_account a ON a.id = l.account_id
                 AND a.account_type = 'asset_receivable'
                 AND l.company_id = %(company)s AND l.parent_state = 'posted'
                 AND l.reconciled IS NOT TRUE AND l.balance > 0
                JOIN bench_customer c USING (partner_id))
           LEFT JOIN bench_span s ON s.rule_id = c.rule_id
                 AND %(day)s - l.date_maturity BETWEEN s.first_day AND s.last_day
                 AND (s.first_day >= 0 OR %(day)s <= l.date_maturity)""",
            company=self.company.id,
            day=day,
        )

    def allocate_narrowly(self):
        """The first allocation into two narrow tables (:mod:`.narrow`): seconds, and items."""
        narrow.create_tables(self.cr)
        start = time.perf_counter()
        self._create_spans()
        day = SQL("%s::date", self.today)
        entering = SQL(
            """SELECT l.id AS line_id, s.phase_id FROM %s
                WHERE l.date_maturity <= %s OR s.rule_id IS NOT NULL""",
            self._query_entering(day),
            day,
        )
        count = narrow.allocate(self.cr, entering, day)
        self._drop_spans()
        seconds = time.perf_counter() - start
        narrow.drop_tables(self.cr)
        return seconds, count

    def _query_stays(self, day, source):
        return SQL(
            """
            INSERT INTO %(stay)s (item_id, phase_id, rule_id, step_id, company_id, partner_id,
                   partner_name, name, currency_id, origin, user_id, date_in, day_in, days_in,
                   amount_in, amount_in_currency, letter_count, create_uid,
                   create_date, write_uid, write_date)
            SELECT e.id, e.phase_id, e.rule_id, e.step_id, e.company_id, e.partner_id,
                   p.complete_name, e.name, e.currency_id, 'automatic', 1, %(now)s, %(day)s,
                   %(day)s - e.date_maturity, e.amount_residual, e.amount_residual_currency, 0,
                   1, %(now)s, 1, %(now)s
              FROM (SELECT * FROM %(source)s) e JOIN res_partner p ON p.id = e.partner_id
            """,
            stay=STAY,
            source=source,
            day=day,
            now=NOW,
        )

    # ------------------------------------------------------------
    # COMPARISON
    # ------------------------------------------------------------

    def compare(self):
        """Rows on which job and floor differ: none when both did the same."""
        self.cr.execute(query_different_settlements(LEDGER))
        return self.cr.dictfetchone() | self._compare_items()

    def _compare_items(self):
        self.cr.execute(
            SQL(
                """
                SELECT COUNT(*) FILTER (WHERE i.id IS NULL) AS missing,
                       COUNT(*) FILTER (WHERE f.id IS NULL) AS extra,
                       COUNT(*) FILTER (WHERE (i.state, i.phase_id, i.step_id, i.rule_id,
                               i.proposed_step_id, i.amount_residual, i.date_phase)
                           IS DISTINCT FROM (f.state, f.phase_id, f.step_id, f.rule_id,
                               f.proposed_step_id, f.amount_residual, f.date_phase)
                           AND i.id IS NOT NULL AND f.id IS NOT NULL) AS different
                  FROM crm_collection_item i FULL JOIN %s f USING (line_id)
                """,
                ITEM,
            )
        )
        return self.cr.dictfetchone()
