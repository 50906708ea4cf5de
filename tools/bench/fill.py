"""Fill a bench database with receivables, set-based.

One document of each shape is created through the ORM and rolled back; its rows serve as
templates, so that every column a module adds or a release changes is filled as the ORM would
have. Only what differs from row to row is computed in SQL.
"""

from odoo.fields import Command
from odoo.tools import SQL

from .bulk import bare_tables
from .payments import BenchPayments
from .plan import TABLES, BenchPlan, move_sequence
from .templates import BenchTemplates


class BenchFill:
    """Fill the company of `env` with `items` installments due around `today`."""

    def __init__(self, env, items, today):
        self.env = env
        self.cr = env.cr
        self.templates = BenchTemplates(env, today)
        self.plan = BenchPlan(env.cr, items, today)
        self.base = self.plan.base

    def run(self):
        self._create_categories()
        self._create_payment_terms()
        self.env.flush_all()
        self.cr.commit()
        self.templates.capture()
        self.plan.draw()
        with bare_tables(self.cr, TABLES):
            self._insert_customers()
            self._insert_invoices()
            self._insert_payments()
        self._move_sequences()
        self.env.invalidate_all(flush=False)
        self.cr.commit()

    def _create_categories(self):
        names = ("Key account", "Reseller", "Franchise", "Online", "Wholesale", "Slow payer")
        self.categories = self.env["res.partner.category"].create([{"name": n} for n in names])

    def _create_payment_terms(self):
        """Two and three installments, 30 days apart, as `_plan` splits the amounts."""
        self.terms = self.env["account.payment.term"].create(
            [
                {
                    "name": f"{len(shares)} installments",
                    "line_ids": [
                        Command.create({"value_amount": share, "nb_days": 30 * number})
                        for number, share in enumerate(shares, 1)
                    ],
                }
                for shares in ((50, 50), (40, 30, 30))
            ]
        )

    # ------------------------------------------------------------
    # ROWS
    # ------------------------------------------------------------

    def _insert_customers(self):
        industries = self.env["res.partner.industry"].search([]).ids
        codes = ("US", "BR", "MX", "DE", "FR", "IN")
        countries = self.env["res.country"].search([("code", "in", codes)]).ids
        langs = [code for code, __ in self.env["res.lang"].get_installed()]
        self.templates.insert("res_partner", self._query_customers(industries, countries, langs))
        self.templates.insert("res_partner", self._query_contacts())
        self.cr.execute(
            SQL(
                """
                INSERT INTO res_partner_res_partner_category_rel (category_id, partner_id)
                SELECT c.id, p.id FROM plan_customer p, unnest(%s) WITH ORDINALITY c(id, n)
                 WHERE (p.n * 7 + c.n * 13) %% 10 < 2
                """,
                self.categories.ids,
            )
        )

    def _query_customers(self, industries, countries, langs):
        return SQL(
            """
            SELECT CASE WHEN is_company THEN 'company' ELSE 'person' END AS kind,
                   id, id AS commercial_partner_id, name, name AS complete_name,
                   CASE WHEN is_company THEN name END AS commercial_company_name,
                   'C' || lpad(n::text, 7, '0') AS ref, email, email AS email_normalized,
                   CASE WHEN is_company THEN
                       (%(industries)s)[1 + floor(r_industry * %(industry_count)s)::int]
                   END AS industry_id,
                   (%(countries)s)[1 + floor(r_country * %(country_count)s)::int] AS country_id,
                   (%(langs)s)[1 + floor(r_lang * %(lang_count)s)::int] AS lang,
                   r_active < 0.99 AS active
              FROM (
                SELECT *, CASE WHEN is_company THEN 'Company ' ELSE 'Person ' END || n AS name,
                       CASE WHEN r_email < 0.97 THEN 'c' || n || '@example.com' END AS email
                  FROM plan_customer
              ) c
             ORDER BY n
            """,
            industries=industries,
            industry_count=len(industries),
            countries=countries,
            country_count=len(countries),
            langs=langs,
            lang_count=len(langs),
        )

    def _query_contacts(self):
        """A tenth of the companies have an invoice address of their own."""
        return SQL(
            """
            SELECT 'contact' AS kind, parent.id AS parent_id, parent.id AS commercial_partner_id,
                   %(base)s + row_number() OVER (ORDER BY n) AS id,
                   parent.name AS commercial_company_name, 'Billing ' || n AS name,
                   parent.name || ', Billing ' || n AS complete_name,
                   'billing' || n || '@example.com' AS email,
                   'billing' || n || '@example.com' AS email_normalized,
                   parent.country_id, parent.lang
              FROM plan_customer JOIN res_partner parent USING (id)
             WHERE plan_customer.is_company AND r_contact < 0.1
            """,
            base=self.base["res_partner"] + self.plan.customers,
        )

    def _insert_invoices(self):
        self.templates.insert("account_move", self._query_invoices())
        self.templates.insert("account_move_line", self._query_invoice_lines())

    def _query_invoices(self):
        return SQL(
            """
            SELECT 'invoice' AS kind, i.id, prefix || pg_temp.five(number) AS name,
                   prefix AS sequence_prefix, number AS sequence_number,
                   prefix || pg_temp.five(number) AS payment_reference,
                   p.id AS partner_id, p.id AS commercial_partner_id, p.id AS partner_shipping_id,
                   p.name AS invoice_partner_display_name,
                   i.date, i.date AS invoice_date, date_last AS invoice_date_due,
                   (ARRAY[NULL, %(two)s, %(three)s])[terms] AS invoice_payment_term_id,
                   i.amount AS amount_total, i.amount AS amount_untaxed,
                   i.amount AS amount_total_signed, i.amount AS amount_untaxed_signed,
                   i.amount AS amount_total_in_currency_signed,
                   i.amount AS amount_untaxed_in_currency_signed,
                   i.amount - paid AS amount_residual, i.amount - paid AS amount_residual_signed,
                   CASE paid WHEN 0 THEN 'not_paid' WHEN i.amount THEN 'paid' ELSE 'partial'
                    END AS payment_state
              FROM plan_invoice i
              JOIN (SELECT invoice, SUM(amount_paid) AS paid FROM plan_item GROUP BY invoice) t
                ON t.invoice = i.n
              JOIN plan_customer c ON c.n = i.customer
              JOIN res_partner p ON p.id = c.id
             ORDER BY i.n
            """,
            two=self.terms[0].id,
            three=self.terms[1].id,
        )

    def _query_invoice_lines(self):
        return SQL(
            """
            SELECT line.*, m.id AS move_id, m.name AS move_name, m.date, m.invoice_date,
                   m.partner_id, balance AS amount_currency, GREATEST(balance, 0) AS debit,
                   GREATEST(-balance, 0) AS credit,
                   line.amount_residual AS amount_residual_currency,
                   m.name || _label AS name
              FROM (
                SELECT 'income' AS kind, %(base_line)s + items_before + n AS id, n AS _invoice,
                       -amount AS balance, amount AS price_unit, amount AS price_subtotal,
                       amount AS price_total, 0 AS amount_residual, FALSE AS reconciled,
                       NULL::date AS date_maturity, NULL::int AS full_reconcile_id,
                       NULL::text AS matching_number, '' AS _label
                  FROM plan_invoice
                 UNION ALL
                SELECT 'item', id, invoice, amount, 0, 0, 0, amount - amount_paid,
                       amount = amount_paid, date_maturity, %(base_full)s + full_reconcile,
                       CASE WHEN full_reconcile IS NOT NULL
                            THEN (%(base_full)s + full_reconcile)::text
                            ELSE 'P' || (%(base_partial)s + payment)::text END,
                       CASE WHEN terms > 1 THEN ' installment #' || j ELSE '' END
                  FROM plan_item
              ) line
              JOIN account_move m ON m.id = %(base_move)s + line._invoice
             ORDER BY line.id
            """,
            base_line=self.base["account_move_line"],
            base_full=self.base["account_full_reconcile"],
            base_partial=self.base["account_partial_reconcile"],
            base_move=self.base["account_move"],
        )

    def _insert_payments(self):
        payments = BenchPayments(self.cr, self.templates)
        payments.insert(
            SQL(
                "SELECT *, %s + full_reconcile AS full_reconcile_id FROM plan_item"
                " WHERE amount_paid > 0",
                self.base["account_full_reconcile"],
            )
        )

    def _move_sequences(self):
        """The next record created through the ORM comes after ours."""
        for table in TABLES:
            move_sequence(self.cr, table)
