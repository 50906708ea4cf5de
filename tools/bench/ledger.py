"""The floor of the ledger: what partial reconciliations settled, written by one statement."""

from odoo.tools import SQL


def query_settlements(ledger, item, stay, day):
    """Insert what `ledger` lacks: partial reconciliations, with their day's stay and last letter.

    All of a bench's settlements are payments of items in company currency.
    """
    return SQL(
        """
        WITH reconciled AS (
            SELECT i.*, p.id AS partial_ref, p.max_date AS date, p.create_date AS moment, p.amount,
                   p.debit_amount_currency, m.name AS counterpart_name
              FROM account_partial_reconcile p
              JOIN %(item)s i ON i.line_id = p.debit_move_id
              JOIN account_move_line l ON l.id = p.credit_move_id
              JOIN account_move m ON m.id = l.move_id
         LEFT JOIN %(ledger)s known ON known.partial_ref = p.id
             WHERE known.id IS NULL),
        letters AS (
            SELECT line.item_id, COUNT(*) AS number, MAX(letter.date) AS day,
                   (ARRAY_AGG(line.phase_id ORDER BY letter.date DESC))[1] AS phase_id
              FROM crm_collection_letter_line line
              JOIN crm_collection_letter letter ON letter.id = line.letter_id
             WHERE letter.state = 'sent' GROUP BY line.item_id)
        INSERT INTO %(ledger)s (item_id, allocation_id, phase_id, rule_id, step_id, company_id,
               partner_id, partner_name, name, currency_id, date, day_recorded, amount,
               amount_currency, kind, partial_ref, counterpart_name, days_overdue, days_in_phase,
               letter_count, date_last_letter, days_since_letter, last_letter_phase_id, user_id,
               industry_id, is_company, create_uid, create_date, write_uid, write_date)
        SELECT t.id, s.id, s.phase_id, s.rule_id, s.step_id, t.company_id, t.partner_id,
               c.complete_name, t.name, t.currency_id, t.date, %(day)s, t.amount,
               t.debit_amount_currency, 'payment', t.partial_ref, t.counterpart_name,
               t.date - t.date_maturity, GREATEST(t.date - s.day_in, 0),
               COALESCE(letters.number, 0), letters.day, t.date - letters.day, letters.phase_id,
               t.user_id, c.industry_id, c.is_company, 1, %(now)s, 1, %(now)s
          FROM reconciled t
          JOIN res_partner c ON c.id = t.partner_id
     LEFT JOIN %(stay)s s ON s.item_id = t.id AND s.day_in <= t.date AND s.date_in < t.moment
           AND (s.day_out IS NULL OR s.day_out >= t.date)
     LEFT JOIN letters ON letters.item_id = t.id
        """,
        ledger=ledger,
        item=item,
        stay=stay,
        day=day,
        now=SQL("(now() AT TIME ZONE 'UTC')"),
    )


def query_different_settlements(ledger):
    return SQL(
        """
        SELECT COUNT(*) AS settlements
          FROM crm_collection_settlement j FULL JOIN %s f USING (partial_ref)
         WHERE (j.amount, j.date, j.kind, j.phase_id, j.days_in_phase, j.letter_count)
               IS DISTINCT FROM (f.amount, f.date, f.kind, f.phase_id, f.days_in_phase,
                                 f.letter_count)
        """,
        ledger,
    )
