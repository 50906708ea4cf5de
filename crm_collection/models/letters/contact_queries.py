"""How often a customer had contact with the company: whatever he got from it, and calls that were
logged. Desk (``contact_today``) tells the same of today in words."""

from odoo.tools import SQL

from ..portfolio.queries import letter_day
from .condition_queries import LEFT_STATES, reaches

WEEK = 7  # days
# A day and a half more than a week: days begin elsewhere than UTC's.
LOOKED_AT = WEEK + 2
STATEMENT = "crm_collection.mail_message_subtype_statement"
REMINDED = "crm.collection.hold"


def week_free(company, today, partner_id, letters):
    """The first day on which a customer had less contacts in a week, up to it, than the company
    allows: SQL of (date_free), at most one row. Without a limit there is none.

    :param SQL partner_id: the customer
    :param SQL letters: condition on the letters that count (alias ``written``)
    """
    if not company.collection_contacts_week:
        return SQL("SELECT NULL::date AS date_free WHERE FALSE")
    return SQL(
        "SELECT day + %s AS date_free FROM (%s) AS had ORDER BY day DESC OFFSET %s LIMIT 1",
        WEEK,
        _days_of_contacts(company, today, partner_id, letters),
        company.collection_contacts_week - 1,
    )


def over_limit(company, today, letter_ids):
    """Automatic letters of ``letter_ids`` that would be one contact more than the company allows in
    a week: of others that leave those count that left, a person's, and what came before."""
    others = SQL(
        "(written.id != letter.id AND (written.state IN %s OR written.origin = 'manual'"
        " OR written.id < letter.id))",
        LEFT_STATES,
    )
    return SQL(
        """SELECT letter.id
             FROM crm_collection_letter letter
       CROSS JOIN LATERAL (%(week)s) AS week
            WHERE letter.id = ANY(%(letter_ids)s) AND letter.origin = 'automatic'
              AND week.date_free > %(today)s""",
        week=week_free(company, today, SQL("letter.partner_id"), others),
        letter_ids=letter_ids,
        today=today,
    )


def _days_of_contacts(company, today, partner_id, letters):
    """The company's day of each contact of the last days with a customer, of all companies that are
    one creditor with it: letters that left or are on their way, statements and confirmations,
    reminders of promises, and contacts that somebody of ours began."""
    values = {
        "company_ids": company._get_collection_family().ids,
        "partner_id": partner_id,
        "since": SQL("(%s::date - %s)", today, LOOKED_AT),
    }
    return SQL(
        "%s UNION ALL %s UNION ALL %s UNION ALL %s",
        SQL(
            """SELECT %(day)s AS day FROM crm_collection_letter written
                WHERE written.company_id = ANY(%(company_ids)s)
                  AND written.partner_id = %(partner_id)s AND %(reaches)s AND %(letters)s""",
            day=letter_day(company._get_collection_tz(), "written"),
            reaches=reaches("written"),
            letters=letters,
            **values,
        ),
        SQL(
            """SELECT %(day)s FROM crm_collection_contact contact
                WHERE contact.company_id = ANY(%(company_ids)s)
                  AND contact.partner_id = %(partner_id)s AND contact.date >= %(since)s
                  AND contact.direction = 'out' AND contact.state != 'void'""",
            day=_day(company, SQL("contact.date")),
            **values,
        ),
        _statements(company, values),
        _reminders(company, values),
    )


def _statements(company, values):
    """Statements and confirmations: in the customer's chatter. What he answers there is his."""
    subtype = company.env.ref(STATEMENT, raise_if_not_found=False)
    return SQL(
        """SELECT %(day)s FROM mail_message message
        LEFT JOIN res_partner author ON author.id = message.author_id
            WHERE message.model = 'res.partner' AND message.res_id = %(partner_id)s
              AND message.subtype_id = %(subtype_id)s AND message.date >= %(since)s
              AND message.record_company_id = ANY(%(company_ids)s)
              AND author.partner_share IS NOT TRUE""",
        day=_day(company, SQL("message.date")),
        subtype_id=subtype.id if subtype else None,
        **values,
    )


def _reminders(company, values):
    """Reminders of promises that left or are about to: mails of the promise, by who got them, as
    the promise may be over."""
    return SQL(
        """SELECT %(day)s FROM res_partner recipient
             JOIN mail_mail_res_partner_rel rel ON rel.res_partner_id = recipient.id
             JOIN mail_mail mail ON mail.id = rel.mail_mail_id
                  AND mail.is_notification IS NOT TRUE AND mail.state IN ('outgoing', 'sent')
             JOIN mail_message message ON message.id = mail.mail_message_id
                  AND message.model = %(model)s AND message.date >= %(since)s
                  AND message.record_company_id = ANY(%(company_ids)s)
            WHERE recipient.commercial_partner_id = %(partner_id)s""",
        day=_day(company, SQL("message.date")),
        model=REMINDED,
        **values,
    )


def _day(company, moment):
    zone = company._get_collection_tz()
    return SQL("(%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", moment, zone)
