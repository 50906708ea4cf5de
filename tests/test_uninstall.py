"""The module goes without a trace, and comes back: what is evidence does not keep it from going."""

import subprocess
import sys
from contextlib import closing

import psycopg2
import pytest

# what modules write of records of others
MENTIONS = {
    "mail_message": "model",
    "mail_activity": "res_model",
    "mail_followers": "res_model",
    "ir_attachment": "res_model",
    "mail_template": "model",
    "ir_model": "model",
    "ir_model_fields": "model",
    "ir_filters": "model_id",
}


def fetch(database, query, *values):
    with closing(psycopg2.connect(dbname=database)) as connection, connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def find_tables(database):
    query = r"SELECT relname FROM pg_class WHERE relname LIKE 'crm\_collection\_%%'"
    return [name for (name,) in fetch(database, query)]


def find_columns(database):
    query = """SELECT table_name || '.' || column_name FROM information_schema.columns
                WHERE column_name LIKE %s AND table_schema = 'public'"""
    return [name for (name,) in fetch(database, query, r"%collection\_%")]


def find_entries(database):
    return fetch(database, "SELECT name, state, amount_residual FROM account_move ORDER BY id")


def count_mentions(database):
    return {
        table: number
        for table, column in MENTIONS.items()
        for (number,) in fetch(
            database, f"SELECT COUNT(*) FROM {table} WHERE {column} LIKE 'crm.collection%%'"
        )
        if number
    }


@pytest.fixture
def used(odoo, database):
    """The database after the process ran in it: letters, requests, a decision."""
    for name in ("Departing", "Staying"):
        odoo("customer", name=name, items=[[12, 100.0], [40, 50.0]])
    for job in ("allocate", "letters", "queue"):
        assert odoo("run", job=job) == []
    states = odoo("decide_on", xmlid="crm_collection.phase_legal")
    assert states == ["approved", "pending"]
    assert fetch(database, "SELECT DISTINCT state FROM crm_collection_letter") == [("sent",)]
    assert "crm_collection_item" in find_tables(database)
    assert set(MENTIONS) - set(count_mentions(database)) == {"ir_filters"}
    return database


def test_uninstall_and_install(used, odoo):
    columns = find_columns(used)
    entries = find_entries(used)
    odoo("uninstall")
    assert find_tables(used) == []
    assert count_mentions(used) == {}
    gone = set(columns) - set(find_columns(used))
    assert {"res_company.collection_auto_send", "res_partner.collection_rule_id"} <= gone
    assert find_entries(used) == entries
    command = [sys.executable, "-m", "odoo", "-d", used, "-i", "crm_collection", "--no-http"]
    command += ["--stop-after-init", "--max-cron-threads=0", "--log-level=warn"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert " ERROR " not in result.stderr
    assert " WARNING " not in result.stderr
    assert fetch(used, "SELECT COUNT(*) FROM crm_collection_letter") == [(0,)]
