"""The accounting side of a replay: customers, posted invoices and payments of a company."""

import re
from functools import partial

from odoo.fields import Command
from odoo.service.model import retrying

BATCH = 500
MAIN_JOURNAL, CLERK_JOURNAL = "RPL1", "RPL2"
# a number without anything that Odoo could take for a year or a month keeps as the entry's name
PLAIN_NUMBER = re.compile(r"\D*\d+")
MAIL_DOMAIN = "customers.example"


class Books:
    """Everything is written through the ORM, as in the web client, in batches."""

    def __init__(self, env):
        # no message per record that a field was set: nobody follows these documents
        self.env = env(context={**env.context, "tracking_disable": True})
        self.company = env.company
        self.customers = {}
        self.item_ids = {}

    def open_banks(self):
        """Open a bank journal per clerk: each numbers its payments without waiting."""
        self.env["account.journal"].create(
            [
                {"name": f"Bank {code}", "code": code, "type": "bank"}
                for code in (MAIN_JOURNAL, CLERK_JOURNAL)
            ]
        )

    def add_customers(self, names):
        names = sorted(names)
        records = self.env["res.partner"].create(
            [
                {
                    "name": name,
                    "ref": name,
                    "is_company": True,
                    "email": f"customer-{position}@{MAIL_DOMAIN}",
                }
                for position, name in enumerate(names, start=1)
            ]
        )
        self.customers = dict(zip(names, records.ids, strict=True))

    # ------------------------------------------------------------
    # INVOICES
    # ------------------------------------------------------------

    def post_invoices(self, rows):
        """Create and post an invoice with one installment per row; yield how many are done."""
        journal = self._find_journal("sale")
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            vals_list = [self._prepare_invoice(row, journal) for row in batch]
            moves = self.env["account.move"].create(vals_list)
            moves.action_post()
            self._keep_items(batch, moves)
            self.commit()
            yield start + len(batch)

    def _prepare_invoice(self, row, journal):
        return {
            "move_type": "out_invoice",
            "name": row.number if PLAIN_NUMBER.fullmatch(row.number) else False,
            "ref": row.number,
            "payment_reference": row.number,
            "journal_id": journal.id,
            "partner_id": self.customers[row.customer],
            "invoice_date": row.issued,
            "date": row.issued,
            "invoice_payment_term_id": False,
            "invoice_date_due": row.due,
            "invoice_line_ids": [
                Command.create(
                    {
                        "name": f"Invoice {row.number}",
                        "quantity": 1,
                        "price_unit": float(row.amount),
                        "tax_ids": False,
                    }
                )
            ],
        }

    def _keep_items(self, rows, moves):
        for row, move in zip(rows, moves, strict=True):
            item = move.line_ids.filtered(lambda line: line.display_type == "payment_term")
            is_right = (
                move.state == "posted"
                and item.date_maturity == row.due
                and item.currency_id.compare_amounts(item.balance, float(row.amount)) == 0
            )
            if len(item) != 1 or not is_right:
                raise RuntimeError(f"invoice {row.number} was not posted as the file has it")
            self.item_ids[row.number] = item.id

    # ------------------------------------------------------------
    # PAYMENTS
    # ------------------------------------------------------------

    def pay(self, item_ids, day, journal_code):
        """Register a payment per item and reconcile them; again if somebody else was faster.

        What account.payment.register does, for all items of the day at once: the wizard makes
        the entry and the reconciliation of each payment by itself, which takes twice as long.
        """
        retrying(partial(self._pay, item_ids, day, journal_code), self.env)
        self.commit()

    def _pay(self, item_ids, day, journal_code):
        journal = self._find_journal("bank", journal_code)
        items = self.env["account.move.line"].browse(item_ids)
        payments = self.env["account.payment"].create(
            [self._prepare_payment(item, journal, day) for item in items]
        )
        payments.action_post()
        pairs = [
            item
            + payment.move_id.line_ids.filtered(
                lambda line, a=item.account_id: line.account_id == a
            )
            for item, payment in zip(items, payments, strict=True)
        ]
        self.env["account.move.line"]._reconcile_plan(pairs)
        self.env.flush_all()
        if not all(items.mapped("reconciled")):
            raise RuntimeError(f"a payment of {day} left its invoice open")

    def _prepare_payment(self, item, journal, day):
        return {
            "payment_type": "inbound",
            "partner_type": "customer",
            "date": day,
            "amount": item.amount_residual_currency,
            "currency_id": item.currency_id.id,
            "partner_id": item.partner_id.id,
            "journal_id": journal.id,
            "payment_method_line_id": journal.inbound_payment_method_line_ids[:1].id,
            "destination_account_id": item.account_id.id,
            "memo": item.move_id.payment_reference,
        }

    # ------------------------------------------------------------
    # HELPERS
    # ------------------------------------------------------------

    def _find_journal(self, kind, code=None):
        domain = [("type", "=", kind), ("company_id", "=", self.company.id)]
        if code:
            domain.append(("code", "=", code))
        return self.env["account.journal"].search(domain, limit=1)

    def commit(self):
        self.env.cr.commit()
        self.env.invalidate_all(flush=False)
