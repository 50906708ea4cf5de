"""The chatters of records that are anonymised: what was written there, to whom, with which files.

That something was written stays, with its day and the colleague who did, and so do the changes of
amounts, days and states that it tells of.
"""

from odoo.tools import SQL

# Whose files in a message are the message's own; those of others are theirs.
OWNERS = ("mail.message", "mail.compose.message", "res.partner")


def _is_colleague(partner_id):
    """Condition: a contact is somebody of the company, or the company itself."""
    return SQL(
        """(EXISTS (SELECT FROM res_users colleague
                     WHERE colleague.partner_id = %(partner_id)s
                       AND colleague.share IS NOT TRUE)
            OR EXISTS (SELECT FROM res_company company
                        WHERE company.partner_id = %(partner_id)s))""",
        partner_id=partner_id,
    )


def _records(records):
    """:param records: pairs of model and id
    :return: SQL of (model, id)"""
    models, ids = map(list, zip(*records, strict=True))
    return SQL("unnest(%s::varchar[], %s::integer[]) AS record (model, id)", models, ids)


def messages(records):
    """What stands in the chatters of records: SQL of (id)."""
    return SQL(
        """SELECT message.id FROM %s
             JOIN mail_message message
               ON message.model = record.model AND message.res_id = record.id""",
        _records(records),
    )


def mails_of_contacts(contact_ids):
    """The mails that customers wrote, wherever they arrived: SQL of (message id)."""
    return SQL(
        """SELECT message_id FROM crm_collection_contact
            WHERE id = ANY(%s) AND message_id IS NOT NULL""",
        contact_ids,
    )


def attachments(message_ids, records):
    """Their files: SQL of (id). One that another message shows stays."""
    models = sorted({model for model, _id in records})
    return SQL(
        """SELECT attachment.id FROM message_attachment_rel rel
             JOIN ir_attachment attachment ON attachment.id = rel.attachment_id
            WHERE rel.message_id = ANY(%(message_ids)s)
              AND attachment.res_model = ANY(%(owners)s)
              AND NOT EXISTS (SELECT FROM message_attachment_rel other
                               WHERE other.attachment_id = attachment.id
                                 AND other.message_id != ALL(%(message_ids)s))
            UNION
           SELECT attachment.id FROM %(records)s
             JOIN ir_attachment attachment
               ON attachment.res_model = record.model AND attachment.res_id = record.id""",
        message_ids=message_ids,
        owners=[*OWNERS, *models],
        records=_records(records) if records else SQL("(SELECT '' AS model, 0 AS id) AS record"),
    )


def anonymise(message_ids, word):
    """Statements that take out of messages what was written, and whom it reached.

    :param str word: what stands in their place
    """
    return [
        _messages(message_ids, word),
        _tracking(message_ids),
        SQL(
            """UPDATE mail_mail
                  SET body_html = NULL, email_to = NULL, email_cc = NULL, "references" = NULL,
                      headers = NULL, failure_reason = NULL
                WHERE mail_message_id = ANY(%s)""",
            message_ids,
        ),
        SQL(
            """DELETE FROM mail_mail_res_partner_rel USING mail_mail mail
                WHERE mail.id = mail_mail_id AND mail.mail_message_id = ANY(%s)""",
            message_ids,
        ),
        SQL(
            "DELETE FROM mail_message_res_partner_rel WHERE mail_message_id = ANY(%s) AND NOT %s",
            message_ids,
            _is_colleague(SQL("res_partner_id")),
        ),
        SQL(
            """DELETE FROM mail_notification
                WHERE mail_message_id = ANY(%s) AND (res_partner_id IS NULL OR NOT %s)""",
            message_ids,
            _is_colleague(SQL("res_partner_id")),
        ),
        SQL("DELETE FROM mail_message_translation WHERE message_id = ANY(%s)", message_ids),
        SQL("DELETE FROM mail_message_link_preview WHERE message_id = ANY(%s)", message_ids),
    ]


def _messages(message_ids, word):
    """What a customer wrote keeps no Message-Id, which is his mail server's."""
    return SQL(
        """UPDATE mail_message AS message
              SET body = CASE WHEN COALESCE(body, '') != '' THEN %(body)s ELSE body END,
                  subject = NULL, reply_to = NULL, incoming_email_to = NULL,
                  incoming_email_cc = NULL, outgoing_email_to = NULL,
                  message_id = CASE WHEN message_type != 'email' THEN message_id END,
                  email_from = CASE WHEN %(by_colleague)s THEN email_from END,
                  author_id = CASE WHEN %(by_colleague)s THEN author_id END
            WHERE id = ANY(%(message_ids)s)""",
        message_ids=message_ids,
        body=f"<p>{word}</p>",
        by_colleague=_is_colleague(SQL("message.author_id")),
    )


def _tracking(message_ids):
    """Of changes that are told, texts and customers; amounts, days, states and colleagues stay."""
    return SQL(
        """UPDATE mail_tracking_value
              SET old_value_char = NULL, new_value_char = NULL,
                  old_value_text = NULL, new_value_text = NULL
            WHERE mail_message_id = ANY(%s)
              AND (field_id IS NULL
                   OR field_id IN (SELECT id FROM ir_model_fields
                                    WHERE ttype IN ('char', 'html', 'text')
                                       OR relation = 'res.partner'))""",
        message_ids,
    )


def anonymise_around(records):
    """Statements about what is beside the messages: activities that are done, and followers."""
    return [
        SQL(
            """UPDATE mail_activity AS activity
                  SET summary = NULL, note = NULL, feedback = NULL, res_name = NULL
                 FROM %s
                WHERE activity.res_model = record.model AND activity.res_id = record.id""",
            _records(records),
        ),
        SQL(
            """DELETE FROM mail_followers AS follower USING %s
                WHERE follower.res_model = record.model AND follower.res_id = record.id
                  AND NOT %s""",
            _records(records),
            _is_colleague(SQL("follower.partner_id")),
        ),
    ]
