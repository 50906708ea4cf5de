"""Conditions in SQL beside the same said in Python, over every combination of what they read."""

from datetime import date, datetime
from decimal import Decimal
from itertools import product

from odoo.tests import TransactionCase
from odoo.tools import SQL

TYPES = {
    bool: "boolean",
    int: "integer",
    Decimal: "numeric",
    str: "varchar",
    date: "date",
    datetime: "timestamp",
}


class ConditionsCase(TransactionCase):
    """No company, no customer: the rows that a condition reads are pretended."""

    @staticmethod
    def _combine(**values):
        """:return: every combination of values: dicts of ``alias__column``"""
        return [
            dict(zip(values, row, strict=True))
            for row in product(*(list(column) for column in values.values()))
        ]

    def _ask(self, expression, rows, tables=None):
        """:return: what an expression says of each row

        :param list rows: dicts of ``alias__column``
        :param dict tables: {table: rows of it, dicts} that are pretended, too
        """
        names = list(rows[0])
        columns = [self._column([row[name] for row in rows]) for name in names]
        aliases = {name.partition("__")[0] for name in names}
        query = SQL(
            "%s SELECT %s FROM unnest(%s) WITH ORDINALITY AS pretended (%s, number) %s"
            " ORDER BY pretended.number",
            self._pretend(tables or {}),
            expression,
            SQL(", ").join(columns),
            SQL(", ").join(map(SQL.identifier, names)),
            SQL(" ").join(self._part(alias, names) for alias in sorted(aliases)),
        )
        return [value for (value,) in self.env.execute_query(query)]

    def _column(self, values):
        types = {TYPES[type(value)] for value in values if value is not None}
        (type_name,) = types or {"integer"}
        return SQL("%s::%s[]", values, SQL(type_name))

    def _part(self, alias, names):
        columns = SQL(", ").join(
            SQL("pretended.%s AS %s", SQL.identifier(name), SQL.identifier(name.partition("__")[2]))
            for name in names
            if name.partition("__")[0] == alias
        )
        return SQL("CROSS JOIN LATERAL (SELECT %s) AS %s", columns, SQL.identifier(alias))

    def _pretend(self, tables):
        if not tables:
            return SQL()
        parts = [
            SQL(
                "%s (%s) AS (SELECT * FROM unnest(%s))",
                SQL.identifier(name),
                SQL(", ").join(map(SQL.identifier, rows[0])),
                SQL(", ").join(self._column([row[key] for row in rows]) for key in rows[0]),
            )
            for name, rows in tables.items()
        ]
        return SQL("WITH %s", SQL(", ").join(parts))

    def _assert_says(self, expression, rows, expected, tables=None):
        """:param expected: a function of a row's values, by their names"""
        for row, said in zip(rows, self._ask(expression, rows, tables), strict=True):
            self.assertEqual(said or False, expected(**row) or False, row)
