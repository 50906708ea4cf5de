"""Fine and interest: shown on letters, never posted."""

from odoo.tools import SQL

CONSUMER_FINE_MAX = 2  # percent of what is owed
DAYS_OF_MONTH = 30


def charges(company, amount, amount_days):
    """Columns of fine and interest, over ``partner`` and ``currency``.

    Fine: once, on what is overdue; at most 2 % for Brazilian consumers (Lei 8.078/1990, CDC,
    art. 52 § 1), who are those of ``crm.collection.letter._is_consumer_br``. Interest: simple,
    per month of 30 days.

    Worked out in decimals from end to end: the percentages are read where they are kept, and no
    quotient is rounded before the end. Then each is rounded once, to the currency's rounding,
    half away from zero: 0.005 is 0.01, 1.125 is 1.13.

    :param SQL amount: what the fine is of, zero or more
    :param SQL amount_days: amounts times the days each of them is overdue, zero or more
    """
    return SQL(
        "%s AS amount_fine, %s AS amount_interest",
        _round(SQL("%s * %s", amount, _fine_percent(company)), 100),
        _round(
            SQL("%s * %s", amount_days, _setting(company, "collection_interest_percent")),
            100 * DAYS_OF_MONTH,
        ),
    )


def _round(product, divisor):
    """``product / divisor`` in the currency's rounding, half away from zero. DIV is the whole
    part of a quotient and exact, where a quotient has as many decimals as PostgreSQL gives it."""
    return SQL(
        "DIV(2 * %(product)s + %(unit)s, 2 * %(unit)s) * currency.rounding",
        product=product,
        unit=SQL("(%s * currency.rounding)", divisor),
    )


def _fine_percent(company):
    percent = _setting(company, "collection_fine_percent")
    return SQL(
        """CASE WHEN NOT COALESCE(partner.is_company, FALSE)
                 AND COALESCE(partner.country_id, %s) = %s
                THEN LEAST(%s, %s) ELSE %s END""",
        company.account_fiscal_country_id.id or None,
        company.env.ref("base.br").id,
        percent,
        CONSUMER_FINE_MAX,
        percent,
    )


def _setting(company, name):
    """A company's percentage as the database keeps it: a decimal, no binary fraction."""
    return SQL(
        "COALESCE((SELECT %s FROM res_company WHERE id = %s), 0)", SQL.identifier(name), company.id
    )
