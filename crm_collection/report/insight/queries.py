"""What works: allocations with what became of them, and where items are a month later."""

from odoo.tools import SQL

from ...models.ledger.allocation_queries import settled


def allocations(days):
    """A row for each allocation: how it ended, what came in, which letters there were.

    Joined to grouped queries, which PostgreSQL leaves out where none of their columns is asked
    for.

    :param days: rows of (company id, its day)
    """
    return SQL(
        """
        SELECT %(columns)s, %(outcomes)s, %(figures)s
          FROM crm_collection_allocation allocation
          JOIN (VALUES %(days)s) AS company (id, today) ON company.id = allocation.company_id
     LEFT JOIN crm_collection_item item ON item.id = allocation.item_id
     LEFT JOIN crm_collection_task task ON task.id = allocation.task_id
     LEFT JOIN (%(money)s) AS money ON money.allocation_id = allocation.id
     LEFT JOIN (%(letters)s) AS letters ON letters.allocation_id = allocation.id""",
        columns=_allocation_columns(),
        outcomes=_outcomes(),
        figures=_allocation_figures(),
        days=days,
        money=settled(),
        letters=_letters(),
    )


def _allocation_columns():
    return SQL(
        """allocation.id, allocation.id AS allocation_id, allocation.item_id,
           allocation.company_id, allocation.partner_id, allocation.name,
           allocation.partner_name, allocation.phase_id, allocation.rule_id,
           allocation.step_id, allocation.origin, allocation.day_in, allocation.day_out,
           item.user_id, letters.template_id, allocation.task_id, task.state AS task_state,
           task.done_by_id AS task_done_by_id,
           COALESCE(allocation.reason_out, 'open') AS outcome"""
    )


def _outcomes():
    """Where it ended, each way as a column of ones and noughts to be added up."""
    return SQL(
        """CASE WHEN allocation.reason_out = 'moved' THEN (
                SELECT next.phase_id FROM crm_collection_allocation next
                 WHERE next.item_id = allocation.item_id AND next.id > allocation.id
              ORDER BY next.id LIMIT 1) END AS phase_to_id,
           1 AS stay_count,
           (allocation.reason_out IS NOT DISTINCT FROM 'settled')::integer AS settled_count,
           (allocation.reason_out IS NOT DISTINCT FROM 'moved')::integer AS moved_count,
           (allocation.date_out IS NULL)::integer AS open_count,
           COALESCE(allocation.reason_out IN ('cancelled', 'released', 'undone'), FALSE)::integer
               AS left_count"""
    )


def _allocation_figures():
    """Days, money and letters."""
    return SQL(
        """COALESCE(allocation.day_out, company.today) - allocation.day_in AS days_stay,
           CASE WHEN allocation.reason_out = 'settled'
                THEN GREATEST(COALESCE(allocation.date_settled, allocation.day_out)
                              - allocation.day_in, 0) END AS days_to_settle,
           allocation.amount_in, COALESCE(money.recovered, 0) AS amount_recovered,
           COALESCE(money.other, 0) AS amount_other,
           100 * COALESCE(money.recovered, 0) / NULLIF(allocation.amount_in, 0)
               AS recovery_rate,
           COALESCE(letters.sent, 0)::integer AS letter_sent_count,
           COALESCE(letters.bounced, 0)::integer AS letter_bounced_count,
           COALESCE(letters.unaddressed, 0)::integer AS letter_unaddressed_count,
           letters.letter_sent_ids, letters.letter_bounced_ids, letters.letter_unaddressed_ids"""
    )


def _letters():
    """The letters an item had in an allocation; which text it was is told by the last of them.

    Beside their number their ids, as text: a letter about several items is one of each, and of
    all of them together.
    """
    return SQL(
        """SELECT line.allocation_id,
                  (ARRAY_AGG(letter.template_id ORDER BY line.id DESC)
                   FILTER (WHERE letter.state != 'cancelled'
                           AND letter.is_reversed IS NOT TRUE))[1] AS template_id,
                  %(sent)s, %(bounced)s, %(unaddressed)s
             FROM crm_collection_letter_line line
             JOIN crm_collection_letter letter ON letter.id = line.letter_id
         GROUP BY line.allocation_id""",
        sent=_letters_in("sent", ["sent", "uncertain"], SQL("letter.is_reversed IS NOT TRUE")),
        bounced=_letters_in("bounced", ["bounced", "failed"]),
        unaddressed=_letters_in("unaddressed", ["no_address", "blacklisted"]),
    )


def _letters_in(name, states, condition=None):
    """:param SQL condition: which of them count; those sent in error made nobody pay"""
    return SQL(
        """COUNT(*) FILTER (WHERE letter.state = ANY(%(states)s) AND %(condition)s) AS %(count)s,
           STRING_AGG(letter.id::text, ',')
               FILTER (WHERE letter.state = ANY(%(states)s) AND %(condition)s) AS %(ids)s""",
        condition=condition or SQL("TRUE"),
        states=states,
        count=SQL.identifier(name),
        ids=SQL.identifier(f"letter_{name}_ids"),
    )


def roll_rates(days, lang, labels):
    """A row for each item in a phase when a month begins: where it is when the next begins, or
    today where that is yet to come.

    :param days: rows of (company id, its day)
    :param str lang: the language of the phases' names
    :param dict labels: what ``settled`` and ``left`` are called in it
    """
    return SQL(
        """
        SELECT %(columns)s, %(destination)s, %(rates)s
          FROM crm_collection_allocation allocation
          JOIN (VALUES %(days)s) AS company (id, today) ON company.id = allocation.company_id
    CROSS JOIN LATERAL (%(months)s) AS month
    CROSS JOIN LATERAL (%(place)s) AS place""",
        columns=_roll_columns(),
        destination=_destination(lang, labels),
        rates=_rates(),
        days=days,
        months=_months(),
        place=_place(),
    )


def _roll_columns():
    """The id is made of allocation and month, so that it stays the same."""
    return SQL(
        """allocation.id::bigint * 4096 + (EXTRACT(YEAR FROM month.day)::integer - 2000) * 12
               + EXTRACT(MONTH FROM month.day)::integer AS id,
           allocation.id AS allocation_id, allocation.item_id, allocation.company_id,
           allocation.partner_id, allocation.name, allocation.partner_name,
           allocation.rule_id, allocation.amount_in AS amount, month.day::date AS date,
           month.next <= company.today AS is_over, allocation.phase_id,
           CASE WHEN place.is_in THEN place.phase_id END AS phase_to_id, place.outcome"""
    )


def _destination(lang, labels):
    """What the place is called, and its rank among the others: phases first."""
    return SQL(
        """CASE place.outcome WHEN 'settled' THEN %(settled)s WHEN 'left' THEN %(left)s
                ELSE COALESCE(place.name ->> %(lang)s, place.name ->> 'en_US')
            END AS destination,
           CASE place.outcome WHEN 'settled' THEN 1000000 WHEN 'left' THEN 1000001
                ELSE place.sequence END AS destination_rank""",
        lang=lang,
        settled=labels["settled"],
        left=labels["left"],
    )


def _rates():
    return SQL(
        """100.0 * (place.outcome = 'stayed')::integer AS rate_stayed,
           100.0 * (place.outcome = 'forward')::integer AS rate_forward,
           100.0 * (place.outcome = 'backward')::integer AS rate_backward,
           100.0 * (place.outcome = 'settled')::integer AS rate_settled,
           100.0 * (place.outcome = 'left')::integer AS rate_left"""
    )


def _months():
    """The months that began while the item was in the phase."""
    return SQL(
        """SELECT day, (day + interval '1 month')::date AS next
             FROM generate_series(date_trunc('month', allocation.day_in + interval '1 month'),
                                  COALESCE(allocation.day_out, company.today),
                                  interval '1 month') AS day"""
    )


def _place():
    """Where the item of ``allocation`` is when the month after ``month.day`` begins."""
    return SQL(
        """
        SELECT last.phase_id, last.is_in, reached.name, reached.sequence,
               CASE WHEN last.is_in AND last.phase_id = allocation.phase_id THEN 'stayed'
                    WHEN last.is_in AND (reached.sequence, reached.id) > (phase.sequence, phase.id)
                    THEN 'forward'
                    WHEN last.is_in THEN 'backward'
                    WHEN last.reason_out = 'settled' THEN 'settled'
                    ELSE 'left' END AS outcome
          FROM (SELECT later.phase_id, later.reason_out,
                       later.day_out IS NULL OR later.day_out >= month.next AS is_in
                  FROM crm_collection_allocation later
                 WHERE later.item_id = allocation.item_id AND later.day_in < month.next
              ORDER BY later.date_in DESC, later.id DESC LIMIT 1) AS last
          JOIN crm_collection_phase reached ON reached.id = last.phase_id
          JOIN crm_collection_phase phase ON phase.id = allocation.phase_id"""
    )
