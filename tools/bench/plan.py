"""The plan of a bench database: temporary tables of who owes what since when."""

from odoo.tools import SQL

CUSTOMER_SIZE = 20  # installments per customer, on average
DAYS_BACK, DAYS_AHEAD = 400, 60
SETTLED, PARTLY = 0.30, 0.10
SEED = 0.20190
TABLES = (
    "res_partner",
    "account_move",
    "account_move_line",
    "account_payment",
    "account_partial_reconcile",
    "account_full_reconcile",
)


def last_id(cr, table):
    cr.execute(SQL("SELECT COALESCE(MAX(id), 0) FROM %s", SQL.identifier(table)))
    return cr.fetchone()[0]


def move_sequence(cr, table):
    cr.execute(SQL("SELECT setval(%s, GREATEST(%s, 1))", f"{table}_id_seq", last_id(cr, table)))


class BenchPlan:
    """Draw customers, invoices, installments and payments with a fixed seed."""

    def __init__(self, cr, items, today):
        self.cr = cr
        self.items = items
        self.customers = max(items // CUSTOMER_SIZE, 20)
        self.today = today
        self.base = {table: last_id(cr, table) for table in TABLES}

    def draw(self):
        self.cr.execute("SET LOCAL work_mem = '256MB'")
        self.cr.execute("SET LOCAL maintenance_work_mem = '512MB'")
        # No parallel plans while random() numbers rows: the same seed gives the same database.
        self.cr.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        self.cr.execute("SELECT setseed(%s)", [SEED])
        self._plan_customers()
        self._plan_invoices()
        self._plan_items()
        for table in ("plan_customer", "plan_invoice", "plan_item"):
            self.cr.execute(SQL("ANALYZE %s", SQL.identifier(table)))

    def _plan_customers(self):
        self.cr.execute(
            SQL(
                """
                CREATE TEMP TABLE plan_customer AS
                SELECT n, %(base)s + n AS id, random() < 0.8 AS is_company,
                       random() AS r_industry, random() AS r_country, random() AS r_lang,
                       random() AS r_contact, random() AS r_email, random() AS r_active
                  FROM generate_series(1, %(count)s) n
                """,
                base=self.base["res_partner"],
                count=self.customers,
            )
        )

    def _plan_invoices(self):
        """Of ten installments five stand alone, two share an invoice, and so do three."""
        self.cr.execute(
            SQL(
                """
                CREATE TEMP TABLE plan_invoice AS
                WITH shape AS (
                    SELECT CASE WHEN i %% 7 < 5 THEN 1 ELSE i %% 7 - 3 END AS terms
                      FROM generate_series(0, %(groups)s * 7 - 1) i
                     UNION ALL
                    SELECT 1 FROM generate_series(1, %(rest)s)
                ), drawn AS (
                    SELECT terms,
                           1 + floor(%(customers)s * power(random(), 1.5))::int AS customer,
                           10 * (5 + floor(2000 * power(random(), 4)))::numeric AS amount,
                           %(today)s::date - %(back)s + floor(
                               random() * (%(back)s + %(ahead)s + 1 - 30 * (terms - 1))
                           )::int AS date_first
                      FROM shape
                ), numbered AS (
                    SELECT *, row_number() OVER (ORDER BY date_first, customer, amount) AS n
                      FROM drawn
                )
                SELECT *, %(base)s + n AS id,
                       date_first - 30 AS date,
                       date_first + 30 * (terms - 1) AS date_last,
                       SUM(terms) OVER (ORDER BY n) - terms AS items_before,
                       'INV/' || EXTRACT(year FROM date_first - 30) || '/' AS prefix,
                       row_number() OVER (
                           PARTITION BY EXTRACT(year FROM date_first - 30) ORDER BY n
                       )::int AS number
                  FROM numbered
                """,
                groups=self.items // 10,
                rest=self.items % 10,
                customers=self.customers,
                today=self.today,
                back=DAYS_BACK,
                ahead=DAYS_AHEAD,
                base=self.base["account_move"],
            )
        )

    def _plan_items(self):
        """The installments, with what was paid of each and when."""
        self.cr.execute(
            SQL(
                """
                CREATE TEMP TABLE plan_item AS
                WITH drawn AS (
                    SELECT i.items_before + j AS n, i.n AS invoice, i.customer, j, i.terms,
                           i.date_first + 30 * (j - 1) AS date_maturity,
                           i.amount * (CASE i.terms WHEN 1 THEN 1 WHEN 2 THEN 0.5
                               ELSE CASE j WHEN 1 THEN 0.4 ELSE 0.3 END END) AS amount,
                           random() AS r_paid, random() AS r_share, random() AS r_date
                      FROM plan_invoice i, generate_series(1, i.terms) j
                ), paid AS (
                    SELECT *, CASE WHEN r_paid < %(settled)s THEN amount
                                   WHEN r_paid < %(settled)s + %(partly)s
                                   THEN round((amount * (0.1 + 0.8 * r_share))::numeric, 2)
                                   ELSE 0 END AS amount_paid
                      FROM drawn
                )
                SELECT n, invoice, customer, j, terms, date_maturity,
                       round(amount, 2) AS amount, round(amount_paid, 2) AS amount_paid,
                       %(base)s + n + invoice AS id,
                       CASE WHEN amount_paid > 0
                            THEN row_number() OVER (PARTITION BY amount_paid > 0 ORDER BY n)
                        END AS payment,
                       CASE WHEN amount_paid = amount
                            THEN row_number() OVER (PARTITION BY amount_paid = amount ORDER BY n)
                        END AS full_reconcile,
                       LEAST(%(today)s, date_maturity - 10 + floor(r_date * 60)::int) AS date_paid
                  FROM paid
                """,
                settled=SETTLED,
                partly=PARTLY,
                today=self.today,
                base=self.base["account_move_line"],
            )
        )
