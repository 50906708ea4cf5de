"""The coming days: the statements of the jobs asked of a world that is pretended.

A part of a statement that is named like a table stands in its place. So the plan and the letters'
decision are asked about items, allocations, letters and requests as they will be, word for word
as the jobs ask them.
"""

import json

from odoo.tools import SQL
from odoo.tools.json import json_default

from ..letters.condition_queries import is_due
from ..letters.queries import choose, counts_from, may_be_written
from ..letters.unsent_queries import is_in_letters, recheck
from ..portfolio.hold_queries import hold_id, hold_joins, last_day
from ..portfolio.promise_queries import closings, waited_until
from ..portfolio.queries import line_date_maturity, line_is_of, line_is_owed, of_family
from .apply_queries import letter_count_after, next_letter_after, said_of_plan
from .change_queries import is_changed


def _json(value):
    return SQL("%s::jsonb", json.dumps(value, default=json_default))


def compare_row_by_row(is_allowed):
    """What is pretended the planner takes for a few rows, and compares each with each: of a
    customer with thousands of items it may not: 3.1 s for 3,000 items, 26 s otherwise."""
    return SQL("SET LOCAL enable_nestloop TO %s", SQL("DEFAULT" if is_allowed else "off"))


# === What is there === #


def lines_of_customers(company_id, account_ids, partner_ids):
    """What customers owe, in the portfolio or not yet: the customer, when it is due, and where
    the item is."""
    return SQL(
        """SELECT line.id AS line_id, %(date_maturity)s AS date_maturity, item.id AS item_id,
                  item.phase_id, item.date_phase, item.date_next_letter,
                  line.company_id, partner.commercial_partner_id AS partner_id
             FROM account_move_line line
             JOIN res_partner partner ON partner.id = line.partner_id
        LEFT JOIN crm_collection_item item ON item.line_id = line.id
            WHERE line.company_id = %(company_id)s AND line.account_id = ANY(%(account_ids)s)
              AND %(owed)s AND %(among)s""",
        date_maturity=line_date_maturity(),
        company_id=company_id,
        account_ids=account_ids,
        owed=line_is_owed(),
        among=line_is_of(partner_ids),
    )


def holds_of_customers(company_id, today, partner_ids):
    """Holds of customers and of what they owe that the next run does not end: (id, first day, last
    day, the day it is for). A promise that is kept by now is over with it; of a payment plan it is
    the part that will be missed."""
    mine = SQL(
        "SELECT hold.* FROM crm_collection_hold hold WHERE hold.state = 'active' AND %s",
        _is_of(company_id, partner_ids),
    )
    return SQL(
        """WITH crm_collection_hold AS (%(mine)s)
        SELECT id, date_from, until, until - (last_day - date_until)
          FROM (SELECT hold.*, %(until)s AS until, %(last_day)s AS last_day
                  FROM crm_collection_hold hold) AS hold
         WHERE id NOT IN (SELECT over.id FROM (%(closings)s) AS over)""",
        mine=mine,
        until=waited_until(),
        last_day=last_day(),
        closings=closings(company_id, today),
    )


def judged_of_customers(company_id, partner_ids):
    """Promises of customers and of what they owe that were kept or broken."""
    return SQL(
        """SELECT hold.id FROM crm_collection_hold hold
            WHERE hold.kind = 'promise' AND hold.state IN ('kept', 'broken') AND %s""",
        _is_of(company_id, partner_ids),
    )


def _is_of(company_id, partner_ids):
    """Condition: the hold is of customers, or of what they owe."""
    return SQL(
        """(hold.company_id = %(company_id)s
              AND (hold.partner_id IN (SELECT partner.id FROM res_partner partner
                                        WHERE partner.commercial_partner_id = ANY(%(partner_ids)s))
                   OR hold.move_id IN (SELECT line.move_id FROM account_move_line line
                                        WHERE %(of_customers)s)
                   OR hold.item_id IN (SELECT item.id FROM crm_collection_item item
                                        WHERE item.partner_id = ANY(%(partner_ids)s))
                   OR hold.id IN (SELECT several.hold_id FROM crm_collection_hold_item_rel several
                                    JOIN crm_collection_item item ON item.id = several.item_id
                                   WHERE item.partner_id = ANY(%(partner_ids)s))))""",
        company_id=company_id,
        partner_ids=partner_ids,
        of_customers=line_is_of(partner_ids),
    )


# === What is pretended === #


def pretend(future, query):
    """Ask ``query`` of the world as it will be.

    :param future: :class:`.future.Future`
    """
    return SQL(
        """WITH crm_collection_hold AS (%(holds)s),
                crm_collection_item AS MATERIALIZED (%(items)s),
                crm_collection_allocation AS MATERIALIZED (%(allocations)s),
                crm_collection_letter AS MATERIALIZED (%(letters)s)
                %(lines)s%(requests)s%(contacts)s
           SELECT * FROM (%(query)s) AS asked""",
        holds=_holds(future),
        items=_items(future),
        allocations=_allocations(future),
        letters=_letters(future),
        lines=_letter_lines(future) if future.follows_letters else SQL(),
        requests=_requests(future) if future.asked or future.withdrawn_ids else SQL(),
        contacts=SQL(", %s", contacts_to_come(future.contacts)) if future.contacts else SQL(),
        query=query,
    )


def with_contacts(contacts, query):
    """Ask ``query`` as if customers had had these contacts, too."""
    if not contacts:
        return query
    return SQL("WITH %s SELECT * FROM (%s) AS asked", contacts_to_come(contacts), query)


def contacts_to_come(contacts):
    """A part of a statement: the contacts there are, and those that customers will have had.

    :param contacts: dicts in the columns of their table
    """
    return SQL(
        """crm_collection_contact AS (
                SELECT contact.* FROM crm_collection_contact contact
                 UNION ALL
                SELECT now.* FROM jsonb_populate_recordset(
                        NULL::crm_collection_contact, %s) AS now)""",
        _json(contacts),
    )


def _holds(future):
    """Those there are, of payment plans as long as they last if nothing is paid; and promises that
    were judged, where a step asks for that."""
    days = {hold_id: {"date_until": day} for hold_id, day in future.days_until.items()}
    return SQL(
        """SELECT now.* FROM crm_collection_hold hold
       CROSS JOIN LATERAL jsonb_populate_record(
                    hold, COALESCE(%s -> hold.id::text, '{}')) AS now
            WHERE hold.id = ANY(%s)""",
        _json(days),
        [*future.holds, *future.judged_ids],
    )


def _items(future):
    return SQL(
        """SELECT item.* FROM crm_collection_item item
            WHERE item.partner_id = ANY(%(partner_ids)s) AND item.state = 'open'
              AND NOT item.line_id = ANY(%(line_ids)s)
            UNION ALL
           SELECT now.* FROM crm_collection_item item
       CROSS JOIN LATERAL jsonb_populate_record(item, %(changes)s -> item.line_id::text) AS now
            WHERE item.line_id = ANY(%(line_ids)s)
            UNION ALL
           SELECT now.* FROM jsonb_populate_recordset(NULL::crm_collection_item, %(new)s) AS now""",
        partner_ids=future.partner_ids,
        line_ids=list(future.items),
        changes=_json(future.items),
        new=_json(list(future.new_items.values())),
    )


def _allocations(future):
    """Those there are, the ones of moved items ended, and those that begin."""
    return SQL(
        """SELECT now.* FROM crm_collection_allocation allocation
       CROSS JOIN LATERAL jsonb_populate_record(allocation, CASE
                    WHEN allocation.date_out IS NULL AND allocation.item_id = ANY(%(moved)s)
                    THEN %(ended)s ELSE '{}' END) AS now
            WHERE allocation.item_id IN (SELECT id FROM crm_collection_item)
            UNION ALL
           SELECT now.* FROM jsonb_populate_recordset(
                    NULL::crm_collection_allocation, %(new)s) AS now""",
        moved=list(future.moved_ids),
        ended=_json({"date_out": str(future.today), "reason_out": "moved"}),
        new=_json(future.allocations),
    )


def _letters(future):
    """Those there are, the ones that are issued again or do not leave any more, and those that are
    written."""
    return SQL(
        """SELECT now.* FROM crm_collection_letter letter
       CROSS JOIN LATERAL jsonb_populate_record(
                    letter, COALESCE(%(changed)s -> letter.id::text, '{}')) AS now
            WHERE letter.partner_id = ANY(%(partner_ids)s)
            UNION ALL
           SELECT now.* FROM jsonb_populate_recordset(
                    NULL::crm_collection_letter, %(new)s) AS now""",
        changed=_json(future.changed_letters),
        partner_ids=future.partner_ids,
        new=_json(future.letters),
    )


def _letter_lines(future):
    """Those there are, and those of the letters that are written, with all that tells which letter
    was the last one about an item."""
    return SQL(
        """, crm_collection_letter_line AS MATERIALIZED (
                SELECT line.* FROM crm_collection_letter_line line
                 WHERE line.item_id IN (SELECT id FROM crm_collection_item)
                 UNION ALL
                SELECT now.* FROM jsonb_populate_recordset(
                        NULL::crm_collection_letter_line, %s) AS now)""",
        _json(future.letter_lines),
    )


def _requests(future):
    """Approvals the job will have asked for, and no longer asks for."""
    return SQL(
        """, crm_collection_approval AS (
                SELECT approval.* FROM crm_collection_approval approval
                 UNION ALL
                SELECT now.* FROM jsonb_populate_recordset(
                        NULL::crm_collection_approval, %(requests)s) AS now),
            crm_collection_approval_line AS (
                SELECT line.* FROM crm_collection_approval_line line
                 WHERE line.item_id IN (SELECT id FROM crm_collection_item)
                   AND NOT (line.state = 'pending' AND line.item_id = ANY(%(withdrawn)s))
                 UNION ALL
                SELECT now.* FROM jsonb_populate_recordset(
                        NULL::crm_collection_approval_line, %(lines)s) AS now)""",
        requests=_json(
            [{"id": line["approval_id"], "origin": "automatic"} for line in future.asked.values()]
        ),
        lines=_json(list(future.asked.values())),
        withdrawn=list(future.withdrawn_ids),
    )


# === What is asked === #


def next_changes(plan, since):
    """The next thing the allocation job writes about each journal item of a plan of several days.

    :param dict since: {journal item: the day it was last written to}: of these alone, once there
        are any
    """
    return SQL(
        """
        SELECT DISTINCT ON (plan.line_id) plan.*, %(count)s AS letter_count_after,
               %(date_next)s AS date_next_after
          FROM (SELECT change.* FROM (%(plan)s) AS change WHERE %(is_changed)s) AS plan
     LEFT JOIN LATERAL (%(said)s) AS said ON TRUE
         WHERE %(since)s
      ORDER BY plan.line_id, plan.today""",
        count=letter_count_after(SQL("0")),
        date_next=next_letter_after(SQL("plan.today")),
        plan=plan.query(changed_only=False),
        is_changed=is_changed(),
        said=said_of_plan(),
        since=SQL(
            "plan.today > (%s ->> plan.line_id::text)::date",
            _json({str(line_id): str(day) for line_id, day in since.items()}),
        )
        if since
        else SQL("TRUE"),
    )


def due_on(company, day, partner_ids):
    """The items of a company due for a letter on a day, with what is decided about their customers:
    one that credits pay is in none. Those of companies that are one creditor with it, where they
    are in the letter, too."""

    def due(member):
        which = SQL(
            "%s AND item.partner_id = ANY(%s)", is_due(day, due=counts_from(member)), partner_ids
        )
        return may_be_written(member, day, which)

    return SQL(
        """SELECT due.item_id, item.line_id, due.partner_id, due.phase_id, due.letter_count,
                  due.phase_sequence, due.step_id, due.days,
                  due.date_after, due.goes_after, chosen.date_free,
                  CASE WHEN chosen.verdict IS NULL AND NOT due.item_id = ANY(chosen.item_ids)
                       THEN 'credit' ELSE chosen.verdict END AS verdict
             FROM (%s) AS due
             JOIN crm_collection_item item ON item.id = due.item_id
        LEFT JOIN (%s) AS chosen ON chosen.partner_id = due.partner_id
            WHERE due.company_id = %s
               OR chosen.verdict IS NULL AND due.item_id = ANY(chosen.item_ids)""",
        of_family(company, due),
        choose(company, day, partner_ids),
        company.id,
    )


def in_letters(company, day, letter_ids):
    """The items that unsent letters of a company may still ask for, as :func:`due_on` says them."""
    return SQL(
        """SELECT again.letter_id, again.id AS letter_line_id, due.item_id, item.line_id,
                  due.partner_id, due.phase_id, due.letter_count, due.date_after, due.goes_after,
                  NULL AS verdict
             FROM (%s) AS again
             JOIN (%s) AS due ON due.item_id = again.item_id
             JOIN crm_collection_item item ON item.id = again.item_id
            WHERE again.owed""",
        recheck(company, day, letter_ids),
        of_family(company, lambda member: may_be_written(member, day, is_in_letters(letter_ids))),
    )


def in_queue(letter_ids):
    """The items of letters in the mail queue that are decided anew before they leave, as they were
    due for them: as ``unsent_queries.give_back`` has it."""
    return SQL(
        """SELECT item.id AS item_id, item.line_id, MIN(line.round) - 1 AS letter_count,
                  (array_agg(line.date_due ORDER BY line.id))[1] AS date_due
             FROM crm_collection_letter_line line
             JOIN crm_collection_allocation allocation
                  ON allocation.id = line.allocation_id AND allocation.date_out IS NULL
             JOIN crm_collection_item item ON item.id = line.item_id AND item.state = 'open'
            WHERE line.letter_id = ANY(%s) AND line.round IS NOT NULL
         GROUP BY item.id, item.line_id, item.letter_count
           HAVING item.letter_count = MAX(line.round)""",
        letter_ids,
    )


def held_days(company_id, days, item_ids):
    """Which hold keeps each item back on each of some days: (item, day, hold or NULL)."""
    day = SQL("SELECT unnest(%s::date[]) AS today", days)
    return SQL(
        """SELECT item.id, asked.today, %(hold)s AS hold_id
             FROM crm_collection_item item
        LEFT JOIN account_move_line line ON line.id = item.line_id
       CROSS JOIN (%(day)s) AS asked
        %(hold_joins)s
            WHERE item.id = ANY(%(item_ids)s)""",
        day=day,
        hold_joins=hold_joins(
            company_id,
            SQL("day.today"),
            *(SQL("line.partner_id"), SQL("item.move_id"), SQL("item.id")),
            day=(day, SQL("asked.today")),
        ),
        item_ids=item_ids,
        hold=hold_id(),
    )
