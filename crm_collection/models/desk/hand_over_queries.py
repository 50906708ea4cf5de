"""What goes along with customers to their new collector, beside items and letters."""

from odoo.tools import SQL

from ..portfolio.collector_queries import passes

# What is a customer's and can be on somebody's list.
LISTED = {
    "crm.collection.item": "crm_collection_item",
    "crm.collection.letter": "crm_collection_letter",
    "crm.collection.contact": "crm_collection_contact",
    "crm.collection.task": "crm_collection_task",
}


def _records(company_id, partner_ids):
    return SQL(" UNION ALL ").join(
        SQL(
            """SELECT %s AS model, id FROM %s
                WHERE company_id = %s AND partner_id = ANY(%s)""",
            *(model, SQL.identifier(table), company_id, list(partner_ids)),
        )
        for model, table in LISTED.items()
    )


def listed(company_id, partner_ids):
    """(activity, whose list it is on) of what is to be done about the customers."""
    return SQL(
        """SELECT activity.id, activity.user_id
             FROM mail_activity activity
             JOIN (%s) AS record
                  ON activity.res_model = record.model AND activity.res_id = record.id
            WHERE activity.active""",
        _records(company_id, partner_ids),
    )


def activities(company_id, partner_ids, old, new, uid):
    """What is on the list of the customers' last collector about them, and of those who do not
    work there any more; what others have to do stays theirs."""
    return SQL(
        """UPDATE mail_activity activity
              SET user_id = %(new)s, write_uid = %(uid)s,
                  write_date = now() AT TIME ZONE 'UTC'
             FROM (%(records)s) AS record
            WHERE activity.res_model = record.model AND activity.res_id = record.id
              AND activity.active AND activity.user_id IS DISTINCT FROM %(new)s
              AND %(passes)s""",
        records=_records(company_id, partner_ids),
        passes=passes(SQL("activity.user_id"), company_id, old),
        new=new,
        uid=uid,
    )


def tasks(company_id, partner_ids, old, new, uid):
    """Whose the customers' open tasks are, as :func:`activities` whose list they are on."""
    return SQL(
        """UPDATE crm_collection_task task
              SET user_id = %(new)s, write_uid = %(uid)s,
                  write_date = now() AT TIME ZONE 'UTC'
            WHERE task.company_id = %(company_id)s AND task.partner_id = ANY(%(partner_ids)s)
              AND task.state = 'open' AND task.user_id <> %(new)s AND %(passes)s""",
        company_id=company_id,
        partner_ids=list(partner_ids),
        passes=passes(SQL("task.user_id"), company_id, old),
        new=new,
        uid=uid,
    )


def replies(company_id, partner_ids, old, new, uid, everyone=False):
    """The customers' mails that wait."""
    return SQL(
        """UPDATE crm_collection_contact contact
              SET user_id = %(new)s, write_uid = %(uid)s,
                  write_date = now() AT TIME ZONE 'UTC'
            WHERE contact.company_id = %(company_id)s AND contact.partner_id = ANY(%(partner_ids)s)
              AND contact.state = 'waiting' AND contact.user_id <> %(new)s
              AND %(passes)s""",
        company_id=company_id,
        partner_ids=list(partner_ids),
        passes=passes(SQL("contact.user_id"), company_id, old, everyone),
        new=new,
        uid=uid,
    )
