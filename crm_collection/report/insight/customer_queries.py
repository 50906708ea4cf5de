"""Customers in collection: what each owes in a company, how late, and what comes next."""

from odoo.tools import SQL

from ...models.desk.customer_queries import ID_FACTOR
from ...models.portfolio.dispute_queries import disputed_items
from ...models.portfolio.hold_queries import hold_customers, is_in_force


def customers(days):
    """One row per customer and company with open items.

    :param SQL days: rows of (company id, its day)
    """
    return SQL(
        """
        SELECT COALESCE(owed.partner_id, 0)::bigint * %(factor)s + owed.company_id AS id,
               owed.company_id, company.currency_id AS company_currency_id, owed.partner_id,
               owed.amount_residual, owed.amount_overdue, owed.date_oldest,
               owed.today - owed.date_oldest AS days_oldest, highest.id AS phase_id,
               owed.item_count, owed.date_next_letter,
               COALESCE((partner.collection_user_id ->> owed.company_id::text)::integer,
                        owed.user_id) AS user_id,
               hold.promise_date, hold.promise_amount, COALESCE(hold.is_held, FALSE) AS is_held,
               COALESCE(disputed.amount, 0) AS amount_disputed
          FROM (%(open_items)s) AS owed
          JOIN res_company company ON company.id = owed.company_id
     LEFT JOIN res_partner partner ON partner.id = owed.partner_id
     LEFT JOIN (%(ranks)s) AS highest ON highest.rank = owed.phase_rank
     LEFT JOIN (%(holds)s) AS hold
               ON hold.company_id = owed.company_id AND hold.customer_id = owed.partner_id
     LEFT JOIN (SELECT company_id, partner_id, SUM(amount) AS amount
                  FROM (%(disputed)s) AS item GROUP BY company_id, partner_id) AS disputed
               ON disputed.company_id = owed.company_id
                  AND disputed.partner_id = owed.partner_id""",
        factor=ID_FACTOR,
        open_items=_open_items(days),
        ranks=_phase_ranks(),
        holds=_holds(days),
        disputed=disputed_items(days),
    )


def _open_items(days):
    """Open items added up by customer."""
    return SQL(
        """
        SELECT item.company_id, item.partner_id, company.today,
               SUM(item.amount_residual) AS amount_residual,
               COALESCE(SUM(item.amount_residual) FILTER (
                   WHERE item.date_maturity < company.today), 0) AS amount_overdue,
               MIN(item.date_maturity) AS date_oldest, MAX(phase.rank) AS phase_rank,
               COUNT(*) AS item_count, MIN(item.date_next_letter) AS date_next_letter,
               MAX(item.user_id) AS user_id
          FROM crm_collection_item item
          JOIN (VALUES %(days)s) AS company (id, today) ON company.id = item.company_id
     LEFT JOIN (%(ranks)s) AS phase ON phase.id = item.phase_id
         WHERE item.state = 'open'
      GROUP BY item.company_id, item.partner_id, company.today""",
        days=days,
        ranks=_phase_ranks(),
    )


def _phase_ranks():
    """The few phases numbered by their severity, so that the most severe is a plain maximum."""
    return SQL(
        """SELECT id, row_number() OVER (ORDER BY sequence NULLS FIRST, id) AS rank
             FROM crm_collection_phase"""
    )


def _holds(days):
    """By customer of today: whether all of his is held, and his next promise that is not judged
    yet."""
    return SQL(
        """
        SELECT hold.company_id, about.customer_id,
               BOOL_OR(hold.partner_id IS NOT NULL AND %(in_force)s) AS is_held,
               MIN(hold.date_until) FILTER (WHERE hold.kind = 'promise') AS promise_date,
               (ARRAY_AGG(hold.amount ORDER BY hold.date_until)
                FILTER (WHERE hold.kind = 'promise'))[1] AS promise_amount
          FROM crm_collection_hold hold
          JOIN (VALUES %(days)s) AS company (id, today) ON company.id = hold.company_id
          JOIN (%(about)s) AS about ON about.hold_id = hold.id
         WHERE hold.state = 'active'
      GROUP BY hold.company_id, about.customer_id""",
        days=days,
        about=hold_customers(SQL("hold.state = 'active'")),
        in_force=is_in_force(SQL("company.today")),
    )
