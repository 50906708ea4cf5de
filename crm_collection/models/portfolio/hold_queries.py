from odoo.tools import SQL

from .queries import line_date_maturity, line_is_owed


def is_in_force(today, hold="hold"):
    """Condition: the hold keeps back what it covers on ``today``.

    :param today: the day of the hold's company, or SQL of it
    """
    return SQL(
        """(%(hold)s.state = 'active' AND %(hold)s.date_from <= %(today)s
            AND (%(hold)s.date_until IS NULL OR %(hold)s.date_until >= %(today)s))""",
        hold=SQL.identifier(hold),
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


def closings(company_id, today):
    """Holds in force that are over on ``today``: (hold id, the state they end in).

    A promise is kept when the promised amount was paid since, or when nothing is left of what
    was due by the promised day and owed already when it was made; broken when its day has
    passed without. A promise on what is no open item yet waits for one.
    """
    return SQL(
        """
        SELECT id, state_to
          FROM (SELECT hold.id,
                       CASE WHEN hold.kind != 'promise'
                            THEN CASE WHEN hold.date_until < %(today)s THEN 'ended' END
                            WHEN hold.amount > 0 AND promised.paid >= hold.amount
                              OR promised.open_items > 0
                                  AND promised.open_items_left = 0 THEN 'kept'
                            WHEN hold.date_until < %(today)s THEN 'broken' END AS state_to
                  FROM crm_collection_hold hold
             LEFT JOIN LATERAL (%(promised)s) AS promised ON hold.kind = 'promise'
                 WHERE hold.company_id = %(company_id)s AND hold.state = 'active') AS hold
         WHERE state_to IS NOT NULL
      ORDER BY id""",
        company_id=company_id,
        today=today,
        promised=_promised(),
    )


def paid_since(hold_ids):
    """What was paid of what each hold covers since it was set, in company currency: (hold id,
    amount)."""
    return SQL(
        """SELECT hold.id, promised.paid FROM crm_collection_hold hold
       CROSS JOIN LATERAL (%s) AS promised WHERE hold.id = ANY(%s)""",
        _promised(),
        hold_ids,
    )


def _promised():
    """What became of the items of a promise (alias ``hold``): paid since, items, items left.

    What a customer promises is about what was there when he did and is due by the day he
    promised; what somebody promises about one entry or item is about that, whenever it is dated
    or due, once it is posted. Paid since: matched later than the promise, by the clock or, where
    it was noted afterwards, by the day.
    """
    meant = SQL(
        """(line.parent_state = 'posted'
            AND (hold.partner_id IS NULL OR line.date <= hold.date_from))"""
    )
    return SQL(
        """
        SELECT COUNT(*) FILTER (WHERE %(meant)s AND %(in_time)s) AS open_items,
               COUNT(*) FILTER (WHERE %(meant)s AND %(in_time)s AND %(owed)s) AS open_items_left,
               COALESCE(SUM((SELECT SUM(partial.amount) FROM account_partial_reconcile partial
                              WHERE partial.debit_move_id = line.id
                                AND (partial.max_date > hold.date_from
                                  OR partial.create_date > hold.create_date
                                  OR partial.create_date = hold.create_date
                                 AND partial.max_date = hold.date_from)))
                         FILTER (WHERE %(meant)s), 0) AS paid
          FROM crm_collection_item item
          JOIN account_move_line line ON line.id = item.line_id
         WHERE item.company_id = hold.company_id
           AND (item.id = hold.item_id OR item.move_id = hold.move_id
                OR hold.partner_id IS NOT NULL AND item.partner_id = (
                    SELECT commercial_partner_id FROM res_partner WHERE id = hold.partner_id))""",
        owed=line_is_owed(),
        in_time=SQL("(hold.partner_id IS NULL OR %s <= hold.date_until)", line_date_maturity()),
        meant=meant,
    )
