"""Pay some items behind the module's back, so that only the sweep can find out."""

from odoo.tools import SQL

from .bulk import bare_tables
from .payments import PAYMENT_TABLES, BenchPayments
from .plan import SEED, last_id, move_sequence
from .templates import BenchTemplates

SETTLED, PARTLY = 0.05, 0.02


def settle(env, today):
    """Pay a twentieth of the open items, and half of one in fifty, by SQL: no hook is called.

    :return: number of items settled, number of items partly paid
    """
    cr = env.cr
    templates = BenchTemplates(env, today)
    templates.capture()
    cr.execute("SET LOCAL max_parallel_workers_per_gather = 0")
    cr.execute("SELECT setseed(%s)", [SEED])
    cr.execute(_query_plan(cr, today))
    with bare_tables(cr, ["account_payment"]):  # payment and entry refer to each other
        BenchPayments(cr, templates).insert(SQL("SELECT * FROM plan_paid"))
    cr.execute(_query_lines())
    cr.execute(_query_moves())
    for table in PAYMENT_TABLES:
        move_sequence(cr, table)
    cr.execute(
        "SELECT COUNT(full_reconcile_id), COUNT(*) - COUNT(full_reconcile_id)  FROM plan_paid"
    )
    counts = cr.fetchone()
    cr.commit()
    return counts


def _query_plan(cr, today):
    return SQL(
        """
        CREATE TEMP TABLE plan_paid AS
        WITH drawn AS (
            SELECT line.id, line.balance AS amount, random() AS r_paid
              FROM crm_collection_item item JOIN account_move_line line ON line.id = item.line_id
             WHERE item.state = 'open' AND line.amount_residual = line.balance
             ORDER BY line.id
        ), paid AS (
            SELECT *, row_number() OVER (ORDER BY id) AS n,
                   CASE WHEN r_paid < %(settled)s THEN amount ELSE round(amount / 2, 2) END
                       AS amount_paid
              FROM drawn WHERE r_paid < %(settled)s + %(partly)s
        )
        SELECT *, n AS payment, %(today)s::date AS date_paid,
               CASE WHEN amount_paid = amount
                    THEN %(full)s + row_number() OVER (PARTITION BY amount_paid = amount ORDER BY n)
                END AS full_reconcile_id,
               %(partial)s + n AS partial_id
          FROM paid
        """,
        settled=SETTLED,
        partly=PARTLY,
        today=today,
        full=last_id(cr, "account_full_reconcile"),
        partial=last_id(cr, "account_partial_reconcile"),
    )


def _query_lines():
    return SQL(
        """
        UPDATE account_move_line line
           SET amount_residual = line.balance - amount_paid,
               amount_residual_currency = line.balance - amount_paid,
               reconciled = amount = amount_paid,
               full_reconcile_id = paid.full_reconcile_id,
               matching_number = COALESCE(
                   paid.full_reconcile_id::text, 'P' || paid.partial_id),
               write_date = now() AT TIME ZONE 'UTC'
          FROM plan_paid paid WHERE paid.id = line.id
        """
    )


def _query_moves():
    return SQL(
        """
        UPDATE account_move move
           SET amount_residual = owed, amount_residual_signed = owed,
               payment_state = CASE owed WHEN 0 THEN 'paid' ELSE 'partial' END,
               write_date = now() AT TIME ZONE 'UTC'
          FROM (
            SELECT move_id, SUM(amount_residual) AS owed
              FROM account_move_line
             WHERE display_type = 'payment_term' AND move_id IN (
                SELECT move_id FROM account_move_line JOIN plan_paid USING (id))
             GROUP BY move_id
          ) residual
         WHERE residual.move_id = move.id
        """
    )
