"""The letters, written: those of :func:`.queries.choose`, with their lines."""

from odoo.tools import SQL

from ..portfolio.queries import of_family, workers
from .queries import due


def create(company, today, uid, origin, item_ids, letter_ids=()):
    """Write the letters about items with their lines, one for each customer, in one statement.

    The items are locked; those another transaction is writing to are skipped. The unique index
    on allocation and round has the last word.

    None of the parts is joined to another one: the planner takes each for a row or two, and 1,000
    customers with 12,000 items took 103 s where it takes 4 (``tests/letters/test_letter_plan.py``).

    :param list item_ids: what :func:`choose` chose, in the same transaction
    :param list letter_ids: letters without lines, one of a customer at most: his is written into
        it again
    :return: SQL giving (letter ids, number of lines)
    """
    stamp = SQL("%(uid)s, %(now)s, %(uid)s, %(now)s", uid=uid, now=SQL("now() AT TIME ZONE 'UTC'"))
    return SQL(
        """
        WITH due AS (%(due)s),
             placed AS (%(placed)s),
             open_item AS (%(open_item)s),
             letter AS (%(letter)s RETURNING id),
             line AS (%(line)s RETURNING id),
             counted AS (%(counted)s),
             counted_allocation AS (%(counted_allocation)s)
        SELECT COALESCE((SELECT array_agg(id ORDER BY id) FROM letter), '{}'),
               (SELECT COUNT(*) FROM line)""",
        due=of_family(company, lambda member: due(member, today, item_ids, locked=True)),
        placed=_place(letter_ids),
        open_item=_share_letter(),
        line=_insert_lines(company, stamp),
        letter=_insert_letters(company, today, origin, stamp),
        counted=_count_items(uid),
        counted_allocation=_count_allocations(),
    )


def _place(letter_ids):
    """The items of ``due``; the first of each customer's sets the tone, and draws the number of
    his letter."""
    drawn = SQL("nextval('crm_collection_letter_id_seq')")
    if letter_ids:
        again = SQL(
            """SELECT MIN(letter.id) FROM crm_collection_letter letter
                WHERE letter.id = ANY(%s) AND letter.partner_id = ranked.partner_id""",
            list(letter_ids),
        )
        drawn = SQL("COALESCE((%s), %s)", again, drawn)
    return SQL(
        """SELECT ranked.*, CASE WHEN place = 1 THEN %s END AS drawn_id
             FROM (SELECT due.*, ROW_NUMBER() OVER (
                            PARTITION BY partner_id
                            ORDER BY phase_sequence DESC, phase_id DESC, days DESC) AS place
                     FROM due) AS ranked""",
        drawn,
    )


def _share_letter():
    """The items of ``placed`` with what they have in common: their letter."""
    return SQL(
        """SELECT placed.*, MAX(drawn_id) OVER letter AS letter_id,
                  MAX(letter_count) OVER letter + 1 AS letter_round,
                  BOOL_OR(attach_pdf) OVER letter AS letter_pdf,
                  BOOL_OR(attach_invoices) OVER letter AS letter_invoices
             FROM placed WINDOW letter AS (PARTITION BY partner_id)"""
    )


def _insert_letters(company, today, origin, stamp):
    """A letter for each ``open_item`` that sets the tone of one, or the same written anew."""
    return SQL(
        """INSERT INTO crm_collection_letter (
                  id, company_id, partner_id, lang, template_id, compare_side, compare_key,
                  phase_id, step_id, date, round, origin, user_id, state, attach_pdf,
                  attach_invoices, create_uid, create_date, write_uid, write_date)
           SELECT open_item.letter_id, %(company_id)s, open_item.partner_id,
                  COALESCE(partner.lang, %(lang)s), open_item.template_id, open_item.compare_side,
                  CASE WHEN open_item.compare_side IS NOT NULL THEN open_item.compare_key END,
                  open_item.phase_id, open_item.step_id, %(today)s, open_item.letter_round,
                  %(origin)s,
                  CASE WHEN open_item.user_id IN (%(signers)s) THEN open_item.user_id END,
                  'to_send', open_item.letter_pdf, open_item.letter_invoices, %(stamp)s
             FROM open_item
             JOIN res_partner partner ON partner.id = open_item.partner_id
            WHERE open_item.place = 1
               ON CONFLICT (id) DO UPDATE
              SET template_id = EXCLUDED.template_id, phase_id = EXCLUDED.phase_id,
                  compare_side = EXCLUDED.compare_side, compare_key = EXCLUDED.compare_key,
                  step_id = EXCLUDED.step_id, date = EXCLUDED.date, round = EXCLUDED.round,
                  lang = EXCLUDED.lang, user_id = EXCLUDED.user_id,
                  attach_pdf = EXCLUDED.attach_pdf, attach_invoices = EXCLUDED.attach_invoices,
                  write_uid = EXCLUDED.write_uid, write_date = EXCLUDED.write_date""",
        signers=workers(company.id),
        company_id=company.id,
        lang=company.partner_id.lang or "en_US",
        today=today,
        origin=origin,
        stamp=stamp,
    )


def _insert_lines(company, stamp):
    """A line for each ``open_item``, with what the letter shows of it; charges and credits follow
    (``content_queries.refresh_asked``)."""
    return SQL(
        """INSERT INTO crm_collection_letter_line (
                  letter_id, allocation_id, item_id, round, date_due, company_id, phase_id, name,
                  currency_id, date_maturity, days_overdue, amount_original, amount_residual,
                  amount_residual_company, amount_fine, amount_interest, amount_credit,
                  amount_asked, create_uid, create_date, write_uid, write_date)
           SELECT letter_id, allocation_id, item_id, letter_count + 1, date_next_letter,
                  company_id, phase_id, name, currency_id, date_maturity, days,
                  amount_original, amount_residual_currency, amount_residual, 0, 0, 0,
                  amount_residual_currency, %(stamp)s
             FROM open_item""",
        stamp=stamp,
    )


def _count_items(uid):
    """Each ``open_item`` has one letter more, and waits for the next one, where there is one."""
    return SQL(
        """UPDATE crm_collection_item item
              SET letter_count = item.letter_count + 1,
                  date_next_letter = CASE WHEN open_item.goes_after THEN open_item.date_after END,
                  date_letter_kept = CASE WHEN NOT open_item.goes_after
                                          THEN open_item.date_after END,
                  write_uid = %s, write_date = now() AT TIME ZONE 'UTC'
             FROM open_item WHERE item.id = open_item.item_id""",
        uid,
    )


def _count_allocations():
    return SQL(
        """UPDATE crm_collection_allocation allocation
              SET letter_count = allocation.letter_count + 1
             FROM open_item WHERE allocation.id = open_item.allocation_id"""
    )
