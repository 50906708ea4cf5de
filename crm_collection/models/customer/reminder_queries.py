"""Reminders of promises that are to come."""

from odoo.tools import SQL


def promised_days(company_id, today, partner_ids=None):
    """The days after today for which customers promised something, and the promises: SQL of (day,
    hold ids), the earliest first.

    :param list partner_ids: of these customers alone
    """
    return SQL(
        """SELECT promised.day, array_agg(DISTINCT hold.id ORDER BY hold.id)
             FROM crm_collection_hold hold
       CROSS JOIN LATERAL (
                SELECT hold.date_until AS day
                 UNION ALL
                SELECT part.date FROM crm_collection_hold_part part
                 WHERE part.hold_id = hold.id) AS promised
            WHERE hold.company_id = %(company_id)s AND hold.kind = 'promise'
              AND hold.state = 'active' AND promised.day > %(today)s AND %(of_customers)s
         GROUP BY promised.day ORDER BY promised.day""",
        company_id=company_id,
        today=today,
        of_customers=SQL("TRUE")
        if partner_ids is None
        else SQL("hold.customer_id = ANY(%s)", partner_ids),
    )
