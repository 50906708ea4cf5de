"""What every question about letters asks of an item or a letter, in the same words: the job, the
explanation of an item, the simulation, and the letters that wait.

Aliases ``item``, and those of LETTER_JOINS: ``phase``, ``allocation``, ``step``, ``rule``.
"""

from odoo.tools import SQL

from ..portfolio.queries import letter_day, letter_template, phase_can_act

# Letters on their way, and those that left or may have: what a round is (see :mod:`.round`). One
# that came back is none, nobody read it.
LEAVING_STATES = ("to_send", "outgoing")
LEFT_STATES = ("sent", "uncertain")
# Letters by post that somebody has to print, or to take to the post office: they wait for him.
PAPER_STATES = ("to_print", "printed")
# Letters that wait as they are: no second one is piled on them.
WAITING_STATES = ("no_address", "blacklisted", *PAPER_STATES)
# Letters that reached the customer, may have, or are on their way to him.
REACHING_STATES = LEAVING_STATES + LEFT_STATES

# What a letter depends on beside the item itself (see may_be_written_condition).
LETTER_JOINS = SQL(
    """LEFT JOIN crm_collection_phase phase ON phase.id = item.phase_id
       LEFT JOIN crm_collection_allocation allocation
                 ON allocation.item_id = item.id AND allocation.date_out IS NULL
       LEFT JOIN crm_collection_rule_step step
                 ON step.id = item.step_id AND step.phase_id = item.phase_id
       LEFT JOIN crm_collection_rule rule ON rule.id = item.rule_id"""
)


def may_be_written_condition():
    """Condition: what may be asked for may be in a letter, too: it is in an approved phase with a
    letter. Over ``item`` and LETTER_JOINS.

    Whatever it owes: a letter a person asks for goes, by hand or from the phase he put the item
    into. What the rule says of the amount is said to the job (:func:`leaves_by_itself`).
    """
    return SQL(
        "(%s AND allocation.id IS NOT NULL AND %s IS NOT NULL AND NOT %s)",
        phase_can_act(),
        letter_template(),
        is_asked_again(),
    )


def is_asked_again():
    """Condition: whether the item may be in its phase is asked once more (its letter was changed,
    or it owes more than was approved), and nobody has agreed since. Over ``item``."""
    return SQL(
        """EXISTS (SELECT FROM crm_collection_approval_line line
                     JOIN crm_collection_approval request ON request.id = line.approval_id
                          AND request.origin = 'again'
                    WHERE line.item_id = item.id AND line.phase_id = item.phase_id
                      AND (line.state IN ('pending', 'refused') OR line.reason_out = 'superseded')
                      AND NOT EXISTS (
                          SELECT FROM crm_collection_approval_line later
                           WHERE later.item_id = line.item_id AND later.phase_id = line.phase_id
                             AND later.id > line.id AND later.state = 'approved'))"""
    )


def is_due(today, date_next=None, amount=None, due=None):
    """Condition: the day of the next letter has come, and it leaves by itself. Over ``item`` and
    LETTER_JOINS, of what may be written.

    :param SQL date_next: the day of the next letter, by default the one on the item
    :param SQL amount: see :func:`leaves_by_rule`, as ``due``
    """
    return SQL(
        "(%s <= %s AND %s)",
        date_next or SQL("item.date_next_letter"),
        today,
        is_to_go(SQL("%s::date", today), amount=amount, due=due),
    )


def is_ever_to_go(date, today, due=None):
    """Condition: a run will send the letter that is to go on ``date``, if nothing keeps it back:
    there is one, and it leaves by itself on its day or, where that has passed, today. Read of
    items and their steps; the allocation is looked up where no rule has the letter leave.

    :param SQL date: of the next letter
    :param SQL today: the company's day
    :param SQL due: see :func:`leaves_by_rule`
    """
    day = SQL("GREATEST(%s, %s)", date, today)
    return SQL(
        """(phase.active AND %(letter)s IS NOT NULL
            AND (item.letter_count = 0 OR COALESCE(%(repeated)s, FALSE))
            AND (%(by_rule)s OR EXISTS (
                 SELECT FROM crm_collection_allocation allocation
                  WHERE allocation.item_id = item.id AND allocation.date_out IS NULL
                    AND %(by_hand)s)))""",
        letter=letter_template(),
        repeated=is_repeated(SQL("item.letter_count")),
        by_rule=leaves_by_rule(day, SQL("item.amount_residual"), due),
        by_hand=is_placed_by_hand(),
    )


def is_to_go(day, count=None, amount=None, due=None):
    """Condition: on this day a letter leaves by itself, the first one or the same again.

    :param SQL day: of the next letter, or today where it has passed
    :param SQL count: how many letters there were before
    :param SQL amount: see :func:`leaves_by_rule`, as ``due``
    """
    count = count or SQL("item.letter_count")
    return SQL(
        "((%s = 0 OR COALESCE(%s, FALSE)) AND %s)",
        count,
        is_repeated(count),
        leaves_by_itself(day, amount, due),
    )


def is_repeated(count):
    """Condition: the step still says that the letter goes again. The date of the next letter was
    written with the last one; the rule may have been archived or changed since."""
    return SQL(
        """rule.active AND step.rule_id = rule.id AND step.resend_interval > 0
           AND (COALESCE(step.resend_max, 0) = 0 OR %s <= step.resend_max)""",
        count,
    )


def leaves_by_itself(day, amount=None, due=None):
    """Condition: nobody has to send the letter. Where the job put the item, its rule says so (see
    :func:`leaves_by_rule`). Where a person did, the letter is his: no minimum stands in its way."""
    return SQL("(%s OR %s)", is_placed_by_hand(), leaves_by_rule(day, amount, due))


def is_placed_by_hand():
    """Condition: the item is where a person wanted it, by his hand or by a request of his that
    was approved. A request the job had made is the job's. Over ``allocation``."""
    return SQL(
        """(allocation.origin IN ('manual', 'opening') OR allocation.origin = 'approval'
            AND EXISTS (SELECT FROM crm_collection_approval request
                         WHERE request.id = allocation.approval_id
                           AND request.origin != 'automatic'))"""
    )


def leaves_by_rule(day, amount=None, due=None):
    """Condition: a rule that is in force has the letter leave on this day: the item owes the
    rule's minimum, and a reminder before the due date does not come after it.

    :param SQL amount: what is owed in company currency, by default the journal item's
    :param SQL due: the day that the rule counts from (``calendar_queries.counted_from``), by
        default the due date
    """
    return SQL(
        """COALESCE(rule.active AND %s >= COALESCE(rule.amount_min, 0)
            AND (COALESCE(step.days, 0) >= 0 OR %s >= %s), FALSE)""",
        amount or SQL("line.amount_residual"),
        due or SQL("item.date_maturity"),
        day,
    )


def reaches(letter):
    """Condition: the letter reached the customer, will, or may have (uncertain)."""
    return SQL(
        """(%(letter)s.state IN %(states)s
            OR %(letter)s.state = 'failed' AND %(letter)s.will_retry)""",
        letter=SQL.identifier(letter),
        states=REACHING_STATES,
    )


def date_free(company, letter="letter"):
    """The first day after the quiet days that a letter which :func:`reaches` begins."""
    return SQL(
        "%s + %s::integer",
        letter_day(company._get_collection_tz(), letter),
        company.collection_quiet_days,
    )


def waits_for_letter(item, today, company, is_asked=None):
    """Expression: whether the last letter about an item to whoever owes it now is not known to
    have left before ``today``. What was cancelled was none; of an item that never had a letter it
    is false. Before that day, as a customer is not told the same day that he did not answer.

    What is on its way has left by a later day that is only asked about.

    :param SQL item: (item id, customer)
    :param SQL today: the day that is asked about
    :param SQL is_asked: condition: somebody is asked, or was, whether the item goes on; he is
        not asked anew for each letter that leaves meanwhile
    """
    return SQL(
        """(SELECT COALESCE(NOT (array_agg(%(is_gone)s ORDER BY line.id DESC))[1], FALSE)
              FROM %(letters)s)""",
        letters=_letters_about(item),
        is_gone=SQL(
            """CASE WHEN letter.state = 'sent' THEN %(is_asked)s OR %(day)s < %(today)s
                    WHEN %(is_leaving)s
                    THEN %(is_asked)s OR letter.date < %(today)s AND %(today)s > %(now)s
                    ELSE FALSE END""",
            is_asked=is_asked or SQL("FALSE"),
            day=letter_day(company._get_collection_tz()),
            is_leaving=is_leaving("letter"),
            today=today,
            now=company._get_collection_today(),
        ),
    )


def waiting_items(company, day, item_ids=None):
    """The items of a company that wait, on a day, until a letter is known to have left.

    :param list item_ids: of these alone
    """
    return SQL(
        """SELECT item.id FROM crm_collection_item item
            WHERE item.company_id = %s AND item.state = 'open' AND %s AND %s""",
        company.id,
        SQL("TRUE") if item_ids is None else SQL("item.id = ANY(%s)", item_ids),
        waits_for_letter(SQL("(item.id, item.partner_id)"), SQL("%s::date", day), company),
    )


def last_letter(item_id, partner_id, company):
    """One row: the last letter about an item of a customer, and whether it is waited for today
    (see :func:`waits_for_letter`)."""
    item, today = SQL("(%s, %s)", item_id, partner_id), company._get_collection_today()
    return SQL(
        "SELECT (array_agg(letter.id ORDER BY line.id DESC))[1], %s FROM %s",
        waits_for_letter(item, SQL("%s::date", today), company),
        _letters_about(item),
    )


def _letters_about(item):
    """The letters about an item to whoever owes it now, and its lines there."""
    return SQL(
        """crm_collection_letter_line line
              JOIN crm_collection_letter letter ON letter.id = line.letter_id
             WHERE (line.item_id, letter.partner_id) = %s AND letter.state != 'cancelled'""",
        item,
    )


def is_leaving(letter):
    """Condition: the letter is on its way, and has not left."""
    return SQL("%s IN %s", SQL.identifier(letter, "state"), LEAVING_STATES)


def waits(letter):
    """Condition: the letter leaves as soon as it can."""
    return SQL(
        """(%(letter)s.state IN %(states)s
            OR %(letter)s.state = 'failed' AND %(letter)s.will_retry)""",
        letter=SQL.identifier(letter),
        states=WAITING_STATES,
    )
