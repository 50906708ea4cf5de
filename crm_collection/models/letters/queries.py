"""Who gets a letter today, from top to bottom: what may be asked for, what of it is due, what open
credits leave of it, who is left out and why. The letters are written by :mod:`.create_queries`.

The words of it that others use, too, are in :mod:`.condition_queries`, the sums in
:mod:`.credit_queries`.
"""

from odoo.tools import SQL

from ..portfolio.calendar_queries import counted_from
from ..portfolio.hold_queries import hold_id, hold_joins
from ..portfolio.payment_queries import line_is_on_its_way
from ..portfolio.queries import (
    line_is_credit,
    line_is_left_out,
    line_is_owed,
    move_is_silent,
    next_letter_date,
    of_family,
)
from .comparison_queries import comparison_key, letter_text, side
from .condition_queries import (
    LETTER_JOINS,
    date_free,
    is_due,
    is_leaving,
    is_to_go,
    leaves_by_itself,
    may_be_written_condition,
    reaches,
    waits,
)
from .contact_queries import week_free
from .credit_queries import owing

# === What may be asked for === #


def asked_open_items(company_id, today, columns, joins=None, condition=None, locked=False):
    """Items that may be asked for at this moment: owed, in follow-up, held by nothing, and
    overdue where they are in no phase.

    Read from accounting, not from copies: aliases ``item``, ``line``, ``move``.

    Each journal item is looked up by its number (``OFFSET 0``): the planner, which takes the few
    customers for many, would walk the index of all journal items; choosing of 100 customers among
    120,000 items took 0.9 s, so 0.5.

    :param bool locked: lock them, and leave out those another transaction is writing to. Here,
        and not in a join to the locked ones: the planner, which takes each part for a few rows,
        would compare every item with every other (``tests/letters/test_letter_plan.py``).
    """
    return SQL(
        """SELECT %(columns)s
             FROM crm_collection_item item
       CROSS JOIN LATERAL (
             SELECT * FROM account_move_line entry WHERE entry.id = item.line_id OFFSET 0) AS line
             JOIN account_move move ON move.id = line.move_id AND NOT %(silent)s
        %(joins)s
        %(hold_joins)s
            WHERE %(owed)s AND item.company_id = %(company_id)s AND item.state = 'open'
              AND item.partner_id IS NOT NULL
              AND (item.date_maturity < %(today)s OR item.phase_id IS NOT NULL)
              AND (NOT %(left_out)s OR item.include_no_followup)
              AND %(hold)s IS NULL AND NOT %(processing)s AND %(condition)s
        %(lock)s""",
        columns=columns,
        company_id=company_id,
        today=today,
        owed=line_is_owed(),
        left_out=line_is_left_out(),
        silent=move_is_silent(),
        joins=joins or SQL(),
        hold=hold_id(),
        processing=line_is_on_its_way(company_id, today),
        hold_joins=hold_joins(
            company_id, today, SQL("line.partner_id"), SQL("item.move_id"), SQL("item.id")
        ),
        condition=condition or SQL("TRUE"),
        lock=SQL("FOR NO KEY UPDATE OF item SKIP LOCKED") if locked else SQL(),
    )


# === What is due for a letter === #


def may_be_written(company, today, which=None, locked=False):
    """Items that may be in a letter at this moment, with what the letter says of them.

    :param SQL which: condition on ``item``
    """
    day_due = counts_from(company)
    date_after = next_letter_date(SQL("%s::date", today), SQL("item.letter_count + 1"))
    columns = SQL(
        """item.id AS item_id, item.company_id, item.partner_id, item.phase_id, item.step_id,
           item.name, item.date_next_letter, item.letter_count, item.user_id, item.currency_id,
           line.amount_currency AS amount_original, line.amount_residual,
           line.amount_residual_currency, item.date_maturity,
           %(today)s::date - item.date_maturity AS days,
           allocation.id AS allocation_id, phase.sequence AS phase_sequence,
           %(letter)s AS template_id, %(side)s AS compare_side, %(key)s AS compare_key,
           %(leaves)s AS leaves_by_itself,
           COALESCE(step.attach_pdf, TRUE) AS attach_pdf,
           COALESCE(step.attach_invoices, FALSE) AS attach_invoices,
           %(date_after)s AS date_after, %(goes_after)s AS goes_after""",
        today=today,
        letter=letter_text(today),
        side=side(today),
        key=comparison_key(),
        leaves=leaves_by_itself(today, due=day_due),
        date_after=date_after,
        goes_after=is_to_go(date_after, SQL("(item.letter_count + 1)"), due=day_due),
    )
    condition = SQL("%s AND %s", may_be_written_condition(), which or SQL("TRUE"))
    return asked_open_items(company.id, today, columns, LETTER_JOINS, condition, locked)


def counts_from(company):
    """The day up to which a reminder of the company leaves, of ``item``."""
    return counted_from(company._get_collection_due_days(), SQL("item.date_maturity"))


def due(company, today, item_ids=None, locked=False):
    """Items due for a letter; with ``item_ids`` exactly those, whatever their next date."""
    return may_be_written(company, today, _is_wanted(company, today, item_ids), locked)


def due_partners(company, today, item_ids=None):
    """Customers with items due for a letter (see :func:`due`): SQL of (partner_id). Items that
    were chosen may be of any company that is one creditor with this one."""
    items = (
        due(company, today)
        if item_ids is None
        else of_family(company, lambda member: due(member, today, item_ids))
    )
    return SQL("SELECT DISTINCT partner_id FROM (%s) AS due ORDER BY partner_id", items)


def _is_wanted(company, today, item_ids):
    if item_ids is not None:
        return SQL("item.id = ANY(%s)", item_ids)
    return is_due(today, due=counts_from(company))


# === What open credits leave of it === #


def open_credit_lines(company, partner_ids=None):
    """Open credits: payments and credit notes not yet matched, of any of a customer's contacts,
    in any company that is one creditor with this one.

    :param list partner_ids: of these customers alone
    :return: SQL of (line_id, date, partner_id, currency_id, amount, amount_currency), below zero;
        ``amount`` is in company currency
    """
    return SQL(
        """SELECT line.id AS line_id, line.date, partner.commercial_partner_id AS partner_id,
                  line.currency_id, line.amount_residual AS amount,
                  line.amount_residual_currency AS amount_currency
             FROM account_move_line line
             JOIN account_account account
                  ON account.id = line.account_id AND account.account_type = 'asset_receivable'
             JOIN res_partner partner ON partner.id = line.partner_id
            WHERE line.company_id = ANY(%s) AND %s AND %s""",
        company._get_collection_family().ids,
        line_is_credit(),
        SQL("TRUE")
        if partner_ids is None
        else SQL(
            """line.partner_id IN (
                    SELECT id FROM res_partner WHERE commercial_partner_id = ANY(%s))""",
            partner_ids,
        ),
    )


def open_credits(company, partner_ids=None):
    """The open credits (see :func:`open_credit_lines`) of each customer in each currency.

    :return: SQL of (partner_id, currency_id, amount, amount_currency)
    """
    return SQL(
        """SELECT partner_id, currency_id, SUM(amount) AS amount,
                  SUM(amount_currency) AS amount_currency
             FROM (%s) AS credit_line GROUP BY partner_id, currency_id""",
        open_credit_lines(company, partner_ids),
    )


# === Who gets a letter === #


def choose(company, today, partner_ids, item_ids=None, force=False, without=()):
    """Which of these customers get a letter, and why the others do not.

    :param list item_ids: as for :func:`due`
    :param bool force: a person may write to customers who were written to a moment ago
    :param without: ids of letters that are decided anew and stand in nobody's way
    :return: SQL of (partner_id, verdict, date_free, item_ids, line_ids) of those for whom something
        is due in the company, or was chosen; no verdict is a letter, the others are ``credit``
        (nothing is left to ask for), ``waiting`` (a letter leaves as soon as it can: no second one
        is piled on it), ``quiet`` (``date_free`` is the first day after the quiet days) and
        ``contacts`` (as many within a week as the company allows, until ``date_free``); the letter
        is about the items: what is due, less what open credits pay
    """
    return SQL(
        """
        WITH asked AS (%(asked)s),
             credit AS (%(credit)s),
             owing AS (%(owing)s)
        %(judged)s ORDER BY owing.partner_id""",
        asked=of_family(
            company, lambda member: asked_by(company, member, today, partner_ids, item_ids)
        ),
        credit=open_credits(company, partner_ids),
        owing=owing("asked", "credit"),
        judged=judge(company, today, "asked" if item_ids is None else None, force, without),
    )


def asked_by(company, member, today, partner_ids=None, item_ids=None):
    """What customers may be asked for by a company, and whether the letter of ``company`` is about
    it: it takes along what is due in a company that is one creditor with it and sends, too."""
    sends = member == company or member._is_collection_sending() or item_ids is not None
    columns = SQL(
        """item.partner_id, item.company_id, line.currency_id, item.id AS item_id,
           line.id AS line_id, item.date_maturity, line.amount_residual_currency,
           COALESCE(%s AND %s AND %s, FALSE) AS is_due, item.date_maturity < %s AS is_late""",
        sends,
        may_be_written_condition(),
        _is_wanted(member, today, item_ids),
        today,
    )
    of_partners = None if partner_ids is None else SQL("item.partner_id = ANY(%s)", partner_ids)
    return asked_open_items(member.id, today, columns, LETTER_JOINS, of_partners)


def judge(company, today, asked=None, force=False, without=()):
    """What is decided about each customer of the part ``owing`` (see :func:`choose`).

    :param str asked: the part with partner_id, company_id and is_due: of those alone for whom
        something of the company itself is due, as it writes to no others by itself; what is due
        in a company that is one creditor with it goes along. ``IS TRUE`` has them looked up in a
        hash: few are expected, and for each one all items were read again, more than three
        minutes for 600,000 of them
    """
    return SQL(
        """SELECT owing.partner_id, GREATEST(written.date_free, week.date_free) AS date_free,
                  owing.item_ids, owing.line_ids,
                  CASE WHEN NOT owing.is_left THEN 'credit'
                       WHEN %(force)s THEN NULL
                       WHEN written.is_waiting THEN 'waiting'
                       WHEN week.date_free > GREATEST(%(today)s, written.date_free)
                       THEN 'contacts'
                       WHEN %(quiet_days)s > 0 AND written.date_free > %(today)s THEN 'quiet'
                  END AS verdict
             FROM owing
       CROSS JOIN LATERAL (%(written)s) AS written
        LEFT JOIN LATERAL (%(week)s) AS week ON TRUE
            WHERE %(is_own)s""",
        is_own=SQL("TRUE")
        if asked is None
        else SQL(
            """(owing.partner_id IN (
                    SELECT partner_id FROM %s WHERE is_due AND company_id = %s)) IS TRUE""",
            SQL.identifier(asked),
            company.id,
        ),
        week=week_free(
            company, today, SQL("owing.partner_id"), SQL("written.id != ALL(%s)", list(without))
        ),
        written=_written(company, today, without),
        force=force,
        quiet_days=company.collection_quiet_days,
        today=today,
    )


def _written(company, today, without):
    """One row: whether a letter to the customer (alias ``owing``) waits, and the first day after
    the quiet days of the last one. His letters are found by their index, customer by customer.

    What is in the queue now has left by a later day that is only asked about.
    """
    is_now = today <= company._get_collection_today()
    return SQL(
        """SELECT BOOL_OR(%(waits)s OR %(is_now)s AND %(is_leaving)s) AS is_waiting,
                  MAX(%(date_free)s) FILTER (WHERE %(reaches)s) AS date_free
             FROM crm_collection_letter letter
            WHERE letter.company_id = ANY(%(company_ids)s)
              AND letter.partner_id = owing.partner_id AND letter.id != ALL(%(without)s)""",
        is_now=is_now,
        is_leaving=is_leaving("letter"),
        without=list(without),
        waits=waits("letter"),
        reaches=reaches("letter"),
        date_free=date_free(company),
        company_ids=company._get_collection_family().ids,
    )
