"""Of what a promise was broken, for the plan."""

from odoo.tools import SQL

from .hold_queries import is_about
from .promise_queries import JUDGED_AGAIN_DAYS, promised, verdict


def broken_items(company_id, day):
    """Items (``item_id``) of which the last promise is broken on a day: it was, not longer ago than
    verdicts are looked at again, or will be by then if nothing is paid. A promise of a customer is
    about what he owed when he made it.

    :param SQL day: the company's
    """
    return SQL(
        """SELECT last.item_id FROM (
              SELECT DISTINCT ON (item.id) item.id AS item_id,
                     CASE WHEN hold.state = 'active' THEN (
                          SELECT %(verdict)s FROM (%(promised)s) AS promised)
                          ELSE hold.state END AS state
                FROM crm_collection_hold hold
                JOIN crm_collection_item item ON item.state = 'open' AND %(is_about)s
                JOIN account_move_line line ON line.id = item.line_id
                     AND (hold.partner_id IS NULL OR line.date <= hold.date_from)
               WHERE hold.company_id = %(company_id)s AND hold.kind = 'promise'
                 AND hold.state IN ('active', 'kept', 'broken')
                 AND hold.date_from <= %(day)s AND hold.date_until >= %(day)s - %(days)s::integer
            ORDER BY item.id, hold.date_until DESC, hold.id DESC) AS last
            WHERE last.state = 'broken'""",
        verdict=verdict(day),
        promised=promised(),
        is_about=is_about(),
        company_id=company_id,
        day=day,
        days=JUDGED_AGAIN_DAYS,
    )


def broken_of_new(company_id, lines):
    """Of what is no open item yet the same: (today, line_id, partner_id). Only an entry or a
    customer can have promised it; of his promise nothing is known as long as it has no item.

    :param SQL lines: rows of (today, line_id, move_id, partner_id, the customer, and date)
    """
    return SQL(
        """SELECT last.today, last.line_id, last.partner_id FROM (
              SELECT DISTINCT ON (new.today, new.line_id) new.today, new.line_id, new.partner_id,
                     CASE WHEN hold.state = 'active' THEN (
                          SELECT %(verdict)s FROM (%(promised)s) AS promised)
                          ELSE hold.state END AS state
                FROM (SELECT new.*, hold.id AS hold_id
                        FROM (%(lines)s) AS new
                        JOIN crm_collection_hold hold ON hold.move_id = new.move_id
                       UNION ALL
                      SELECT new.*, hold.id
                        FROM (%(lines)s) AS new
                        JOIN res_partner known ON known.commercial_partner_id = new.partner_id
                        JOIN crm_collection_hold hold ON hold.partner_id = known.id
                             AND new.date <= hold.date_from) AS new
                JOIN crm_collection_hold hold ON hold.id = new.hold_id
               WHERE hold.company_id = %(company_id)s AND hold.kind = 'promise'
                 AND hold.state IN ('active', 'kept', 'broken') AND hold.date_from <= new.today
                 AND hold.date_until >= new.today - %(days)s::integer
            ORDER BY new.today, new.line_id, hold.date_until DESC, hold.id DESC) AS last
            WHERE last.state = 'broken'""",
        verdict=verdict(SQL("new.today")),
        promised=promised(),
        lines=lines,
        company_id=company_id,
        days=JUDGED_AGAIN_DAYS,
    )
