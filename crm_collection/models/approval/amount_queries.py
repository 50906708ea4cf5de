"""What requests are about in money, at the rate of the day."""

from odoo.tools import SQL

from .queries import line_waits


def waiting_currencies():
    """In which currencies items wait; :return: SQL of (company id, currency id)"""
    return SQL(
        """SELECT DISTINCT item.company_id, item.currency_id
             FROM crm_collection_approval_line line
             JOIN crm_collection_item item ON item.id = line.item_id
            WHERE %s""",
        line_waits(),
    )


def amount_today(rates, alias="approval"):
    """What a request is about: of one that waits what its items owe now, else what it was when
    it was decided about, or when it ended without a decision.

    :param list rates: rows of (company id, currency id, factor, rounding)
    """
    return SQL(
        """CASE WHEN %(approval)s.state = 'pending' AND %(approval)s.kind = 'allocation'
                THEN (SELECT COALESCE(SUM(owed.amount), 0) FROM (%(lines)s) AS owed)
                ELSE COALESCE((SELECT decision.amount
                                 FROM crm_collection_approval_decision decision
                                WHERE decision.approval_id = %(approval)s.id
                             ORDER BY decision.id DESC LIMIT 1), %(approval)s.amount, 0) END""",
        approval=SQL.identifier(alias),
        lines=_line_amounts(rates, SQL("line.approval_id = %s.id", SQL.identifier(alias))),
    )


def amounts_today(rates, approval_ids):
    """:return: SQL of (request id, amount)"""
    return SQL(
        "SELECT approval.id, %s FROM crm_collection_approval approval WHERE approval.id = ANY(%s)",
        amount_today(rates),
        approval_ids,
    )


def line_amounts_today(rates, line_ids):
    """:return: SQL of (line id, amount) of those that wait"""
    return _line_amounts(rates, SQL("line.id = ANY(%s)", line_ids))


def _line_amounts(rates, condition):
    """Each item is rounded: what stands beside the items adds up to what stands above them."""
    rows = SQL(", ").join(SQL("(%s, %s, %s::numeric, %s::numeric)", *rate) for rate in rates)
    return SQL(
        """SELECT line.id, ROUND(item.amount_residual_currency * rate.factor / rate.rounding)
                           * rate.rounding AS amount
             FROM crm_collection_approval_line line
             JOIN crm_collection_item item ON item.id = line.item_id
             JOIN (VALUES %(rates)s) AS rate (company_id, currency_id, factor, rounding)
                  ON rate.company_id = item.company_id AND rate.currency_id = item.currency_id
            WHERE %(waits)s AND %(condition)s""",
        rates=rows if rates else SQL("(0, 0, 1::numeric, 1::numeric)"),
        waits=line_waits(),
        condition=condition,
    )
