"""Of what a promise was broken, for the plan."""

from odoo.tools import SQL

from .hold_queries import is_about
from .promise_queries import JUDGED_AGAIN_DAYS, promised, verdict


def broken(company_id, day, new):
    """What the last promise about it is broken of, on each of some days: (today, line_id,
    partner_id). It was broken, not longer ago than verdicts are looked at again, or will be by then
    if nothing is paid. A promise of a customer is about what he owed when he made it; of what is no
    open item yet, only an entry's and a customer's can be.

    A promise is judged once for each day, and what it is about is looked up once: with both in one
    join, each was asked again for every item, day and step, 1.5 s of 1.6 over 72 items and 41 days.

    :param SQL day: the days of the company as a relation
    :param SQL new: what is no open item yet: rows of (today, line_id, move_id, partner_id, the
        commercial partner, and date)
    """
    return SQL(
        """
        WITH promise AS MATERIALIZED (%(promises)s),
             about AS MATERIALIZED (%(about)s)
      SELECT last.today, last.line_id, last.partner_id
        FROM (SELECT DISTINCT ON (promise.today, about.line_id) promise.today, about.line_id,
                     about.partner_id, promise.state_then
                FROM promise
                JOIN about ON about.hold_id = promise.id
                     AND (about.today IS NULL OR about.today = promise.today)
            ORDER BY promise.today, about.line_id, promise.date_until DESC, promise.id DESC) AS last
       WHERE last.state_then = 'broken'""",
        promises=_promises(company_id, day),
        about=_about(new),
    )


def _promises(company_id, day):
    return SQL(
        """SELECT day.today, hold.id, hold.date_until,
                  CASE WHEN hold.state = 'active' THEN (
                       SELECT %(verdict)s FROM (%(promised)s) AS promised)
                       ELSE hold.state END AS state_then
             FROM (%(day)s) AS day
             JOIN crm_collection_hold hold ON hold.date_from <= day.today
                  AND hold.date_until >= day.today - %(days)s::integer
            WHERE hold.company_id = %(company_id)s AND hold.kind = 'promise'
              AND hold.state IN ('active', 'kept', 'broken')""",
        verdict=verdict(SQL("day.today")),
        promised=promised(),
        day=day,
        days=JUDGED_AGAIN_DAYS,
        company_id=company_id,
    )


def _about(new):
    """What each ``promise`` is about: on any day, or of what is new on ``today``."""
    return SQL(
        """SELECT hold.id AS hold_id, item.line_id, item.partner_id, NULL::date AS today
             FROM crm_collection_hold hold
             JOIN crm_collection_item item ON item.state = 'open' AND %(is_about)s
             JOIN account_move_line line ON line.id = item.line_id
                  AND (hold.partner_id IS NULL OR line.date <= hold.date_from)
            WHERE hold.id IN (SELECT promise.id FROM promise)
            UNION ALL
           SELECT hold.id, new.line_id, new.partner_id, new.today
             FROM (%(new)s) AS new
             JOIN crm_collection_hold hold ON hold.move_id = new.move_id
            UNION ALL
           SELECT hold.id, new.line_id, new.partner_id, new.today
             FROM (%(new)s) AS new
             JOIN res_partner known ON known.commercial_partner_id = new.partner_id
             JOIN crm_collection_hold hold ON hold.partner_id = known.id
                  AND new.date <= hold.date_from""",
        is_about=is_about(),
        new=new,
    )
