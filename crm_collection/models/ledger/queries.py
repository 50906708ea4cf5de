"""The ledger of settlements: a row, never changed, for what a reconciliation settled of an item."""

from odoo.tools import SQL

from ..portfolio.queries import letter_day
from .refund_queries import is_undone

SETTLE_TABLE = "crm_collection_settle"

# The columns of a row, and where :func:`record` takes them from.
RECORDED = {
    "item_id": "made.item_id",
    "allocation_id": "allocation.id",
    "phase_id": "allocation.phase_id",
    "rule_id": "allocation.rule_id",
    "step_id": "allocation.step_id",
    "company_id": "made.company_id",
    "partner_id": "made.partner_id",
    "partner_name": "partner.complete_name",
    "name": "made.name",
    "currency_id": "made.currency_id",
    "date": "made.date",
    "day_recorded": "LEAST(made.today, made.day_made)",
    "amount": "part.amount",
    "amount_currency": "part.amount_currency",
    "kind": "part.kind",
    "partial_ref": "made.partial_ref",
    "counterpart_name": "made.counterpart_name",
    "days_overdue": "made.date - made.date_maturity",
    "days_in_phase": "GREATEST(made.date - allocation.day_in, 0)",
    "letter_count": "letters.number",
    "date_last_letter": "letters.day",
    "days_since_letter": "made.date - letters.day",
    "last_letter_phase_id": "letters.phase_id",
    "user_id": "collector.id",
    "industry_id": "partner.industry_id",
    "is_company": "partner.is_company",
}
# A reversal has these of its own and repeats the others: it is counted where its row was.
OWN = ("date", "day_recorded", "amount", "amount_currency")
COPIED = tuple(name for name in RECORDED if name not in OWN)
NOW = SQL("(now() AT TIME ZONE 'UTC')")


def partials_by_id(partial_ids):
    """These partial reconciliations, whether they exist or not."""
    return SQL("SELECT unnest(%s::integer[])", partial_ids)


def partials_of_slice(first, last):
    """Partial reconciliations of a slice of the sweep (see :func:`create_sweep`)."""
    return SQL(
        "SELECT partial_ref FROM %s WHERE seq BETWEEN %s AND %s",
        SQL.identifier(SETTLE_TABLE),
        first,
        last,
    )


def _sides():
    """Both ends of a partial reconciliation: an item is settled on its debit side; on the credit
    side, where an exchange difference takes back what was too much, it owes more again."""
    return SQL(
        """(VALUES
            (1, partial.debit_move_id, partial.credit_move_id, partial.debit_amount_currency),
            (-1, partial.credit_move_id, partial.debit_move_id, partial.credit_amount_currency))
            AS side (sign, line_id, counterpart_id, amount_currency)"""
    )


def company_rows(rows):
    """Rows about companies for a ``VALUES`` list (see :func:`record`)."""
    return SQL(", ").join(SQL("(%s, %s::date, %s, %s, %s::integer)", *row) for row in rows)


def is_attributed(days_since_letter, company_id):
    """Condition: settled within the company's days after the last letter."""
    return SQL(
        """(COALESCE(%s <= (SELECT company.collection_attribution_days
                              FROM res_company company WHERE company.id = %s), FALSE))""",
        days_since_letter,
        company_id,
    )


def company_type(is_company):
    """The customer's type as core names it."""
    return SQL("(CASE WHEN %s THEN 'company' ELSE 'person' END)", is_company)


# ------------------------------------------------------------
# SWEEP
# ------------------------------------------------------------


def create_sweep(company_id):
    """Keep the partial reconciliations of a company's items that the ledger lacks, and those it has
    that are gone, to be written in slices."""
    return SQL(
        """
        CREATE TEMPORARY TABLE %(table)s ON COMMIT PRESERVE ROWS AS
        SELECT row_number() OVER () AS seq, differing.item_id, differing.partial_ref
          FROM (SELECT item.id AS item_id, partial.id AS partial_ref
                  FROM (SELECT id, debit_move_id AS line_id FROM account_partial_reconcile
                         UNION ALL
                        SELECT id, credit_move_id FROM account_partial_reconcile) AS partial
                  JOIN crm_collection_item item ON item.line_id = partial.line_id
                 WHERE item.company_id = %(company_id)s AND %(missing)s
                 UNION
                SELECT settled.item_id, settled.partial_ref
                  FROM crm_collection_settlement settled
                 WHERE settled.company_id = %(company_id)s AND %(gone)s) AS differing""",
        table=SQL.identifier(SETTLE_TABLE),
        company_id=company_id,
        missing=_is_missing(),
        gone=_is_gone(),
    )


def analyze_sweep():
    """So that the planner joins a slice as what it is, and not as a row or two."""
    return SQL("ANALYZE %s", SQL.identifier(SETTLE_TABLE))


def count_sweep():
    """How many rows the sweep has to write."""
    return SQL("SELECT COUNT(*) FROM %s", SQL.identifier(SETTLE_TABLE))


def drop_sweep():
    """Forget the sweep, also one that was left behind by a run that failed."""
    return SQL("DROP TABLE IF EXISTS pg_temp.%s", SQL.identifier(SETTLE_TABLE))


def swept_open_item(seq):
    """The item of one row of the sweep: (id, customer id, name)."""
    return SQL(
        """SELECT item.id, item.partner_id, item.name FROM %s AS sweep
             JOIN crm_collection_item item ON item.id = sweep.item_id WHERE sweep.seq = %s""",
        SQL.identifier(SETTLE_TABLE),
        seq,
    )


def _is_missing():
    return SQL(
        """NOT EXISTS (SELECT FROM crm_collection_settlement settled
                        WHERE settled.partial_ref = partial.id AND settled.item_id = item.id
                          AND settled.reversal_of_id IS NULL)"""
    )


def _is_gone():
    return SQL(
        """settled.reversal_of_id IS NULL AND %s
           AND NOT EXISTS (SELECT FROM crm_collection_settlement reversal
                            WHERE reversal.reversal_of_id = settled.id)""",
        is_undone(SQL("settled.partial_ref")),
    )


# ------------------------------------------------------------
# WRITING
# ------------------------------------------------------------


def record(scope, days, uid, live=False):
    """Add what the ledger lacks of the partial reconciliations in ``scope``.

    The allocation is the one the item was in on the day of the settlement; where the payment is
    dated before the item came into collection, the one it was in when it was reconciled. What
    was reconciled before any allocation has none.

    :param SQL scope: a query of the numbers of partial reconciliations
    :param days: rows of (company id, its day, its time zone, decimal places of its currency,
        its journal of exchange differences)
    :param bool live: they were made just now, after all there is
    """
    return SQL(
        """
        INSERT INTO crm_collection_settlement (%(columns)s, create_uid, create_date, write_uid,
                                               write_date)
        SELECT %(values)s, %(uid)s, %(now)s, %(uid)s, %(now)s
          FROM (%(reconciliations)s) AS made
    CROSS JOIN LATERAL (%(parts)s) AS part
     LEFT JOIN LATERAL (%(allocation)s) AS allocation ON TRUE
    CROSS JOIN LATERAL (%(letters)s) AS letters
     LEFT JOIN res_partner partner ON partner.id = made.partner_id
     LEFT JOIN res_users collector ON collector.id = COALESCE(made.user_id,
                    (partner.collection_user_id ->> made.company_id::text)::integer)
            ON CONFLICT DO NOTHING""",
        columns=SQL(", ").join(SQL.identifier(name) for name in RECORDED),
        values=SQL(", ").join(SQL(value) for value in RECORDED.values()),
        reconciliations=_reconciliations(scope, days, live),
        parts=_parts(),
        allocation=_allocation(),
        letters=_letters(),
        uid=uid,
        now=NOW,
    )


def _reconciliations(scope, days, live):
    """A row for each partial reconciliation of an item that the ledger lacks, with what it was
    reconciled with.

    The partial reconciliations first, by themselves, and then their items, one by one. While the
    tables are being filled, and the planner has no figures of them, 10,000 rows took 1.95 s so
    and 3.5 s joined, every item of the portfolio read for them; with fresh figures 0.97 and 0.75.

    ``paid``: the share of the counterpart's entry that is money; the rest of a payment's entry
    was written off with it (a discount, a bank fee).
    """
    return SQL(
        """
        WITH partial AS MATERIALIZED (%(partials)s),
             open_item AS MATERIALIZED (%(open_items)s)
        SELECT open_item.*, company.today, company.tz, company.decimal_places,
               (NULLIF(open_item.moment, 'infinity') AT TIME ZONE 'UTC'
                    AT TIME ZONE company.tz)::date AS day_made,
               (SELECT currency.decimal_places FROM res_currency currency
                 WHERE currency.id = open_item.currency_id) AS decimal_places_currency,
               move.name AS counterpart_name, move.move_type, %(is_exchange)s AS is_exchange,
               entry.paid
          FROM open_item
          JOIN (VALUES %(days)s) AS company (id, today, tz, decimal_places, exchange_journal_id)
            ON company.id = open_item.company_id
          JOIN account_move_line counterpart ON counterpart.id = open_item.counterpart_id
          JOIN account_move move ON move.id = counterpart.move_id
          JOIN account_journal journal ON journal.id = move.journal_id
    CROSS JOIN LATERAL (%(paid)s) AS entry""",
        partials=_partials(scope),
        open_items=_open_items(live),
        days=days,
        is_exchange=_is_exchange(),
        paid=_paid_share(),
    )


def _partials(scope):
    return SQL(
        """
        SELECT partial.*, partial.create_date AS created, side.sign, side.line_id,
               side.counterpart_id, side.amount_currency
          FROM (SELECT DISTINCT partial_ref FROM (%s) AS scope (partial_ref)) AS due
    CROSS JOIN LATERAL (SELECT * FROM account_partial_reconcile
                         WHERE id = due.partial_ref OFFSET 0) AS partial
    CROSS JOIN LATERAL %s""",
        scope,
        _sides(),
    )


def _open_items(live):
    """The items of ``partial``, with the moment it was made; ``live``: after all there is."""
    return SQL(
        """
        SELECT item.id AS item_id, item.company_id, item.partner_id, item.name,
               item.currency_id, item.user_id, item.date_maturity, partial.counterpart_id,
               partial.id AS partial_ref, partial.max_date AS date, %(moment)s AS moment,
               partial.sign * partial.amount AS amount,
               partial.sign * partial.amount_currency AS amount_currency
          FROM partial
    CROSS JOIN LATERAL (SELECT * FROM crm_collection_item
                         WHERE line_id = partial.line_id OFFSET 0) AS item
         WHERE %(missing)s
      ORDER BY partial.id""",
        moment=SQL("'infinity'::timestamp" if live else "COALESCE(created, 'infinity')"),
        missing=_is_missing(),
    )


def _is_exchange():
    """The journal tells it where the difference is reconciled before the cause of it is noted."""
    return SQL(
        """(move.move_type = 'entry' AND (
                move.journal_id = company.exchange_journal_id
                OR EXISTS (SELECT FROM account_partial_reconcile cause
                            WHERE cause.exchange_move_id = move.id)))"""
    )


def _paid_share():
    """Money against what the counterpart's entry settles, between 0 and 1; a bank entry without
    recognisable money is all money."""
    return SQL(
        """
        SELECT CASE WHEN journal.type IN ('bank', 'cash', 'credit') AND COALESCE(total.money, 0) = 0
                    THEN 1
                    WHEN total.settled * total.money > 0
                    THEN LEAST(total.money / total.settled, 1)
                    ELSE 0 END AS paid
          FROM (SELECT SUM(line.balance) FILTER (
                           WHERE account.account_type IN ('asset_cash', 'liability_credit_card')
                              OR account.id = payment.outstanding_account_id
                              OR account.id IN (journal.default_account_id,
                                                journal.suspense_account_id)
                              AND journal.type IN ('bank', 'cash', 'credit')) AS money,
                       -SUM(line.balance) FILTER (
                           WHERE account.account_type IN ('asset_receivable', 'liability_payable')
                       ) AS settled
                  FROM account_move_line line
                  JOIN account_account account ON account.id = line.account_id
             LEFT JOIN account_payment payment ON payment.id = move.origin_payment_id
                 WHERE line.move_id = move.id AND move.move_type = 'entry') AS total"""
    )


def _parts():
    """The kinds of a settlement and the amount of each: money and what was written off with it
    are told apart."""
    return SQL(
        """
        SELECT part.kind, part.amount, part.amount_currency
          FROM (SELECT made.amount - ROUND(made.amount * made.paid, made.decimal_places)
                           AS unpaid,
                       made.amount_currency - ROUND(made.amount_currency * made.paid,
                           COALESCE(made.decimal_places_currency, made.decimal_places))
                           AS unpaid_currency,
                       made.move_type = 'entry' AND NOT made.is_exchange AS is_split) AS rest
    CROSS JOIN LATERAL (VALUES
                (CASE WHEN made.is_exchange THEN 'exchange'
                      WHEN made.move_type = 'entry' THEN 'payment'
                      WHEN made.move_type = 'out_refund' THEN 'credit_note'
                      ELSE 'other' END,
                 made.amount - CASE WHEN is_split THEN unpaid ELSE 0 END,
                 made.amount_currency - CASE WHEN is_split THEN unpaid_currency ELSE 0 END,
                 NOT is_split OR made.paid > 0),
                ('write_off', unpaid, unpaid_currency, is_split AND made.paid < 1)
               ) AS part (kind, amount, amount_currency, is_there)
         WHERE part.is_there"""
    )


def _allocation():
    return SQL(
        """
        SELECT allocation.id, allocation.phase_id, allocation.rule_id, allocation.step_id,
               allocation.day_in
          FROM crm_collection_allocation allocation
    CROSS JOIN LATERAL (
            SELECT allocation.day_in <= made.date
                   AND (allocation.day_out IS NULL
                       OR allocation.day_out >= made.date) AS on_the_day) AS was
         WHERE allocation.item_id = made.item_id AND allocation.date_in < made.moment
           AND (was.on_the_day OR allocation.date_out IS NULL
               OR allocation.date_out >= made.moment)
      ORDER BY was.on_the_day DESC, allocation.date_in DESC, allocation.id DESC LIMIT 1"""
    )


def _letters():
    """Letters about the item that reached the customer by the day of the settlement."""
    return SQL(
        """SELECT COUNT(*) AS number, MAX(sent.day) AS day,
               (ARRAY_AGG(sent.phase_id ORDER BY sent.day DESC, sent.id DESC))[1] AS phase_id
          FROM (SELECT letter.id, line.phase_id, %(day)s AS day
                  FROM crm_collection_letter_line line
                  JOIN crm_collection_letter letter ON letter.id = line.letter_id
                 WHERE line.item_id = made.item_id AND letter.state IN ('sent','uncertain')
                   AND letter.is_reversed IS NOT TRUE) AS sent
         WHERE sent.day <= made.date""",
        day=letter_day(SQL("made.tz")),
    )


def reverse(scope, days, uid):
    """Add the negative of what was undone: the row it reverses stays.

    What is gone is found first, one by one: mostly nothing, and the ledger, which the
    planner takes for small while it is being filled, is not compared with itself.

    :param SQL scope: a query of the numbers of partial reconciliations
    :param days: rows of (company id, its day, its time zone, decimal places of its currency,
        its journal of exchange differences)
    """
    return SQL(
        """
        WITH undone AS MATERIALIZED (
                SELECT scope.partial_ref FROM (%(scope)s) AS scope (partial_ref)
                 WHERE %(is_undone)s)
        INSERT INTO crm_collection_settlement (
               %(copied)s, date, day_recorded, amount, amount_currency, reversal_of_id,
               create_uid, create_date, write_uid, write_date)
        SELECT %(origin)s, company.today, company.today, -settled.amount,
               -settled.amount_currency, settled.id, %(uid)s, %(now)s, %(uid)s, %(now)s
          FROM crm_collection_settlement settled
          JOIN (VALUES %(days)s) AS company (id, today, tz, decimal_places, exchange_journal_id)
            ON company.id = settled.company_id
         WHERE settled.partial_ref IN (SELECT partial_ref FROM undone) AND %(gone)s
            ON CONFLICT DO NOTHING""",
        copied=SQL(", ").join(SQL.identifier(name) for name in COPIED),
        origin=SQL(", ").join(SQL.identifier("settled", name) for name in COPIED),
        days=days,
        scope=scope,
        is_undone=is_undone(SQL("scope.partial_ref")),
        gone=_is_gone(),
        uid=uid,
        now=NOW,
    )
