"""The chatters of records that are anonymised: what was written there, to whom, with which files.

That something was written stays, with its day and the colleague who did, and so do the changes of
amounts, days and states that it tells of.
"""

from odoo.tools import SQL

from ..evidence.mail_message import DECISION_MARK

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


def notes_elsewhere(told, approval_ids):
    """What was told of holds and letters in the chatters of customers and invoices, in the words of
    those, and of requests that were decided: SQL of (message id).

    :param list told: (model, id, the words as a message has them)
    """
    models, ids, texts = map(list, zip(*told, strict=True)) if told else ([], [], [])
    return SQL(
        """WITH told AS (
               SELECT * FROM unnest(%(models)s::varchar[], %(ids)s::integer[], %(texts)s::text[])
                          AS told (model, id, words)),
           hold AS (
               SELECT hold.id, hold.customer_id, hold.move_id, hold.item_id, told.words
                 FROM told
                 JOIN crm_collection_hold hold ON hold.id = told.id
                WHERE told.model = 'crm.collection.hold'),
           letter AS (
               SELECT letter.id, letter.partner_id, told.words
                 FROM told
                 JOIN crm_collection_letter letter ON letter.id = told.id
                WHERE told.model = 'crm.collection.letter'),
           item AS (
               SELECT item_id, words FROM hold
                UNION ALL
               SELECT held.item_id, words FROM hold
                 JOIN crm_collection_hold_item_rel held ON held.hold_id = hold.id
                UNION ALL
               SELECT line.item_id, words FROM letter
                 JOIN crm_collection_letter_line line ON line.letter_id = letter.id
                UNION ALL
               SELECT line.item_id, %(mark)s || ' data-oe-id="' || line.approval_id || '"'
                 FROM crm_collection_approval_line line
                WHERE line.approval_id = ANY(%(approval_ids)s)),
           place AS (
               SELECT 'res.partner' AS model, customer_id AS id, words FROM hold
                UNION
               SELECT 'res.partner', partner_id, words FROM letter
                UNION
               SELECT 'account.move', move_id, words FROM hold
                UNION
               SELECT 'account.move', known.move_id, words FROM item
                 JOIN crm_collection_item known ON known.id = item.item_id)
           SELECT message.id
             FROM place
             JOIN mail_message message
               ON message.model = place.model AND message.res_id = place.id
            WHERE message.message_type != 'comment'
              AND position(place.words IN message.body) > 0""",
        models=models,
        ids=ids,
        texts=texts,
        mark=DECISION_MARK,
        approval_ids=approval_ids,
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
