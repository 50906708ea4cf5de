"""From 19.0.2.0.0 to 19.0.2.1.0: what old letters asked for of each of their items."""


def migrate(cr, version):
    """Called by Odoo after the module is updated, with the version it had."""
    if version:
        write_asked(cr)


def write_asked(cr):
    """What a letter asked for is written with its lines now; of old ones it is worked out of what
    they kept: what was not due yet was not asked for beside what was overdue, and the open credits
    the letter took off, in company currency, paid what was due first."""
    cr.execute(
        """WITH line AS (
                SELECT line.id, line.letter_id, line.date_maturity, line.amount_residual,
                       line.amount_residual_company, currency.rounding,
                       COALESCE(line.amount_fine, 0) + COALESCE(line.amount_interest, 0) AS charges,
                       COALESCE(letter.amount_credit, 0) AS amount_credit,
                       line.days_overdue > 0 OR NOT BOOL_OR(line.days_overdue > 0) OVER (
                            PARTITION BY line.letter_id, line.currency_id) AS is_asked
                  FROM crm_collection_letter_line line
                  JOIN crm_collection_letter letter ON letter.id = line.letter_id
                  JOIN res_currency currency ON currency.id = line.currency_id
                 WHERE line.amount_asked IS NULL),
             credited AS (
                SELECT line.*, CASE WHEN is_asked AND amount_residual_company > 0
                           THEN ROUND(amount_residual / amount_residual_company * LEAST(
                                    amount_residual_company, GREATEST(0, amount_credit
                                        - SUM(amount_residual_company) OVER asked
                                        + amount_residual_company)) / rounding) * rounding
                           ELSE 0 END AS paid
                  FROM line
                WINDOW asked AS (PARTITION BY letter_id, is_asked ORDER BY date_maturity, id))
           UPDATE crm_collection_letter_line line
              SET amount_credit = credited.paid,
                  amount_asked = credited.charges
                      + CASE WHEN credited.is_asked THEN credited.amount_residual - credited.paid
                             ELSE 0 END
             FROM credited WHERE credited.id = line.id"""
    )
