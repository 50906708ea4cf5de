"""Items whose entry was reset to draft and posted again: what they were called, where a person
had put them, and what was said to the customer already."""

from odoo.tools import SQL

from .queries import document_name, installment, next_letter_date, phase_can_act


def reposted_name():
    """The name of an item whose entry is posted again: with another number, or other
    installments, it is another document. Allocations and letters keep what it was called then."""
    return SQL(
        """CASE WHEN item.state = 'cancelled' AND now.state != 'cancelled'
                THEN COALESCE((
                    SELECT entry.move_name || %(installment)s
                      FROM (SELECT %(document)s AS move_name, move.payment_reference,
                                   named.id AS line_id, named.name AS line_name
                              FROM account_move_line named
                              JOIN account_move move ON move.id = named.move_id
                             WHERE named.id = item.line_id) AS entry), item.name)
                ELSE item.name END""",
        installment=installment("entry", SQL("entry.line_id"), SQL("entry.line_name")),
        document=document_name("named"),
    )


def said_before(
    *, item, partner_id, phase_id, step_id, date_maturity, currency_id, amount, where=None
):
    """The last letter of the phase an item enters, or of one after it, where since then its
    entry was only reset to draft and posted again: the customer has it, or may have, word for
    word. One that waits in the queue is taken back, it is about an allocation that is over.

    All but ``item`` are SQL of the row the question is asked for: the customer, the phase and the
    step the item enters, when it is due and what it owes in which currency.

    :param str item: alias of the item
    :param SQL where: from where the parameters are read and for which rows, unless they are
        those of the statement around
    :return: SQL of (TRUE, round, date of the next letter) of at most one row; of a letter of a
        phase after the one it enters no round and no date: a milder one does not follow
    """
    entering = SQL(
        """SELECT %(item)s.id, %(item)s.name, %(partner_id)s AS partner_id,
                  %(phase_id)s AS phase_id, %(step_id)s AS step_id,
                  %(date_maturity)s AS date_maturity, %(currency_id)s AS currency_id,
                  %(amount)s AS amount %(where)s""",
        item=SQL.identifier(item),
        partner_id=partner_id,
        phase_id=phase_id,
        step_id=step_id,
        date_maturity=date_maturity,
        currency_id=currency_id,
        amount=amount,
        where=where or SQL(),
    )
    return SQL(
        """SELECT TRUE AS is_said, CASE WHEN said.is_same THEN said.round END AS round,
                  CASE WHEN said.is_same THEN %(date_next)s END AS date_next
             FROM (
                SELECT line.round, letter.date, entering.step_id,
                       allocation.phase_id = entering.phase_id AS is_same
                  FROM (%(entering)s) AS entering
                  JOIN crm_collection_phase entered ON entered.id = entering.phase_id
                  JOIN crm_collection_allocation allocation ON allocation.item_id = entering.id
                  JOIN crm_collection_phase phase ON phase.id = allocation.phase_id
                  JOIN crm_collection_letter_line line ON line.allocation_id = allocation.id
                       AND line.round IS NOT NULL
                       AND (line.name, line.currency_id, line.date_maturity, line.amount_residual)
                         IS NOT DISTINCT FROM
                           (entering.name, entering.currency_id, entering.date_maturity,
                            entering.amount)
                  JOIN crm_collection_letter letter ON letter.id = line.letter_id
                       AND letter.partner_id = entering.partner_id
                       AND (letter.state IN ('sent', 'uncertain')
                            OR letter.delivery_started IS NOT NULL AND letter.state = 'outgoing')
                 WHERE allocation.reason_out = 'cancelled'
                   AND (phase.sequence, phase.id) >= (entered.sequence, entered.id)
                   AND NOT EXISTS (
                       SELECT FROM crm_collection_allocation later
                         JOIN crm_collection_phase since ON since.id = later.phase_id
                        WHERE later.item_id = entering.id AND later.id > allocation.id
                          AND later.reason_out IS DISTINCT FROM 'cancelled'
                          AND (since.sequence, since.id) >= (phase.sequence, phase.id))
              ORDER BY phase.sequence DESC, phase.id DESC, line.round DESC LIMIT 1) AS said
        LEFT JOIN crm_collection_rule_step step ON step.id = said.step_id""",
        entering=entering,
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
              AND letter.state IN ('to_send', 'outgoing', 'to_print', 'printed', 'failed',
                                   'no_address', 'blacklisted')
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
                AND %s
                AND phase.is_guarded IS NOT TRUE
                OR allocation.reason_out = 'released' AND item.pinned)
           AND allocation.amount_in_currency = item.amount_residual_currency + COALESCE((
                SELECT SUM(settled.amount_currency) FROM crm_collection_settlement settled
                 WHERE settled.item_id = item.id AND settled.create_date >= allocation.date_in),
                 0)""",
        item_ids,
        phase_can_act(),
    )


def forget_placement(item_ids):
    """Items posted again that are not put back where they were: the days decide anew."""
    return SQL(
        """UPDATE crm_collection_item SET pinned = FALSE, date_next_letter = NULL,
                  write_date = now() AT TIME ZONE 'UTC'
            WHERE id = ANY(%s) AND (pinned OR date_next_letter IS NOT NULL)""",
        item_ids,
    )
