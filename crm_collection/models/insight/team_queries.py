"""What collectors have in their care."""

from odoo.tools import SQL


def in_care(query):
    """Open items by collector: rows of (is_total, collector, customers, items, amount), and one of
    all of them. Added up by customer first: few rows are left to tell customers apart.

    :param query: the model's own search, with the user's access rules in it
    """

    def item(name):
        return SQL.identifier(query.table, name)

    by_customer = SQL(
        "%s GROUP BY 1, 2",
        query.select(
            SQL("%s AS user_id, %s AS partner_id", item("user_id"), item("partner_id")),
            SQL("COUNT(*) AS number, SUM(%s) AS amount", item("amount_residual")),
        ),
    )
    return SQL(
        """SELECT GROUPING(user_id) = 1, user_id, COUNT(DISTINCT partner_id),
                  SUM(number)::integer, SUM(amount)
             FROM (%s) AS customer GROUP BY GROUPING SETS ((user_id), ())""",
        by_customer,
    )
