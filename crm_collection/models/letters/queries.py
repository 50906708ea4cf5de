"""Letters: which items are due for one, and writing them."""

from odoo.tools import SQL

from ..portfolio.hold_queries import hold_id, hold_joins
from ..portfolio.queries import (
    letter_day,
    letter_template,
    line_is_owed,
    move_is_silent,
    next_letter_date,
    workers,
)

# Letters that reached the customer, or are on their way to him.
REACHING_STATES = ("to_send", "outgoing", "sent")
CONSUMER_FINE_MAX = 0.02  # of what is owed


def asked_open_items(company_id, today, columns, joins=None, condition=None, locked=False):
    """Items that may be asked for at this moment: owed, in follow-up, held by nothing, and
    overdue where they are in no phase.

    Read from accounting, not from copies: aliases ``item``, ``line``, ``move``.

    :param bool locked: lock them, and leave out those another transaction is writing to. Here,
        and not in a join to the locked ones: the planner, which takes each part for a few rows,
        would compare every item with every other.
    """
    return SQL(
        """SELECT %(columns)s
             FROM crm_collection_item item
             JOIN account_move_line line ON line.id = item.line_id AND %(owed)s
             JOIN account_move move ON move.id = line.move_id AND NOT %(silent)s
        %(joins)s
        %(hold_joins)s
            WHERE item.company_id = %(company_id)s AND item.state = 'open'
              AND item.partner_id IS NOT NULL
              AND (item.date_maturity < %(today)s OR item.phase_id IS NOT NULL)
              AND (line.no_followup IS NOT TRUE OR item.include_no_followup)
              AND %(hold)s IS NULL AND %(condition)s
        %(lock)s""",
        columns=columns,
        company_id=company_id,
        today=today,
        owed=line_is_owed(),
        silent=move_is_silent(),
        joins=joins or SQL(),
        hold=hold_id(),
        hold_joins=hold_joins(
            company_id, today, SQL("item.partner_id"), SQL("item.move_id"), SQL("item.id")
        ),
        condition=condition or SQL("TRUE"),
        lock=SQL("FOR NO KEY UPDATE OF item SKIP LOCKED") if locked else SQL(),
    )


def may_be_written(company_id, today, which=None, locked=False):
    """Items that may be in a letter at this moment: those that may be asked for, in an approved
    phase with a letter, not below the rule's minimum.

    :param SQL which: condition on ``item``
    """
    columns = SQL(
        """item.id AS item_id, item.partner_id, item.phase_id, item.step_id, item.name,
           item.date_next_letter, item.letter_count, item.user_id, item.currency_id,
           line.amount_currency AS amount_original, line.amount_residual,
           line.amount_residual_currency, item.date_maturity,
           %(today)s::date - item.date_maturity AS days,
           allocation.id AS allocation_id, phase.sequence AS phase_sequence,
           %(letter)s AS template_id,
           %(leaves)s AS leaves_by_itself,
           COALESCE(step.attach_pdf, TRUE) AS attach_pdf,
           COALESCE(step.attach_invoices, FALSE) AS attach_invoices,
           %(date_after)s AS date_after""",
        today=today,
        letter=letter_template(),
        leaves=leaves_by_itself(today),
        date_after=next_letter_date(SQL("%s::date", today), SQL("item.letter_count + 1")),
    )
    joins = SQL(
        """JOIN crm_collection_phase phase ON phase.id = item.phase_id
                AND phase.active AND phase.approval_state = 'approved'
           JOIN crm_collection_allocation allocation
                ON allocation.item_id = item.id AND allocation.date_out IS NULL
      LEFT JOIN crm_collection_rule_step step
                ON step.id = item.step_id AND step.phase_id = item.phase_id
      LEFT JOIN crm_collection_rule rule ON rule.id = item.rule_id"""
    )
    condition = SQL(
        "%s IS NOT NULL AND line.amount_residual >= COALESCE(rule.amount_min, 0) AND %s",
        letter_template(),
        which or SQL("TRUE"),
    )
    return asked_open_items(company_id, today, columns, joins, condition, locked)


def leaves_by_itself(today):
    """Condition: nobody has to send the letter. Where the job put the item, a rule says so that
    is in force, and a reminder before the due date does not come after it. Where a person did,
    the letter is his."""
    return SQL(
        """(allocation.origin != 'automatic' OR COALESCE(rule.active, FALSE)
            AND (COALESCE(step.days, 0) >= 0 OR item.date_maturity >= %s))""",
        today,
    )


def due(company_id, today, item_ids=None, partner_ids=None, locked=False):
    """Items due for a letter; with ``item_ids`` exactly those, whatever their next date."""
    which = (
        SQL(
            "item.date_next_letter <= %s AND (item.letter_count = 0 OR %s) AND %s",
            today,
            is_repeated(),
            leaves_by_itself(today),
        )
        if item_ids is None
        else SQL("item.id = ANY(%s)", item_ids)
    )
    if partner_ids is not None:
        which = SQL("%s AND item.partner_id = ANY(%s)", which, partner_ids)
    return may_be_written(company_id, today, which, locked)


def is_repeated():
    """Condition: the step still says that the letter goes again. The date of the next letter was
    written with the last one; the rule may have been archived or changed since."""
    return SQL(
        """rule.active AND step.rule_id = rule.id AND step.resend_interval > 0
           AND (COALESCE(step.resend_max, 0) = 0 OR item.letter_count <= step.resend_max)"""
    )


def reaches(letter):
    """Condition: the letter reached the customer, will, or may have (delivery interrupted)."""
    return SQL(
        """(%(letter)s.state IN %(states)s OR (%(letter)s.state = 'failed'
            AND (%(letter)s.will_retry OR %(letter)s.delivery_started IS NOT NULL)))""",
        letter=SQL.identifier(letter),
        states=REACHING_STATES,
    )


def in_quiet_period(company, today, partner_ids):
    """Customers of ``partner_ids`` written to less than the company's quiet days ago, and the
    first day after their quiet period."""
    return SQL(
        """SELECT letter.partner_id, MAX(%(day)s) + %(days)s::integer
             FROM crm_collection_letter letter
            WHERE letter.company_id = %(company_id)s AND letter.partner_id = ANY(%(partner_ids)s)
              AND %(reaches)s AND %(day)s > %(today)s::date - %(days)s::integer
         GROUP BY letter.partner_id""",
        day=letter_day(company._get_collection_tz()),
        days=company.collection_quiet_days,
        company_id=company.id,
        partner_ids=partner_ids,
        reaches=reaches("letter"),
        today=today,
    )


def waits(letter):
    """Condition: the letter leaves as soon as it can."""
    return SQL(
        """(%(letter)s.state IN ('no_address', 'blacklisted')
            OR %(letter)s.state = 'failed' AND %(letter)s.will_retry)""",
        letter=SQL.identifier(letter),
    )


def waiting_partners(company_id, partner_ids):
    """Customers of ``partner_ids`` with a letter that leaves as soon as it can: no second one is
    piled on it."""
    return SQL(
        """SELECT DISTINCT partner_id FROM crm_collection_letter
            WHERE company_id = %s AND partner_id = ANY(%s)
              AND %s""",
        company_id,
        partner_ids,
        waits("crm_collection_letter"),
    )


def due_partners(company_id, today, item_ids=None):
    return SQL(
        "SELECT DISTINCT partner_id FROM (%s) AS due ORDER BY partner_id",
        due(company_id, today, item_ids),
    )


def charges(company, today):
    """Columns of fine and interest over ``open_item``, shown and never posted.

    Fine: once, on what is overdue; at most 2 % for Brazilian consumers (Lei 8.078/1990, CDC,
    art. 52 § 1), who are those of ``crm.collection.letter._is_consumer_br``. Interest: simple,
    per month of 30 days.
    """
    fine = company.collection_fine_percent / 100
    interest = company.collection_interest_percent / 100 / 30
    rate = SQL(
        """CASE WHEN NOT COALESCE(partner.is_company, FALSE)
                 AND COALESCE(partner.country_id, %s) = %s
                THEN LEAST(%s, %s) ELSE %s END""",
        company.account_fiscal_country_id.id or None,
        company.env.ref("base.br").id,
        fine,
        CONSUMER_FINE_MAX,
        fine,
    )
    late = SQL("CASE WHEN open_item.days > 0 THEN open_item.amount_residual_currency ELSE 0 END")
    rounded = "ROUND((%s)::numeric / currency.rounding) * currency.rounding"
    return SQL(
        f"{rounded} AS amount_fine, {rounded} AS amount_interest",
        SQL("%s * %s", late, rate),
        SQL("%s * %s * open_item.days", late, interest),
    )


def create(company, today, uid, origin, partner_ids, item_ids=None):
    """Write the letters of a batch of customers with their lines, in one statement.

    The items are locked; those another transaction is writing to are skipped. The unique index
    on allocation and round has the last word.

    A letter's number is drawn with the item that sets its tone and shared by window functions:
    joins among these parts, which the planner takes for a row or two each, would be loops.

    :return: SQL giving (letter ids, number of lines)
    """
    return SQL(
        """
        WITH due AS MATERIALIZED (%(due)s),
             placed AS (
                SELECT due.*, ROW_NUMBER() OVER (
                            PARTITION BY due.partner_id
                            ORDER BY phase_sequence DESC, phase_id DESC, days DESC) AS place
                  FROM due),
             numbered AS (
                SELECT placed.*,
                       CASE WHEN place = 1 THEN nextval('crm_collection_letter_id_seq') END
                           AS drawn_id
                  FROM placed),
             open_item AS MATERIALIZED (
                SELECT numbered.*, MAX(drawn_id) OVER letter AS letter_id,
                       MAX(letter_count) OVER letter + 1 AS letter_round,
                       BOOL_OR(attach_pdf) OVER letter AS letter_pdf,
                       BOOL_OR(attach_invoices) OVER letter AS letter_invoices
                  FROM numbered
                WINDOW letter AS (PARTITION BY partner_id)),
             letter AS (
                INSERT INTO crm_collection_letter (
                       id, company_id, partner_id, lang, template_id, phase_id, step_id, date,
                       round, origin, user_id, state, attach_pdf, attach_invoices,
                       create_uid, create_date, write_uid, write_date)
                SELECT open_item.letter_id, %(company_id)s, open_item.partner_id,
                       COALESCE(partner.lang, %(lang)s), open_item.template_id, open_item.phase_id,
                       open_item.step_id, %(today)s, open_item.letter_round, %(origin)s,
                       CASE WHEN open_item.user_id IN (%(signers)s) THEN open_item.user_id END,
                       'to_send',
                       open_item.letter_pdf, open_item.letter_invoices,
                       %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM open_item
                  JOIN res_partner partner ON partner.id = open_item.partner_id
                 WHERE open_item.place = 1
             RETURNING id),
             line AS (
                INSERT INTO crm_collection_letter_line (
                       letter_id, allocation_id, item_id, round, date_due, company_id, phase_id,
                       name, currency_id, date_maturity, days_overdue, amount_original,
                       amount_residual, amount_residual_company, amount_fine, amount_interest,
                       create_uid, create_date, write_uid, write_date)
                SELECT shown.letter_id, shown.allocation_id, shown.item_id, shown.letter_count + 1,
                       shown.date_next_letter, %(company_id)s, shown.phase_id, shown.name,
                       shown.currency_id, shown.date_maturity, shown.days, shown.amount_original,
                       shown.amount_residual_currency, shown.amount_residual, shown.amount_fine,
                       shown.amount_interest, %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM (SELECT open_item.*, %(charges)s
                          FROM open_item
                          JOIN res_partner partner ON partner.id = open_item.partner_id
                          JOIN res_currency currency
                               ON currency.id = open_item.currency_id) AS shown
             RETURNING id),
             counted AS (
                UPDATE crm_collection_item item
                   SET letter_count = item.letter_count + 1,
                       date_next_letter = open_item.date_after,
                       write_uid = %(uid)s, write_date = %(now)s
                  FROM open_item WHERE item.id = open_item.item_id),
             counted_allocation AS (
                UPDATE crm_collection_allocation allocation
                   SET letter_count = allocation.letter_count + 1
                  FROM open_item WHERE allocation.id = open_item.allocation_id)
        SELECT COALESCE((SELECT array_agg(id ORDER BY id) FROM letter), '{}'),
               (SELECT COUNT(*) FROM line)""",
        due=due(company.id, today, item_ids, partner_ids, locked=True),
        signers=workers(company.id),
        company_id=company.id,
        lang=company.partner_id.lang or "en_US",
        today=today,
        origin=origin,
        charges=charges(company, today),
        uid=uid,
        now=SQL("(now() AT TIME ZONE 'UTC')"),
    )


def charges_of(company, today, item_ids):
    """Fine and interest of items as a letter of ``today`` would show them.

    :return: SQL of (item id, fine, interest)
    """
    return SQL(
        """SELECT open_item.id, %(charges)s
             FROM (SELECT item.*, %(today)s::date - item.date_maturity AS days
                     FROM crm_collection_item item WHERE item.id = ANY(%(ids)s)) AS open_item
             JOIN res_partner partner ON partner.id = open_item.partner_id
             JOIN res_currency currency ON currency.id = open_item.currency_id""",
        charges=charges(company, today),
        today=today,
        ids=item_ids,
    )
