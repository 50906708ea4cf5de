"""What the open credits pay of letters: of those that are written, and of one that is only shown.

A customer may have several letters: each has its own rows, and the credits pay what was due first,
whichever letter it is in.
"""

from odoo.tools import SQL

from ..portfolio.calendar_queries import counted_by_company
from ..portfolio.queries import of_family
from .charge_queries import booked, charges
from .credit_queries import after_credits, owing, payments
from .queries import asked_open_items, open_credit_lines
from .rate_queries import on_day, weight

PORTFOLIO = SQL("crm_collection_item")


def left_of_letters(company, today, letter_ids):
    """What there is to ask for in letters beside the open credits of their customers, told as for
    letters that are chosen: SQL of (letter, is_left, item_ids), see ``credit_queries.owing``."""
    return SQL(
        "%s SELECT letter, is_left, item_ids FROM (%s) AS owing",
        _parts(company, today, *_written(letter_ids)),
        owing("asked", "credit", "letter"),
    )


def asked_of_letters(company, today, letter_ids):
    """What letters ask for of each of their items, as it is now: see :func:`_asked_of`."""
    parts = _parts(company, today, *_written(letter_ids))
    return SQL("%s %s", parts, asked_of(company, today))


def asked_of_shown(company, today, lines):
    """The same of letters that are only shown; ``lines`` as of :func:`paid_by_credits`."""
    return SQL("%s %s", _parts(company, today, *_shown(lines)), asked_of(company, today))


def refresh_asked(company, today, letter_ids, uid):
    """Write what letters ask for of their items (see :func:`_asked_of`), where it changed."""
    return SQL(
        """%(parts)s
        UPDATE crm_collection_letter_line line
           SET amount_credit = now.amount_credit, amount_fine = now.amount_fine,
               amount_interest = now.amount_interest, amount_asked = now.amount_asked,
               write_uid = %(uid)s, write_date = now() AT TIME ZONE 'UTC'
          FROM (%(asked_of)s) AS now
         WHERE line.letter_id = now.letter AND line.item_id = now.item_id
           AND (line.amount_credit, line.amount_fine, line.amount_interest, line.amount_asked)
               IS DISTINCT FROM (now.amount_credit, now.amount_fine, now.amount_interest,
                                 now.amount_asked)""",
        parts=_parts(company, today, *_written(letter_ids)),
        asked_of=asked_of(company, today),
        uid=uid,
    )


def asked_of(company, today, of_item=None):
    """What is asked for of each item, over the parts of :func:`_parts`.

    Nothing is charged where open credits leave nothing. Else the fine is of what they leave, and
    so is the interest, for all its days; on a part that a credit pays it ends with the day of the
    credit, which comes no later than today: what is dated after today was not received yet. Days
    count from the due date or the next working day, as the item's own company says; so are fine
    and interest its own. What a person has made an invoice of is not asked for again, and of that
    invoice itself neither fine nor interest.

    :param SQL of_item: where it is read whose an item is, with id, line_id, partner_id,
        company_id and rule_id; by default the portfolio
    :return: SQL of (letter, item_id, is_left, amount_credit, amount_fine, amount_interest,
        amount_asked); what is not due yet and only shown is asked nothing
    """
    has_rates = _has_rates(company)
    late = SQL("GREATEST(%s::date - dated.charged_from, 0)", today)
    days = weight(SQL("dated.charged_from"), SQL("%s::date", today)) if has_rates else late
    rate = SQL("CROSS JOIN LATERAL (%s) AS rate", on_day(SQL("(dated.charged_from + 1)")))
    return SQL(
        """SELECT letter, item_id, amount_left > 0 AS is_left, amount_credit, amount_fine,
                  amount_interest, CASE WHEN is_asked THEN owed - amount_credit ELSE 0 END
                      + amount_fine + amount_interest AS amount_asked
             FROM (
                SELECT dated.*, CASE WHEN is_asked THEN owed - amount_left ELSE 0 END
                           AS amount_credit, %(charges)s
                  FROM (%(dated)s) AS dated
                  JOIN %(of_item)s AS item ON item.id = dated.item_id
            CROSS JOIN LATERAL (%(booked)s) AS booked
                  %(rate)s
                  JOIN res_company company ON company.id = item.company_id
                  JOIN res_partner partner ON partner.id = item.partner_id
                  JOIN res_currency currency ON currency.id = dated.currency_id) AS charged""",
        dated=_dated(company, today, of_item or PORTFOLIO),
        of_item=of_item or PORTFOLIO,
        booked=booked(SQL("item.line_id")),
        rate=rate if has_rates else SQL(),
        charges=charges(
            company.env.ref("base.br").id,
            SQL("CASE WHEN %s > 0 THEN amount_left ELSE 0 END", late),
            SQL("CASE WHEN amount_left > 0 THEN amount_left * %s + paid_days ELSE 0 END", days),
            "booked",
            "rate" if has_rates else None,
        ),
    )


def _has_rates(company):
    """Whether fine and interest of the creditor change from day to day."""
    Rate = company.env["crm.collection.charge.rate"]
    return bool(Rate._get_companies(company._get_collection_family()))


def _dated(company, today, of_item):
    """Each item of a letter with what is left of it, and what is paid times the days it was late;
    where rates change, times the percentages of these days. What is left and what is paid are added
    up, not joined: see :func:`.after_credits`."""
    charged_until = SQL("LEAST(date, %s)", today)
    days, joined = SQL("GREATEST(%s - charged_from, 0)", charged_until), SQL()
    if _has_rates(company):
        days = weight(SQL("charged_from"), charged_until)
        joined = SQL("JOIN %s AS item ON item.id = piece.item_id", of_item)
    return SQL(
        """SELECT letter, item_id, MAX(piece.currency_id) AS currency_id,
                  BOOL_OR(is_asked) AS is_asked,
                  SUM(owed) AS owed, SUM(amount_left) AS amount_left,
                  MAX(charged_from) AS charged_from, SUM(paid * %(days)s) AS paid_days
             FROM (
                SELECT piece.*, MAX(due) OVER (PARTITION BY letter, item_id) AS charged_from
                  FROM (
                    SELECT letter, currency_id, item_id, is_due, is_asked, amount_left,
                           amount_residual_currency AS owed, 0 AS paid, NULL::date AS date,
                           %(counted_from)s AS due
                      FROM (%(after_credits)s) AS entry WHERE item_id IS NOT NULL
                     UNION ALL
                    SELECT letter, currency_id, item_id, FALSE, FALSE, 0, 0, amount, date, NULL
                      FROM (%(payments)s) AS payment
                  ) AS piece) AS piece
             %(joined)s
         GROUP BY letter, item_id HAVING BOOL_OR(is_due)""",
        days=days,
        joined=joined,
        counted_from=counted_by_company(
            company._get_collection_family()._get_collection_charge_days_by_company(),
            SQL("(SELECT company_id FROM %s AS item WHERE item.id = entry.item_id)", of_item),
            SQL("date_maturity"),
        ),
        after_credits=after_credits("asked", "credit", "letter"),
        payments=payments("asked", "credit", "letter"),
    )


def _written(letter_ids):
    """:return: the customers and the items of letters that are written, as :func:`_parts` asks
    for them: what is owed of them now"""
    mine = SQL(
        """SELECT line.letter_id AS letter, asked_now.partner_id, asked_now.currency_id,
                  asked_now.item_id, asked_now.line_id, asked_now.date_maturity,
                  asked_now.amount_residual_currency, line.days_overdue > 0 AS is_late
             FROM crm_collection_letter_line line
             JOIN asked_now ON asked_now.item_id = line.item_id
            WHERE line.letter_id = ANY(%s)""",
        letter_ids,
    )
    partner_ids = SQL(
        "ARRAY(SELECT partner_id FROM crm_collection_letter WHERE id = ANY(%s))", letter_ids
    )
    return partner_ids, mine


def paid_by_credits(company, today, lines):
    """What the open credits pay of each item that letters ask for.

    :param list lines: (letter, customer's id, currency's id, item's id, due date, owed, days
        overdue) as the letter says; ``letter`` is any number that tells them apart
    :return: SQL of (letter, item_id, paid)
    """
    return SQL(
        """%s SELECT letter, item_id, amount_residual_currency - amount_left AS paid
                FROM (%s) AS entry WHERE is_asked""",
        _parts(company, today, *_shown(lines)),
        after_credits("asked", "credit", "letter"),
    )


def _shown(lines):
    """As :func:`_written`, of letters as they say; ``lines`` as of :func:`paid_by_credits`."""
    rows = SQL(", ").join(
        SQL(
            "(%s::integer, %s::integer, %s::integer, %s::integer, %s::date, %s::numeric, %s)", *line
        )
        for line in lines
    )
    mine = SQL(
        """SELECT shown.letter, shown.partner_id, shown.currency_id, item.id AS item_id,
                  item.line_id, shown.date_maturity, shown.owed AS amount_residual_currency,
                  shown.days > 0 AS is_late
             FROM (VALUES %s) AS shown
                  (letter, partner_id, currency_id, item_id, date_maturity, owed, days)
             JOIN crm_collection_item item ON item.id = shown.item_id""",
        rows,
    )
    return sorted({line[1] for line in lines}), mine


def _parts(company, today, partner_ids, mine):
    """The parts ``asked`` and ``credit`` by letter: a letter's own items as it says, and beside
    them all else its customer may be asked for."""
    columns = SQL(
        """item.id AS item_id, line.id AS line_id, item.partner_id, line.currency_id,
           item.date_maturity, line.amount_residual_currency"""
    )
    of_partners = SQL("item.partner_id = ANY(%s)", partner_ids)
    return SQL(
        """
        WITH asked_now AS (%(asked_now)s),
             mine AS (%(mine)s),
             letter AS (SELECT DISTINCT letter, partner_id FROM mine),
             asked AS (
                SELECT letter, currency_id, item_id, line_id, date_maturity,
                       amount_residual_currency, TRUE AS is_due, is_late
                  FROM mine
                 UNION ALL
                SELECT letter.letter, asked_now.currency_id, asked_now.item_id, asked_now.line_id,
                       asked_now.date_maturity, asked_now.amount_residual_currency, FALSE, FALSE
                  FROM asked_now JOIN letter ON letter.partner_id = asked_now.partner_id
                 WHERE (letter.letter, asked_now.item_id) NOT IN (
                       SELECT letter, item_id FROM mine)),
             credit AS (
                SELECT letter.letter, open_credit.currency_id, open_credit.line_id,
                       open_credit.date, open_credit.amount_currency
                  FROM (%(credits)s) AS open_credit
                  JOIN letter ON letter.partner_id = open_credit.partner_id)""",
        asked_now=of_family(
            company,
            lambda member: asked_open_items(member.id, today, columns, condition=of_partners),
        ),
        mine=mine,
        credits=open_credit_lines(company, partner_ids),
    )
