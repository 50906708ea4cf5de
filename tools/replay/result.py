"""What came of a replay, read from the append-only tables: stays in phases, and letters."""

from collections import Counter

from odoo.tools import SQL

from .expect import Item, Stay, compute_medians


def read_items(env, numbers, step_days):
    """:param numbers: journal item -> the item's number in the file
    :param step_days: step -> its days
    :return: items that entered a phase, by number
    """
    items, stays = {}, {}
    for row in env.execute_query_dict(_query_stays()):
        number = numbers[row["line_id"]]
        item = items.setdefault(number, Item(number, row["customer"], None))
        item.settled = row["date_settled"]
        stays[row["id"]] = Stay(step_days[row["step_id"]], row["day_in"])
        item.stays.append(stays[row["id"]])
    for stay_id, day in env.execute_query(_query_lines()):
        stays[stay_id].letters.append(day)
    return items


def _query_stays():
    return SQL(
        """
        SELECT stay.id, stay.step_id, stay.day_in, stay.date_settled, item.line_id,
               partner.ref AS customer
          FROM crm_collection_allocation stay
          JOIN crm_collection_item item ON item.id = stay.item_id
          JOIN res_partner partner ON partner.id = stay.partner_id
      ORDER BY stay.date_in, stay.id
        """
    )


def _query_lines():
    return SQL(
        """
        SELECT line.allocation_id, letter.date
          FROM crm_collection_letter_line line
          JOIN crm_collection_letter letter ON letter.id = line.letter_id
         WHERE letter.state != 'cancelled'
      ORDER BY letter.date, line.id
        """
    )


def summarize(env, items, plan):
    """:return: the figures of the replay, counted in the tables"""
    entered = Counter(stay.step for item in items.values() for stay in item.stays)
    ended = Counter(item.stays[-1].step for item in items.values())
    letters, lines = env.execute_query(
        SQL(
            """
            SELECT count(DISTINCT letter.id), count(line.id)
              FROM crm_collection_letter letter
              JOIN crm_collection_letter_line line ON line.letter_id = letter.id
             WHERE letter.state != 'cancelled'
            """
        )
    )[0]
    return {
        "items": len(items),
        "entered": {str(step): entered[step] for step in plan.steps},
        "ended": {str(step): ended[step] for step in plan.steps},
        "letters": letters,
        "letter_lines": lines,
        "settled": count_settled(env),
        **compute_medians(items, plan),
    }


def count_settled(env):
    query = SQL(
        "SELECT count(DISTINCT item_id) FROM crm_collection_allocation WHERE reason_out = 'settled'"
    )
    return env.execute_query(query)[0][0]


def count_states(env):
    """:return: letters by state"""
    query = SQL("SELECT state, count(*) FROM crm_collection_letter GROUP BY state")
    return dict(env.execute_query(query))


def count_without_pdf(env):
    query = SQL("SELECT count(*) FROM crm_collection_letter WHERE pdf_attachment_id IS NULL")
    return env.execute_query(query)[0][0]
