"""Whom to call first: customers ranked by a sum of points that is shown, part by part.

Open items are added up in one pass over plain columns; what happened with a customer is read from
the few holds, contacts, letters and activities that ask for something.
"""

from typing import NamedTuple

from odoo.tools import SQL

from ..letters.letter import PROBLEM_STATES
from ..portfolio.hold_queries import held_item_ids, hold_customers

# Overdue for so many days, or not spoken to for so many, is worth the points in full.
AGE_DAYS, SILENT_DAYS = 90, 30
# A promise that was broken is remembered for so long.
BROKEN_DAYS = 90
# What gives points, in the order in which the reasons are told.
PARTS = ("reply", "broken", "promise", "amount", "age", "phase", "silence", "trust")
# What a customer is on the list for: the first of them is what to do next.
BUCKETS = {
    "reply": SQL("line.replies > 0"),
    "promise": SQL("line.promise_date <= line.today"),
    "broken": SQL("line.broken_date IS NOT NULL"),
    "dispute": SQL("line.dispute_date < line.today"),
    "call": SQL("line.date_activity <= line.today"),
    "letter": SQL("line.letters > 0 AND line.overdue > 0"),
    "first": SQL("line.overdue > 0 AND line.date_contact IS NULL"),
}
# Activities on these records are about their customer.
THREADS = (
    *("crm_collection_contact", "crm_collection_item", "crm_collection_letter"),
    "crm_collection_task",
)


class Ranking(NamedTuple):
    """How one company ranks.

    ``points`` by name of :data:`PARTS`; ``full`` is the overdue amount that is worth the points for
    amounts in full.
    """

    company_id: int
    today: object
    tz: str
    full: float
    points: dict


def _companies(rankings):
    """Rows of ``company (id, today, tz, full_amount, weight_<part>...)``."""
    rows = [
        SQL(
            "(%s::integer, %s::date, %s, %s::float8, %s)",
            one.company_id,
            one.today,
            one.tz,
            one.full,
            SQL(", ").join(SQL("%s::float8", one.points[part]) for part in PARTS),
        )
        for one in rankings
    ]
    names = SQL(", ").join(SQL.identifier(f"weight_{part}") for part in PARTS)
    return SQL(
        "(VALUES %s) AS company (id, today, tz, full_amount, %s)", SQL(", ").join(rows), names
    )


def _by_company(column, rankings):
    """The day of the row's company: no join, which would keep PostgreSQL from adding up in
    parallel."""
    cases = [SQL("WHEN %s THEN %s::date", one.company_id, one.today) for one in rankings]
    return SQL("CASE %s %s END", column, SQL(" ").join(cases))


def _rank_of_phase(column, phase_ids):
    """:param list phase_ids: in the order of their severity"""
    if not phase_ids:
        return SQL("NULL::integer")
    cases = [SQL("WHEN %s THEN %s", id_, rank) for rank, id_ in enumerate(phase_ids, start=1)]
    return SQL("CASE %s %s END", column, SQL(" ").join(cases))


def _day(moment, tz):
    """The company's day of a moment in UTC."""
    return SQL("(%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", moment, tz)


def _owed(query, rankings, phase_ids, user_ids):
    """Open items by company and customer. Floating point numbers are exact enough to rank by, and
    to a cent of what a customer owes.

    :param query: the model's own search, with the user's access rules in it
    """

    def item(name):
        return SQL.identifier(query.table, name)

    held = SQL(" UNION ALL ").join(held_item_ids(one.company_id, one.today) for one in rankings)
    overdue = SQL("%s < %s", item("date_maturity"), _by_company(item("company_id"), rankings))
    free = SQL("%s AND NOT %s IN (%s)", overdue, item("id"), held)
    amount = SQL("%s::float8", item("amount_residual"))
    columns = (
        SQL("%s AS company_id, %s AS partner_id", item("company_id"), item("partner_id")),
        SQL("SUM(%s) FILTER (WHERE %s) AS overdue", amount, free),
        SQL("MIN(%s) FILTER (WHERE %s) AS oldest", item("date_maturity"), free),
        SQL("MAX(%s) AS phase_rank", _rank_of_phase(item("phase_id"), phase_ids)),
        SQL("MAX(%s) AS user_id", item("user_id")),
        SQL("BOOL_OR(%s = ANY(%s)) AS is_mine", item("user_id"), user_ids),
    )
    return SQL("%s GROUP BY 1, 2", query.select(*columns))


def _replies(company_ids, user_ids):
    """What customers wrote and nobody has answered."""
    return SQL(
        """SELECT company_id, partner_id, COUNT(*) AS replies, MAX(date) AS reply_last,
                  MAX(user_id) AS reply_user_id, BOOL_OR(user_id = ANY(%s)) AS is_asked
             FROM crm_collection_contact
            WHERE state = 'waiting' AND company_id = ANY(%s)
         GROUP BY company_id, partner_id""",
        user_ids,
        company_ids,
    )


def _contacts(company_ids):
    """When somebody was spoken to last; ``date_contact`` also counts who was not reached."""
    return SQL(
        """SELECT company_id, partner_id, MAX(date) AS date_contact,
                  MAX(date) FILTER (WHERE is_reached OR direction = 'in') AS date_reached
             FROM crm_collection_contact
            WHERE state != 'void' AND company_id = ANY(%s)
         GROUP BY company_id, partner_id""",
        company_ids,
    )


def _holds(rankings):
    """Promises and disputes that ask for something."""
    company_ids = [one.company_id for one in rankings]
    today = _by_company(SQL("hold.company_id"), rankings)
    condition = SQL(
        """hold.company_id = ANY(%s) AND hold.kind IN ('promise', 'dispute')
           AND (hold.state = 'active'
                OR hold.state = 'broken' AND hold.date_closed >= %s - %s::integer)""",
        company_ids,
        today,
        BROKEN_DAYS,
    )
    return SQL(
        """SELECT hold.company_id, about.customer_id AS partner_id,
                  MIN(hold.date_until) FILTER (
                      WHERE hold.kind = 'promise' AND hold.state = 'active') AS promise_date,
                  MAX(hold.date_closed) FILTER (WHERE hold.state = 'broken') AS closed_date,
                  MIN(hold.date_due) FILTER (
                      WHERE hold.kind = 'dispute' AND hold.state = 'active') AS dispute_date
             FROM crm_collection_hold hold
             JOIN (%s) AS about ON about.hold_id = hold.id
         GROUP BY hold.company_id, about.customer_id""",
        hold_customers(condition),
    )


def _planned(company_ids):
    """Activities on records about a customer: (company, customer, day, whose)."""
    return SQL(" UNION ALL ").join(
        SQL(
            """SELECT thread.company_id, thread.partner_id, activity.date_deadline,
                      activity.user_id
                 FROM mail_activity activity JOIN %s thread ON thread.id = activity.res_id
                WHERE activity.res_model = %s AND activity.active
                  AND thread.company_id = ANY(%s)""",
            SQL.identifier(table),
            table.replace("_", "."),
            company_ids,
        )
        for table in THREADS
    )


def _activities(company_ids, user_ids):
    """What was planned with a customer, and for when."""
    return SQL(
        """SELECT company_id, partner_id, MIN(date_deadline) AS date_activity,
                  BOOL_OR(user_id = ANY(%s)) AS is_planned
             FROM (%s) AS planned GROUP BY company_id, partner_id""",
        user_ids,
        _planned(company_ids),
    )


def own_customers(company_ids, user_ids):
    """Whose work is done by some users: customers with an open item of theirs, a reply that waits
    for them, or something they planned. As a value for a domain."""
    return SQL(
        """(SELECT partner_id FROM crm_collection_item
             WHERE user_id = ANY(%(user_ids)s) AND state = 'open'
               AND company_id = ANY(%(company_ids)s)
             UNION
            SELECT partner_id FROM crm_collection_contact
             WHERE user_id = ANY(%(user_ids)s) AND state = 'waiting'
               AND company_id = ANY(%(company_ids)s)
             UNION
            SELECT partner_id FROM (%(planned)s) AS planned WHERE user_id = ANY(%(user_ids)s))""",
        user_ids=user_ids,
        company_ids=company_ids,
        planned=_planned(company_ids),
    )


def _letters(company_ids):
    """Letters that reached nobody, or of which nobody knows."""
    return SQL(
        """SELECT company_id, partner_id, COUNT(*) AS letters FROM crm_collection_letter
            WHERE company_id = ANY(%s)
              AND (state IN %s OR state = 'uncertain' AND nobody_knows IS NOT TRUE)
         GROUP BY company_id, partner_id""",
        company_ids,
        PROBLEM_STATES,
    )


def _lines(query, rankings, phase_ids, user_ids):
    """Everything that is known of each customer, before it is judged."""
    company_ids = [one.company_id for one in rankings]
    return SQL(
        """SELECT company.*, COALESCE(owed.partner_id, reply.partner_id, planned.partner_id)
                      AS partner_id,
                  COALESCE(owed.overdue, 0) AS overdue, owed.oldest, owed.phase_rank,
                  owed.user_id AS item_user_id,
                  owed.is_mine OR planned.is_planned OR reply.is_asked AS is_own,
                  reply.replies, reply.reply_last, reply.reply_user_id, planned.date_activity
             FROM (%(owed)s) AS owed
             FULL JOIN (%(replies)s) AS reply USING (company_id, partner_id)
             FULL JOIN (%(activities)s) AS planned USING (company_id, partner_id)
             JOIN %(companies)s ON company.id = company_id""",
        owed=_owed(query, rankings, phase_ids, user_ids),
        replies=_replies(company_ids, user_ids),
        activities=_activities(company_ids, user_ids),
        companies=_companies(rankings),
    )


def _known(query, rankings, phase_ids, user_ids):
    """... with contacts, holds, letters, what the customer is, and what was put aside."""
    company_ids = [one.company_id for one in rankings]
    return SQL(
        """SELECT known.*, contact.date_contact, %(day_reached)s AS day_reached, hold.promise_date,
                  hold.dispute_date, letter.letters, mark.date_until AS aside_until,
                  partner.trust ->> known.id::text AS trust,
                  CASE WHEN hold.promise_date IS NULL
                            AND (contact.date_reached IS NULL
                                 OR %(day_reached)s < hold.closed_date)
                       THEN hold.closed_date END AS broken_date,
                  COALESCE((partner.collection_user_id ->> known.id::text)::integer,
                           known.item_user_id, known.reply_user_id) AS user_id,
                  COALESCE(mark.date_until > known.today, FALSE)
                      AND NOT COALESCE(known.reply_last > mark.date, FALSE)
                      AND NOT COALESCE(hold.closed_date > %(day_marked)s, FALSE) AS is_aside
             FROM (%(lines)s) AS known
             JOIN res_partner partner ON partner.id = known.partner_id
        LEFT JOIN (%(contacts)s) AS contact
                  ON contact.company_id = known.id AND contact.partner_id = known.partner_id
        LEFT JOIN (%(holds)s) AS hold
                  ON hold.company_id = known.id AND hold.partner_id = known.partner_id
        LEFT JOIN (%(letters)s) AS letter
                  ON letter.company_id = known.id AND letter.partner_id = known.partner_id
        LEFT JOIN (SELECT DISTINCT ON (company_id, partner_id) * FROM crm_collection_desk_mark
                    ORDER BY company_id, partner_id, date DESC, id DESC) AS mark
                  ON mark.company_id = known.id AND mark.partner_id = known.partner_id""",
        lines=_lines(query, rankings, phase_ids, user_ids),
        contacts=_contacts(company_ids),
        holds=_holds(rankings),
        letters=_letters(company_ids),
        day_marked=_day(SQL("mark.date"), SQL("known.tz")),
        day_reached=_day(SQL("contact.date_reached"), SQL("known.tz")),
    )


def _points(phase_ids):
    """How many points each part gives: {part: SQL}. Defined in docs/figures.md."""
    shares = {
        "reply": SQL("(line.replies > 0)::integer"),
        "broken": SQL("(line.broken_date IS NOT NULL)::integer"),
        "promise": SQL("(line.promise_date <= line.today)::integer"),
        "amount": SQL("LEAST(line.overdue / NULLIF(line.full_amount, 0), 1)"),
        # LEAST passes over what is unknown: nothing overdue would be as old as can be
        "age": SQL(
            """CASE WHEN line.oldest IS NOT NULL
                    THEN LEAST((line.today - line.oldest) / %s::float8, 1) END""",
            AGE_DAYS,
        ),
        "phase": SQL("line.phase_rank / %s::float8", max(len(phase_ids), 1)),
        "silence": SQL(
            """CASE WHEN line.overdue > 0 THEN COALESCE(LEAST(
                (line.today - line.day_reached) / %s::float8, 1), 1) END""",
            SILENT_DAYS,
        ),
        "trust": SQL("CASE line.trust WHEN 'bad' THEN 1 WHEN 'good' THEN 0 ELSE 0.5 END"),
    }
    return {
        part: SQL("COALESCE(%s * line.%s, 0)", shares[part], SQL.identifier(f"weight_{part}"))
        for part in PARTS
    }


def ranked(query, rankings, phase_ids, user_ids):
    """Customers of whom something is to be done, with their points and what they are listed for.

    :param query: of the open items that count
    :param list rankings: a :class:`Ranking` for each company
    :param list phase_ids: of all phases, the mildest first
    :param list user_ids: whose customers are "mine"
    """
    points = _points(phase_ids)
    parts = SQL(", ").join(
        SQL("ROUND((%s)::numeric, 1)::float8 AS %s", points[part], SQL.identifier(f"points_{part}"))
        for part in PARTS
    )
    buckets = SQL(", ").join(
        SQL("COALESCE(%s, FALSE) AS %s", condition, SQL.identifier(f"is_{bucket}"))
        for bucket, condition in BUCKETS.items()
    )
    return SQL(
        """SELECT line.id AS company_id, line.*, %(parts)s, %(buckets)s
             FROM (%(known)s) AS line""",
        parts=parts,
        buckets=buckets,
        known=_known(query, rankings, phase_ids, user_ids),
    )


# What a line says of a customer: columns of :func:`ranked`.
SHOWN = (
    *("company_id", "partner_id", "user_id", "today", "overdue", "oldest", "phase_rank"),
    *("promise_date", "broken_date", "dispute_date", "date_activity", "day_reached"),
    *("aside_until", "trust"),
)


def page(work, is_own, bucket, among, limit, offset):
    """A page of the list, the highest points first, with how many there are for each reason: one
    row at least.

    :param SQL work: of :func:`ranked`
    :param bool is_own: of those alone who are "mine"
    :param bucket: one of :data:`BUCKETS`, or nothing
    :param among: query of the ids of the customers that are looked for, or ``None``
    """
    points = [f"points_{part}" for part in PARTS]
    flags = [f"is_{bucket}" for bucket in BUCKETS]
    columns = SQL(", ").join(
        SQL("page.%s", SQL.identifier(name)) for name in [*SHOWN, *points, *flags]
    )
    counts = SQL(", ").join(
        SQL(
            "COUNT(*) FILTER (WHERE NOT is_aside AND %s) AS %s",
            SQL.identifier(flag),
            SQL.identifier(f"count_{flag}"),
        )
        for flag in flags
    )
    return SQL(
        """
        WITH work AS MATERIALIZED (
                SELECT * FROM (%(work)s) AS work
                 WHERE (%(is_any)s) AND %(scope)s AND %(among)s),
             counts AS (SELECT COUNT(*) FILTER (WHERE NOT is_aside) AS count_all,
                               COUNT(*) FILTER (WHERE is_aside) AS count_aside, %(counts)s
                          FROM work)
        SELECT counts.*, page.points, %(columns)s
          FROM counts
     LEFT JOIN (SELECT *, %(total)s AS points FROM work WHERE %(bucket)s
                 ORDER BY points DESC, overdue DESC, partner_id, company_id
                 LIMIT %(limit)s OFFSET %(offset)s) AS page ON TRUE
      ORDER BY page.points DESC, page.overdue DESC, page.partner_id, page.company_id""",
        work=work,
        is_any=SQL(" OR ").join([SQL("overdue > 0"), *map(SQL.identifier, flags)]),
        scope=SQL("is_own") if is_own else SQL("TRUE"),
        among=SQL("TRUE") if among is None else SQL("partner_id IN %s", among),
        counts=counts,
        columns=columns,
        total=SQL(" + ").join(map(SQL.identifier, points)),
        bucket=_in_bucket(bucket),
        limit=limit,
        offset=offset,
    )


def _in_bucket(bucket):
    """What was put aside is a list of its own."""
    if bucket == "aside":
        return SQL("is_aside")
    if bucket in BUCKETS:
        return SQL("NOT is_aside AND %s", SQL.identifier(f"is_{bucket}"))
    return SQL("NOT is_aside")
