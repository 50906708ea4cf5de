"""How late customers pay, kept of each company since the first run of a day."""

from odoo.tools import SQL

from ..desk.customer_queries import payments

# Payments of so many days say how late a customer pays: those of his page.
PAID_DAYS = 365


def paid(lines, condition, today):
    """What each customer paid, and how late: (company_id, partner_id, late, amount), of money that
    has no customer, too.

    :param SQL lines: the journal items, as ``line``
    :param SQL condition: which of them
    :param today: the day, or SQL of it
    """
    return SQL(
        """
        SELECT made.company_id,
               COALESCE(partner.commercial_partner_id, made.partner_id) AS partner_id,
               SUM(made.late) AS late, SUM(made.amount) AS amount
          FROM (SELECT company_id, partner_id, SUM(days * amount) AS late, SUM(amount) AS amount
                  FROM (%s) AS payment GROUP BY company_id, partner_id) AS made
     LEFT JOIN res_partner partner ON partner.id = made.partner_id
      GROUP BY 1, 2""",
        payments(lines, condition, today, PAID_DAYS),
    )


def forget(company_id):
    """What was kept of a company."""
    return SQL("DELETE FROM crm_collection_behaviour WHERE company_id = %s", company_id)


def keep(company_id, today):
    """Keep what a company's customers paid, and one row of all of them: with its day, where nobody
    paid anything, too."""
    return SQL(
        """
        WITH paid AS (%(paid)s)
        INSERT INTO crm_collection_behaviour (company_id, date, partner_id, is_all, late, amount)
        SELECT %(company_id)s, %(today)s, partner_id, FALSE, late, amount FROM paid
         WHERE partner_id IS NOT NULL
         UNION ALL
        SELECT %(company_id)s, %(today)s, NULL, TRUE,
               COALESCE(SUM(late), 0), COALESCE(SUM(amount), 0) FROM paid""",
        paid=paid(
            SQL("account_move_line line"), SQL("line.company_id = %s", company_id), SQL("%s", today)
        ),
        company_id=company_id,
        today=today,
    )


def kept_today(days):
    """Of each company: (company_id, whether how its customers pay was kept today).

    :param SQL days: rows of (company id, its day)
    """
    return SQL(
        """SELECT company.id, EXISTS (
                  SELECT FROM crm_collection_behaviour kept
                   WHERE kept.company_id = company.id AND kept.is_all
                     AND kept.date = company.today)
             FROM (VALUES %s) AS company (id, today)""",
        days,
    )
