"""What the ORM asks for of items in expressions of its own."""

from odoo.tools import SQL


def days_overdue(date_maturity, company_id, companies_by_day):
    """Days since the due date, on the day of each item's company.

    :param SQL date_maturity: the due date
    :param SQL company_id: the item's company
    :param dict companies_by_day: {day: companies}
    """
    (day, _companies), *others = companies_by_day.items()
    if not others:  # a constant where all have the same
        return SQL("(%s::date - %s)", day, date_maturity)
    whens = SQL(" ").join(
        SQL("WHEN %s IN %s THEN %s::date", company_id, companies._ids, other)
        for other, companies in others
    )
    return SQL("((CASE %s ELSE %s::date END) - %s)", whens, day, date_maturity)


def only_value(value):
    """The list of what a column holds where that is known."""
    return SQL("ARRAY[%s]", value)
