from odoo.tools import SQL


def last_day(hold="hold"):
    """The last day of a hold: that of a promise is waited for as long as its company says. NULL:
    until it is lifted."""
    return SQL(
        """(%(hold)s.date_until + CASE WHEN %(hold)s.kind = 'promise' THEN (
                SELECT COALESCE(company.collection_promise_days, 0) FROM res_company company
                 WHERE company.id = %(hold)s.company_id) ELSE 0 END)""",
        hold=SQL.identifier(hold),
    )


def is_in_force(today, hold="hold"):
    """Condition: the hold keeps back what it covers on ``today``.

    :param today: the day of the hold's company, or SQL of it
    """
    return SQL(
        """(%(hold)s.state = 'active' AND %(hold)s.date_from <= %(today)s
            AND (%(hold)s.date_until IS NULL OR %(last_day)s >= %(today)s))""",
        hold=SQL.identifier(hold),
        last_day=last_day(hold),
        today=today,
    )


def active_holds(company_id, today):
    """Holds in force on ``today``: one row each with its scope (customer, entry or item).

    The customer is the commercial partner of today: one that became a contact of another
    customer since holds that customer.
    """
    return SQL(
        """SELECT hold.id, partner.commercial_partner_id AS partner_id, hold.move_id, hold.item_id
             FROM crm_collection_hold hold
        LEFT JOIN res_partner partner ON partner.id = hold.partner_id
            WHERE hold.company_id = %(company_id)s AND %(in_force)s""",
        company_id=company_id,
        in_force=is_in_force(today),
    )


def disputed_lines(company_id, today, line_ids):
    """Which of a company's journal items are under a dispute in force: by their customer, their
    entry, or as items in collection."""
    return SQL(
        """
        SELECT line.id
          FROM account_move_line line
     LEFT JOIN res_partner partner ON partner.id = line.partner_id
         WHERE line.id = ANY(%(line_ids)s)
           AND EXISTS (SELECT FROM (%(holds)s) AS held
                         JOIN crm_collection_hold hold ON hold.id = held.id
                    LEFT JOIN crm_collection_item item ON item.id = held.item_id
                        WHERE hold.kind = 'dispute'
                          AND (held.partner_id = partner.commercial_partner_id
                               OR held.move_id = line.move_id OR item.line_id = line.id))""",
        line_ids=list(line_ids),
        holds=active_holds(company_id, today),
    )


def hold_joins(company_id, today, partner, move, item, day=None):
    """LEFT JOINs of the holds on a query's customer, entry and item expressions.

    Three small hash joins instead of one with ORs. The hold is then :func:`hold_id`.

    :param tuple day: where the query is about several days: the relation ``day`` of them, of
        which ``today`` is a column, and the day of the query's row
    """
    scopes = (("partner_id", partner), ("move_id", move), ("item_id", item))
    holds = _holds_by_day(company_id, today, day and day[0])
    return SQL(" ").join(
        SQL(
            """LEFT JOIN (SELECT %(scope)s AS scope_id, today, MIN(id) AS hold_id
                            FROM (%(holds)s) AS hold WHERE %(scope)s IS NOT NULL
                        GROUP BY %(scope)s, today) AS %(alias)s
                      ON %(alias)s.scope_id = %(value)s AND %(alias)s.today = %(row_day)s""",
            scope=SQL.identifier(scope),
            holds=holds,
            alias=SQL.identifier(f"hold_{scope}"),
            value=value,
            row_day=day[1] if day else SQL("%s::date", today),
        )
        for scope, value in scopes
    )


def _holds_by_day(company_id, today, days):
    """:func:`active_holds` with the day they are in force on"""
    if days is None:
        return SQL(
            "SELECT hold.*, %s::date AS today FROM (%s) AS hold",
            today,
            active_holds(company_id, today),
        )
    return SQL(
        "SELECT hold.*, day.today FROM (%s) AS day CROSS JOIN LATERAL (%s) AS hold",
        days,
        active_holds(company_id, today),
    )


def hold_id():
    return SQL("COALESCE(hold_item_id.hold_id, hold_move_id.hold_id, hold_partner_id.hold_id)")
