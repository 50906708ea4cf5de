"""What the open credits pay of letters: of those that are written, and of one that is only shown.

A customer may have several letters: each has its own rows, and the credits pay what was due first,
whichever letter it is in.
"""

from odoo.tools import SQL

from ..portfolio.queries import of_family
from .credit_queries import after_credits, owing
from .queries import asked_open_items, open_credits


def left_of_letters(company, today, letter_ids):
    """What there is to ask for in letters beside the open credits of their customers, told as for
    letters that are chosen: SQL of (letter, is_left, item_ids), see ``credit_queries.owing``."""
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
    return SQL(
        "%s SELECT letter, is_left, item_ids FROM (%s) AS owing",
        _parts(company, today, partner_ids, mine),
        owing("asked", "credit", "letter"),
    )


def paid_by_credits(company, today, lines):
    """What the open credits pay of each item that letters ask for.

    :param list lines: (letter, customer's id, currency's id, item's id, due date, owed, days
        overdue) as the letter says; ``letter`` is any number that tells them apart
    :return: SQL of (letter, item_id, paid)
    """
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
    return SQL(
        """%s SELECT letter, item_id, amount_residual_currency - amount_left AS paid
                FROM (%s) AS entry WHERE is_asked""",
        _parts(company, today, sorted({line[1] for line in lines}), mine),
        after_credits("asked", "credit", "letter"),
    )


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
                SELECT letter.letter, open_credit.currency_id, open_credit.amount_currency
                  FROM (%(credits)s) AS open_credit
                  JOIN letter ON letter.partner_id = open_credit.partner_id)""",
        asked_now=of_family(
            company,
            lambda member: asked_open_items(member.id, today, columns, condition=of_partners),
        ),
        mine=mine,
        credits=open_credits(company, partner_ids),
    )
