"""Statements are planned once for each connection of a test run, and not each time they are run.

Tests run the same statements over a few rows, ten thousands of times: reading and planning them
took a third of the suite's processor time, running them a twelfth. What comes for the second time
is prepared, with the types that its values would have as literals; what the server does not
take in this way is run as it always was. Only tests do so: a server runs few of these statements,
over many rows, and plans them for those.
"""

import re
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from unittest.mock import patch

import psycopg2
from psycopg2 import Error
from psycopg2.extensions import TRANSACTION_STATUS_INTRANS, adapt

LONG = 300  # characters: shorter ones are planned in no time
MOST = 2000  # statements a connection keeps: each takes memory of the server's
PREPARED = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")
TABLE = re.compile(r"\s*(CREATE TEMPORARY TABLE \S+ ON COMMIT \w+(?: ROWS)? AS)\s", re.DOTALL)
PLACE = re.compile("%([s%])")
MEMBER = re.compile(r"\s(NOT\s+)?IN\s*$")
TYPES = {
    bool: "boolean",
    str: "unknown",
    type(None): "unknown",
    datetime: "timestamp",
    date: "date",
    float: "numeric",
    Decimal: "numeric",
}
BASES = (str, datetime, date)  # days that stand still are of classes of their own, as is markup
LISTS = {"integer": "integer[]", "unknown": "text[]", "date": "date[]", "timestamp": "timestamp[]"}
IDS = "numbers"  # that something is, or is not, among: however many there are
# DISCARD ALL, but for what was prepared
RESET = (
    "CLOSE ALL",
    "SET SESSION AUTHORIZATION DEFAULT",
    "RESET ALL",
    "UNLISTEN *",
    "SELECT pg_advisory_unlock_all()",
    "DISCARD SEQUENCES",
    "DISCARD TEMP",
)
# The schema of temporary tables is made outside of a transaction that is rolled back: with the
# schema everything would go that was planned.
KEPT_SCHEMA = ("CREATE TEMPORARY TABLE planned ()", "DROP TABLE planned")


def get_type(value):
    """:return: the type of the literal that psycopg2 writes of a value, ``None`` of others"""
    kind = type(value)
    if kind is int:
        if -(2**63) <= value < 2**63:
            return "integer" if -(2**31) < value < 2**31 else "bigint"
        return None
    if kind is list:
        return get_list_type(value)
    return TYPES.get(kind) or next((TYPES[base] for base in BASES if isinstance(value, base)), None)


def get_list_type(values):
    """As :func:`get_type`; an empty one is whatever stands beside it asks for."""
    kinds = set(map(get_type, values))
    return LISTS.get(kinds.pop()) if len(kinds) == 1 else None if kinds else "unknown"


def quote(connection, value):
    """:return: the literal that psycopg2 writes of a value"""
    adapted = adapt(value)
    if hasattr(adapted, "prepare"):
        adapted.prepare(connection)
    return adapted.getquoted().decode()


class Text:
    """The text of statements, cut where their values belong."""

    def __init__(self, code):
        pieces = [""]
        for number, piece in enumerate(PLACE.split(code)):
            if not number % 2:
                pieces[-1] += piece
            elif piece == "%":
                pieces[-1] += "%"
            else:
                pieces.append("")
        table = TABLE.match(pieces[0])
        self.table = table[1] if table else ""
        pieces[0] = pieces[0][table.end() if table else 0 :]
        self.pieces = pieces
        self.members = [MEMBER.search(piece) for piece in pieces[:-1]]
        self.can_be_prepared = pieces[0].lstrip().upper().startswith(PREPARED)

    def number(self, shape):
        """:return: the text with the places of the values numbered, and their types"""
        text, types = [self.pieces[0]], []
        for places, member, piece in zip(shape, self.members, self.pieces[1:], strict=True):
            if places is IDS:
                types.append(LISTS["integer"])
                compared = "<> ALL" if member[1] else "= ANY"
                text[-1] = f"{text[-1][: member.start()]} {compared} "
                text.append(f"(${len(types)})")
            elif type(places) is tuple:
                types += places
                first = len(types) - len(places) + 1
                text.append(f"({', '.join(f'${first + at}' for at in range(len(places)))})")
            elif places in NAMES:
                types.append(places)
                text.append(f"${len(types)}")
            else:
                text.append(places)
            text.append(piece)
        return "".join(text), types


NAMES = {"integer", "bigint", *TYPES.values(), *LISTS.values()}
TEXTS = {}  # by the code of the statement


def get_shape(connection, values, members_of):
    """:return: for each value its type, the types of a tuple's members, or the literal of what has
    none; and the literals of the others"""
    shape, literals = [], []
    for value, member in zip(values, members_of, strict=True):
        members = value if type(value) is tuple and value else (value,)
        kinds = tuple(map(get_type, members))
        if member and members is value and {*kinds} == {"integer"}:
            shape.append(IDS)
            literals.append(quote(connection, list(value)))
            continue
        quoted = [quote(connection, one) for one in members]
        if None in kinds:
            shape.append(f"({', '.join(quoted)})" if members is value else quoted[0])
        else:
            shape.append(kinds if members is value else kinds[0])
            literals += quoted
    return tuple(shape), literals


def get_planned(cursor, sql):
    """:return: what runs a statement as it was prepared, ``None`` where it is not"""
    connection = cursor._cnx
    if connection.get_transaction_status() != TRANSACTION_STATUS_INTRANS:
        return None  # nothing is known of what preparing it would do there
    text = TEXTS.get(sql.code) or TEXTS.setdefault(sql.code, Text(sql.code))
    if not text.can_be_prepared:
        return None
    shape, literals = get_shape(connection, sql.params, text.members)
    known = connection.__dict__.setdefault("crm_collection_planned", {})
    key = (sql.code, shape)
    if key not in known:
        known[key] = ""  # seen once
        return None
    if known[key] == "":
        number = known.get(None, 0)  # how many are prepared
        if number >= MOST:
            cursor._obj.execute("DEALLOCATE ALL")
            known.clear()
            number = 0
        known[None] = number + 1
        name = f"planned_{number}"
        known[key] = name if prepare(cursor._obj, name, *text.number(shape)) else None
    if known[key] is None:
        return None
    return f"{text.table} EXECUTE {known[key]}" + (f" ({', '.join(literals)})" if literals else "")


def prepare(cursor, name, text, types):
    """:return: whether the server took it"""
    declared = f"({', '.join(types)})" if types else ""
    cursor.execute("SAVEPOINT planned")
    try:
        cursor.execute(f"PREPARE {name} {declared} AS {text}")
    except Error:
        cursor.execute("ROLLBACK TO SAVEPOINT planned")
        return False
    finally:
        cursor.execute("RELEASE SAVEPOINT planned")
    return True


def reset(connection):
    """Before somebody else has a connection; what was prepared stays."""
    connection.rollback()
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in (*RESET, *KEPT_SCHEMA):
            cursor.execute(statement)
    connection.autocommit = False


def keep_schema(connect):
    """Have connections begin as they go on."""

    def connect_and_reset(*args, **kwargs):
        connection = connect(*args, **kwargs)
        connection.reset()
        return connection

    return connect_and_reset


@contextmanager
def planned_once():
    """Run what is written as :class:`~odoo.tools.SQL`, the ORM's own included, in this way."""
    from odoo.sql_db import Cursor, PsycoConnection  # noqa: PLC0415 - Odoo is there now
    from odoo.tools import SQL  # noqa: PLC0415

    execute = Cursor.execute

    def execute_planned(cursor, query, params=None, log_exceptions=True):
        if isinstance(query, SQL) and len(query.code) > LONG:
            query = get_planned(cursor, query) or query
        return execute(cursor, query, params, log_exceptions)

    with (
        patch.object(Cursor, "execute", execute_planned),
        patch.object(PsycoConnection, "reset", reset),
        patch("odoo.sql_db.psycopg2.connect", keep_schema(psycopg2.connect)),
    ):
        yield
