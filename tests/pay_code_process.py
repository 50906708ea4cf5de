"""A process of its own with a database in which Brazilian and European codes to pay are known.

``pay_code_process.py DATABASE ADDONS_PATH REQUEST ANSWER``: the request is a file of JSON,
{case: [currency, amounts of the customer's invoices, what is paid after the letter, and whether the
last invoice names another account]}, the answer {case: what his letter says}.
"""

import base64
import json
import sys
from datetime import timedelta
from pathlib import Path

from update_fill import run_jobs

from odoo import SUPERUSER_ID, api, fields
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tools import config

PIX_KEY = "71d6c6e1-64ea-4a11-9560-a10870c40ca2"
IBAN = "DE89370400440532013000"
OTHER_IBAN = "FR1420041010050500013M02606"


class Cases:
    def __init__(self, env):
        self.env = env
        self.company = env.company
        self.accounts, self.other = {}, None

    def set_up(self):
        self.company.write(
            {
                "name": "Créditos São João",
                "city": "São Paulo",
                "country_id": self.env.ref("base.br").id,
                "email": "billing@creditor.example",
                "collection_auto_send": True,
            }
        )
        for name in ("BRL", "EUR"):
            self.env.ref(f"base.{name}").active = True
        partner = self.company.partner_id
        pix = {"proxy_type": "br_random", "proxy_value": PIX_KEY, "include_reference": True}
        accounts = self.env["res.partner.bank"].create(
            [
                {
                    "acc_number": "56789-0",
                    "clearing_number": "1234",
                    "partner_id": partner.id,
                    **pix,
                },
                {"acc_number": IBAN, "partner_id": partner.id},
                {"acc_number": OTHER_IBAN, "partner_id": partner.id},
            ]
        )
        self.other = accounts[2]
        self.accounts = {"BRL": accounts[0], "USD": accounts[0], "EUR": accounts[1]}

    def owe(self, case, currency, amounts, to_others):
        partner = self.env["res.partner"].create(
            {"name": case, "is_company": True, "email": f"{case}@customer.example"}
        )
        due = fields.Date.today() - timedelta(days=10)
        moves = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": partner.id,
                    "currency_id": self.env.ref(f"base.{currency}").id,
                    "partner_bank_id": self.accounts[currency].id,
                    "invoice_date": due,
                    "invoice_date_due": due,
                    "invoice_payment_term_id": False,
                    "invoice_line_ids": [
                        Command.create({"name": "Service", "price_unit": amount, "tax_ids": False})
                    ],
                }
                for amount in amounts
            ]
        )
        if to_others:
            moves[-1].partner_bank_id = self.other
        moves.action_post()
        return moves

    def pay(self, moves, amount):
        wizards = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=moves.ids
        )
        wizards.create({"group_payment": True, "amount": amount})._create_payments()

    def tell(self, moves):
        letter = self.env["crm.collection.letter"].search(
            [("partner_id", "=", moves.partner_id.id)]
        )
        found = letter.search([("pay_number", "=", letter.pay_number)])
        page = letter._get_online_pay_codes(letter._get_online_open_items())
        statements = self.env["crm.collection.statement"]._get_statements(
            moves.partner_id, self.company
        )
        groups = [group for statement in statements for group in statement["groups"]]
        return {
            "state": letter.state,
            "pdf": base64.b64encode(letter.pdf_attachment_id.raw or b"").decode(),
            "body": letter.mail_message_id.body,
            "page": [code._asdict() for code in page],
            "number": letter.pay_number,
            "statement": [code._asdict() for one in groups for code in one["pay_codes"]],
            "banks": [label for one in statements for label in one["bank_labels"]],
            "customer": f"CRMC{moves.partner_id.id}",
            "letter_banks": letter._get_letter_bank_labels(letter._get_groups()),
            "page_banks": letter._get_online_bank_labels(letter._get_online_open_items()),
            "is_found": found == letter,
            "names": moves.mapped("name"),
            "references": moves.mapped("payment_reference"),
        }

    def run(self, cases):
        self.set_up()
        moves = {
            case: self.owe(case, currency, amounts, to_others)
            for case, (currency, amounts, _paid, to_others) in cases.items()
        }
        run_jobs(self.env, "allocate", "letters")
        for case, (_currency, _amounts, paid, _to_others) in cases.items():
            if paid:
                self.pay(moves[case], paid)
        self.env.flush_all()
        result = {case: self.tell(moves[case]) for case in cases}
        self.company.collection_pay_code = False
        result["off"] = self.tell(moves[next(iter(cases))])["page"]
        return result


def main():
    database, addons_path, request, answer = sys.argv[1:]
    options = ["-d", database, "--addons-path", addons_path, "--no-http", "--max-cron-threads=0"]
    config.parse_config([*options, "--log-level=warn"], setup_logging=True)
    with Registry(database).cursor() as cr:
        cases = Cases(api.Environment(cr, SUPERUSER_ID, {}))
        result = cases.run(json.loads(Path(request).read_text()))
    Path(answer).write_text(json.dumps(result, default=str))


if __name__ == "__main__":
    main()
