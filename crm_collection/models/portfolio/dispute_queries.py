"""Disputes: how much of what is owed is disputed."""

from odoo.tools import SQL

from .hold_queries import is_in_force, is_of_family


def disputed_items(days):
    """Open items under a dispute in force: (company, customer, journal item, item, amount), in
    company currency.

    A dispute holds all of an item; disputed is the amount it names, of its items the oldest
    first, and all that they owe where it names none. An item under several is disputed once: by
    the one that is closest to it, as it is held.

    :param SQL days: rows of (company id, its day)
    """
    return SQL(
        """
        SELECT company_id, partner_id, line_id, item_id,
               CASE WHEN amount > 0
                    THEN GREATEST(0, LEAST(amount_residual, amount - before)) ELSE amount_residual
                END AS amount
          FROM (SELECT disputed.*,
                       SUM(amount_residual) OVER (
                           PARTITION BY hold_id ORDER BY date_maturity, line_id)
                           - amount_residual AS before
                  FROM (%s) AS disputed) AS disputed""",
        _disputed(days),
    )


def _disputed(days):
    """Each disputed item once, with what disputes it."""
    return SQL(
        """
        SELECT DISTINCT ON (item.id) item.id AS item_id, item.line_id, item.company_id,
               item.partner_id, item.amount_residual, item.date_maturity,
               hold.id AS hold_id, COALESCE(hold.amount, 0) AS amount
          FROM crm_collection_hold hold
          JOIN (VALUES %(days)s) AS company (id, today) ON company.id = hold.company_id
    CROSS JOIN LATERAL (%(scopes)s) AS item
         WHERE hold.kind = 'dispute' AND %(in_force)s
           AND item.state = 'open' AND item.company_id = hold.company_id
      ORDER BY item.id, item.nearness, hold.id""",
        days=days,
        in_force=is_in_force(SQL("company.today")),
        scopes=scopes(),
    )


def scopes():
    """The items a hold (alias ``hold``) is about, each way by its own index."""
    item = SQL(
        "item.id, item.line_id, item.company_id, item.partner_id, item.amount_residual,"
        " item.date_maturity, item.state"
    )
    return SQL(
        """SELECT %(item)s, 1 AS nearness FROM crm_collection_item item
            WHERE item.id = hold.item_id
            UNION ALL
           SELECT %(item)s, 1 FROM crm_collection_hold_item_rel several
             JOIN crm_collection_item item ON item.id = several.item_id
            WHERE several.hold_id = hold.id
            UNION ALL
           SELECT %(item)s, 2 FROM crm_collection_item item WHERE item.move_id = hold.move_id
            UNION ALL
           SELECT %(item)s, 3 FROM crm_collection_item item
            WHERE hold.partner_id IS NOT NULL AND %(of_family)s""",
        item=item,
        of_family=is_of_family(SQL("item.partner_id"), SQL("hold.partner_id")),
    )
