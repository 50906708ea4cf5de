"""Template rows: one document of each shape, created through the ORM and rolled back."""

from odoo.fields import Command
from odoo.tools import SQL


class BenchTemplates:
    """Rows of a customer, an invoice, a payment and a reconciliation as the ORM writes them."""

    def __init__(self, env, today):
        self.env = env
        self.cr = env.cr
        self.today = today
        self.company = env.company

    def capture(self):
        """Create the documents, keep their rows as JSON, roll back, load them as tables."""
        ids = {"res_partner": self._make_partners()}
        invoice = self._make_invoice(ids["res_partner"]["company"])
        payment = self._make_payment(invoice)
        partial = invoice.line_ids.matched_credit_ids
        ids["account_move"] = {"invoice": invoice, "payment": payment.move_id}
        ids["account_move_line"] = {
            "income": invoice.line_ids.filtered(lambda line: line.display_type == "product"),
            "item": partial.debit_move_id,
            "liquidity": payment.move_id.line_ids - partial.credit_move_id,
            "credit": partial.credit_move_id,
        }
        ids["account_payment"] = {"payment": payment}
        ids["account_partial_reconcile"] = {"partial": partial}
        ids["account_full_reconcile"] = {"full": partial.full_reconcile_id}
        self.env.flush_all()
        rows = {table: self._read_rows(table, kinds) for table, kinds in ids.items()}
        self.cr.rollback()
        self.env.invalidate_all(flush=False)
        self._load(rows)

    def _make_partners(self):
        vals = {"email": "bench@example.com", "country_id": self.company.country_id.id}
        company, person = self.env["res.partner"].create(
            [
                {"name": "Company", "is_company": True, "ref": "X", **vals},
                {"name": "Person", "is_company": False, "ref": "X", **vals},
            ]
        )
        contact = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": company.id, "type": "invoice", **vals}
        )
        (company | person)._increase_rank("customer_rank")
        return {"company": company, "person": person, "contact": contact}

    def _make_invoice(self, partner):
        line = {"name": "Goods", "quantity": 1, "price_unit": 100, "tax_ids": False}
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "journal_id": self._find_journal("sale").id,
                "partner_id": partner.id,
                "invoice_date": self.today,
                "invoice_payment_term_id": False,
                "invoice_line_ids": [Command.create(line)],
            }
        )
        invoice.action_post()
        return invoice

    def _make_payment(self, invoice):
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        return wizard.create({"journal_id": self._find_journal("bank").id})._create_payments()

    def _read_rows(self, table, kinds):
        rows = {}
        for kind, record in kinds.items():
            record.ensure_one()
            self.cr.execute(
                SQL(
                    "SELECT to_jsonb(t)::text FROM %s t WHERE id = %s",
                    SQL.identifier(table),
                    record.id,
                )
            )
            rows[kind] = self.cr.fetchone()[0]
        return rows

    def _load(self, templates):
        # Odoo pads the numbers of entries to five digits and lets them grow beyond
        self.cr.execute(
            "CREATE OR REPLACE FUNCTION pg_temp.five(n bigint) RETURNS text IMMUTABLE"
            " LANGUAGE sql AS $$ SELECT lpad(n::text, GREATEST(5, length(n::text)), '0') $$"
        )
        for table, kinds in templates.items():
            tpl = SQL.identifier(f"tpl_{table}")
            name = SQL.identifier(table)
            self.cr.execute(
                SQL("CREATE TEMP TABLE %s AS SELECT ''::text kind, * FROM %s LIMIT 0", tpl, name)
            )
            for kind, row in kinds.items():
                self.cr.execute(
                    SQL(
                        "INSERT INTO %(tpl)s SELECT * FROM jsonb_populate_record(NULL::%(tpl)s,"
                        " %(row)s::jsonb || jsonb_build_object('kind', %(kind)s::text))",
                        tpl=tpl,
                        row=row,
                        kind=kind,
                    )
                )

    def insert(self, table, source):
        """Insert a row per row of `source`: its columns over the template of its `kind`.

        Columns starting with an underscore only serve the source itself.
        """
        self.cr.execute(SQL("SELECT * FROM (%s) s LIMIT 0", source))
        given = {c.name for c in self.cr.description if c.name[0] != "_"} - {"kind"}
        self.cr.execute(SQL("SELECT * FROM %s LIMIT 0", SQL.identifier(table)))
        columns = [column.name for column in self.cr.description]
        if missing := given - set(columns):
            raise ValueError(f"{table} has no column {', '.join(sorted(missing))}")
        self.cr.execute(
            SQL(
                "INSERT INTO %s (%s) SELECT %s FROM (%s) s JOIN %s t ON t.kind = s.kind",
                SQL.identifier(table),
                SQL(", ").join(map(SQL.identifier, columns)),
                SQL(", ").join(
                    SQL.identifier("s" if name in given else "t", name) for name in columns
                ),
                source,
                SQL.identifier(f"tpl_{table}"),
            )
        )
        return self.cr.rowcount

    def _find_journal(self, kind):
        return self.env["account.journal"].search(
            [("type", "=", kind), ("company_id", "=", self.company.id)], limit=1
        )
