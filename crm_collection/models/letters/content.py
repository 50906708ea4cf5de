import re
from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

from . import queries

# "INV/2026/00012 2/3": the number of the document, then which of its installments.
OPEN_ITEM_NAME = re.compile(r"^(?P<number>.+?)(?:\s+(?P<installment>\d+/\d+))?$")
DEADLINE_DAYS = 10  # a letter that sets a deadline gives the customer this long


class CrmCollectionLetter(models.Model):
    """What a letter is about: items, totals, credits, fine and interest, where to pay."""

    _inherit = "crm.collection.letter"

    # === Items === #

    def _get_open_items(self):
        """Return one dict per item, in the order of the due dates."""
        self.ensure_one()
        return [self._prepare_open_item(line) for line in self.line_ids]

    def _prepare_open_item(self, line):
        name = OPEN_ITEM_NAME.match(line.name or "-")
        move = line.item_id.move_id
        return {
            "line": line,
            "move": move,
            "phase": line.phase_id,
            "number": name["number"],
            "installment": name["installment"] or "",
            "url": self._get_open_item_url(move),
            "date_issued": move.invoice_date or move.date,
            "date_maturity": line.date_maturity,
            "days_overdue": line.days_overdue,
            "currency": line.currency_id,
            "original": line.amount_original,
            "paid": line.amount_original - line.amount_residual,
            "residual": line.amount_residual,
            "fine": line.currency_id.round(line.amount_fine),
            "interest": line.currency_id.round(line.amount_interest),
        }

    def _get_open_item_url(self, move):
        """Return the letter's page, which shows the document as it is now, or False where it
        cannot be paid there.

        Never the document's own page: its key does not expire, and making one would write on
        the invoice.
        """
        return self._get_online_url() if move.is_sale_document() else False

    def _get_groups(self, open_credits=None):
        """Return the items and their totals by currency, the main currency first.

        :param open_credits: ``account.move.line`` where they are known already
        """
        self.ensure_one()
        if open_credits is None:
            open_credits = self._get_credits()
        open_items = self._get_open_items()
        currencies = self.line_ids.currency_id | open_credits.currency_id
        main = self.company_id.currency_id
        return [
            self._prepare_group(
                currency,
                [open_item for open_item in open_items if open_item["currency"] == currency],
                open_credits.filtered(lambda line, c=currency: line.currency_id == c),
            )
            for currency in currencies.sorted(lambda c: (c != main, c.name))
        ]

    def _prepare_group(self, currency, open_items, open_credits):
        sums = {
            key: currency.round(sum(open_item[key] for open_item in open_items))
            for key in ("original", "paid", "residual", "fine", "interest")
        }
        credit = -sum(open_credits.mapped("amount_residual_currency"))
        charges = sums["fine"] + sums["interest"]
        late = [open_item for open_item in open_items if open_item["days_overdue"] > 0]
        overdue = sum(open_item["residual"] for open_item in late)
        # what is not due yet is shown, and not asked for beside what is overdue
        mixed = 0 < len(late) < len(open_items)
        used = self._get_credit_used(currency, late if mixed else open_items, credit)
        unpaid = (overdue if mixed else sums["residual"]) - used
        balance = unpaid + charges
        return {
            **sums,
            "currency": currency,
            "open_items": open_items,
            "credits": open_credits,
            "credit": currency.round(credit),
            "charges": currency.round(charges),
            "overdue": currency.round(overdue),
            "mixed": mixed,  # some items are overdue, some not due yet
            "not_due": currency.round(sums["residual"] - overdue) if mixed else 0.0,
            "net": currency.round(sums["residual"] - credit),
            "to_pay": currency.round(max(balance, 0)),
            # other items of the customer may use it up: it is no balance in his favor
            "credit_left": currency.round(credit - used),
            "credit_used": used,
            "unpaid": currency.round(unpaid),
            "claim": currency.round(balance),
        }

    def _get_credit_used(self, currency, open_items, credit):
        """Return how much of the open credits pays these items: a credit pays what was due
        first, whether this letter is about it or another one. So it is taken off once.
        ``credit_queries.owed_until_here`` says the same of letters that are not written yet.
        """
        if not credit or not open_items:
            return 0.0
        mine = {open_item["line"].item_id.id: open_item["residual"] for open_item in open_items}
        asked = self._get_asked_open_items(currency)
        owed = [(day, item_id, amount) for day, item_id, amount in asked if item_id not in mine]
        owed += [
            (open_item["date_maturity"], open_item["line"].item_id.id, open_item["residual"])
            for open_item in open_items
        ]
        left, used = credit, 0.0
        for _day, item_id, amount in sorted(owed):
            paid = min(amount, left)
            left -= paid
            used += paid if item_id in mine else 0.0
        return currency.round(used)

    def _get_asked_open_items(self, currency):
        """Return ``(due date, open_item id, owed)`` of what the customer may be asked for now."""
        company, customer = self.company_id, self.partner_id._origin
        today = company._get_collection_today()
        self.env.flush_all()
        return self.env.execute_query(
            queries.asked_open_items(
                company.id,
                today,
                SQL("item.date_maturity, item.id, line.amount_residual_currency"),
                condition=SQL(
                    "item.partner_id = %s AND line.currency_id = %s", customer.id, currency.id
                ),
            )
        )

    def _get_sections(self, open_items):
        """Return ``(kind, open_items)`` for the parts of a letter whose items are in several
        phases: what its text says is true of the ``subject``, those in the phase that sets the
        tone; others are ``overdue`` or ``not_due`` beside it. A letter of one part is its subject.
        """
        self.ensure_one()
        if not self.has_other_open_items:
            return [("subject", open_items)]
        subject = [open_item for open_item in open_items if open_item["phase"] == self.phase_id]
        others = [open_item for open_item in open_items if open_item["phase"] != self.phase_id]
        sections = (
            ("subject", subject),
            ("overdue", [open_item for open_item in others if open_item["days_overdue"] > 0]),
            ("not_due", [open_item for open_item in others if open_item["days_overdue"] <= 0]),
        )
        return [section for section in sections if section[1]]

    def _get_totals(self):
        """Return ``(currency, owed, credit, net)`` by currency, without fine and interest."""
        return [
            (group["currency"], group["residual"], group["credit"], group["net"])
            for group in self._get_groups()
        ]

    # === Credits === #

    def _get_credits(self):
        """Return the customer's open credits: journal items that lower what is to be paid."""
        self.ensure_one()
        return self._get_credits_by_letter()[self.id]

    def _get_credits_by_letter(self):
        """Return the open credits of every letter, with one search for all."""
        line_model_sudo = self.env["account.move.line"].sudo()  # whoever reads the letter
        lines = line_model_sudo.search(
            [
                ("company_id", "in", self.company_id.ids),
                # of any of his contacts, as the engine counts what he owes in all
                ("partner_id.commercial_partner_id", "in", self.partner_id.ids),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("amount_residual", "<", 0),
            ],
            order="date, id",
        )
        groups = lines.grouped(
            lambda line: (line.company_id, line.partner_id.commercial_partner_id)
        )
        none = lines.browse()
        return {
            letter.id: groups.get((letter.company_id, letter.partner_id), none) for letter in self
        }

    def _is_paid_by_credits(self, open_credits=None):
        """Whether open credits pay all that the letter is about: there is nothing to ask for.

        :param open_credits: ``account.move.line`` where they are known already
        """
        if open_credits is None:
            open_credits = self._get_credits()
        return bool(open_credits) and not any(
            group["unpaid"] > 0 for group in self._get_groups(open_credits)
        )

    # === Law === #

    def _is_consumer_br(self):
        """Whether the law of Brazilian consumers applies: a person, in Brazil. The fine has its
        limit by the same rule, in ``queries.charges``."""
        self.ensure_one()
        country = self.partner_id.country_id or self.company_id.account_fiscal_country_id
        return country.code == "BR" and not self.partner_id.is_company

    # === Way to pay === #

    def _get_base_url(self):
        return self.company_id.get_base_url().rstrip("/")

    def _get_payment_url(self):
        """Return the page of the letter, which needs no login and works for the company's days,
        or False without any invoice, where nothing can be paid online."""
        self.ensure_one()
        moves = self.line_ids.item_id.move_id.filtered(lambda move: move.is_sale_document())
        return self._get_online_url() if moves else False

    def _get_companies_paid_online(self):
        """Return the letters' companies that have a payment provider: elsewhere the page of the
        letter shows the documents and takes no money."""
        providers_sudo = (
            self.env["payment.provider"]
            .sudo()  # the settings of providers are not for who reads letters
            .search([("state", "in", ("enabled", "test")), ("is_published", "=", True)])
        )
        owners = providers_sudo.company_id
        return self.company_id.filtered(lambda company: company.sudo().parent_ids & owners)

    def _get_portal_url(self):
        """Return the address of the customer's area, short enough to be typed."""
        return self._get_base_url() + "/my/collections"

    def _get_bank_account(self):
        """Return the account to pay to, where all the invoices name the same one."""
        banks = self.line_ids.item_id.move_id.partner_bank_id
        return banks if len(banks) == 1 else banks.browse()

    def _get_deadline(self):
        """Return the last day to pay, for letters that set one: never on a weekend."""
        day = (self.date or fields.Date.context_today(self)) + timedelta(days=DEADLINE_DAYS)
        return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= 5 else 0)
