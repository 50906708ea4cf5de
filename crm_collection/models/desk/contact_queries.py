"""What the ORM asks for of contacts in expressions of its own."""

from odoo.tools import SQL


def days_waiting(state, date, company_id, companies_by_zone):
    """Days since the customer wrote, by the calendar of each company; 0 where nobody waits.

    :param SQL date: when he wrote, in UTC
    :param dict companies_by_zone: {(time zone, its day): companies}
    """
    whens = SQL(" ").join(
        SQL(
            "WHEN %s = ANY(%s) THEN %s::date - (%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date",
            *(company_id, companies.ids, today, date, zone),
        )
        for (zone, today), companies in companies_by_zone.items()
    )
    return SQL("CASE WHEN %s <> 'waiting' THEN 0 ELSE (CASE %s ELSE 0 END) END", state, whens)
