"""Items whose entry was reset to draft and posted again: what they were called, where a person
had put them, and what was said to the customer already."""

from odoo.tools import SQL

from .queries import installment, next_letter_date


def reposted_name():
    """The name of an item whose entry is posted again: with another number, or other
    installments, it is another document. Allocations and letters keep what it was called then."""
    return SQL(
        """CASE WHEN item.state = 'cancelled' AND now.state != 'cancelled'
                THEN COALESCE((
                    SELECT entry.move_name || %s
                      FROM (SELECT move.name AS move_name, move.payment_reference,
                                   open_itemd.id AS line_id, open_itemd.name AS line_name
                              FROM account_move_line open_itemd
                              JOIN account_move move ON move.id = open_itemd.move_id
                             WHERE open_itemd.id = item.line_id) AS entry), item.name)
                ELSE item.name END""",
        installment("entry", SQL("entry.line_id"), SQL("entry.line_name")),
    )


def said_before(open_item):
    """The last letter of the phase an item enters, or of one after it, where since then its
    entry was only reset to draft and posted again: the customer has it, or may have, word for
    word. One that waits in the queue is taken back, it is about an allocation that is over.

    :param SQL open_item: the item, what it enters and what it owes
    :return: SQL of (TRUE, round, date of the next letter) of at most one row; of a letter of a
        phase after the one it enters no round and no date: a milder one does not follow
    """
    return SQL(
        """SELECT TRUE AS is_said, CASE WHEN said.is_same THEN said.round END AS round,
                  CASE WHEN said.is_same THEN %(date_next)s END AS date_next
             FROM (
                SELECT line.round, letter.date, open_item.entered_step_id,
                       allocation.phase_id = open_item.entered_id AS is_same
                  FROM (%(open_item)s) AS open_item
                  JOIN crm_collection_phase entered ON entered.id = open_item.entered_id
            CROSS JOIN LATERAL (SELECT * FROM crm_collection_allocation
                                 WHERE item_id = open_item.id OFFSET 0) AS allocation
                  JOIN crm_collection_phase phase ON phase.id = allocation.phase_id
                  JOIN crm_collection_letter_line line ON line.allocation_id = allocation.id
                       AND (line.name, line.currency_id, line.date_maturity, line.amount_residual)
                         IS NOT DISTINCT FROM
                           (open_item.name, open_item.owed_in, open_item.due, open_item.owed)
                  JOIN crm_collection_letter letter ON letter.id = line.letter_id
                       AND letter.partner_id = open_item.customer_id
                       AND (letter.state = 'sent' OR letter.delivery_started IS NOT NULL
                            AND letter.state IN ('outgoing', 'failed'))
                 WHERE allocation.reason_out = 'cancelled'
                   AND (phase.sequence, phase.id) >= (entered.sequence, entered.id)
                   AND NOT EXISTS (
                       SELECT FROM crm_collection_allocation later
                         JOIN crm_collection_phase since ON since.id = later.phase_id
                        WHERE later.item_id = open_item.id AND later.id > allocation.id
                          AND later.reason_out IS DISTINCT FROM 'cancelled'
                          AND (since.sequence, since.id) >= (phase.sequence, phase.id))
              ORDER BY phase.sequence DESC, phase.id DESC, line.round DESC LIMIT 1) AS said
        LEFT JOIN crm_collection_rule_step step ON step.id = said.entered_step_id""",
        open_item=open_item,
        date_next=next_letter_date(SQL("said.date"), SQL("said.round")),
    )


def unsaid_letter():
    """When the letter was due that an item is in and that has not left: it is taken back."""
    return SQL(
        """SELECT line.date_due FROM crm_collection_letter_line line
             JOIN crm_collection_letter letter ON letter.id = line.letter_id
             JOIN crm_collection_allocation allocation
                  ON allocation.id = line.allocation_id AND allocation.date_out IS NULL
            WHERE line.item_id = item.id AND line.round = item.letter_count
              AND letter.delivery_started IS NULL
              AND letter.state IN ('to_send', 'outgoing', 'failed', 'no_address', 'blacklisted')
         ORDER BY line.id DESC LIMIT 1"""
    )


def placed_before(item_ids):
    """Where a person had put items whose entry was posted again as it was, into a phase that
    may act or, pinned, out of every phase. What was settled since is in the ledger: the entry
    comes to the same amount. An approval is not taken for granted, it is asked for again.

    :return: SQL of (item, phase or NULL, origin, user, reason, pinned, whether a letter is due)
    """
    return SQL(
        """
        SELECT item.id, CASE WHEN allocation.reason_out = 'cancelled' THEN allocation.phase_id END,
               allocation.origin, allocation.user_id, allocation.reason, COALESCE(item.pinned,
               FALSE),
               item.date_next_letter IS NOT NULL
          FROM crm_collection_item item
    CROSS JOIN LATERAL (SELECT * FROM crm_collection_allocation
                         WHERE item_id = item.id ORDER BY id DESC LIMIT 1) AS allocation
          JOIN crm_collection_phase phase ON phase.id = allocation.phase_id
         WHERE item.id = ANY(%s)
           AND (allocation.reason_out = 'cancelled' AND allocation.origin IN ('manual', 'opening')
                AND phase.active AND phase.approval_state = 'approved'
                AND phase.is_guarded IS NOT TRUE
                OR allocation.reason_out = 'released' AND item.pinned)
           AND allocation.amount_in_currency = item.amount_residual_currency + COALESCE((
                SELECT SUM(settled.amount_currency) FROM crm_collection_settlement settled
                 WHERE settled.item_id = item.id AND settled.create_date >= allocation.date_in),
                 0)""",
        item_ids,
    )


def forget_placement(item_ids):
    """Items posted again that are not put back where they were: the days decide anew."""
    return SQL(
        """UPDATE crm_collection_item SET pinned = FALSE, date_next_letter = NULL
            WHERE id = ANY(%s) AND (pinned OR date_next_letter IS NOT NULL)""",
        item_ids,
    )
