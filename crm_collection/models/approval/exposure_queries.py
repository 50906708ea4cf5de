"""What a customer has in a phase, or is to have: what the levels of a request go by."""

from odoo.tools import SQL

from .queries import line_waits


def exposures(rates, approval_ids, now):
    """What the customers of requests owe in the phases these are about: what waits to enter, what
    is in, and what was approved into it in the last days (of the approval rule), each item once.

    What waits counts with what it owed when it was asked for, where it owes less now, and what was
    approved with what it owed then: a payment or credit can be undone afterwards.

    :param list rates: rows of (company id, currency id, factor, rounding)
    :return: SQL of (request id, amount in company currency)
    """
    return SQL(
        """SELECT approval.id, COALESCE(SUM(
                      ROUND(owed.amount * rate.factor / rate.rounding) * rate.rounding), 0)
             FROM crm_collection_approval approval
             JOIN crm_collection_approval_rule rule ON rule.id = approval.approval_rule_id
       CROSS JOIN LATERAL (%(owed)s) AS owed
             JOIN (VALUES %(rates)s) AS rate (company_id, currency_id, factor, rounding)
                  ON rate.company_id = approval.company_id
                     AND rate.currency_id = owed.currency_id
            WHERE approval.id = ANY(%(ids)s) AND approval.kind = 'allocation'
         GROUP BY approval.id""",
        owed=_owed(now),
        rates=SQL(", ").join(SQL("(%s, %s, %s::numeric, %s::numeric)", *rate) for rate in rates)
        if rates
        else SQL("(0, 0, 1::numeric, 1::numeric)"),
        ids=approval_ids,
    )


def _owed(now):
    """The items of a request's customer that count, once each."""
    return SQL(
        """SELECT item.id, item.currency_id, GREATEST(
                      MAX(line.amount_currency) FILTER (WHERE %(waits)s OR %(approved)s),
                      CASE WHEN item.phase_id = approval.phase_id AND item.state = 'open'
                                OR bool_or(%(waits)s)
                           THEN item.amount_residual_currency END) AS amount
             FROM crm_collection_item item
        LEFT JOIN crm_collection_approval_line line ON line.item_id = item.id
                  AND line.phase_id = approval.phase_id AND line.state IN ('pending', 'approved')
        LEFT JOIN crm_collection_approval other ON other.id = line.approval_id
            WHERE item.partner_id = approval.partner_id
              AND item.company_id = approval.company_id
         GROUP BY item.id""",
        waits=line_waits(),
        approved=SQL(
            """(line.state = 'approved'
                AND other.date_end > %s::timestamp - make_interval(days => rule.exposure_days))""",
            now,
        ),
    )


def currencies(approval_ids):
    """In which currencies the customers of requests owe; :return: SQL of (company id, currency
    id)"""
    return SQL(
        """SELECT DISTINCT item.company_id, item.currency_id
             FROM crm_collection_approval approval
             JOIN crm_collection_item item ON item.partner_id = approval.partner_id
                  AND item.company_id = approval.company_id
            WHERE approval.id = ANY(%s)""",
        approval_ids,
    )
