"""What the items of an entry say of it, joined to core's own queries over entries."""

from odoo.tools import SQL


def entry_stage(env):
    """One row per entry with open items: what its most severe item says.

    Joined once per query, however many of its columns are filtered, grouped or sorted by:
    a correlated subquery would run once per entry and again in every GROUP BY.
    """
    Item, Phase = env["crm.collection.item"], env["crm.collection.phase"]
    columns = {
        name: Item._field_to_sql("item", name)
        for name in ("id", "move_id", "state", "phase_id", "rule_id")
    }
    return SQL(
        """
        SELECT DISTINCT ON (%(move_id)s)
               %(move_id)s AS move_id,
               %(phase_id)s AS collection_phase_id,
               %(rule_id)s AS collection_rule_id
          FROM crm_collection_item item
          LEFT JOIN crm_collection_phase phase ON phase.id = %(phase_id)s
         WHERE %(state)s = 'open'
           AND %(move_id)s IS NOT NULL
         ORDER BY %(move_id)s, %(sequence)s DESC NULLS LAST, phase.id DESC NULLS LAST, %(id)s DESC
        """,
        **columns,
        sequence=Phase._field_to_sql("phase", "sequence"),
    )


def entry_approval(env):
    """One row per entry with open items that wait for an approval, were refused or approved:
    few, even where there are many items."""
    Item = env["crm.collection.item"]
    return SQL(
        """
        SELECT %(move_id)s AS move_id,
               CASE WHEN BOOL_OR(%(approval_state)s = 'pending') THEN 'pending'
                    WHEN BOOL_OR(%(approval_state)s = 'refused') THEN 'refused'
                    ELSE 'approved' END AS collection_approval_state
          FROM crm_collection_item item
         WHERE %(state)s = 'open' AND %(approval_state)s IS NOT NULL AND %(move_id)s IS NOT NULL
         GROUP BY %(move_id)s""",
        **{
            name: Item._field_to_sql("item", name)
            for name in ("move_id", "state", "approval_state")
        },
    )


def join(rows, stage, alias):
    """The relation to join to entries and the condition.

    :param SQL rows: :func:`entry_stage` or :func:`entry_approval`
    :param str stage: the alias of the rows
    :param str alias: the alias of the entries
    """
    condition = SQL("%s = %s", column(stage, "move_id"), column(alias, "id"))
    return SQL("(%s)", rows), condition


def column(alias, name):
    """A column of an alias."""
    return SQL.identifier(alias, name)


def is_among(value, ids):
    """Condition: the value is one of ``ids``, of which ``False`` stands for none.

    :param SQL value: a number
    """
    terms = [SQL("%s = ANY(%s)", value, [id_ for id_ in ids if id_])]
    if False in ids:
        terms.append(SQL("%s IS NULL", value))
    return SQL("(%s)", SQL(" OR ").join(terms))
