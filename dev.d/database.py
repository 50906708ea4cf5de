"""What ./dev needs of the PostgreSQL server, without psql: libpq's variables say where it is.

A database that was made completely carries a mark in its comment: what it was made from. A
database whose making was interrupted carries none, and is made again.
"""

import sys
from contextlib import closing

import psycopg2
from psycopg2 import sql

UNDEFINED_MARK = "none"


def execute(query, *parameters):
    with closing(psycopg2.connect(dbname="postgres", connect_timeout=10)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []


def ping():
    execute("SELECT 1")


def mark(name, text):
    execute(sql.SQL("COMMENT ON DATABASE {} IS %s").format(sql.Identifier(name)), text)


def show(name):
    """Print the mark of a database; nothing when there is no such database."""
    query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    for (text,) in execute(query, name):
        print(text or UNDEFINED_MARK)


def drop(name):
    execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def copy(template, name):
    drop(name)
    query = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    execute(query.format(sql.Identifier(name), sql.Identifier(template)))


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    try:
        {"ping": ping, "mark": mark, "show": show, "drop": drop, "copy": copy}[command](*arguments)
    except psycopg2.Error as error:
        sys.exit(f"dev: PostgreSQL: {str(error).strip()}")
