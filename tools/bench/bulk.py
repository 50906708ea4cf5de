"""Filling big tables fast: indexes and foreign keys come back, and are checked, at the end."""

from contextlib import contextmanager

from odoo.tools import SQL


@contextmanager
def bare_tables(cr, tables):
    """Within, the tables have no foreign keys and no indexes but those of their constraints."""
    foreign_keys = _fetch_foreign_keys(cr, tables)
    indexes = _fetch_indexes(cr, tables)
    for table, name, __ in foreign_keys:
        cr.execute(
            SQL("ALTER TABLE %s DROP CONSTRAINT %s", SQL.identifier(table), SQL.identifier(name))
        )
    for name, __ in indexes:
        cr.execute(SQL("DROP INDEX %s", SQL.identifier(name)))
    yield
    for __, definition in indexes:
        cr.execute(definition)
    for table, name, definition in foreign_keys:
        # pylint: disable=sql-injection
        constraint = SQL("ADD CONSTRAINT %s " + definition, SQL.identifier(name))
        cr.execute(SQL("ALTER TABLE %s %s", SQL.identifier(table), constraint))


def _fetch_foreign_keys(cr, tables):
    cr.execute(
        """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
          FROM pg_constraint
         WHERE contype = 'f' AND conrelid = ANY(%s::regclass[])
        """,
        [list(tables)],
    )
    return cr.fetchall()


def _fetch_indexes(cr, tables):
    cr.execute(
        """
        SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
          FROM pg_index
         WHERE indrelid = ANY(%s::regclass[])
           AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
        """,
        [list(tables)],
    )
    return cr.fetchall()
