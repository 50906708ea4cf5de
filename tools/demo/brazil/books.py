"""What Patrícia does: customers, invoices, credit notes and payments."""

from datetime import timedelta

from odoo.fields import Command

from .customers import BILLS, CUSTOMERS, GOODS, PUBLIC

CLERK = "patricia"
FIRST_NUMBER = "00004581"
DAYS_TO_PAY = 28
PARTS_TERM = "30/60/90 dias"
PART_DAYS = 30


class Books:
    """The customers and what was invoiced to them, kept by the clerk.

    :param today: the day that the days of bills and events are counted from
    """

    def __init__(self, office, today):
        self.office = office
        self.today = today
        self.partner_ids = {}
        self.due = {}  # receivable lines that are paid by themselves: {line's id: day}
        self.bills = sorted(BILLS, key=lambda bill: (self._get_issued(bill), bill.customer))

    def get_day(self, days):
        return self.today + timedelta(days=days)

    def get_customer(self, key):
        return self.office.env["res.partner"].browse(self.partner_ids[key])

    def add_customers(self):
        """Enter them with their contacts."""
        Partner = self.office.of(CLERK, "res.partner")
        for key, customer in CUSTOMERS.items():
            partner = Partner.create(self._prepare_customer(customer))
            if customer.contact:
                Partner.create(
                    {
                        "name": customer.contact,
                        "parent_id": partner.id,
                        "type": "collection",
                        "email": customer.email,
                        "phone": customer.phone,
                    }
                )
            self.partner_ids[key] = partner.id

    def _prepare_customer(self, customer):
        env = self.office.env
        kind = "cnpj" if customer.segment else "cpf"
        state = env.ref(f"base.state_br_{customer.state.lower()}")
        vals = {
            "name": customer.name,
            "is_company": bool(customer.segment),
            "country_id": env.ref("base.br").id,
            "state_id": state.id,
            "l10n_latam_identification_type_id": env.ref(f"l10n_br.{kind}").id,
            "vat": customer.number,
            "street": customer.street,
            "city": customer.city,
            "zip": customer.zip,
            "email": customer.email,
            "phone": customer.phone,
            "lang": "pt_BR",
        }
        if customer.segment:
            vals["industry_id"] = env.ref(f"base.res_partner_industry_{customer.segment}").id
        if customer.segment == "O":
            category = env["res.partner.category"].search([("name", "=", PUBLIC)], limit=1)
            vals["category_id"] = [Command.set(category.ids)]
        return vals

    # === Invoices === #

    def _get_issued(self, bill):
        return self.get_day(bill.due - (PART_DAYS if bill.parts > 1 else DAYS_TO_PAY))

    def post_invoices(self, until):
        """Post what was issued up to a day."""
        while self.bills and self._get_issued(self.bills[0]) <= until:
            bill = self.bills.pop(0)
            move = self.office.of(CLERK, "account.move").create(self._prepare_invoice(bill))
            move.action_post()
            if bill.late is not None:
                # of what is paid in parts only the first one is paid by itself
                line = self._get_lines(move)[:1]
                self.due[line.id] = line.date_maturity + timedelta(days=bill.late)

    def _get_lines(self, move):
        lines = move.line_ids.filtered(lambda line: line.display_type == "payment_term")
        return lines.sorted("date_maturity")

    def _prepare_invoice(self, bill):
        day = self._get_issued(bill)
        vals = {
            "move_type": "out_invoice",
            "partner_id": self.partner_ids[bill.customer],
            "invoice_date": day,
            "invoice_line_ids": [self._prepare_line(bill.customer, bill.amount)],
        }
        if bill.parts > 1:
            terms = self.office.env["account.payment.term"]
            vals["invoice_payment_term_id"] = terms.search([("name", "=", PARTS_TERM)], limit=1).id
        else:
            vals |= {
                "invoice_payment_term_id": False,
                "invoice_date_due": self.get_day(bill.due),
            }
        if not self.office.env["account.move"].search_count([("move_type", "=", "out_invoice")]):
            vals["l10n_latam_document_number"] = FIRST_NUMBER
        return vals

    def _prepare_line(self, key, amount, what=None):
        return Command.create(
            {
                "name": what or GOODS[CUSTOMERS[key].segment],
                "quantity": 1,
                "price_unit": amount,
                "tax_ids": [Command.clear()],
            }
        )

    def credit(self, key, amount, what):
        """A credit note that nobody has matched yet."""
        move = self.office.of(CLERK, "account.move").create(
            {
                "move_type": "out_refund",
                "partner_id": self.partner_ids[key],
                "invoice_line_ids": [self._prepare_line(key, amount, what)],
            }
        )
        move.action_post()

    # === Payments === #

    def receive(self):
        """Enter what customers paid by themselves up to the day it is."""
        day = self.office.company._get_collection_today()
        for line_id in [line_id for line_id, paid in self.due.items() if paid <= day]:
            del self.due[line_id]
            self._pay(self.office.env["account.move.line"].browse(line_id))

    def pay(self, key, amount=None):
        """A customer pays what is due first, all of it or an amount."""
        partner = self.partner_ids[key]
        line = (
            self.office.env["crm.collection.item"]
            .search(
                [("partner_id", "=", partner), ("state", "=", "open")],
                order="date_maturity, id",
                limit=1,
            )
            .line_id
        )
        self._pay(line, amount)

    def _pay(self, lines, amount=None):
        day = self.office.company._get_collection_today()
        wizards = self.office.of(
            CLERK,
            "account.payment.register",
            active_model="account.move.line",
            active_ids=lines.ids,
        )
        wizard = wizards.create({"payment_date": day})
        if amount:
            wizard.amount = amount
        wizard.action_create_payments()
