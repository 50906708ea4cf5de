"""What open credits leave of what may be asked for, and whether that is anything."""

from odoo.tools import SQL


def after_credits(asked, credit, letter="partner_id"):
    """What the open credits leave: they pay what was due first, whichever letter it is in.

    They stand before the items in a running sum: nothing is left of an item where the sum is not
    above zero yet. That needs no join: the planner takes each part for a row or two, and compares
    every item with every credit.

    :param str asked: the part with all that customers may be asked for: ``letter``, currency_id,
        item_id, date_maturity, amount_residual (in company currency), amount_residual_currency,
        is_due (the letter is about it), is_late (it is overdue)
    :param str credit: the part with ``letter``, currency_id, amount, amount_currency
    :param str letter: the column that says which rows belong together: the customer, who gets
        one letter, or the letter where there are several
    :return: SQL of the columns of ``asked``, with amount_left, and is_asked: a letter shows what
        is not due yet and does not ask for it beside what is overdue
    """
    return SQL(
        """SELECT entry.*, LEAST(amount_residual_currency, GREATEST(0,
                    SUM(amount_residual_currency) OVER (
                        PARTITION BY %(letter)s, currency_id
                        ORDER BY date_maturity NULLS FIRST, item_id NULLS FIRST))) AS amount_left,
                  is_due AND (is_late OR NOT BOOL_OR(is_due AND is_late) OVER (
                        PARTITION BY %(letter)s, currency_id)) AS is_asked
             FROM (
                SELECT %(letter)s, currency_id, item_id, date_maturity, amount_residual,
                       amount_residual_currency, is_due, is_late
                  FROM %(asked)s
                 UNION ALL
                SELECT %(letter)s, currency_id, NULL, NULL, amount, amount_currency, FALSE, FALSE
                  FROM %(credit)s
             ) AS entry""",
        letter=SQL.identifier(letter),
        asked=SQL.identifier(asked),
        credit=SQL.identifier(credit),
    )


def owing(asked, credit, letter="partner_id"):
    """Whether there is anything to ask for: the customer owes in all, in company currency, and
    the open credits do not pay all that his letter asks for.

    The parameters are those of :func:`after_credits`.

    :return: SQL of (``letter``, is_left); no row where the letter is about nothing
    """
    return SQL(
        """SELECT %(letter)s, SUM(amount_residual) > 0
                  AND BOOL_OR(is_asked AND amount_left > 0) AS is_left
             FROM (%(entries)s) AS entry
         GROUP BY %(letter)s HAVING BOOL_OR(is_due)""",
        letter=SQL.identifier(letter),
        entries=after_credits(asked, credit, letter),
    )
