"""Figures of groups that are no sums of their rows: each is worked out from all of them.

There is no figure, and nothing is shown, where money of several currencies would be added or
there is nothing to divide by.
"""

from odoo.tools import SQL


def median(value):
    """The median of a group; rows without a value are none of it."""
    return SQL("PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY %s)", value)


def rate(part, whole):
    """The percentage of a group's sums."""
    return SQL("100.0 * SUM(%s) / NULLIF(SUM(%s), 0)", part, whole)


def of_one_currency(currency, figure):
    """The figure where all rows are in one currency."""
    return SQL("CASE WHEN COUNT(DISTINCT %s) = 1 THEN %s END", currency, figure)


def of_one_row(value):
    """What cannot be told of several rows."""
    return SQL("CASE WHEN COUNT(*) = 1 THEN MIN(%s) END", value)


def by_day(total, date):
    """Of sums at several days the mean; the rows of one day are added up."""
    return SQL("%s / NULLIF(COUNT(DISTINCT %s), 0)", total, date)


def total(value):
    """The sum of the rows."""
    return SQL("SUM(%s)", value)


def count_listed(table, column):
    """How many different ids the rows' texts list: "3,7" and "7,8" are three."""
    return SQL(
        """(SELECT COUNT(DISTINCT listed.id)
              FROM unnest(string_to_array(STRING_AGG(%s, ','), ',')) AS listed (id))""",
        SQL.identifier(table, column),
    )


def order_by_rank(term, rank):
    """Order groups of ``term`` by their rank; a pivot's totals over all of them are not sorted
    by it."""
    return SQL("CASE GROUPING(%s) WHEN 0 THEN MIN(%s) END", term, rank)


def indicator(name, column):
    """An indicator of several companies' or days' rows, from the sums it is computed from.

    :param column: function that returns the SQL of a field
    :return: SQL, or ``None`` where the rows' values are added up
    """
    figures = {
        "dso": of_one_row,
        "dso_best": lambda _value: _days_of_sales(column("not_due"), column),
        "days_delinquent": lambda _value: _days_of_sales(column("overdue"), column),
        "cei": lambda _value: _effectiveness(column),
        "overdue_share": lambda _value: rate(column("overdue"), column("receivables")),
    }
    if name == "promise_kept_rate":
        kept = column("promise_kept_count")
        return rate(kept, SQL("%s + %s", kept, column("promise_broken_count")))
    if name not in figures:
        return None
    return of_one_currency(column("company_currency_id"), figures[name](column(name)))


def _days_of_sales(money, column):
    sales = column("quarter_sales")
    return SQL(
        "CASE WHEN SUM(%(sales)s) > 0 THEN SUM(%(money)s * %(days)s) / SUM(%(sales)s) END",
        money=money,
        days=column("quarter_days"),
        sales=sales,
    )


def _effectiveness(column):
    return SQL(
        "100.0 * SUM(%(before)s + %(sales)s - %(now)s) "
        "/ NULLIF(SUM(%(before)s + %(sales)s - %(not_due)s), 0)",
        before=column("receivables_from"),
        sales=column("sales"),
        now=column("receivables"),
        not_due=column("not_due"),
    )


def by_name(query, terms, is_descending, limit, offset):
    """Groups of customers by their names: added up first, the names of the groups looked up then.
    Joined to the rows they would be grouped by with them, and be it that a page shows a few.

    :param Query query: of the rows
    :param list terms: SQL of the customer, and of what is added up
    """
    query.groupby = terms[0]
    names = [SQL.identifier(f"term_{number}") for number in range(len(terms))]
    direction, tie = ("DESC", "ASC") if is_descending else ("ASC", "DESC")
    return SQL(
        """SELECT %(names)s FROM (%(groups)s) AS grouped
        LEFT JOIN res_partner customer ON customer.id = grouped.term_0
         ORDER BY customer.complete_name %(direction)s, customer.id %(tie)s %(limit)s %(offset)s""",
        names=SQL(", ").join(names),
        groups=query.select(
            *(SQL("%s AS %s", term, name) for term, name in zip(terms, names, strict=True))
        ),
        direction=SQL(direction),
        tie=SQL(tie),
        limit=SQL("LIMIT %s", limit) if limit else SQL(),
        offset=SQL("OFFSET %s", offset) if offset else SQL(),
    )
