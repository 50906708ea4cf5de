"""Expected cash: when what is owed today is expected to be paid, and how much of it.

What is owed is cut into pieces, each expected on a day of its own: what is promised, what is
disputed or is money sent to the customer (neither is expected), and the rest, by how the customer
pays. Promises and disputes are few and are found from the holds; the rest is one pass over what is
owed, beside one over the payments of a year, added up by customer.
"""

from odoo.tools import SQL

from ...models.insight import behaviour_queries
from ...models.portfolio.dispute_queries import disputed_items
from ...models.portfolio.promise_item_queries import promised_items
from ...models.portfolio.queries import line_date_maturity, line_is_owed, line_is_unclaimed

# The last days of the windows, counted from today.
WINDOWS = (30, 60, 90)
# Promises of so many days say whether a customer keeps them: those of his page.
JUDGED_DAYS = 730
# Keeps PostgreSQL from working out what is in a part again wherever it is named. Written so, and
# not as a number, it knows that no row is left out, and may work on it in several processes.
FENCE = SQL("OFFSET '0'")
# Keeps the pieces of a journal item apart in one number, and below 2^53 for the web client.
ID_FACTOR = 1024


def expected(days, account_ids, rows, kept_ids, other_ids):
    """One row per piece of what is owed today.

    What PostgreSQL may do with several processes at once is one scan and what is added up of it:
    no part that is kept for the others (``MATERIALIZED``) stands in it, but what is reckoned once.

    :param SQL days: rows of (company id, its day)
    :param account_ids: the receivable accounts
    :param rows: of :func:`read_pieces`, or ``None``: they are found by the statement itself
    :param kept_ids: the companies of which it was kept today how customers pay
    :param other_ids: those of which it is reckoned now
    :return: SQL; ``amount`` is what is owed of the piece, ``amount_expected`` what is expected of
        it, both in company currency; ``days_late`` and ``kept_rate`` are what that comes from
    """
    return SQL(
        """
        WITH piece AS %(found)s (%(pieces)s), paid AS %(once)s (%(paid)s),
             judged AS NOT MATERIALIZED (%(judged)s)
        SELECT told.*, %(period)s AS period
          FROM (%(rest)s UNION ALL %(known)s) AS told""",
        found=_once(rows is None),
        pieces=_pieces(days) if rows is None else _given(rows),
        once=_once(other_ids),
        paid=_paid(days, kept_ids, other_ids),
        judged=_judged(days),
        period=_period(),
        rest=_rest(days, account_ids),
        known=_known(days, account_ids),
    )


def _once(is_dear):
    """Whether a part of the statement is reckoned once and kept for the others: what is kept is
    read by one process alone."""
    return SQL("MATERIALIZED" if is_dear else "NOT MATERIALIZED")


def _period():
    """Which of the windows a piece is expected in: the number of its last day."""
    cases = SQL(" ").join(
        SQL("WHEN told.date_expected <= told.today + %s THEN %s", last, str(last))
        for last in WINDOWS
    )
    return SQL("CASE WHEN told.date_expected IS NULL THEN 'none' %s ELSE 'later' END", cases)


# ------------------------------------------------------------
# WHAT IS OWED
# ------------------------------------------------------------


def read_pieces(days):
    """What is promised or disputed, found from the holds by itself: as a part of the other
    statement it would keep that in one process. The amount is text, so that not a cent of it goes
    through a floating point number."""
    return SQL(
        """SELECT line_id, part, number, hold_id, day, amount::text FROM (%s) AS piece""",
        _pieces(days),
    )


def _given(rows):
    """The rows of :func:`read_pieces`, said in a statement."""
    columns = [list(column) for column in zip(*rows, strict=True)] or [[]] * 6
    return SQL(
        """SELECT * FROM unnest(%s::integer[], %s::text[], %s::integer[], %s::integer[],
                                %s::date[], %s::numeric[])
                         AS piece (line_id, part, number, hold_id, day, amount)""",
        *columns,
    )


def _pieces(days):
    """What is promised or disputed: (line_id, part, number, hold_id, day, amount)."""
    return SQL(
        """
        SELECT line_id, 'disputed' AS part, 1 AS number, NULL::integer AS hold_id,
               NULL::date AS day, amount
          FROM (%(disputed)s) AS disputed WHERE amount > 0
         UNION ALL
        SELECT line_id, 'promised', 1 + number, hold_id, day, amount
          FROM (%(promised)s) AS promised""",
        disputed=disputed_items(days),
        promised=promised_items(days),
    )


def _rest(days, account_ids):
    """What is left of each journal item beside what is known of it: by how the customer pays. What
    it is, and when it is expected, is worked out once for each (``FENCE``)."""
    return SQL(
        """
        SELECT rest.id, %(columns)s, rest.part, NULL::integer AS hold_id, rest.amount,
               CASE WHEN rest.part = 'behaviour' THEN rest.amount ELSE 0 END AS amount_expected,
               CASE WHEN rest.part = 'behaviour' THEN rest.late END AS days_late,
               NULL::numeric AS kept_rate, rest.day AS date_expected
          FROM (SELECT owed.*, CASE WHEN owed.part = 'behaviour'
                    THEN GREATEST(owed.date_maturity, owed.today) + owed.late END AS day
                  FROM (%(owed)s) AS owed %(fence)s) AS rest""",
        columns=_columns("rest"),
        owed=_left(days, account_ids),
        fence=FENCE,
    )


def _left(days, account_ids):
    """Journal items with what is left of them, and how late their customer pays."""
    return SQL(
        """
        SELECT owed.*, COALESCE(his.days, everybodys.days, 0) AS late
          FROM (SELECT line.id::bigint * %(factor)s AS id, %(line)s,
                       CASE WHEN %(is_sent)s THEN 'refund' ELSE 'behaviour' END AS part,
                       line.amount_residual - COALESCE(known.amount, 0) AS amount
                  FROM %(lines)s
             LEFT JOIN (SELECT line_id, SUM(amount) AS amount FROM piece GROUP BY line_id)
                       AS known ON known.line_id = line.id
                 WHERE %(is_owed)s AND line.amount_residual != COALESCE(known.amount, 0)
                %(fence)s) AS owed
     LEFT JOIN (%(late)s) AS his
               ON his.root_id = owed.root_id AND his.partner_id = owed.partner_id
     LEFT JOIN (%(late_of_all)s) AS everybodys ON everybodys.root_id = owed.root_id""",
        factor=ID_FACTOR,
        line=_line(),
        is_sent=line_is_unclaimed(),
        lines=_lines(days),
        is_owed=_is_owed(account_ids),
        late=_late(),
        late_of_all=_late_of_all(),
        fence=FENCE,
    )


def _known(days, account_ids):
    """What is promised, as often as promises are kept, and what is disputed."""
    return SQL(
        """
        SELECT known.id, %(columns)s, known.part, known.hold_id, known.amount,
               CASE WHEN known.part = 'promised'
                    THEN ROUND(known.amount * known.kept / 100, currency.decimal_places)
                    ELSE 0 END AS amount_expected,
               NULL::integer AS days_late,
               CASE WHEN known.part = 'promised' THEN known.kept END AS kept_rate,
               known.day AS date_expected
          FROM (SELECT owed.*, COALESCE(his.rate, everybodys.rate, 100.0) AS kept
                  FROM (SELECT line.id::bigint * %(factor)s + piece.number AS id, %(line)s,
                               piece.part, piece.hold_id, piece.day, piece.amount
                          FROM piece JOIN %(lines)s ON line.id = piece.line_id WHERE %(is_owed)s
                       ) AS owed
             LEFT JOIN (%(kept)s) AS his
                       ON his.root_id = owed.root_id AND his.partner_id = owed.partner_id
             LEFT JOIN (%(kept_of_all)s) AS everybodys ON everybodys.root_id = owed.root_id
               ) AS known
          JOIN res_currency currency ON currency.id = known.company_currency_id""",
        columns=_columns("known"),
        factor=ID_FACTOR,
        line=_line(),
        lines=_lines(days),
        is_owed=_is_owed(account_ids),
        kept=_kept(),
        kept_of_all=_kept_of_all(),
    )


def _columns(alias):
    """What both say of a journal item."""
    names = ("line_id", "move_id", "name", "company_id", "company_currency_id", "partner_id")
    return SQL(", ").join(
        SQL.identifier(alias, name) for name in (*names, "date_maturity", "today")
    )


def _line():
    return SQL(
        """line.id AS line_id, line.move_id, line.move_name AS name, line.company_id,
           COALESCE(contact.commercial_partner_id, line.partner_id) AS partner_id,
           %s AS date_maturity, company.today, company.root_id,
           company.currency_id AS company_currency_id""",
        line_date_maturity(),
    )


def _lines(days):
    """Journal items with their company, its day, and the contact where it is no customer by
    itself."""
    return SQL(
        """(account_move_line line
            JOIN (%s) AS company ON company.id = line.company_id
       LEFT JOIN res_partner contact ON contact.id = line.partner_id
                 AND contact.commercial_partner_id != contact.id)""",
        _companies(days),
    )


def _companies(days):
    """Companies with their day, their root, which with its branches is one creditor, and their
    currency: worked out once for each of them (``FENCE``), and not for each of its items."""
    return SQL(
        """SELECT company.id, company.today, owner.currency_id,
                  split_part(owner.parent_path, '/', 1)::integer AS root_id
             FROM (VALUES %(days)s) AS company (id, today)
             JOIN res_company owner ON owner.id = company.id %(fence)s""",
        days=days,
        fence=FENCE,
    )


def _is_owed(account_ids):
    """Condition: what is open now, and is not dated later than today. Said by the day after, as of
    "less than" PostgreSQL takes it that two thirds of the items are later ones."""
    return SQL(
        """line.account_id = ANY(%s) AND %s
           AND LEAST(line.date, company.today + 1) != company.today + 1""",
        list(account_ids),
        line_is_owed(),
    )


# ------------------------------------------------------------
# HOW CUSTOMERS PAY, AND KEEP WHAT THEY PROMISE
# ------------------------------------------------------------


def _paid(days, kept_ids, other_ids):
    """What the customers of each creditor paid, and how late: (root_id, partner_id, is_all, late,
    amount); one row for each company is what all of its customers paid."""
    kept = SQL(
        """SELECT company_id, partner_id, is_all, late, amount
             FROM crm_collection_behaviour WHERE company_id = ANY(%s)""",
        list(kept_ids),
    )
    return SQL(
        """
        SELECT company.root_id, made.partner_id, made.is_all, SUM(made.late) AS late,
               SUM(made.amount) AS amount
          FROM (%(made)s) AS made
          JOIN (%(companies)s) AS company ON company.id = made.company_id
      GROUP BY 1, 2, 3""",
        made=SQL("%s UNION ALL %s", kept, _paid_now(days, other_ids)) if other_ids else kept,
        companies=_companies(days),
    )


def _paid_now(days, company_ids):
    lines = SQL(
        "account_move_line line JOIN (%s) AS company ON company.id = line.company_id",
        _companies(days),
    )
    among = SQL("line.company_id = ANY(%s)", list(company_ids))
    return SQL(
        """SELECT now.company_id, of_whom.partner_id, of_whom.is_all, now.late, now.amount
             FROM (%s) AS now
       CROSS JOIN LATERAL (VALUES (now.partner_id, FALSE), (NULL, TRUE))
                          AS of_whom (partner_id, is_all)""",
        behaviour_queries.paid(lines, among, SQL("company.today")),
    )


def _late():
    """Days late of each customer, weighted by what was paid."""
    return SQL(
        """SELECT root_id, partner_id, ROUND(late / amount)::integer AS days
             FROM paid WHERE amount > 0 AND NOT is_all"""
    )


def _late_of_all():
    return SQL(
        """SELECT root_id, ROUND(SUM(late) / SUM(amount))::integer AS days
             FROM paid WHERE is_all GROUP BY root_id HAVING SUM(amount) > 0"""
    )


def _judged(days):
    """How many promises of each customer were kept, and how many broken."""
    return SQL(
        """
        SELECT company.root_id, hold.customer_id AS partner_id,
               COUNT(*) FILTER (WHERE hold.state = 'kept') AS kept, COUNT(*) AS number
          FROM crm_collection_hold hold
          JOIN (%(companies)s) AS company ON company.id = hold.company_id
         WHERE hold.kind = 'promise' AND hold.state IN ('kept', 'broken')
           AND hold.date_closed > company.today - %(judged_days)s::integer
      GROUP BY 1, 2""",
        companies=_companies(days),
        judged_days=JUDGED_DAYS,
    )


def _kept():
    return SQL("SELECT root_id, partner_id, 100.0 * kept / number AS rate FROM judged")


def _kept_of_all():
    return SQL(
        "SELECT root_id, 100.0 * SUM(kept) / SUM(number) AS rate FROM judged GROUP BY root_id"
    )
