"""Holds: which are in force, and what they cover. Who asks whether something is held asks here."""

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


def held_item_ids(company_id, today):
    """The held items of a company, as a value for a domain: found from the few holds, and not by
    joining all items as :func:`hold_joins` does (400,000 items: 1.0 s, so 0.04 s)."""
    holds = _active_holds(company_id, today)
    return SQL(
        """(SELECT hold.item_id FROM (%(holds)s) AS hold WHERE hold.item_id IS NOT NULL
             UNION
            SELECT several.item_id FROM (%(holds)s) AS hold
              JOIN crm_collection_hold_item_rel several ON several.hold_id = hold.id
             UNION
            SELECT item.id FROM (%(holds)s) AS hold
              JOIN crm_collection_item item ON item.move_id = hold.move_id
             UNION
            SELECT item.id FROM (%(members)s) AS hold
              JOIN account_move_line line
                   ON line.partner_id = hold.member_id AND line.company_id = %(company_id)s
              JOIN crm_collection_item item ON item.line_id = line.id)""",
        holds=holds,
        members=_by_members(holds),
        company_id=company_id,
    )


def held_items(company_id, today, item_ids=None):
    """Items with the hold in force for them on ``today``: (id, hold_id), no row for the others.

    :param list item_ids: of these alone
    """
    return SQL(
        """SELECT item.id, %(hold)s AS hold_id
             FROM crm_collection_item item
        LEFT JOIN account_move_line line ON line.id = item.line_id
        %(joins)s
            WHERE item.company_id = %(company_id)s AND %(condition)s AND %(hold)s IS NOT NULL""",
        hold=hold_id(),
        joins=hold_joins(
            company_id,
            today,
            *(SQL("line.partner_id"), SQL("item.move_id"), SQL("item.id")),
        ),
        company_id=company_id,
        condition=SQL("TRUE") if item_ids is None else SQL("item.id = ANY(%s)", item_ids),
    )


def disputed_lines(company_id, today, line_ids):
    """Which of a company's journal items are under a dispute in force: by their customer, their
    entry, or as items in collection."""
    return SQL(
        """SELECT line.id
             FROM account_move_line line
        LEFT JOIN crm_collection_item item ON item.line_id = line.id
        %(joins)s
            WHERE line.id = ANY(%(line_ids)s) AND %(hold)s IS NOT NULL""",
        line_ids=list(line_ids),
        hold=hold_id(),
        joins=hold_joins(
            company_id,
            today,
            *(SQL("line.partner_id"), SQL("line.move_id"), SQL("item.id")),
            kind="dispute",
        ),
    )


def is_of_family(partner, of):
    """Condition: both are the same customer today, whichever contacts of him they are.

    What an item, a letter or a hold names is the customer of the day it was written; who became
    a contact of another one since, or none any more, is told by his commercial partner of today.

    :param SQL partner: the one that is looked for, by its index also beside other conditions
    :param SQL of: the other one
    """
    return SQL(
        """%s = ANY(ARRAY(
               SELECT member.id FROM res_partner member
                 JOIN res_partner known
                      ON known.commercial_partner_id = member.commercial_partner_id
                WHERE known.id = %s))""",
        partner,
        of,
    )


def is_about(item="item", hold="hold"):
    """Condition: the item is covered by the hold, its customer being that of today."""
    return SQL(
        """(%(item)s.company_id = %(hold)s.company_id
            AND (%(item)s.id = %(hold)s.item_id OR %(item)s.move_id = %(hold)s.move_id
                 OR %(item)s.id = ANY(ARRAY(
                        SELECT several.item_id FROM crm_collection_hold_item_rel several
                         WHERE several.hold_id = %(hold)s.id))
                 OR %(hold)s.partner_id IS NOT NULL AND %(of_family)s))""",
        item=SQL.identifier(item),
        hold=SQL.identifier(hold),
        of_family=is_of_family(
            SQL.identifier(item, "partner_id"), SQL.identifier(hold, "partner_id")
        ),
    )


def hold_customers(condition):
    """Whom holds are about: (hold id, customer id), a row for each contact of the customer of
    today. A hold of an entry is about everybody it has items of, and about whom it names.

    :param SQL condition: which, on ``hold``
    """
    return SQL(
        """
        SELECT about.hold_id, member.id AS customer_id
          FROM (SELECT hold.id AS hold_id, hold.partner_id
                  FROM crm_collection_hold hold WHERE %(condition)s
                 UNION
                SELECT hold.id, item.partner_id
                  FROM crm_collection_hold hold
                  JOIN crm_collection_item item ON item.id = hold.item_id WHERE %(condition)s
                 UNION
                SELECT hold.id, item.partner_id
                  FROM crm_collection_hold hold
                  JOIN crm_collection_hold_item_rel several ON several.hold_id = hold.id
                  JOIN crm_collection_item item ON item.id = several.item_id WHERE %(condition)s
                 UNION
                SELECT hold.id, item.partner_id
                  FROM crm_collection_hold hold
                  JOIN crm_collection_item item ON item.move_id = hold.move_id WHERE %(condition)s
                 UNION
                SELECT hold.id, move.partner_id
                  FROM crm_collection_hold hold JOIN account_move move ON move.id = hold.move_id
                 WHERE %(condition)s) AS about
          JOIN res_partner partner ON partner.id = about.partner_id
          JOIN res_partner member
               ON member.commercial_partner_id = partner.commercial_partner_id""",
        condition=condition,
    )


def _active_holds(company_id, today, kind=None):
    """Holds in force on ``today``: one row each with its scope (customer, entry or item; none for
    those about several items)."""
    return SQL(
        """SELECT hold.id, hold.partner_id, hold.move_id, hold.item_id
             FROM crm_collection_hold hold
            WHERE hold.company_id = %(company_id)s AND %(in_force)s AND %(kind)s""",
        company_id=company_id,
        in_force=is_in_force(today),
        kind=SQL("hold.kind = %s", kind) if kind else SQL("TRUE"),
    )


def hold_joins(company_id, today, partner, move, item, day=None, kind=None):
    """LEFT JOINs of the holds on a query's customer, entry and item expressions.

    Three small hash joins instead of one with ORs. The hold is then :func:`hold_id`. A customer
    is held by every contact he has today: the query may name whichever of them, best that of the
    journal item.

    :param tuple day: where the query is about several days: the relation ``day`` of them, of
        which ``today`` is a column, and the day of the query's row
    :param str kind: holds of this kind alone
    """
    holds = _holds_by_day(company_id, today, day and day[0], kind)
    scopes = (
        ("member_id", partner, _by_members(holds)),
        ("move_id", move, holds),
        ("item_id", item, _by_items(holds)),
    )
    return SQL(" ").join(
        SQL(
            """LEFT JOIN (SELECT %(scope)s AS scope_id, today, MIN(id) AS hold_id
                            FROM (%(holds)s) AS hold WHERE %(scope)s IS NOT NULL
                        GROUP BY %(scope)s, today) AS %(alias)s
                      ON %(alias)s.scope_id = %(value)s AND %(alias)s.today = %(row_day)s""",
            scope=SQL.identifier(scope),
            holds=of_scope,
            alias=SQL.identifier(f"hold_{scope}"),
            value=value,
            row_day=day[1] if day else SQL("%s::date", today),
        )
        for scope, value, of_scope in scopes
    )


def _by_members(holds):
    """Holds of customers, a row for each contact that a customer has today."""
    return SQL(
        """SELECT hold.*, member.id AS member_id
             FROM (%s) AS hold
             JOIN res_partner partner ON partner.id = hold.partner_id
             JOIN res_partner member
                  ON member.commercial_partner_id = partner.commercial_partner_id""",
        holds,
    )


def _by_items(holds):
    """Holds of items, a row for each item of those that are about several. What a hold names is
    never changed, so nothing but the holds has to be looked at for what changed."""
    return SQL(
        """SELECT hold.id, hold.today, COALESCE(hold.item_id, several.item_id) AS item_id
             FROM (%s) AS hold
        LEFT JOIN crm_collection_hold_item_rel several ON several.hold_id = hold.id""",
        holds,
    )


def _holds_by_day(company_id, today, days, kind):
    """:func:`_active_holds` with the day they are in force on"""
    if days is None:
        return SQL(
            "SELECT hold.*, %s::date AS today FROM (%s) AS hold",
            today,
            _active_holds(company_id, today, kind),
        )
    return SQL(
        "SELECT hold.*, day.today FROM (%s) AS day CROSS JOIN LATERAL (%s) AS hold",
        days,
        _active_holds(company_id, today, kind),
    )


def hold_id():
    return SQL("COALESCE(hold_item_id.hold_id, hold_move_id.hold_id, hold_member_id.hold_id)")
