"""Letters that have not left: what they say read again, their rounds given back."""

from odoo.tools import SQL

from ..portfolio.queries import of_family
from .condition_queries import LEFT_STATES, date_free, is_leaving, reaches
from .queries import may_be_written


def recheck(company, today, letter_ids):
    """The items of unsent letters as they are now: (line id, item id, allocation, still owed,
    amounts).

    ``owed`` is false for what was paid, held, left out, changed hands or was written about in a
    later letter since.
    """
    return SQL(
        """
        SELECT line.id, line.letter_id, line.item_id, line.allocation_id,
               open_item.item_id IS NOT NULL AS owed, open_item.amount_residual_currency,
               open_item.amount_residual, open_item.days, open_item.date_maturity,
               open_item.amount_original
          FROM crm_collection_letter_line line
          JOIN crm_collection_letter letter ON letter.id = line.letter_id
     LEFT JOIN (%(open_items)s) AS open_item ON open_item.allocation_id = line.allocation_id
              AND open_item.partner_id = letter.partner_id
              AND (open_item.letter_count = line.round OR line.round IS NULL AND NOT EXISTS (
                   SELECT FROM crm_collection_letter_line later
                    WHERE later.allocation_id = line.allocation_id AND later.id > line.id
                      AND later.round IS NOT NULL))
              AND (letter.origin = 'manual' OR open_item.leaves_by_itself)
         WHERE line.letter_id = ANY(%(letter_ids)s)
      ORDER BY line.id""",
        open_items=of_family(
            company, lambda member: may_be_written(member, today, is_in_letters(letter_ids))
        ),
        letter_ids=letter_ids,
    )


def is_in_letters(letter_ids):
    """Condition: the item is in one of the letters. As an array, which the planner takes for a few
    items: joined to their lines, all open items were read for each 50 letters, 5.8 s of 180,000."""
    return SQL(
        """item.id = ANY(ARRAY(SELECT item_id FROM crm_collection_letter_line
                               WHERE letter_id = ANY(%s)))""",
        letter_ids,
    )


def refresh_lines(company, today, letter_ids, uid):
    """Bring what unsent letters say of their items up to date, where it changed; what they ask
    for of them follows (``content_queries.refresh_asked``).

    Materialized, or the items are read again for every line: the 50 letters of a transaction took
    5 s, and take 0.03 s.
    """
    return SQL(
        """
        WITH now AS MATERIALIZED (%(recheck)s)
        UPDATE crm_collection_letter_line line
           SET amount_residual = now.amount_residual_currency,
               amount_residual_company = now.amount_residual, days_overdue = now.days,
               date_maturity = now.date_maturity, amount_original = now.amount_original,
               write_uid = %(uid)s, write_date = now() AT TIME ZONE 'UTC'
          FROM now
         WHERE now.id = line.id AND now.owed
           AND (line.amount_residual, line.amount_residual_company, line.days_overdue,
                line.date_maturity, line.amount_original)
               IS DISTINCT FROM (now.amount_residual_currency, now.amount_residual, now.days,
                                 now.date_maturity, now.amount_original)""",
        recheck=recheck(company, today, letter_ids),
        uid=uid,
    )


def give_back(line_ids):
    """Undo the rounds of lines that never left: the item is due for its letter as it was."""
    return SQL(
        """
        WITH line AS (DELETE FROM crm_collection_letter_line WHERE id = ANY(%(ids)s)
                      RETURNING id, item_id, allocation_id, round, date_due),
             freed AS (SELECT item_id, allocation_id, MIN(round) AS first, MAX(round) AS last,
                              COUNT(round) AS number,
                              (array_agg(date_due ORDER BY id))[1] AS date_due
                         FROM line GROUP BY item_id, allocation_id),
             allocation AS (UPDATE crm_collection_allocation allocation
                         SET letter_count = GREATEST(allocation.letter_count - freed.number, 0)
                        FROM freed WHERE allocation.id = freed.allocation_id)
        UPDATE crm_collection_item item
           SET letter_count = freed.first - 1, date_next_letter = freed.date_due,
               date_letter_kept = NULL, write_date = now() AT TIME ZONE 'UTC'
          FROM freed
          JOIN crm_collection_allocation allocation ON allocation.id = freed.allocation_id
         WHERE item.id = freed.item_id AND allocation.date_out IS NULL
           AND item.letter_count = freed.last AND item.state = 'open'""",
        ids=line_ids,
    )


def overtaken(company, today, letter_ids):
    """Automatic letters of ``letter_ids`` beside another one that leaves: their customer was
    written to less than the quiet days ago, or will be before them, by a person or by a letter
    that came before. What is in the queue now has left by a later day that is only asked about.
    """
    is_now = today <= company._get_collection_today()
    return SQL(
        """SELECT DISTINCT letter.id
             FROM crm_collection_letter letter
             JOIN crm_collection_letter other
                  ON other.company_id = ANY(%(company_ids)s)
                 AND other.partner_id = letter.partner_id AND other.id != letter.id
                 AND (%(reaches)s AND %(date_free)s > %(today)s
                      OR %(is_leaving)s AND (%(is_now)s OR other.date = %(today)s))
                 AND (other.state IN %(left)s OR other.origin = 'manual' OR other.id < letter.id)
            WHERE letter.id = ANY(%(letter_ids)s) AND letter.origin = 'automatic'""",
        company_ids=company._get_collection_family().ids,
        letter_ids=letter_ids,
        is_leaving=is_leaving("other"),
        is_now=is_now,
        left=LEFT_STATES,
        reaches=reaches("other"),
        date_free=date_free(company, "other"),
        today=today,
    )


def stale_outgoing():
    """Letters whose state lags behind their mail: (letter id, mail state or NULL, failure)."""
    return SQL(
        """SELECT letter.id, mail.state, mail.failure_reason, mail.failure_type
             FROM crm_collection_letter letter LEFT JOIN mail_mail mail ON mail.id = letter.mail_id
            WHERE letter.state = 'outgoing' AND mail.state IS DISTINCT FROM 'outgoing'
              AND COALESCE(letter.channel, 'email') = 'email'"""
    )
