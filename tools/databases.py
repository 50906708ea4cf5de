"""Databases of the PostgreSQL server that libpq's variables name, without psql.

A database that was made completely carries a mark in its comment: what it was made from. A
database whose making was interrupted carries none, and is made again.
"""

import os
import sys
from contextlib import closing

import psycopg2
from psycopg2 import sql

UNDEFINED_MARK = "none"
COPIES_BY_LOG = 150000  # the version since when PostgreSQL does so, unless told otherwise


def connect():
    return closing(psycopg2.connect(dbname="postgres", connect_timeout=10))


def execute(query, *parameters):
    with connect() as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []


def read_version():
    """The server's version, as the number 150018 for 15.18."""
    with connect() as connection:
        return connection.server_version


def ping():
    execute("SELECT 1")


def mark(name, text):
    execute(sql.SQL("COMMENT ON DATABASE {} IS %s").format(sql.Identifier(name)), text)


def read_mark(name):
    """The mark of a database, `none` when it has none; None when there is no such database."""
    query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    return next((text or UNDEFINED_MARK for (text,) in execute(query, name)), None)


def show(name):
    print(read_mark(name) or "")


def drop(name):
    execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def copy(template, name):
    """Copy a database file by file, between two checkpoints.

    Copied by the log, as is the default, the first 32 numbers that a sequence of the copy gives
    are in no log: after a crash it gives them again, to rows that are there already.
    """
    drop(name)
    query = "CREATE DATABASE {} TEMPLATE {}"
    if read_version() >= COPIES_BY_LOG:
        query += " STRATEGY file_copy"
    execute(sql.SQL(query).format(sql.Identifier(name), sql.Identifier(template)))


def copy_installed(name):
    """Copy the database in which ./dev test installed the module, which takes a tenth of
    installing it once more.

    :return: whether there is one, and nobody works in it
    """
    source = os.environ.get("CRM_COLLECTION_INSTALLED_DB")
    if not source:
        return False
    try:
        copy(source, name)
    except psycopg2.errors.ObjectInUse:
        return False
    return True


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    try:
        {"ping": ping, "mark": mark, "show": show, "drop": drop, "copy": copy}[command](*arguments)
    except psycopg2.Error as error:
        sys.exit(f"dev: PostgreSQL: {str(error).strip()}")
