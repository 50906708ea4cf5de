"""Equal tables: columns, indexes, checks, defaults and foreign keys of the module's own."""

from odoo.tools import SQL


def copy_tables(cr, tables, among=True):
    """Create the empty copies `{copy: table}`.

    :param among: whether the references among them go to the copies or to the originals
    """
    drop_tables(cr, tables)
    for copy, table in tables.items():
        name, origin = SQL.identifier(copy), SQL.identifier(table)
        cr.execute(SQL("CREATE TABLE %s (LIKE %s INCLUDING ALL)", name, origin))
        if _has_id(cr, table):
            _own_sequence(cr, copy)
    for copy, table in tables.items():
        _copy_foreign_keys(cr, copy, table, tables if among else {})
    cr.commit()


def drop_tables(cr, tables):
    for copy in reversed(tables):
        cr.execute(SQL("DROP TABLE IF EXISTS %s CASCADE", SQL.identifier(copy)))
    cr.commit()


def _has_id(cr, table):
    cr.execute(SQL("SELECT * FROM %s LIMIT 0", SQL.identifier(table)))
    return any(column.name == "id" for column in cr.description)


def _own_sequence(cr, copy):
    name = f"{copy}_id_seq"
    cr.execute(
        SQL("CREATE SEQUENCE %s OWNED BY %s", SQL.identifier(name), SQL.identifier(copy, "id"))
    )
    cr.execute(SQL("ALTER TABLE %s ALTER id SET DEFAULT nextval(%s)", SQL.identifier(copy), name))


def _copy_foreign_keys(cr, copy, table, tables):
    cr.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype = 'f' AND conrelid = %s::regclass",
        [table],
    )
    for (definition,) in cr.fetchall():
        text = definition
        for name, origin in tables.items():
            text = text.replace(f"REFERENCES {origin}(", f"REFERENCES {name}(")
        # pylint: disable=sql-injection
        cr.execute(SQL("ALTER TABLE %s ADD " + text, SQL.identifier(copy)))
