"""Who works what a customer owes."""

from odoo.tools import SQL


def hand_over(table, states, company_id, partner_id, old, new, uid):
    """What is the customer's and nobody's, or his last collector's, is the new one's.

    :param str table: that of the items or of the letters
    :param states: in which they are handed over
    :param old: id of the last collector, or ``None``
    :param new: id of the collector, or ``None``
    """
    return SQL(
        """UPDATE %(table)s record
              SET user_id = %(new)s, write_uid = %(uid)s,
                  write_date = now() AT TIME ZONE 'UTC'
            WHERE record.partner_id = %(partner_id)s AND record.company_id = %(company_id)s
              AND record.state = ANY(%(states)s)
              AND (record.user_id IS NULL OR record.user_id = %(old)s)
              AND record.user_id IS DISTINCT FROM %(new)s""",
        table=SQL.identifier(table),
        states=list(states),
        company_id=company_id,
        partner_id=partner_id,
        old=old,
        new=new,
        uid=uid,
    )
