from odoo.tools import SQL


def active_holds(company_id, today):
    """Holds in force on ``today``: one row each with its scope (customer, entry or title)."""
    return SQL(
        """SELECT id, partner_id, move_id, item_id
             FROM crm_collection_hold
            WHERE company_id = %(company_id)s AND state = 'active' AND date_from <= %(today)s
              AND (date_until IS NULL OR date_until >= %(today)s)""",
        company_id=company_id,
        today=today,
    )


def hold_joins(company_id, today, partner, move, item):
    """LEFT JOINs of the holds on a query's customer, entry and title expressions.

    Three small hash joins instead of one with ORs. The hold is then :func:`hold_id`.
    """
    scopes = (("partner_id", partner), ("move_id", move), ("item_id", item))
    return SQL(" ").join(
        SQL(
            """LEFT JOIN (SELECT %(scope)s AS scope_id, MIN(id) AS hold_id
                            FROM (%(holds)s) AS hold WHERE %(scope)s IS NOT NULL
                        GROUP BY %(scope)s) AS %(alias)s ON %(alias)s.scope_id = %(value)s""",
            scope=SQL.identifier(scope),
            holds=active_holds(company_id, today),
            alias=SQL.identifier(f"hold_{scope}"),
            value=value,
        )
        for scope, value in scopes
    )


def hold_id():
    return SQL("COALESCE(hold_item_id.hold_id, hold_move_id.hold_id, hold_partner_id.hold_id)")
