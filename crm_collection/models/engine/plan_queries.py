"""The allocation plan: every item the jobs have something to write about, and what.

One statement, a chain of named parts; :meth:`Plan.query` shows it from top to bottom. The job
keeps its rows and writes them, the simulation shows them, the explanation of an item asks for
those of the coming days: what will happen is said in one place.
"""

from odoo.tools import SQL

from ..approval.queries import waiting_items
from ..portfolio.calendar_queries import counted_from, shift_joined
from ..portfolio.collected_queries import collected_until, methods
from ..portfolio.hold_queries import hold_id, hold_joins, last_day
from ..portfolio.payment_queries import lines_paid_online, payments_on_their_way
from ..portfolio.queries import (
    document_name,
    line_date_maturity,
    line_is_left_out,
    line_is_of,
    line_is_owed,
    line_is_refund,
    move_is_in_payment,
    move_is_silent,
)
from ..portfolio.rule_queries import customers, steps
from .change_queries import answer, change, entry, is_changed, next_letter, standing
from .reached_queries import first_step, promised, reached


class Plan:
    """What becomes of the items of a company on one day, or on each of several.

    :param company: ``res.company``
    :param list days: the days the question is asked for, each from the items as they are now
    :param rules: ``crm.collection.rule`` in force, in order of precedence
    :param partners: ``res.partner`` in the company's context, archived included
    :param list account_ids: the receivable accounts
    :param int horizon: how many days before their due date items are taken in
    :param list partner_ids: only what these commercial partners owe, in the portfolio or not yet
    """

    def __init__(
        self,
        company,
        days,
        rules,
        partners,
        account_ids,
        horizon,
        partner_ids=None,
    ):
        self.working_days = company._get_collection_phase_days()
        self.company = company
        self.company_id = company.id
        self.days = days
        self.rules = rules
        self.partners = partners
        self.account_ids = account_ids
        self.horizon = horizon
        self.partner_ids = partner_ids

    def query(self, changed_only=True, together=False):
        """The whole plan: a row for each item and day.

        An item ``moves`` when nothing holds it back, nobody pinned it, and the step's phase is
        more severe than the one it is in. Into a phase that needs an approval it does not move,
        it ``asks``, and goes as far as it may without. ``proposed_step_id`` is a manual-only
        step it has reached. The step of an item that stays is the one its rule has for its phase.

        Hints, measured over 241,000 items: ``OFFSET 0`` keeps ``reached`` and ``standing`` apart,
        0.88 s; merged into what follows, the step and what holds an item back are worked out again
        wherever they are named, 1.42 s. The customers' rules ``MATERIALIZED``: 0.95 s without.

        :param bool changed_only: leave out items there is nothing to write about
        :param bool together: number the items customer by customer
        """
        return SQL(
            """
            WITH step AS (%(step)s),
                 customer AS MATERIALIZED (%(customer)s),
                 first_step AS (%(first_step)s),
                 candidate AS (%(candidate)s),
                 held AS (%(held)s),
                 promised AS (%(promised)s),
                 reached AS (%(reached)s),
                 standing AS (%(standing)s),
                 answer AS (%(answer)s),
                 entry AS (%(entry)s),
                 next_letter AS (%(next_letter)s),
                 change AS (%(change)s)
          SELECT row_number() OVER (%(order)s) AS seq, change.* FROM change WHERE %(filter)s""",
            step=steps(self.company_id),
            customer=customers(
                *(self.partners, self.rules, self.company_id),
                self.partner_ids,
            ),
            first_step=first_step(),
            candidate=self._candidate(),
            held=self._held(),
            promised=promised(self.rules, self.company, self._day()),
            reached=reached(self.rules, self.company),
            standing=standing(),
            answer=answer(),
            entry=entry(),
            next_letter=next_letter(self._due()),
            change=change(),
            order=SQL("ORDER BY change.partner_id") if together else SQL(),
            filter=is_changed() if changed_only else SQL("TRUE"),
        )

    def _candidate(self):
        """Items that are overdue, or due within the horizon, once for each day.

        The customer is the commercial partner of today, not of the day the entry was posted. The
        steps count the days (``days_counted``) from the due date or, where the company says so,
        from the next working day; it is overdue (``days``) from the due date on.
        """
        moved, shift_join = shift_joined(self.working_days, line_date_maturity())
        return SQL(
            """
            SELECT line.id AS line_id, line.move_id, line.currency_id, line.amount_currency,
                   line.amount_residual, line.amount_residual_currency, line.name AS line_name,
                   %(left_out)s AS no_followup, %(is_refund)s AS is_refund,
                   %(date_maturity)s AS date_maturity, day.today,
                   day.today - %(date_maturity)s AS days,
                   day.today - %(date_maturity)s - %(shift)s AS days_counted,
                   partner.commercial_partner_id AS partner_id,
                   %(document)s AS move_name, move.payment_reference, %(silent)s AS silent,
                   %(in_payment)s OR COALESCE(payment.date_until >= day.today, FALSE)
                       AS processing,
                   COALESCE(%(collected_until)s >= day.today, FALSE) AS is_collected,
                   item.id AS item_id, item.phase_id, item.step_id, item.rule_id AS item_rule_id,
                   item.date_phase, item.proposed_step_id, item.blocker, item.pinned,
                   item.to_evaluate, item.include_no_followup, item.write_date AS item_write_date,
                   item.name AS item_name, item.letter_count, item.date_next_letter,
                   item.date_letter_kept, item.approval_state, item.refused_phase_id,
                   item.refused_version, item.refused_amount,
                   waiting.phase_id AS waiting_phase_id, waiting.origin AS waiting_origin
              FROM account_move_line line
        CROSS JOIN (%(day)s) AS day
              JOIN account_move move ON move.id = line.move_id
         LEFT JOIN res_partner partner ON partner.id = line.partner_id
         LEFT JOIN crm_collection_item item ON item.line_id = line.id
         LEFT JOIN (%(waiting)s) AS waiting ON waiting.item_id = item.id
         LEFT JOIN (%(payments)s) AS payment ON payment.line_id = line.id
         %(shift_join)s
             WHERE line.company_id = %(company_id)s AND line.account_id = ANY(%(account_ids)s)
               AND %(owed)s AND %(date_maturity)s <= day.today + %(horizon)s::integer
               AND %(among)s""",
            company_id=self.company_id,
            account_ids=self.account_ids,
            document=document_name(),
            day=self._day(),
            horizon=self.horizon,
            date_maturity=line_date_maturity(),
            shift=moved,
            shift_join=shift_join,
            silent=move_is_silent(),
            in_payment=move_is_in_payment(),
            payments=lines_paid_online(self.company_id, min(self.days)),
            collected_until=collected_until(self.company_id),
            owed=line_is_owed(),
            left_out=line_is_left_out(),
            is_refund=line_is_refund(),
            waiting=waiting_items(self.company_id),
            among=SQL("TRUE") if self.partner_ids is None else line_is_of(self.partner_ids),
        )

    def _due(self):
        """The day up to which a reminder before the due date leaves, of ``item``."""
        if self.working_days:
            return SQL("(item.today - item.days_counted)")
        return counted_from(self.company._get_collection_due_days(), SQL("item.date_maturity"))

    def _day(self):
        """The days as a relation; a single one is a constant to the planner."""
        if len(self.days) == 1:
            return SQL("SELECT %s::date AS today", self.days[0])
        return SQL("SELECT unnest(%s::date[]) AS today", self.days)

    def _held(self):
        """Each candidate with the hold that is in force for it that day."""
        return SQL(
            "SELECT candidate.*, %s AS hold_id FROM candidate %s",
            hold_id(),
            hold_joins(
                self.company_id,
                SQL("day.today"),
                *(
                    SQL.identifier("candidate", name)
                    for name in ("partner_id", "move_id", "item_id")
                ),
                day=(self._day(), SQL("candidate.today")),
            ),
        )


def fingerprint(company_id, day, rules, working_days=()):
    """A short text that changes with anything a plan depends on, except the items themselves.

    :param working_days: the :class:`WorkingDays` that phases, and that reminders go by, or ``None``

    Of the large tables counts and sums: an entry posted in a long transaction commits with a
    write date older than the latest one already seen. Of the small ones every word.
    """
    large = (
        SQL("account_move WHERE company_id = %s AND state = 'posted'", company_id),
        SQL("res_partner"),
    )
    small = (
        SQL("crm_collection_phase"),
        SQL("crm_collection_approval_rule"),
        SQL("crm_collection_rule"),
        SQL("crm_collection_rule_step"),
        SQL(
            """(SELECT hold.*, %s AS last_day FROM crm_collection_hold hold
                 WHERE company_id = %s AND state = 'active') AS hold""",
            last_day(),
            company_id,
        ),
        SQL("(%s) AS payment", payments_on_their_way(company_id, day)),
        SQL("(%s) AS collected", methods(company_id)),
    )
    criteria = [(rule.id, list(rule._get_criteria_domain())) for rule in rules]
    parts = [SQL("%s", str(day)), SQL("%s", str(criteria))]
    calendars = [days and (days.shifts, sorted(days.moved.items())) for days in working_days]
    if any(calendars):
        parts.append(SQL("%s", str(calendars)))
    parts += [
        SQL(
            """(SELECT concat_ws(',', COUNT(*), COALESCE(SUM(id), 0),
                       SUM(EXTRACT(EPOCH FROM write_date))) FROM %s)""",
            table,
        )
        for table in large
    ]
    parts += [
        SQL(
            """(SELECT md5(string_agg(record::text, ',' ORDER BY id))
                  FROM (SELECT * FROM %s) AS record)""",
            table,
        )
        for table in small
    ]
    return SQL("SELECT md5(concat_ws(';', %s))", SQL(", ").join(parts))
