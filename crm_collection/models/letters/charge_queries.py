"""Fine and interest: shown on letters, less what a person has made an invoice of."""

from odoo.tools import SQL

CONSUMER_FINE_MAX = 2  # percent of what is owed
DAYS_OF_MONTH = 30


def charges(brazil_id, amount, amount_days, booked=None, rate=None):
    """Columns of fine and interest, over ``partner``, ``currency`` and ``company``: the item's own,
    whichever of the companies that are one creditor writes the letter.

    Fine: once, on what is overdue; at most 2 % for Brazilian consumers (Lei 8.078/1990, CDC,
    art. 52 § 1), who are those of ``crm.collection.letter._is_consumer_br``. Interest: simple,
    per month of 30 days.

    Worked out in decimals from end to end: the percentages are read where they are kept, and no
    quotient is rounded before the end. Then each is rounded once, to the currency's rounding,
    half away from zero: 0.005 is 0.01, 1.125 is 1.13. What is booked is taken off what is rounded:
    both together are what would be asked for if nothing was booked.

    :param int brazil_id: id of the country Brazil
    :param SQL amount: what the fine is of, zero or more
    :param SQL amount_days: amounts times the days each of them is overdue, zero or more
    :param str booked: alias of :func:`booked`, where it is taken off
    :param str rate: alias of ``rate_queries.on_day``, where rates change from day to day; then
        ``amount_days`` is told with the percentages of the days (``rate_queries.weight``)
    """
    is_consumer = _is_consumer(brazil_id)
    percent = SQL.identifier(rate, "fine_percent") if rate else _setting("collection_fine_percent")
    if not rate:
        percent_days = _setting("collection_interest_percent")
        amount_days = SQL("%s * %s", amount_days, percent_days)
    fine = _round(SQL("%s * %s", amount, _fine_percent(is_consumer, percent)), 100)
    interest = _round(amount_days, 100 * DAYS_OF_MONTH)
    if rate:
        fine = SQL("%s + %s", fine, _fixed(is_consumer, amount, rate))
    if booked:
        fine, interest = (
            SQL(
                "CASE WHEN %(booked)s.is_charge THEN 0 ELSE GREATEST(%(all)s - %(less)s, 0) END",
                booked=SQL.identifier(booked),
                all=amount,
                less=SQL.identifier(booked, name),
            )
            for name, amount in (("amount_fine", fine), ("amount_interest", interest))
        )
    return SQL("%s AS amount_fine, %s AS amount_interest", fine, interest)


def booked(line_id):
    """What is in the books of an item's fine and interest, as letters asked for it, of invoices
    that were not cancelled; and whether the item is of such an invoice itself, which has neither.
    One row.

    :param SQL line_id: the item's journal item
    """
    return SQL(
        """SELECT COALESCE(SUM(charge.amount_fine), 0) AS amount_fine,
                  COALESCE(SUM(charge.amount_interest), 0) AS amount_interest,
                  EXISTS (SELECT FROM account_move_line invoiced
                            JOIN crm_collection_charge own ON own.move_id = invoiced.move_id
                           WHERE invoiced.id = %(line_id)s) AS is_charge
             FROM crm_collection_item charged
             JOIN crm_collection_charge charge ON charge.item_id = charged.id
             JOIN account_move invoice ON invoice.id = charge.move_id AND invoice.state != 'cancel'
            WHERE charged.line_id = %(line_id)s""",
        line_id=line_id,
    )


def _round(product, divisor):
    """``product / divisor`` in the currency's rounding, half away from zero. DIV is the whole
    part of a quotient and exact, where a quotient has as many decimals as PostgreSQL gives it."""
    return SQL(
        "DIV(2 * %(product)s + %(unit)s, 2 * %(unit)s) * currency.rounding",
        product=product,
        unit=SQL("(%s * currency.rounding)", divisor),
    )


def _is_consumer(brazil_id):
    return SQL(
        """(NOT COALESCE(partner.is_company, FALSE)
            AND COALESCE(partner.country_id, company.account_fiscal_country_id) = %s)""",
        brazil_id,
    )


def _fine_percent(is_consumer, percent):
    return SQL(
        "CASE WHEN %(is_consumer)s THEN LEAST(%(percent)s, %(most)s) ELSE %(percent)s END",
        is_consumer=is_consumer,
        percent=percent,
        most=CONSUMER_FINE_MAX,
    )


def _fixed(is_consumer, amount, rate):
    """The fixed amount, of what is owed in the currency it is in."""
    return SQL(
        """CASE WHEN %s > 0 AND currency.id = company.currency_id AND NOT %s
                THEN %s ELSE 0 END""",
        amount,
        is_consumer,
        SQL.identifier(rate, "amount_fixed"),
    )


def _setting(name):
    """A company's percentage as the database keeps it: a decimal, no binary fraction."""
    return SQL("COALESCE(%s, 0)", SQL.identifier("company", name))
