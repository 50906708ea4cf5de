"""What the company collects by itself (direct debit, saved cards): until when nobody asks for it.

Asked by :mod:`.payment_queries`, the owner of all money on its way.
"""

from odoo.tools import SQL

from .queries import line_date_maturity, line_is_owed

METHOD_TABLE = "res_company_collection_method_rel"
ITEM = SQL("item.id")
METHOD = SQL("move.preferred_payment_method_line_id")


def methods(company_id):
    """The payment methods by which a company collects itself, and for how many days after the due
    date it waits: (id, days). None where it does not."""
    return SQL(
        """SELECT listed.method_id AS id, company.collection_collected_days AS days
             FROM %s AS listed
             JOIN res_company company ON company.id = listed.company_id
            WHERE listed.company_id = %s""",
        SQL.identifier(METHOD_TABLE),
        company_id,
    )


def collected_until(company_id, line="line", item_id=ITEM, method=METHOD):
    """The last day on which a company waits for a journal item that it collects itself; NULL where
    it does not, or where a payment of it was undone: the debit failed.

    Whether the company collects anything is asked once for a statement, and first: elsewhere
    nothing is looked up.

    :param SQL item_id: the open item of it, if there is any
    :param SQL method: the payment method of its invoice
    """
    return SQL(
        """CASE WHEN EXISTS (SELECT FROM (%(methods)s) AS used)
                 AND %(method)s = ANY(ARRAY(SELECT id FROM (%(methods)s) AS listed))
                 AND NOT %(is_undone)s
                THEN %(date_maturity)s + (
                     SELECT MAX(days) FROM (%(methods)s) AS waited)::integer END""",
        methods=methods(company_id),
        method=method,
        is_undone=_is_undone(line, item_id),
        date_maturity=line_date_maturity(line),
    )


def collected_lines(company_id, today, line_ids=None):
    """Journal items that a company collects itself and does not ask for on ``today``: (line_id,
    date_until, method_id).

    :param list line_ids: of these alone
    """
    return SQL(
        """
        SELECT line_id, date_until, method_id
          FROM (SELECT line.id AS line_id, %(until)s AS date_until,
                       move.preferred_payment_method_line_id AS method_id
                  FROM account_move_line line
                  JOIN account_move move ON move.id = line.move_id
                  JOIN account_account account
                       ON account.id = line.account_id
                          AND account.account_type = 'asset_receivable'
             LEFT JOIN crm_collection_item item ON item.line_id = line.id
                 WHERE line.company_id = %(company_id)s AND %(owed)s AND %(among)s
                   AND EXISTS (SELECT FROM (%(methods)s) AS used)) AS collected
         WHERE date_until >= %(today)s""",
        until=collected_until(company_id),
        company_id=company_id,
        owed=line_is_owed(),
        among=SQL("TRUE") if line_ids is None else SQL("line.id = ANY(%s)", list(line_ids)),
        methods=methods(company_id),
        today=today,
    )


def item_is_collected(company_id, today, item):
    """Condition: the company collects the open item itself, and does not ask for it on ``today``.

    :param str item: alias of the open item
    """
    return SQL(
        """(EXISTS (SELECT FROM (%(methods)s) AS used)
            AND EXISTS (SELECT FROM account_move_line line
                          JOIN account_move move ON move.id = line.move_id
                         WHERE line.id = %(item)s.line_id AND %(until)s >= %(today)s))""",
        methods=methods(company_id),
        item=SQL.identifier(item),
        until=collected_until(company_id, item_id=SQL.identifier(item, "id")),
        today=today,
    )


def _is_undone(line, item_id):
    """Condition: a payment of the journal item was undone or returned."""
    return SQL(
        """(EXISTS (SELECT FROM crm_collection_settlement undone
                     WHERE undone.item_id = %(item_id)s AND undone.kind = 'payment'
                       AND undone.reversal_of_id IS NOT NULL)
            OR EXISTS (%(payments)s))""",
        item_id=item_id,
        payments=_undone_payments(line),
    )


def _undone_payments(line):
    """Payments that were made for the invoice of a journal item and pay it no more: what was paid
    before it was due has left no settlement, as there was no open item yet.

    Accounting says of which invoice, and not of which installment: of the first one, else of those
    that were due when it was made.
    """
    return SQL(
        """SELECT FROM account_move__account_payment made
             JOIN account_payment payment ON payment.id = made.payment_id
        LEFT JOIN account_move entry ON entry.id = payment.move_id
            WHERE made.invoice_id = %(line)s.move_id
              AND (payment.state IN ('canceled', 'rejected')
                   OR payment.state IN ('in_process', 'paid') AND entry.state = 'posted'
                      AND NOT EXISTS (
                          SELECT FROM account_move_line credit
                            JOIN account_partial_reconcile partial
                                 ON partial.credit_move_id = credit.id
                            JOIN account_move_line debit ON debit.id = partial.debit_move_id
                           WHERE credit.move_id = entry.id AND debit.move_id = %(line)s.move_id))
              AND (payment.date >= %(date_maturity)s OR NOT EXISTS (
                   SELECT FROM account_move_line earlier
                    WHERE earlier.move_id = %(line)s.move_id
                      AND earlier.display_type = 'payment_term'
                      AND earlier.date_maturity < %(date_maturity)s))""",
        line=SQL.identifier(line),
        date_maturity=line_date_maturity(line),
    )
