"""What a payment is for, by what its payer wrote."""

from odoo.tools import SQL


def items_of_reference(words, letter_ids, partner_ids):
    """Ids of the items that a payment names: open ones whose document has one of the words for its
    number or its reference, those of letters, and open ones of customers. As banks take no signs
    in a reference, words and numbers are compared without: one look at all open items, on a
    person's wish (a second and a half at 600,000).

    :param list words: capitals and digits alone
    """
    return SQL(
        """SELECT item.id
             FROM crm_collection_item item JOIN account_move move ON move.id = item.move_id
            WHERE item.state = 'open' AND (%(number)s = ANY(%(words)s)
                                           OR %(reference)s = ANY(%(words)s))
            UNION
           SELECT letter_line.item_id FROM crm_collection_letter_line letter_line
            WHERE letter_line.letter_id = ANY(%(letter_ids)s)
            UNION
           SELECT item.id FROM crm_collection_item item
            WHERE item.state = 'open' AND item.partner_id = ANY(%(partner_ids)s)""",
        number=_without_signs(SQL("move.name")),
        reference=_without_signs(SQL("move.payment_reference")),
        words=words,
        letter_ids=letter_ids,
        partner_ids=partner_ids,
    )


def _without_signs(text):
    return SQL("regexp_replace(upper(%s), '[^A-Z0-9]', '', 'g')", text)
