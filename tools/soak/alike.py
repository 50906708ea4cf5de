"""Whether two databases that came of one lived the same: whatever they hold, but numbers that were
given since, and moments.

Every table of the module is read as it is, and what people and accounting wrote beside. A row that
was there before is known by its number; a new one by what it says, and by what the rows say that it
refers to. So a new column or a new table is compared without anybody who thinks of it; what is not
compared is listed here.
"""

import hashlib
import json
import re
from collections import Counter
from contextlib import closing
from functools import partial

import psycopg2
from psycopg2 import sql

OWN = r"crm\_collection\_%"
DEPTH = 3  # how far a row is known by what it refers to
SHOWN = 4  # rows of a table that are shown, on each side

# Of other modules: the columns that say what the work of collections came to.
OTHERS = {
    "account_move": ("name", "state", "partner_id", "amount_residual", "payment_state"),
    "account_move_line": (
        *("move_id", "account_id", "partner_id", "balance", "amount_residual"),
        *("reconciled", "date_maturity"),
    ),
    "account_partial_reconcile": ("debit_move_id", "credit_move_id", "amount"),
    "account_payment": ("move_id", "partner_id", "amount", "memo", "state"),
    "mail_activity": (
        *("res_model", "res_id", "user_id", "summary", "date_deadline"),
        *("activity_type_id", "active", "automated"),
    ),
    "mail_message": ("model", "res_id", "body", "author_id", "message_type", "subtype_id"),
    "res_partner": ("active", "parent_id", "collection_user_id", "collection_rule_id"),
}
ROWS = {
    "mail_activity": "res_model LIKE 'crm.collection%'",
    "mail_message": "model LIKE 'crm.collection%' OR model = 'res.partner'",
}
# What says how often and how long somebody tried, and what is drawn by chance.
LEFT_OUT = {
    # and who wrote last: a person, where he said of a letter that it had not left
    "*": ("create_date", "write_date", "write_uid"),
    "crm_collection_approval_decision": ("hours_waited",),
    "crm_collection_letter": (
        *("access_token", "kills", "mail_identifier", "delivery_tries"),
        "origin",  # a person's, too
    ),
    "crm_collection_run": (
        *("at_work", "duration", "execution_count", "fingerprint", "message"),
        *("processed", "to_process"),
    ),
}
TABLES_LEFT_OUT = {
    "crm_collection_run_ask": "wishes that the jobs run",
    "crm_collection_fuse": "what a mail server did",
}
# Read as what letters refer to, and not by themselves: a letter that is sent again, because nobody
# knew whether it had left, has another message and notes of that. What somebody is told in one
# message was told in two, where it was interrupted.
ONLY_REFERRED_TO = {
    "mail_message": lambda row: (
        row["model"] == "crm.collection.letter" or row["message_type"] == "user_notification"
    )
}
# Columns that refer to a row without a foreign key: to a table, or to that which another one names.
REFERENCES = {
    ("crm_collection_settlement", "partial_ref"): "account_partial_reconcile",
}
NAMED = {"res_id": ("res_model", "model")}
TAG = re.compile(r"<[^>]+>")


class Content:
    """What a database holds; :param dict known: the highest number of each table before"""

    def __init__(self, database, known):
        self.known = known
        with closing(psycopg2.connect(dbname=database)) as connection:
            self.cr = connection.cursor()
            self.references = {**self._find_references(), **REFERENCES}
            self.rows = {table: self._read(table) for table in self._find_tables()}
            connection.rollback()
        self.signs = []  # the first by what rows say of themselves
        signs = {table: dict.fromkeys(rows, "") for table, rows in self.rows.items()}
        for _step in range(DEPTH):
            signs = self._sign(signs)
            self.signs.append(signs)

    def _fetch(self, query, *values):
        self.cr.execute(query, values or None)
        return self.cr.fetchall()

    def _find_tables(self):
        own = self._fetch(
            """SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE %s
                  AND relnamespace = 'public'::regnamespace
               EXCEPT SELECT replace(model, '.', '_') FROM ir_model WHERE transient
               EXCEPT SELECT field.relation_table FROM ir_model_fields field
                        JOIN ir_model model ON model.id = field.model_id
                       WHERE model.transient AND field.relation_table IS NOT NULL""",
            OWN,
        )
        names = {name for (name,) in own} - TABLES_LEFT_OUT.keys()
        return sorted(names | OTHERS.keys())

    def _find_references(self):
        rows = self._fetch(
            """SELECT conrelid::regclass::text, attname, confrelid::regclass::text
                 FROM pg_constraint
                 JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
                WHERE contype = 'f' AND cardinality(conkey) = 1"""
        )
        return {(table, column): target for table, column, target in rows}

    def _read(self, table):
        """:return: {number, or place: row}"""
        columns = sql.SQL("*")
        if table in OTHERS:
            columns = sql.SQL(", ").join(map(sql.Identifier, ("id", *OTHERS[table])))
        query = sql.SQL("SELECT to_jsonb(t) FROM (SELECT {} FROM {} WHERE {}) AS t").format(
            columns, sql.Identifier(table), sql.SQL(ROWS.get(table, "TRUE"))
        )
        self.moments = {
            name
            for (name,) in self._fetch(
                """SELECT column_name FROM information_schema.columns
                    WHERE table_name = %s AND data_type LIKE 'timestamp%%'""",
                table,
            )
        }
        left_out = {*LEFT_OUT["*"], *LEFT_OUT.get(table, ())}
        rows = [row for (row,) in self._fetch(query)]
        return {
            row.get("id", place): {
                name: self._clean(name, value)
                for name, value in row.items()
                if name not in left_out
            }
            for place, row in enumerate(rows)
        }

    def _clean(self, name, value):
        if name in self.moments:
            return value is not None
        if name == "body":
            return TAG.sub("", value or "")
        return None if value is False else value  # a box that nobody ticked

    # === Known by what they say === #

    def _is_known(self, table, number):
        return number is not None and number <= self.known.get(table, -1)

    def _sign(self, signs):
        """:return: {table: {number: what tells the row from others}}, one step further"""
        return {
            table: {number: self._sign_row(table, row, signs) for number, row in rows.items()}
            for table, rows in self.rows.items()
        }

    def _sign_row(self, table, row, signs):
        said = {name: self._say(table, name, row, signs) for name in row}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def _say(self, table, name, row, signs):
        value = row[name]
        if name == "id":
            return value if self._is_known(table, value) else None
        if name == "user_id" and row.get("res_model") == "crm.collection.approval":
            return "by turns"  # by the number of the request
        if name == "author_id" and row.get("model") == "crm.collection.letter":
            return "who sent it"  # a person, where he said that it had not left
        target = self._get_target(table, name, row)
        if value is None or target is None or self._is_known(target, value):
            return value
        return signs[target].get(value, "gone") if target in signs else "new"

    def _get_target(self, table, name, row):
        for by in NAMED.get(name, ()):
            if row.get(by):
                return row[by].replace(".", "_")
        return self.references.get((table, name))

    def count(self, table, depth):
        """:return: Counter of what the rows of a table say"""
        skip = ONLY_REFERRED_TO.get(table)
        return Counter(
            sign
            for number, sign in self.signs[depth][table].items()
            if not (skip and skip(self.rows[table][number]))
        )

    def find(self, table, depth, signs):
        """:return: rows that say so"""
        wanted, found = Counter(signs), []
        for number, sign in self.signs[depth][table].items():
            if wanted[sign] > 0:
                wanted[sign] -= 1
                found.append(self.rows[table][number])
        return found

    def show(self, table, row, beside, others):
        """:return: a row as text, with what that of the others says that is most like it"""
        other = min(others, key=partial(_count_differences, row), default={})
        said = {name: value for name, value in row.items() if value is not None}
        text = json.dumps(said, ensure_ascii=False, default=str)
        return f"{text} (beside: {'; '.join(self._tell(table, row, other, beside))})"

    def _tell(self, table, row, other, beside):
        """Yield what another row says otherwise, with what the rows say that both refer to."""
        for name in row if other else ():
            if row[name] != other[name]:
                target = self._get_target(table, name, row)
                mine = self.rows.get(target, {}).get(row[name], {})
                others = beside.rows.get(target, {}).get(other[name], {})
                told = {
                    key: (mine[key], others.get(key))
                    for key in mine
                    if mine[key] != others.get(key)
                }
                yield f"{name} {other[name]} {told or ''}"


def find_known(database):
    """:return: {table: the highest number}, of a database that others come of"""
    with closing(psycopg2.connect(dbname=database)) as connection, connection.cursor() as cr:
        cr.execute(
            """SELECT table_name FROM information_schema.columns
                WHERE table_schema = 'public' AND column_name = 'id'
                  AND table_name IN (SELECT relname FROM pg_class WHERE relkind = 'r')"""
        )
        known = {}
        for (table,) in cr.fetchall():
            cr.execute(sql.SQL("SELECT MAX(id) FROM {}").format(sql.Identifier(table)))
            known[table] = cr.fetchone()[0] or 0
        return known


def compare(twin, other, known):
    """:return: what differs, a line each; nothing where both lived the same"""
    contents = {name: Content(name, known) for name in (twin, other)}
    for depth in range(DEPTH):  # what a row says of itself is told before what follows of it
        if differences := [*_compare(contents, depth)]:
            return differences
    return []


def _compare(contents, depth):
    for name, beside in (tuple(contents), tuple(contents)[::-1]):
        mine, others = contents[name], contents[beside]
        for table in mine.rows:
            counts = mine.count(table, depth), others.count(table, depth)
            if not (only := counts[0] - counts[1]):
                continue
            yield f"{table}: {only.total()} rows in {name} alone"
            like = others.find(table, depth, counts[1] - counts[0])
            for row in mine.find(table, depth, only)[:SHOWN]:
                yield f"    {mine.show(table, row, others, like)}"


def _count_differences(row, other):
    return sum(row[name] != other[name] for name in row)
