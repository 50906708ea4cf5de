"""What is closed, and nothing happened with it since a day: conditions about one row.

What is open, or was touched since, keeps its words: somebody works with them. The row is called
``one`` in each statement; ``day`` is the first day of which everything is kept.
"""

from odoo.tools import SQL

# A letter in one of these may still leave, or somebody has to say whether it did.
OPEN_LETTERS = ["to_send", "outgoing", "to_print", "printed", "uncertain"]


def is_item_closed(item, day):
    """Condition: an item is settled or cancelled, and nothing about it is open or new.

    :param SQL item: the name of the item in the statement
    """
    return SQL(
        """(%(item)s.state != 'open'
            AND NOT EXISTS (
                SELECT FROM crm_collection_allocation been
                 WHERE been.item_id = %(item)s.id
                   AND (been.day_out IS NULL OR been.day_out >= %(day)s))
            AND NOT EXISTS (
                SELECT FROM crm_collection_settlement paid
                 WHERE paid.item_id = %(item)s.id AND paid.day_recorded >= %(day)s)
            AND NOT EXISTS (
                SELECT FROM crm_collection_letter_line asked
                  JOIN crm_collection_letter letter ON letter.id = asked.letter_id
                 WHERE asked.item_id = %(item)s.id
                   AND (letter.state = ANY(%(open_letters)s) OR letter.date >= %(day)s))
            AND NOT EXISTS (
                SELECT FROM crm_collection_approval_line waits
                 WHERE waits.item_id = %(item)s.id AND waits.state = 'pending')
            AND NOT EXISTS (
                SELECT FROM crm_collection_contact_item_rel about
                  JOIN crm_collection_contact contact
                    ON contact.id = about.crm_collection_contact_id
                 WHERE about.crm_collection_item_id = %(item)s.id
                   AND (contact.state = 'waiting' OR contact.date >= %(day)s))
            AND %(is_let_go)s)""",
        item=item,
        day=day,
        open_letters=OPEN_LETTERS,
        is_let_go=_is_let_go(item, day),
    )


def _is_let_go(item, day):
    """Condition: no hold of the item is in force or ended since, and none of its customer is in
    force."""
    return SQL(
        """(NOT EXISTS (
                SELECT FROM crm_collection_hold hold
                 WHERE hold.item_id = %(item)s.id AND %(is_new)s)
            AND NOT EXISTS (
                SELECT FROM crm_collection_hold_item_rel held
                  JOIN crm_collection_hold hold ON hold.id = held.hold_id
                 WHERE held.item_id = %(item)s.id AND %(is_new)s)
            AND NOT EXISTS (
                SELECT FROM crm_collection_hold hold
                 WHERE hold.move_id = %(item)s.move_id AND %(is_new)s)
            AND NOT EXISTS (
                SELECT FROM crm_collection_hold hold
                 WHERE hold.partner_id = %(item)s.partner_id AND hold.state = 'active'))""",
        item=item,
        is_new=SQL(
            "(hold.state = 'active' OR COALESCE(hold.date_closed, hold.date_from) >= %s)", day
        ),
    )


def _has_no_open_item(items, day):
    """Condition: all of some items are closed.

    :param SQL items: SQL of (item_id)
    """
    return SQL(
        """NOT EXISTS (
               SELECT FROM (%s) AS about (item_id)
                 JOIN crm_collection_item item ON item.id = about.item_id
                WHERE NOT %s)""",
        items,
        is_item_closed(SQL("item"), day),
    )


def _rests(model):
    """Condition: nobody has anything to do about the record, and no mail of it is on its way."""
    return SQL(
        """NOT EXISTS (
               SELECT FROM mail_activity activity
                WHERE activity.res_model = %(model)s AND activity.res_id = one.id
                  AND activity.active)
           AND NOT EXISTS (
               SELECT FROM mail_message message
                 JOIN mail_mail mail ON mail.mail_message_id = message.id
                WHERE message.model = %(model)s AND message.res_id = one.id
                  AND mail.state = 'outgoing')""",
        model=model,
    )


# ------------------------------------------------------------
# KINDS OF RECORDS
# ------------------------------------------------------------


def item(day):
    """An item that is closed."""
    return SQL("%s AND %s", is_item_closed(SQL("one"), day), _rests("crm.collection.item"))


def of_item(day):
    """What is written about one item: its allocations, what was paid of it."""
    return SQL(
        "EXISTS (SELECT FROM crm_collection_item item WHERE item.id = one.item_id AND %s)",
        is_item_closed(SQL("item"), day),
    )


def letter(day):
    """A letter that is over, about items that are closed, and that nobody answered since."""
    return SQL(
        """one.state != ALL(%(open_letters)s) AND one.date < %(day)s
           AND (one.date_sent IS NULL OR one.date_sent < %(day)s)
           AND NOT EXISTS (
               SELECT FROM crm_collection_returned returned
                WHERE returned.letter_id = one.id AND returned.date >= %(day)s)
           AND NOT EXISTS (
               SELECT FROM crm_collection_contact contact
                WHERE contact.letter_id = one.id
                  AND (contact.state = 'waiting' OR contact.date >= %(day)s))
           AND %(items)s AND %(rests)s""",
        open_letters=OPEN_LETTERS,
        day=day,
        items=_has_no_open_item(
            SQL("SELECT item_id FROM crm_collection_letter_line WHERE letter_id = one.id"), day
        ),
        rests=_rests("crm.collection.letter"),
    )


def hold(day):
    """A hold that is over, of items that are closed."""
    return SQL(
        """one.state != 'active'
           AND COALESCE(one.date_closed, one.date_until, one.date_from) < %(day)s
           AND %(items)s AND %(rests)s""",
        day=day,
        items=_has_no_open_item(
            SQL(
                """SELECT one.item_id
                    UNION ALL
                   SELECT item_id FROM crm_collection_hold_item_rel WHERE hold_id = one.id
                    UNION ALL
                   SELECT id FROM crm_collection_item WHERE move_id = one.move_id"""
            ),
            day,
        ),
        rests=_rests("crm.collection.hold"),
    )


def contact(day):
    """A contact that waits for no answer, about items that are closed and holds that are over."""
    return SQL(
        """one.state != 'waiting' AND one.date < %(day)s
           AND (one.date_answered IS NULL OR one.date_answered < %(day)s)
           AND NOT EXISTS (
               SELECT FROM crm_collection_contact_hold_rel agreed
                 JOIN crm_collection_hold hold ON hold.id = agreed.crm_collection_hold_id
                WHERE agreed.crm_collection_contact_id = one.id AND hold.state = 'active')
           AND %(items)s AND %(rests)s""",
        day=day,
        items=_has_no_open_item(
            SQL(
                """SELECT crm_collection_item_id FROM crm_collection_contact_item_rel
                    WHERE crm_collection_contact_id = one.id"""
            ),
            day,
        ),
        rests=_rests("crm.collection.contact"),
    )


def task(day):
    """A task that is over, about items that are closed."""
    return SQL(
        """one.state != 'open' AND one.date < %(day)s
           AND (one.date_done IS NULL OR one.date_done < %(day)s)
           AND %(items)s AND %(rests)s""",
        day=day,
        items=_has_no_open_item(
            SQL("SELECT item_id FROM crm_collection_allocation WHERE task_id = one.id"), day
        ),
        rests=_rests("crm.collection.task"),
    )


def approval(day):
    """A request about items that was decided or withdrawn, and whose items are closed."""
    return SQL(
        """one.kind = 'allocation' AND one.state != 'pending'
           AND COALESCE(one.date_end, one.date_request) < %(day)s
           AND %(items)s AND %(rests)s""",
        day=day,
        items=_has_no_open_item(
            SQL("SELECT item_id FROM crm_collection_approval_line WHERE approval_id = one.id"), day
        ),
        rests=_rests("crm.collection.approval"),
    )


def thanks(day):
    """Thanks for what was paid of items that are closed."""
    return SQL(
        "one.date < %(day)s AND %(items)s AND %(rests)s",
        day=day,
        items=_has_no_open_item(
            SQL(
                """SELECT settlement.item_id
                     FROM crm_collection_thanks_line line
                     JOIN crm_collection_settlement settlement
                       ON settlement.id = line.settlement_id
                    WHERE line.thanks_id = one.id"""
            ),
            day,
        ),
        rests=_rests("crm.collection.thanks"),
    )


def change(day):
    """Who gave a customer a rule of his own, where he owes nothing any more."""
    return SQL(
        """one.res_model = 'res.partner' AND one.date < %(day)s
           AND NOT EXISTS (
               SELECT FROM crm_collection_item item
                WHERE item.partner_id = one.res_id AND item.state = 'open')""",
        day=day,
    )


def statement(day, subtype_id):
    """A statement of account in a customer's chatter, whose mail has left."""
    return SQL(
        """one.model = 'res.partner' AND one.subtype_id = %(subtype_id)s AND one.date < %(day)s
           AND NOT EXISTS (SELECT FROM mail_mail mail
                            WHERE mail.mail_message_id = one.id AND mail.state = 'outgoing')""",
        day=day,
        subtype_id=subtype_id,
    )
