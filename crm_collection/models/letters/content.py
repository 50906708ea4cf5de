import re
from datetime import timedelta
from typing import NamedTuple

from odoo import models

from ..portfolio.working_days import get_working_days
from . import content_queries, queries

# "INV/2026/00012 2/3": the number of the document, then which of its installments.
OPEN_ITEM_NAME = re.compile(r"^(?P<number>.+?)(?:\s+(?P<installment>\d+/\d+))?$")
# the label of an entry says nothing of installments, whatever it ends with
LABEL = re.compile(r"^(?P<number>.+)(?P<installment>)$", re.DOTALL)
WEEKDAYS = get_working_days({number: [] for number in range(14) if number % 7 < 5}, [])
DEADLINE_DAYS = 10  # a letter that sets a deadline gives the customer this long


class Credits(NamedTuple):
    """The open credits of a letter's customer, and what they pay of it."""

    lines: models.Model  # account.move.line, as superuser
    paid: dict  # {id of an item that the letter asks for: amount}


class CrmCollectionLetter(models.Model):
    """What a letter is about: items, totals, credits, fine and interest, where to pay."""

    _inherit = "crm.collection.letter"

    # === Items === #

    def _get_open_items(self):
        """Return one dict per item, in the order of the due dates."""
        self.ensure_one()
        url = self._get_online_url()
        return [self._prepare_open_item(line, url) for line in self.line_ids]

    def _prepare_open_item(self, line, url):
        move = line.item_id.move_id
        name = (OPEN_ITEM_NAME if move.move_type != "entry" else LABEL).match(line.name or "-")
        return {
            "line": line,
            "move": move,
            "phase": line.phase_id,
            "number": name["number"],
            "installment": name["installment"] or "",
            "url": self._get_open_item_url(move, url),
            "date_issued": self._get_issued(line),
            "date_maturity": line.date_maturity,
            "days_overdue": line.days_overdue,
            "currency": line.currency_id,
            "original": line.amount_original,
            "paid": line.amount_original - line.amount_residual,
            "residual": line.amount_residual,
            "fine": line.currency_id.round(line.amount_fine),
            "interest": line.currency_id.round(line.amount_interest),
        }

    def _get_issued(self, line):
        journal_item = line.item_id.line_id
        return journal_item._get_collection_issued() if journal_item else False

    def _get_open_item_url(self, move, url):
        """Return the letter's page, which shows the document as it is now, or False where it
        cannot be paid there.

        :param str url: of the letter's page

        Never the document's own page: its key does not expire, and making one would write on
        the invoice.
        """
        return url if move.is_sale_document() else False

    def _get_groups(self, open_credits=None):
        """Return the items and their totals by currency, the main currency first.

        :param Credits open_credits: where they are known already
        """
        self.ensure_one()
        if open_credits is None:
            open_credits = self._get_credits_by_letter()[self.id]
        open_items = self._get_open_items()
        currencies = self.line_ids.currency_id | open_credits.lines.currency_id
        main = self.company_id.currency_id
        return [
            self._prepare_group(
                currency,
                [open_item for open_item in open_items if open_item["currency"] == currency],
                open_credits,
            )
            for currency in currencies.sorted(lambda c: (c != main, c.name))
        ]

    def _prepare_group(self, currency, open_items, open_credits):
        sums = {
            key: currency.round(sum(open_item[key] for open_item in open_items))
            for key in ("original", "paid", "residual", "fine", "interest")
        }
        lines = open_credits.lines.filtered(lambda line: line.currency_id == currency)
        credit = -sum(lines.mapped("amount_residual_currency"))
        claim = self._prepare_claim(currency, open_items, open_credits.paid)
        for open_item in open_items:
            open_item["left"] = self._get_left(open_item, open_credits.paid)
        charges = sums["fine"] + sums["interest"]
        balance = claim["asked"] - claim["credit_used"] + charges
        return {
            **sums,
            **claim,
            "currency": currency,
            "open_items": open_items,
            "credits": lines,
            "credit": currency.round(credit),
            "charges": currency.round(charges),
            "net": currency.round(sums["residual"] - credit),
            "to_pay": currency.round(max(balance, 0)),
            # other items of the customer may use it up: it is no balance in his favor
            "credit_left": currency.round(credit - claim["credit_used"]),
            "claim": currency.round(balance),
        }

    def _prepare_claim(self, currency, open_items, paid):
        """Return what is asked for of the items of a currency, and what credits pay of that. What
        is not due yet is shown, and not asked for beside what is overdue and not paid by credits:
        the group is ``mixed``. ``credit_queries.after_credits`` says the same of the credits.

        :param dict paid: {item id: what open credits pay of what is asked for}
        """
        item_ids = [open_item["line"].item_id._origin.id for open_item in open_items]
        late = [open_item for open_item in open_items if open_item["days_overdue"] > 0]
        owed = sum(open_item["residual"] for open_item in open_items)
        overdue = sum(open_item["residual"] for open_item in late)
        paid_of_late = sum(paid.get(item["line"].item_id._origin.id, 0.0) for item in late)
        is_late_left = currency.compare_amounts(overdue, paid_of_late) > 0
        mixed = len(late) < len(open_items) and is_late_left
        return {
            "mixed": mixed,
            "owed": late if mixed else open_items,
            "overdue": currency.round(overdue),
            "not_due": currency.round(owed - overdue) if mixed else 0.0,
            "asked": currency.round(overdue if mixed else owed),
            "credit_used": currency.round(sum(paid.get(item_id, 0.0) for item_id in item_ids)),
        }

    def _get_left(self, open_item, paid):
        """:return: what is to be paid of an item: less what credits pay, with fine and interest"""
        credit = paid.get(open_item["line"].item_id._origin.id, 0.0)
        left = open_item["residual"] - credit + open_item["fine"] + open_item["interest"]
        return open_item["currency"].round(left)

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
        return self._get_credits_by_letter()[self.id].lines

    def _get_credits_by_letter(self):
        """Return ``{letter id: Credits}``, asked once for all letters of a company."""
        self.env.flush_all()
        result = {}
        for company, letters in self.grouped("company_id").items():
            lines = letters._get_credit_lines(company)
            with_credit = letters.filtered(lambda letter, lines=lines: lines[letter.id])
            paid = with_credit._get_paid_by_credits(company)
            result |= {
                letter.id: Credits(lines[letter.id], paid.get(letter.id, {})) for letter in letters
            }
        return result

    def _get_credit_lines(self, company):
        """Return ``{letter id: account.move.line}``: the open credits, the oldest first."""
        partner_ids = self.partner_id._origin.ids
        rows = self.env.execute_query_dict(queries.open_credit_lines(company, partner_ids))
        line_ids = {}
        for row in sorted(rows, key=lambda row: (row["date"], row["line_id"])):
            line_ids.setdefault(row["partner_id"], []).append(row["line_id"])
        line_model_sudo = self.env["account.move.line"].sudo()  # whoever reads the letter
        return {
            letter.id: line_model_sudo.browse(line_ids.get(letter.partner_id._origin.id, ()))
            for letter in self
        }

    def _get_paid_by_credits(self, company):
        """Return ``{letter id: {item id: amount}}``: what open credits pay of letters. A credit
        pays what was due first, whether this letter is about it or another one."""
        lines = [
            (
                *(number, letter.partner_id._origin.id, line.currency_id.id),
                *(line.item_id._origin.id, line.date_maturity or None),
                *(line.amount_residual, line.days_overdue),
            )
            for number, letter in enumerate(self)
            for line in letter.line_ids
        ]
        if not lines:
            return {}
        today = company._get_collection_today()
        paid = {}
        for number, item_id, amount in self.env.execute_query(
            content_queries.paid_by_credits(company, today, lines)
        ):
            paid.setdefault(self[number].id, {})[item_id] = amount
        return paid

    def _get_covered(self, company, today):
        """Return the letters with nothing to ask for: open credits of the customer cover all that
        the letter asks for."""
        return self._get_covered_lines(company, today)[0]

    def _get_covered_lines(self, company, today):
        """Return the letters with nothing to ask for (see :meth:`_get_covered`), and the lines of
        the others of which open credits leave nothing."""
        if not self:
            return self, self.line_ids
        self.env.flush_all()
        query = content_queries.left_of_letters(company, today, self.ids)
        left = {row[0]: row[2] for row in self.env.execute_query(query) if row[1]}
        covered = self.filtered(lambda letter: letter.id not in left)
        lines = (self - covered).line_ids
        return covered, lines.filtered(
            lambda line: line.item_id.id not in left[line.letter_id.id],
        )

    # === Charges === #

    def _has_moved_charges(self, working_days):
        """Whether an item is charged from a later day than its due date, which is no working day.

        :param dict working_days: as of ``_get_collection_charge_days_by_company``
        """
        charged = self.line_ids.filtered(lambda line: line.amount_fine or line.amount_interest)
        return any(
            working_days[line.company_id.id].get_next(line.date_maturity) != line.date_maturity
            for line in charged
            if line.company_id.id in working_days
        )

    # === Law === #

    def _is_consumer_br(self):
        """Whether the law of Brazilian consumers applies: a person, in Brazil. The fine has its
        limit by the same rule, in ``charge_queries.charges``."""
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

    def _get_deadline(self):
        """Return the last day to pay, for letters that set one."""
        self.ensure_one()
        return self._get_deadlines()[self.id]

    def _get_deadlines(self):
        """Return ``{letter id: last day to pay}``: a working day of the company's calendar where
        due dates move to one, else never on a weekend."""
        deadlines = {}
        for company, letters in self.grouped("company_id").items():
            working_days = company._get_collection_charge_days() or WEEKDAYS
            today = company._get_collection_today()
            for letter in letters:
                day = (letter.date or today) + timedelta(days=DEADLINE_DAYS)
                deadlines[letter.id] = working_days.get_next(day)
        return deadlines
