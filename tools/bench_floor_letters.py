"""The floor of letters: write the very rows the job wrote, with plain SQL, on equal tables.

Composing the mails and rendering the PDFs is the job's own; the floor has their results given.
"""

import time

from bench_plan import last_id
from bench_tables import copy_tables, drop_tables

from odoo.tools import SQL

# In the order of their references.
TABLES = (
    "mail_message",
    "mail_mail",
    "ir_attachment",
    "crm_collection_letter",
    "crm_collection_letter_line",
)
ITEM_COPY = {"bench_letter_item": "crm_collection_item"}


def letters(env, before):
    """:param before: `{table: last id}` from before the job."""
    cr = env.cr
    copies = {f"bench_letter_{table}": table for table in TABLES} | ITEM_COPY
    copy_tables(cr, copies)
    cr.execute(
        "INSERT INTO bench_letter_item SELECT * FROM crm_collection_item"
        " WHERE letter_count > 0 AND state = 'open'"
    )
    cr.commit()
    start = time.perf_counter()
    rows = {}
    for copy, table in copies.items():
        if table in before:
            cr.execute(
                SQL(
                    "INSERT INTO %s SELECT * FROM %s WHERE id > %s",
                    SQL.identifier(copy),
                    SQL.identifier(table),
                    before[table],
                )
            )
            rows[table] = cr.rowcount
    cr.execute("UPDATE bench_letter_item SET letter_count = letter_count, write_date = now()")
    cr.commit()
    seconds = time.perf_counter() - start
    drop_tables(cr, copies)
    return {"seconds": seconds, "rows": rows}


def read_last_ids(cr):
    return {table: last_id(cr, table) for table in TABLES}
