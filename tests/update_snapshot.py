"""What a database holds and what its screens show, as plain values that can be compared.

Runs on the first version and on today's: it knows names of models, fields and tables, and no
Python of the module.
"""

import re
from datetime import timedelta
from operator import itemgetter

from update_screens import MODULE, Screens, get_figures, get_labels, get_text

from odoo import fields
from odoo.tools import SQL

# records of other modules that tell about the module's: tables and which of their rows
MENTIONS = {
    "mail_message": "model LIKE 'crm.collection%'",
    "mail_mail": "mail_message_id IN (SELECT id FROM mail_message"
    " WHERE model LIKE 'crm.collection%') OR headers LIKE '%/collections/%'",
    "mail_tracking_value": "mail_message_id IN (SELECT id FROM mail_message"
    " WHERE model LIKE 'crm.collection%')",
    "mail_notification": "mail_message_id IN (SELECT id FROM mail_message"
    " WHERE model LIKE 'crm.collection%')",
    "mail_activity": "res_model LIKE 'crm.collection%'",
    "mail_followers": "res_model LIKE 'crm.collection%'",
    "mail_template": "model LIKE 'crm.collection%'",
    "ir_attachment": "res_model LIKE 'crm.collection%'",
    "ir_filters": "TRUE",
    "ir_exports": "TRUE",
    "ir_exports_line": "TRUE",
    "ir_cron": "id IN (SELECT res_id FROM ir_model_data"
    " WHERE module = 'crm_collection' AND model = 'ir.cron')",
    "res_groups_users_rel": "gid IN (SELECT res_id FROM ir_model_data"
    " WHERE module = 'crm_collection' AND model = 'res.groups')",
    "account_move": "TRUE",
    "account_move_line": "TRUE",
    "account_partial_reconcile": "TRUE",
    "account_payment": "TRUE",
}


class Rows:
    """What is stored, and how."""

    def __init__(self, env):
        self.env = env

    def fetch(self, query, *values):
        return self.env.execute_query(SQL(query, *values))

    def read_tables(self):
        """:return: {table: {key: {column: value}}} of all that lasts"""
        conditions = {**dict.fromkeys(self.find_tables(), "TRUE"), **MENTIONS}
        tables = {table: self._read(table, where) for table, where in conditions.items()}
        for table, columns in self._find_columns().items():
            if table not in tables:
                tables[table] = self._read(table, "TRUE", ["id", *columns])
        return tables

    def find_tables(self):
        """:return: the module's tables, but those of dialogs"""
        rows = self.fetch(
            r"""SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')
                   AND relnamespace = 'public'::regnamespace AND relname LIKE 'crm\_collection\_%%'
              ORDER BY relname"""
        )
        passing = set()
        for model in self.env.registry.models.values():
            if model._transient:
                passing |= {model._table}
                passing |= {getattr(field, "relation", None) for field in model._fields.values()}
        return [table for (table,) in rows if table not in passing]

    def _find_columns(self):
        """:return: {table: the columns that the module adds to it}"""
        rows = self.fetch(
            """SELECT field.model, field.name FROM ir_model_fields field
                 JOIN ir_model_data data
                   ON data.model = 'ir.model.fields' AND data.res_id = field.id
                WHERE data.module = %s AND field.store AND field.model NOT LIKE 'crm.collection%%'
                  AND field.ttype NOT IN ('one2many', 'many2many')""",
            MODULE,
        )
        columns = {}
        for model, name in rows:
            if not self.env[model]._transient and not self.env[model]._abstract:
                columns.setdefault(self.env[model]._table, []).append(name)
        return columns

    def _read(self, table, where, columns=None):
        names = SQL(", ").join(map(SQL.identifier, columns)) if columns else SQL("*")
        rows = self.env.execute_query(
            SQL(
                "SELECT to_jsonb(t) FROM (SELECT %s FROM %s WHERE %s) AS t",
                names,
                SQL.identifier(table),
                SQL(where.replace("%", "%%")),
            )
        )
        return {str(row.get("id", sorted(row.items()))): row for (row,) in rows}

    def read_schema(self):
        """:return: {kind and name: definition} of the module's tables and of its columns"""
        tables = self.find_tables()
        indexes = self.fetch(
            "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s)",
            tables,
        )
        constraints = self.fetch(
            """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
                 FROM pg_constraint WHERE conrelid = ANY(%s::regclass[])""",
            tables,
        )
        columns = self.fetch(
            """SELECT table_name, column_name, data_type || ' null: ' || is_nullable
                 FROM information_schema.columns WHERE table_name = ANY(%s)""",
            tables,
        )
        kinds = {"index": indexes, "constraint": constraints, "column": columns}
        return {
            f"{kind} {table}.{name}": definition
            for kind, rows in kinds.items()
            for table, name, definition in rows
        }

    def read_xmlids(self):
        rows = self.fetch(
            "SELECT name, model, res_id, noupdate FROM ir_model_data WHERE module = %s", MODULE
        )
        return {name: rest for name, *rest in rows}


class Snapshot:
    """All of it, at a standing clock."""

    def __init__(self, env, template_name):
        self.env = env
        self.template_name = template_name

    def take(self, asked=None):
        rows, screens = Rows(self.env), Screens(self.env, asked)
        result = {
            "tables": rows.read_tables(),
            "schema": rows.read_schema(),
            "xmlids": rows.read_xmlids(),
            "screens": screens.read(),
            "asked": asked or screens.asked,
            "letters": self.render(),
            "simulation": self.simulate(fields.Date.today() + timedelta(days=1)),
        }
        self.env.cr.rollback()  # looking leaves nothing behind
        return result

    def render(self):
        """The user's own template on every letter, as a user who may use only what everybody may:
        {letter: the subject, and the figures behind each expression}"""
        user = self.env["res.users"].search([("login", "=", "cora")])
        templates = self.env["mail.template"].with_user(user)
        template = templates.search([("name", "=", self.template_name)])
        letters = self.env["crm.collection.letter"].with_user(user).search([], order="id")
        body, model = template.body_html, "crm.collection.letter"
        result = {"is unsafe": template._has_unsafe_expression_template_qweb(body, model)}
        for label, letter in zip(get_labels(letters), letters, strict=True):
            try:
                result[label] = self._render(template, letter)
            except Exception as error:
                result[label] = f"{type(error).__name__}: {error}"
        return result

    def _render(self, template, letter):
        subject = template._render_field("subject", letter.ids)[letter.id]
        body = template._render_field("body_html", letter.ids)[letter.id]
        parts = re.split(r"§(object[\w.]+)§", str(body))[1:]
        parts = dict(zip(parts[::2], map(self._get_essence, parts[1::2]), strict=True))
        return {"subject": subject, **parts}

    def _get_essence(self, part):
        """Its figures; of words without any, whether there are words."""
        return get_figures(part) or bool(get_text(part).split())

    def simulate(self, day):
        """:return: {company: what a run on ``day`` would do}"""
        result = {}
        for company in self.env["res.company"].search([], order="id"):
            engine = self.env["crm.collection.engine"].with_company(company)
            told = engine._simulate(company, day)
            told["moves"] = self._get_simulated(told)
            told["letters"].sort(key=itemgetter("partner_id"))
            for letter in told["letters"]:  # what is due on the same day comes in any order
                letter |= {key: sorted(letter[key]) for key in ("names", "item_ids")}
            result[str(company.id)] = told
        return result

    def _get_simulated(self, told):
        """:return: {journal item: row}; since 19.0.2.1.0 an item has a row in each list it is in"""
        if "moves" in told:
            return {str(row["line_id"]): row for row in told["moves"]}
        rows = {}
        for row in told.pop("open_items"):
            stays = {"moves": False, "phase_id": row["phase_from_id"], "blocker": None}
            one = rows.setdefault(str(row["line_id"]), row | stays)
            if row["kind"] == "move":
                one |= {"moves": True, "phase_id": row["phase_id"]}
            elif row["kind"] == "held":
                one["blocker"] = row["blocker"]
        return rows
