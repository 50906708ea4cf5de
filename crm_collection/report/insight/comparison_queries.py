"""What two texts brought in: customers who got one of them, and what these paid."""

from odoo.tools import SQL

from ...models.portfolio.queries import letter_day

SIDES = ("a", "b")


def comparisons(days):
    """A row for each comparison in each company.

    A customer counts once, by the first letter of the comparison that left to him: which text that
    was is what was drawn. He counts when the company's days of attribution after it are over; of
    who got one text nobody had longer to pay than of who got the other.

    :param SQL days: rows of (company id, its day)
    """
    return SQL(
        """
        WITH sent AS (%(sent)s),
             first AS (SELECT DISTINCT ON (company_id, compare_key, partner_id) sent.*
                         FROM sent ORDER BY company_id, compare_key, partner_id, day, id),
             money AS (%(money)s)
        SELECT figures.*, %(rates)s
          FROM (SELECT MIN(sent.id) AS id, sent.company_id, sent.phase_id, sent.compare_key,
                       MIN(sent.day) AS date_first, MAX(sent.day) AS date_last,
                       MAX(sent.days) AS days_to_pay, %(figures)s
                  FROM sent
             LEFT JOIN first ON first.id = sent.id
             LEFT JOIN money ON money.id = first.id
              GROUP BY sent.company_id, sent.phase_id, sent.compare_key) AS figures""",
        sent=_sent(days),
        money=_money(),
        rates=_rates(),
        figures=_figures(),
    )


def _sent(days):
    """The letters of comparisons that left and were not taken back as sent in error."""
    return SQL(
        """SELECT letter.id, letter.company_id, letter.phase_id, letter.compare_key,
                  letter.compare_side, letter.partner_id, letter.template_id,
                  %(day)s AS day, company.collection_attribution_days AS days,
                  %(day)s + company.collection_attribution_days < today.day AS is_over
             FROM crm_collection_letter letter
             JOIN res_company company ON company.id = letter.company_id
             JOIN (VALUES %(days)s) AS today (company_id, day)
                  ON today.company_id = letter.company_id
            WHERE letter.compare_side IS NOT NULL AND letter.state = 'sent'
              AND letter.is_reversed IS NOT TRUE""",
        day=letter_day(SQL("COALESCE(company.collection_tz, 'UTC')")),
        days=days,
    )


def _money():
    """What the first letter asked for, and what was paid of that within the days, in company
    currency: payments alone, less those returned; never more than was asked."""
    return SQL(
        """SELECT first.id, SUM(line.asked) AS asked,
                  SUM(LEAST(GREATEST(line.paid, 0), line.asked)) AS paid
             FROM first
       CROSS JOIN LATERAL (
             SELECT told.amount_asked * CASE WHEN told.amount_residual = 0 THEN 1
                         ELSE told.amount_residual_company / told.amount_residual END AS asked,
                    (SELECT COALESCE(SUM(paid.amount + COALESCE(returned.amount, 0)), 0)
                       FROM crm_collection_settlement paid
                  LEFT JOIN crm_collection_settlement returned
                            ON returned.reversal_of_id = paid.id
                      WHERE paid.item_id = told.item_id AND paid.kind = 'payment'
                        AND paid.reversal_of_id IS NULL
                        AND paid.date BETWEEN first.day AND first.day + first.days) AS paid
               FROM crm_collection_letter_line told
              WHERE told.letter_id = first.id AND told.amount_asked > 0) AS line
            WHERE first.is_over
         GROUP BY first.id"""
    )


def _figures():
    """Of each text: letters and customers; of those whose days are over how many paid, and what."""
    over = SQL("first.is_over")
    figures = (
        (SQL("MAX(sent.template_id)"), SQL("TRUE"), "template_%s_id"),
        (SQL("COUNT(*)"), SQL("TRUE"), "letter_count_%s"),
        (SQL("COUNT(first.id)"), SQL("NOT first.is_over"), "early_count_%s"),
        (SQL("COUNT(first.id)"), over, "customer_count_%s"),
        (SQL("COUNT(money.id)"), SQL("money.paid > 0"), "payer_count_%s"),
        (SQL("SUM(money.asked)"), over, "amount_asked_%s"),
        (SQL("SUM(money.paid)"), over, "amount_paid_%s"),
    )
    return SQL(", ").join(
        SQL(
            "%s FILTER (WHERE sent.compare_side = %s AND %s) AS %s",
            *(figure, one, condition, SQL.identifier(name % one)),
        )
        for figure, condition, name in figures
        for one in SIDES
    )


def _rates():
    """Percentages of customers, and of money; none where there is nothing they are of."""
    parts = (
        ("rate_%s", "payer_count_%s", "customer_count_%s"),
        ("rate_amount_%s", "amount_paid_%s", "amount_asked_%s"),
    )
    return SQL(", ").join(
        SQL(
            "100.0 * %s / NULLIF(%s, 0) AS %s",
            *(SQL.identifier(name % one) for name in (part, whole, rate)),
        )
        for rate, part, whole in parts
        for one in SIDES
    )
