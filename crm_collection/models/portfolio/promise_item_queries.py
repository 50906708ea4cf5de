"""Promises in force, item by item and day by day: what of it is still to be paid, and when."""

from odoo.tools import SQL

from .dispute_queries import disputed_items, scopes
from .hold_queries import is_in_force
from .promise_queries import paid_since


def promised_items(days):
    """What is still promised of open items: rows of (company_id, partner_id, line_id, item_id,
    hold_id, number, day, amount), in company currency.

    What was paid since a promise was made fills its amount, or its parts, from the first to the
    last; what is left of it is spread over its items, the oldest first. What is disputed of an item
    is not promised. ``number`` counts the parts of a payment plan, from 1. What is promised for a
    day that is over, and waited for, is expected today.

    :param SQL days: rows of (company id, its day)
    """
    left = SQL("LEAST(owed.upto, part.upto - owed.paid)")
    before = SQL("GREATEST(owed.upto - owed.amount, part.upto - part.amount - owed.paid, 0)")
    return SQL(
        """
        SELECT owed.company_id, owed.partner_id, owed.line_id, owed.item_id, owed.hold_id,
               part.number, GREATEST(part.day, owed.today) AS day, %(left)s - %(before)s AS amount
          FROM (%(owed)s) AS owed
    CROSS JOIN LATERAL (%(parts)s) AS part
         WHERE %(left)s > %(before)s""",
        left=left,
        before=before,
        owed=_owed(days),
        parts=_parts(),
    )


def _owed(days):
    """What each item of a promise owes, less what is disputed of it, and all those before it:
    ``total`` is that of all of them."""
    return SQL(
        """
        SELECT about.*, COALESCE(paid.amount, 0) AS paid,
               SUM(about.amount) OVER (PARTITION BY about.hold_id) AS total,
               SUM(about.amount) OVER (
                   PARTITION BY about.hold_id ORDER BY about.date_maturity, about.item_id) AS upto
          FROM (%(about)s) AS about
     LEFT JOIN (%(paid)s) AS paid (hold_id, amount) ON paid.hold_id = about.hold_id""",
        about=_about(days),
        paid=paid_since(
            SQL(
                """ARRAY(SELECT id FROM crm_collection_hold
                          WHERE kind = 'promise' AND state = 'active')"""
            )
        ),
    )


def _about(days):
    """Each item that a promise in force is about, once: of several the promise that is closest to
    it, then the one for the first day.

    What a customer promises is about what was there when he did and is due by the day he promised
    (:func:`.promise_queries.promised`).
    """
    return SQL(
        """
        SELECT DISTINCT ON (item.id) item.id AS item_id, item.line_id, item.company_id,
               item.partner_id, item.date_maturity, company.today, hold.id AS hold_id,
               hold.amount AS promised, hold.date_until,
               item.amount_residual - COALESCE(disputed.amount, 0) AS amount
          FROM crm_collection_hold hold
          JOIN (VALUES %(days)s) AS company (id, today) ON company.id = hold.company_id
    CROSS JOIN LATERAL (%(scopes)s) AS item
          JOIN account_move_line line ON line.id = item.line_id
     LEFT JOIN (%(disputed)s) AS disputed ON disputed.item_id = item.id
         WHERE hold.kind = 'promise' AND %(in_force)s
           AND item.state = 'open' AND item.company_id = hold.company_id
           AND (hold.partner_id IS NULL
                OR line.date <= hold.date_from AND item.date_maturity <= hold.date_until)
      ORDER BY item.id, item.nearness, hold.date_until, hold.id""",
        days=days,
        scopes=scopes(),
        disputed=disputed_items(days),
        in_force=is_in_force(SQL("company.today")),
    )


def _parts():
    """What a promise (alias ``owed``) is paid in, with all up to it: its parts, or all at once."""
    return SQL(
        """
        SELECT row_number() OVER (ORDER BY part.date) AS number, part.date AS day, part.amount,
               SUM(part.amount) OVER (ORDER BY part.date) AS upto
          FROM crm_collection_hold_part part WHERE part.hold_id = owed.hold_id
         UNION ALL
        SELECT 1, owed.date_until, once.amount, once.amount
          FROM (SELECT CASE WHEN owed.promised > 0 THEN owed.promised
                            ELSE owed.total + owed.paid END AS amount) AS once
         WHERE NOT EXISTS (SELECT FROM crm_collection_hold_part part
                            WHERE part.hold_id = owed.hold_id)"""
    )
