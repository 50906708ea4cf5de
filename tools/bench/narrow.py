"""The narrow floor: of each item two narrow rows, one with the phase it is in and one of history,
and nothing that says why: no amounts, no names, no letters, no references that are checked. What
the equal tables of the other floor cost beside it is what the module keeps of an item."""

from odoo.tools import SQL

TABLES = """
    CREATE TABLE bench_narrow_item (
        id serial PRIMARY KEY, line_id integer NOT NULL UNIQUE, phase_id integer, day date);
    CREATE TABLE bench_narrow_stay (
        id serial PRIMARY KEY, item_id integer NOT NULL, phase_id integer NOT NULL,
        day_in date NOT NULL);
    CREATE INDEX ON bench_narrow_stay (item_id);
"""


def create_tables(cr):
    cr.execute(TABLES)
    cr.commit()


def drop_tables(cr):
    cr.execute("DROP TABLE bench_narrow_item, bench_narrow_stay")
    cr.commit()


def allocate(cr, entering, day):
    """The first allocation into these tables.

    :param SQL entering: what enters: rows of (line_id, phase_id)
    :return: the number of items
    """
    cr.execute(
        SQL(
            """
            WITH entered AS (
                INSERT INTO bench_narrow_item (line_id, phase_id, day)
                SELECT line_id, phase_id, %(day)s FROM (%(entering)s) AS entering
             RETURNING *),
            stays AS (
                INSERT INTO bench_narrow_stay (item_id, phase_id, day_in)
                SELECT id, phase_id, day FROM entered WHERE phase_id IS NOT NULL)
            SELECT COUNT(*) FROM entered
            """,
            entering=entering,
            day=day,
        )
    )
    [count] = cr.fetchone()
    cr.commit()
    return count
