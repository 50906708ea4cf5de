"""Payments of installments, set-based: payment, entry and reconciliation of each."""

from odoo.tools import SQL

from .plan import last_id

PAYMENT_TABLES = (
    "account_full_reconcile",
    "account_payment",
    "account_move",
    "account_move_line",
    "account_partial_reconcile",
)


class BenchPayments:
    """Insert payments from the rows captured by `templates`."""

    def __init__(self, cr, templates):
        self.cr = cr
        self.templates = templates

    def insert(self, source):
        """Pay the journal items of `source`.

        Its columns: `n` (order), `id` (journal item), `payment` (counted from 1),
        `full_reconcile_id`, `amount_paid`, `date_paid`. What the items themselves then say
        (residual, reconciliation) is written by the caller.
        """
        self.base = {table: last_id(self.cr, table) for table in PAYMENT_TABLES}
        self._plan_payments(source)
        insert = self.templates.insert
        insert("account_full_reconcile", self._query_full_reconciles())
        insert("account_payment", self._query_payments())
        insert("account_move", self._query_payment_moves())
        insert("account_move_line", self._query_payment_lines())
        insert("account_partial_reconcile", self._query_partials())
        self.cr.execute(
            "INSERT INTO account_move__account_payment (invoice_id, payment_id)"
            " SELECT invoice_id, payment_id FROM plan_payment"
        )

    def _plan_payments(self, source):
        """Number the payments after those there are."""
        self.cr.execute("DROP TABLE IF EXISTS pg_temp.plan_payment")
        self.cr.execute(
            SQL(
                """
                CREATE TEMP TABLE plan_payment AS
                WITH numbered AS (
                    SELECT source.*, 'PBNK1/' || EXTRACT(year FROM date_paid) || '/' AS prefix,
                           row_number() OVER (
                               PARTITION BY EXTRACT(year FROM date_paid) ORDER BY date_paid, n
                           )::int AS number
                      FROM (%(source)s) source
                )
                SELECT p.payment AS n, p.prefix, p.number + COALESCE(last.number, 0) AS number,
                       p.prefix || pg_temp.five(p.number + COALESCE(last.number, 0))
                           AS name,
                       p.date_paid AS date, p.amount_paid AS amount, item.id AS item_id,
                       item.move_id AS invoice_id, item.move_name AS ref,
                       item.partner_id, p.full_reconcile_id,
                       COALESCE(p.full_reconcile_id::text, 'P' || %(partial)s + p.payment)
                           AS matching_number,
                       %(payment)s + p.payment AS payment_id,
                       %(move)s + p.payment AS move_id,
                       %(line)s + 2 * p.payment AS line_id,
                       %(partial)s + p.payment AS partial_id
                  FROM numbered p JOIN account_move_line item USING (id)
             LEFT JOIN (SELECT sequence_prefix, MAX(sequence_number) AS number
                          FROM account_move GROUP BY 1) last ON last.sequence_prefix = p.prefix
                """,
                source=source,
                payment=self.base["account_payment"],
                move=self.base["account_move"],
                line=self.base["account_move_line"],
                partial=self.base["account_partial_reconcile"],
            )
        )
        self.cr.execute("ANALYZE plan_payment")

    def _query_full_reconciles(self):
        return SQL(
            "SELECT 'full' AS kind, full_reconcile_id AS id FROM plan_payment"
            " WHERE full_reconcile_id IS NOT NULL ORDER BY full_reconcile_id"
        )

    def _query_payments(self):
        return SQL(
            """
            SELECT 'payment' AS kind, payment_id AS id, move_id, partner_id, name,
                   date, amount, amount AS amount_company_currency_signed, ref AS memo
              FROM plan_payment ORDER BY n
            """
        )

    def _query_payment_moves(self):
        return SQL(
            """
            SELECT 'payment' AS kind, move_id AS id, p.name, prefix AS sequence_prefix,
                   number AS sequence_number, p.ref, p.date, p.date AS invoice_date_due,
                   partner_id, partner_id AS commercial_partner_id,
                   partner.name AS invoice_partner_display_name, payment_id AS origin_payment_id,
                   amount AS amount_total, amount AS amount_total_signed,
                   amount AS amount_total_in_currency_signed
              FROM plan_payment p JOIN res_partner partner ON partner.id = p.partner_id
             ORDER BY p.n
            """
        )

    def _query_payment_lines(self):
        """Money in transit against the customer's receivable, the latter fully reconciled."""
        return SQL(
            """
            SELECT line.*, balance AS amount_currency, GREATEST(balance, 0) AS debit,
                   GREATEST(-balance, 0) AS credit, balance AS price_unit,
                   balance AS price_subtotal, balance AS price_total,
                   amount_residual AS amount_residual_currency
              FROM (
                SELECT kind, line_id + step AS id, move_id, name AS move_name, ref, date,
                       date AS date_maturity, partner_id, payment_id, sign * amount AS balance,
                       CASE WHEN sign = 1 THEN amount ELSE 0 END AS amount_residual,
                       sign = -1 AS reconciled, 'Manual Payment: ' || ref AS name,
                       CASE WHEN sign = -1 THEN matching_number END AS matching_number,
                       CASE WHEN sign = -1 THEN full_reconcile_id END AS full_reconcile_id
                  FROM plan_payment,
                       (VALUES ('liquidity', 1, -1), ('credit', -1, 0)) k(kind, sign, step)
              ) line
             ORDER BY line.id
            """
        )

    def _query_partials(self):
        return SQL(
            """
            SELECT 'partial' AS kind, partial_id AS id, item_id AS debit_move_id,
                   line_id AS credit_move_id, p.full_reconcile_id, amount,
                   amount AS debit_amount_currency, amount AS credit_amount_currency,
                   GREATEST(p.date, item.date) AS max_date
              FROM plan_payment p JOIN account_move_line item ON item.id = item_id
             ORDER BY n
            """
        )
