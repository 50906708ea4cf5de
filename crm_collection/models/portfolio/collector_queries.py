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


def worked(table, states, company_id, partner_ids):
    """(record, who works it) of what the customers have in these states."""
    return SQL(
        """SELECT id, user_id FROM %s
            WHERE company_id = %s AND partner_id = ANY(%s) AND state = ANY(%s)""",
        SQL.identifier(table),
        company_id,
        list(partner_ids),
        list(states),
    )


def put_back(table, users, uid):
    """Give records back to whom they were taken from, but those that went on to somebody else.

    :param str table: that of records somebody works
    :param users: list of (id of the record, who worked it before or ``None``, who works it now)
    """
    ids, before, now = [list(one) for one in zip(*users, strict=True)] if users else [[]] * 3
    return SQL(
        """UPDATE %(table)s record
              SET user_id = was.before, write_uid = %(uid)s,
                  write_date = now() AT TIME ZONE 'UTC'
             FROM unnest(%(ids)s::integer[], %(before)s::integer[], %(now)s::integer[])
                  AS was (id, before, now)
            WHERE record.id = was.id AND record.user_id IS NOT DISTINCT FROM was.now""",
        table=SQL.identifier(table),
        uid=uid,
        ids=ids,
        before=before,
        now=now,
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
