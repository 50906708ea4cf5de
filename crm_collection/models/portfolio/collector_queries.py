"""Who works what customers owe."""

from odoo.tools import SQL

from .queries import workers


def hand_over(table, states, company_id, partner_ids, old, new, uid, everyone=False):
    """What is the customers' and nobody's, their last collector's, or of somebody who does not
    work there any more, is the new one's.

    :param str table: that of the items or of the letters
    :param states: in which they are handed over
    :param old: id of the last collector, or ``None``
    :param new: id of the collector, or ``None``
    :param everyone: also what others work
    """
    return SQL(
        """UPDATE %(table)s record
              SET user_id = %(new)s, write_uid = %(uid)s,
                  write_date = now() AT TIME ZONE 'UTC'
            WHERE record.partner_id = ANY(%(partner_ids)s) AND record.company_id = %(company_id)s
              AND record.state = ANY(%(states)s)
              AND %(passes)s
              AND record.user_id IS DISTINCT FROM %(new)s""",
        table=SQL.identifier(table),
        states=list(states),
        company_id=company_id,
        partner_ids=list(partner_ids),
        passes=passes(SQL("record.user_id"), company_id, old, everyone),
        new=new,
        uid=uid,
    )


def passes(user_id, company_id, old, everyone=False):
    """Whether what somebody works goes to the customer's new collector.

    :param SQL user_id: who works it
    """
    if everyone:
        return SQL("TRUE")
    return SQL(
        "(%(user)s IS NULL OR %(user)s = %(old)s OR %(user)s NOT IN (%(workers)s))",
        user=user_id,
        old=old,
        workers=workers(company_id),
    )
