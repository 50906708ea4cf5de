"""What open credits leave of what may be asked for, and whether that is anything.

Each currency is reckoned by itself, in its own money: a credit pays debts of its currency only, and
one of another currency is shown and silences nobody.
"""

from odoo.tools import SQL


def after_credits(asked, credit, letter="partner_id"):
    """What the open credits leave: they pay what was due first, whichever letter it is in.

    They stand before the items in a running sum: nothing is left of an item where the sum is not
    above zero yet. That needs no join: the planner takes each part for a row or two, and compares
    every item with every credit.

    :param str asked: the part with all that customers may be asked for: ``letter``, currency_id,
        item_id, line_id, date_maturity, amount_residual_currency, is_due (the letter is about it),
        is_late (it is overdue); of those due on one day the journal item with the lower number is
        paid first
    :param str credit: the part with ``letter``, currency_id, amount_currency, any rows of them
    :param str letter: the column that says which rows belong together: the customer, who gets
        one letter, or the letter where there are several
    :return: SQL of the columns of ``asked``, with amount_left, and is_asked: a letter shows what
        is not due yet and does not ask for it beside what is overdue and not paid by credits
    """
    return SQL(
        """SELECT entry.*,
                  is_due AND (is_late OR NOT BOOL_OR(is_due AND is_late AND amount_left > 0) OVER (
                        PARTITION BY %(letter)s, currency_id)) AS is_asked
             FROM (
                SELECT entry.*, LEAST(amount_residual_currency, GREATEST(0,
                            SUM(amount_residual_currency) OVER (
                                PARTITION BY %(letter)s, currency_id
                                ORDER BY date_maturity NULLS FIRST, line_id NULLS FIRST)))
                            AS amount_left
                  FROM (
                    SELECT %(letter)s, currency_id, item_id, line_id, date_maturity,
                           amount_residual_currency, is_due, is_late
                      FROM %(asked)s
                     UNION ALL
                    SELECT %(letter)s, currency_id, NULL, NULL, NULL, amount_currency, FALSE, FALSE
                      FROM %(credit)s
                 ) AS entry) AS entry""",
        letter=SQL.identifier(letter),
        asked=SQL.identifier(asked),
        credit=SQL.identifier(credit),
    )


def owing(asked, credit, letter="partner_id"):
    """Whether there is anything to ask for, and of what: the open credits do not pay all that the
    letter asks for.

    The parameters are those of :func:`after_credits`.

    :return: SQL of (``letter``, is_left, and the item_ids and line_ids of what the letter is about
        and of which anything is left); no row where the letter is about nothing
    """
    return SQL(
        """SELECT %(letter)s, BOOL_OR(is_asked AND amount_left > 0) AS is_left,
                  array_agg(item_id) FILTER (WHERE is_due AND amount_left > 0) AS item_ids,
                  array_agg(line_id) FILTER (WHERE is_due AND amount_left > 0) AS line_ids
             FROM (%(entries)s) AS entry
         GROUP BY %(letter)s HAVING BOOL_OR(is_due)""",
        letter=SQL.identifier(letter),
        entries=after_credits(asked, credit, letter),
    )


def payments(asked, credit, letter="partner_id"):
    """Which open credit pays how much of which item: the first one what was due first, as
    :func:`after_credits` adds them up.

    Items and credits are laid end to end, each by itself; between two ends next to each other lies
    what one credit pays of one item. No join, for the reason named there.

    :param str credit: the part with ``letter``, currency_id, line_id, date, amount_currency, a row
        for each open credit
    :return: SQL of (``letter``, currency_id, item_id, credit_line_id, date, amount)
    """
    return SQL(
        """SELECT %(letter)s, currency_id, item[2]::integer AS item_id,
                  paying[2]::integer AS credit_line_id, paying[3]::date AS date, amount
             FROM (
                SELECT %(letter)s, currency_id,
                       reach - LAG(reach, 1, 0) OVER ends AS amount,
                       MIN(item) OVER following AS item, MIN(paying) OVER following AS paying
                  FROM (
                    SELECT %(letter)s, currency_id, NULL::text[] AS paying,
                           SUM(amount_residual_currency) OVER items AS reach,
                           ARRAY[TO_CHAR(ROW_NUMBER() OVER items, 'FM000000000'),
                                 item_id::text] AS item
                      FROM %(asked)s
                    WINDOW items AS (PARTITION BY %(letter)s, currency_id
                                         ORDER BY date_maturity NULLS FIRST, line_id)
                     UNION ALL
                    SELECT %(letter)s, currency_id,
                           ARRAY[TO_CHAR(ROW_NUMBER() OVER credits, 'FM000000000'),
                                 line_id::text, date::text],
                           -SUM(amount_currency) OVER credits, NULL
                      FROM %(credit)s
                    WINDOW credits AS (PARTITION BY %(letter)s, currency_id
                                           ORDER BY date, line_id)
                  ) AS laid
                WINDOW ends AS (PARTITION BY %(letter)s, currency_id ORDER BY reach),
                       following AS (ends ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
             ) AS piece
            WHERE amount > 0 AND item IS NOT NULL AND paying IS NOT NULL""",
        letter=SQL.identifier(letter),
        asked=SQL.identifier(asked),
        credit=SQL.identifier(credit),
    )
