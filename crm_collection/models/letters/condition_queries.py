"""What every question about letters asks of an item or a letter, in the same words: the job, the
explanation of an item, the simulation, and the letters that wait.

Aliases ``item``, and those of LETTER_JOINS: ``phase``, ``allocation``, ``step``, ``rule``.
"""

from odoo.tools import SQL

from ..portfolio.queries import letter_template, phase_can_act

# Letters that reached the customer, or are on their way to him.
REACHING_STATES = ("to_send", "outgoing", "sent")

# What a letter depends on beside the item itself (see may_be_written_condition).
LETTER_JOINS = SQL(
    """LEFT JOIN crm_collection_phase phase ON phase.id = item.phase_id
       LEFT JOIN crm_collection_allocation allocation
                 ON allocation.item_id = item.id AND allocation.date_out IS NULL
       LEFT JOIN crm_collection_rule_step step
                 ON step.id = item.step_id AND step.phase_id = item.phase_id
       LEFT JOIN crm_collection_rule rule ON rule.id = item.rule_id"""
)


def may_be_written_condition(amount=None):
    """Condition: what may be asked for may be in a letter, too: it is in an approved phase with a
    letter, and not below the rule's minimum. Over ``item`` and LETTER_JOINS.

    :param SQL amount: what is owed in company currency, by default the journal item's
    """
    return SQL(
        """(%s AND allocation.id IS NOT NULL
            AND %s IS NOT NULL AND %s >= COALESCE(rule.amount_min, 0))""",
        phase_can_act(),
        letter_template(),
        amount or SQL("line.amount_residual"),
    )


def is_due(today):
    """Condition: the day of the next letter has come, and it leaves by itself. Over ``item`` and
    LETTER_JOINS, of what may be written."""
    return SQL("(item.date_next_letter <= %s AND %s)", today, is_to_go(SQL("%s::date", today)))


def is_to_go(day):
    """Condition: on this day a letter leaves by itself, the first one or the same again.

    :param SQL day: of the next letter, or today where it has passed
    """
    return SQL(
        "((item.letter_count = 0 OR COALESCE(%s, FALSE)) AND %s)",
        is_repeated(),
        leaves_by_itself(day),
    )


def is_repeated():
    """Condition: the step still says that the letter goes again. The date of the next letter was
    written with the last one; the rule may have been archived or changed since."""
    return SQL(
        """rule.active AND step.rule_id = rule.id AND step.resend_interval > 0
           AND (COALESCE(step.resend_max, 0) = 0 OR item.letter_count <= step.resend_max)"""
    )


def leaves_by_itself(today):
    """Condition: nobody has to send the letter. Where the job put the item, a rule says so that
    is in force, and a reminder before the due date does not come after it. Where a person did,
    the letter is his."""
    return SQL(
        """(allocation.origin != 'automatic' OR COALESCE(rule.active, FALSE)
            AND (COALESCE(step.days, 0) >= 0 OR item.date_maturity >= %s))""",
        today,
    )


def reaches(letter):
    """Condition: the letter reached the customer, will, or may have (delivery interrupted)."""
    return SQL(
        """(%(letter)s.state IN %(states)s OR (%(letter)s.state = 'failed'
            AND (%(letter)s.will_retry OR %(letter)s.delivery_started IS NOT NULL)))""",
        letter=SQL.identifier(letter),
        states=REACHING_STATES,
    )


def waits(letter):
    """Condition: the letter leaves as soon as it can."""
    return SQL(
        """(%(letter)s.state IN ('no_address', 'blacklisted')
            OR %(letter)s.state = 'failed' AND %(letter)s.will_retry)""",
        letter=SQL.identifier(letter),
    )
