"""What was settled of an item while it was in a phase, told by the ledger: the one owner of that
question. History, what works and the item's timeline ask here; settled collections and the
cockpit list the same rows."""

from odoo.tools import SQL


def settled(first=None, last=None):
    """Rows of (allocation_id, amount, recovered, other): all of it, what was paid, and what was
    credited, written off or exchanged. What was returned is taken off.

    :param first, last: days: only what is dated between them, both included
    """
    return SQL(
        """SELECT allocation_id, SUM(amount) AS amount,
                  SUM(amount) FILTER (WHERE kind = 'payment') AS recovered,
                  SUM(amount) FILTER (WHERE kind != 'payment') AS other
             FROM crm_collection_settlement WHERE allocation_id IS NOT NULL AND %s
         GROUP BY allocation_id""",
        is_between(first, last),
    )


def settled_of(allocation_ids, first=None, last=None):
    """The same for some allocations: rows of (allocation_id, amount)."""
    return SQL(
        """SELECT allocation_id, SUM(amount) FROM crm_collection_settlement
            WHERE allocation_id = ANY(%s) AND %s GROUP BY allocation_id""",
        list(allocation_ids),
        is_between(first, last),
    )


def is_between(first, last):
    """Condition: dated between two days, of which each may be missing."""
    return SQL(
        "%s AND %s",
        SQL("date >= %s", first) if first else SQL("TRUE"),
        SQL("date <= %s", last) if last else SQL("TRUE"),
    )


def joined_amount(query, alias, first=None, last=None):
    """Join what was settled to a query of allocations.

    :param Query query: of the allocations
    :param str alias: the allocations in it
    :return: SQL of the amount
    """
    money = query.make_alias(alias, "settled")
    condition = SQL("%s = %s", SQL.identifier(money, "allocation_id"), SQL.identifier(alias, "id"))
    query.add_join("LEFT JOIN", money, SQL("(%s)", settled(first, last)), condition)
    return SQL("COALESCE(%s, 0)", SQL.identifier(money, "amount"))


def compares(amount, operator, numbers):
    """Condition: the amount compares with a number, or is one of several.

    :param str operator: ``in``, ``<``, ``>``, ``<=`` or ``>=``
    """
    if operator == "in":
        return SQL("%s = ANY(%s::numeric[])", amount, numbers)
    return SQL("%s %s %s", amount, SQL(operator), *numbers)
