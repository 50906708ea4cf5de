"""The module goes without a trace, and comes back: what is evidence does not keep it from going."""

import configparser
import os
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from processes import Odoo

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


def point_to(addons, folder):
    """:return: a configuration as the tests', with other add-ons beside Odoo's"""
    config = configparser.ConfigParser(interpolation=None)
    config.read(os.environ["ODOO_RC"])
    *core, own = config["options"]["addons_path"].split(",")
    assert Path(own, "crm_collection").exists()
    config["options"]["addons_path"] = ",".join([*core, str(addons)])
    path = folder / "odoo.conf"
    with path.open("w") as file:
        config.write(file)
    return path


def test_uninstall_and_install(used, odoo, installed_wheels, tmp_path, monkeypatch, mail_server):
    """It comes back from its wheel, installed in a folder of its own, and works from there."""
    columns = find_columns(used)
    entries = find_entries(used)
    odoo("uninstall")
    assert find_tables(used) == []
    assert count_mentions(used) == {}
    gone = set(columns) - set(find_columns(used))
    assert {"res_company.collection_auto_send", "res_partner.collection_rule_id"} <= gone
    assert find_entries(used) == entries

    monkeypatch.setenv("ODOO_RC", str(point_to(installed_wheels, tmp_path)))
    monkeypatch.setenv("PYTHONPATH", os.environ["PYTHONPATH"].split(":", 1)[1])
    packaged = Odoo(used, tmp_path)
    try:
        process = packaged.start()
        process("install")
        assert process("locate") == str(installed_wheels / "crm_collection")
        assert fetch(used, "SELECT COUNT(*) FROM crm_collection_letter") == [(0,)]
        process("write_again")
        for job in ("allocate", "letters", "queue"):
            assert process("run", job=job) == []
    finally:
        packaged.stop()
    states = fetch(used, "SELECT state, COUNT(*) FROM crm_collection_letter GROUP BY state")
    assert states == [("sent", 2)]
    told = (tmp_path / "odoo.log").read_text()
    assert " ERROR " not in told
    assert " WARNING " not in told
