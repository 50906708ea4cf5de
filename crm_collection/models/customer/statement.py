from bisect import bisect_left
from collections import Counter

from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.fields import Domain

from ..portfolio import hold_queries, payment_queries
from ..portfolio.queries import SILENT_PAYMENT_STATES, installments
from . import statement_queries

LETTER_MONTHS = 12  # a statement names the letters of so many months
LETTER_LIMIT = 20
# In a context: the journal items that a statement is about above all
CHOSEN_KEY = "crm_collection_chosen"


class CrmCollectionStatement(models.AbstractModel):
    """What customers owe and have to their credit, read from accounting at this moment.

    Every open receivable journal item counts, in collection or not, so that a statement agrees
    with accounting. Nothing here says in which phase an item is. A root company and its branches
    are one creditor: they have one account with a customer, and credits pay across them.

    It reads items with the rights of whoever asks: the portal asks in sudo, with companies and
    customers of its user. Who works in some of the companies of a creditor sees what is owed
    there, and all open credits, as letters show them, less what they pay elsewhere.
    """

    _name = "crm.collection.statement"
    _description = "Customer Statement"

    # === Domains === #

    @api.model
    def _get_open_items_domain(self, customers, companies):
        """Return the domain of what is owed.

        :param Domain customers: a condition on the journal items' ``partner_id``
        """
        owed = self.env["account.move.line"]._get_collection_owed_domain()
        return Domain("company_id", "in", companies.ids) & owed & customers

    @api.model
    def _get_credits_domain(self, customers, companies):
        """Return the domain of the open credits; ``customers`` as above."""
        is_credit = self.env["account.move.line"]._get_collection_credit_domain()
        return Domain("company_id", "in", companies.ids) & is_credit & customers

    @api.model
    def _get_overdue_domain(self, companies):
        """Return the condition of journal items past their due date, by each company's today."""
        conditions = []
        for company in companies:
            today = company._get_collection_today()
            # an entry without a due date is due on its own
            undated = Domain("date_maturity", "=", False) & Domain("date", "<", today)
            late = Domain("date_maturity", "<", today) | undated
            conditions.append(Domain("company_id", "=", company.id) & late)
        # money that went to a customer is on his account, and not overdue
        unclaimed = self.env["account.move.line"]._get_collection_unclaimed_domain()
        return Domain.OR(conditions) & ~unclaimed

    # === Items === #

    @api.model
    def _get_open_items(self, lines):
        """Return a dict per journal item, in the same order.

        ``credit`` is what open credits pay of the ``residual``, and ``left`` the rest. ``status``
        is one of ``overdue``, ``open`` (not due yet), ``review`` (disputed or blocked:
        nobody asks for it now), ``refund`` (money that went to the customer: nor for that) and
        ``processing`` (a payment is on its way, or the company collects it itself).
        """
        today = {company: company._get_collection_today() for company in lines.company_id}
        by_status = {
            "review": self._get_reviewed(lines, today),
            "refund": lines._filter_collection_unclaimed(),
            "processing": self._get_on_their_way(lines, today),
        }
        credits = self._get_paid_by_credits(lines)
        names = dict(self.env.execute_query(installments(lines.ids)))
        return [
            self._prepare_open_item(line, today[line.company_id], by_status)
            | {"installment": names[line.id]}
            | self._prepare_left(line, credits.get(line.id, 0.0))
            for line in lines
        ]

    def _prepare_left(self, line, credit):
        left = line.amount_residual_currency - credit
        return {"credit": credit, "left": line.currency_id.round(left)}

    def _prepare_open_item(self, line, today, by_status):
        move = line.move_id
        due = line.date_maturity or line.date
        # what nobody is to pay is not late
        days = (today - due).days if line not in by_status["refund"] else 0
        return {
            "line": line,
            "move": move,
            "number": line._get_collection_name(),
            "reference": line._get_collection_reference(),
            "date_issued": line._get_collection_issued(),
            "date_maturity": due,
            "days_overdue": days,
            "currency": line.currency_id,
            "original": line.amount_currency,
            "residual": line.amount_residual_currency,
            "status": self._get_status(line, days, by_status),
            "is_chosen": line.id in (self.env.context.get(CHOSEN_KEY) or ()),
        }

    def _get_status(self, line, days, by_status):
        for status in ("review", "refund", "processing"):
            if line in by_status[status]:
                return status
        if line.move_id.payment_state == "in_payment":
            return "processing"
        return "overdue" if days > 0 else "open"

    def _get_on_their_way(self, lines, today):
        """:return: the journal items whose money is on its way, as job and letters wait"""
        paid = lines.browse()
        self.env.flush_all()
        for company in lines.company_id:
            query = payment_queries.lines_on_their_way(company.id, today[company], lines.ids)
            paid |= lines.browse(row[0] for row in self.env.execute_query(query))
        return paid & lines

    @api.model
    def _get_paid_by_credits(self, lines):
        """:return: {journal item id: what open credits pay of it} of all that the customers of
        ``lines`` owe to the same creditors"""
        self.env.flush_all()
        paid = {}
        for companies in lines.company_id.sudo().grouped("root_id").values():
            of_creditor = lines.filtered(lambda line, of=companies: line.company_id in of)
            customers = of_creditor.partner_id.commercial_partner_id
            rows = self._ask_paid(customers, companies)
            paid |= {line_id: amount for line_id, _currency_id, amount in rows}
        return paid

    def _ask_paid(self, customers, companies):
        company = companies[:1]
        today = company._get_collection_today()
        query = statement_queries.paid_by_credits(company, today, customers.ids)
        return self.env.execute_query(query)

    def _get_reviewed(self, lines, today):
        """:return: the journal items under dispute, or of invoices nobody is asked to pay."""
        silent = set(SILENT_PAYMENT_STATES) - {"in_payment"}
        reviewed = lines.filtered(lambda line: line.move_id.payment_state in silent)
        self.env["crm.collection.hold"].flush_model()
        self.env["crm.collection.item"].flush_model(["line_id"])
        for company, of_company in lines.grouped("company_id").items():
            query = hold_queries.disputed_lines(company.id, today[company], of_company.ids)
            reviewed |= lines.browse(line_id for (line_id,) in self.env.execute_query(query))
        return reviewed

    # === Totals === #

    @api.model
    def _get_accounts(self, customers, companies):
        """Return the totals of each customer, creditor and currency, without reading the items.

        :return: dicts of ``key``, ``company`` (see :meth:`_get_creditor`), ``partner``,
            ``currency`` and, in that currency, ``residual`` (owed), ``overdue`` (of that),
            ``credit`` and ``balance`` (owed less credit), the largest balance first
        """
        companies = companies._get_collection_visible()
        open_items = self._get_open_items_domain(customers, companies)
        accounts, involved = {}, {}
        for key, domain, sign in (
            ("residual", open_items, 1),
            ("overdue", open_items & self._get_overdue_domain(companies), 1),
            ("credit", self._get_credits_domain(customers, companies), -1),
        ):
            for company, partner, currency, amount in self.env["account.move.line"]._read_group(
                domain,
                ["company_id", "partner_id", "currency_id"],
                ["amount_residual_currency:sum"],
            ):
                owner = (company.sudo().root_id, partner, currency)
                sums = accounts.setdefault(owner, Counter())
                sums[key] += sign * amount
                involved[owner] = involved.get(owner, company) | company
        result = [
            self._prepare_account(self._get_creditor(involved[owner], companies), *owner[1:], sums)
            for owner, sums in accounts.items()
        ]
        return sorted(result, key=lambda account: -account["balance"])

    def _prepare_account(self, company, partner, currency, sums):
        residual, overdue, credit = (
            currency.round(sums.get(key, 0.0)) for key in ("residual", "overdue", "credit")
        )
        return {
            "key": self._get_account_key(company, partner, currency),
            "company": company,
            "partner": partner,
            "currency": currency,
            "residual": residual,
            "overdue": overdue,
            "credit": credit,
            "balance": currency.round(residual - credit),
        }

    def _get_account_key(self, company, partner, currency):
        """:return: what names an account in an address"""
        return f"{company.sudo().root_id.id}-{partner.id}-{currency.id}"

    def _get_creditor(self, companies, visible):
        """:return: the company that speaks for some that are one creditor: the only one, else the
        root where it is ``visible``"""
        if len(companies) == 1:
            return companies
        return visible & companies.sudo().root_id or companies[:1]

    # === Statements === #

    @api.model
    def _get_statements(self, partner, companies):
        """Return the statements of a customer, one for each creditor with anything open, else one
        that says so, of the first company.

        :param partner: a commercial partner
        """
        visible = companies._get_collection_visible()
        # a user may have chosen some of them to work in
        Statement = self.with_context(allowed_company_ids=visible.ids)
        visible, partner = visible.with_env(Statement.env), partner.with_env(Statement.env)
        creditors = visible.grouped(lambda company: company.sudo().root_id).values()
        statements = [Statement._get_statement(partner, companies) for companies in creditors]
        return [one for one in statements if one["groups"]] or statements[:1]

    @api.model
    def _get_customer_domain(self, partner):
        """:return: the domain of what is the customer's, in his name or in a contact's"""
        return Domain("partner_id.commercial_partner_id", "=", partner.id)

    def _get_statement(self, partner, companies):
        """Return what one creditor's statement says, read now.

        :param companies: the companies of the creditor that the reader may see
        :return: dict of ``company`` (see :meth:`_get_creditor`), ``partner``, ``date``, ``groups``
            (by currency, the company's first), ``has_companies`` (its items are of several),
            ``letters``, ``bank_labels`` and ``letter`` (unsaved: it lends its letterhead and its
            formats)
        """
        customer = self._get_customer_domain(partner)
        Line = self.env["account.move.line"]
        order = "date_maturity, date, id"
        lines = Line.search(self._get_open_items_domain(customer, companies), order=order)
        # all of the creditor's, as its letters show them
        domain = self._get_credits_domain(customer, companies._get_collection_family())
        open_credits = Line.sudo().search(domain, order="date, id")
        elsewhere = self._get_paid_elsewhere(partner, companies, lines)
        open_items = self._get_open_items(lines)
        involved = companies & (lines.company_id | open_credits.company_id) or companies[:1]
        company = self._get_creditor(involved, companies)
        main = company.currency_id
        currencies = lines.currency_id | open_credits.currency_id
        letter = self._get_letterhead(partner, company)
        return {
            "company": company,
            "partner": partner,
            "date": company._get_collection_today(),
            "letter": letter,
            "bank_labels": letter._get_bank_labels(open_items, self._get_payable(open_items)),
            "has_companies": len(lines.company_id) > 1,
            "letters": self._get_letters(customer, companies),
            "groups": [
                self._prepare_group(
                    company,
                    currency,
                    [open_item for open_item in open_items if open_item["currency"] == currency],
                    open_credits.filtered(lambda line, c=currency: line.currency_id == c),
                    elsewhere[currency.id],
                )
                for currency in currencies.sorted(lambda c: (c != main, c.name))
            ],
        }

    def _get_paid_elsewhere(self, partner, companies, lines):
        """:return: {currency id: what open credits pay of items that the reader does not see}"""
        elsewhere = Counter()
        if companies._get_collection_family() - companies:
            for line_id, currency_id, paid in self._ask_paid(partner, companies):
                if line_id not in lines._ids:
                    elsewhere[currency_id] += paid
        return elsewhere

    def _prepare_group(self, company, currency, open_items, open_credits, elsewhere):
        residual = currency.round(sum(open_item["residual"] for open_item in open_items))
        credit = currency.round(-sum(open_credits.mapped("amount_residual_currency")))
        late = [open_item["residual"] for open_item in open_items if open_item["days_overdue"] > 0]
        return {
            "currency": currency,
            "open_items": open_items,
            "credits": open_credits,
            "residual": residual,
            "overdue": currency.round(sum(late)),
            "credit": credit,
            "credit_elsewhere": currency.round(elsewhere),
            "balance": currency.round(residual - credit + elsewhere),
            "buckets": self._get_buckets(company, currency, open_items),
        }

    def _get_buckets(self, company, currency, open_items):
        """Return ``(label, amount)`` by age: not due yet first, the oldest last."""
        limits = company._get_collection_aging_limits()
        amounts = [0.0] * (len(limits) + 2)
        for open_item in open_items:
            days = open_item["days_overdue"]
            amounts[1 + bisect_left(limits, days) if days > 0 else 0] += open_item["residual"]
        labels = [self.env._("Not due yet")]
        for first, last in zip((0, *limits), limits, strict=False):
            labels.append(self.env._("%(first)s to %(last)s days", first=first + 1, last=last))
        labels.append(self.env._("Over %s days", limits[-1]))
        return [
            (label, currency.round(amount)) for label, amount in zip(labels, amounts, strict=True)
        ]

    @api.model
    def _get_letters_domain(self, customers, companies):
        """Return the domain of the letters that reached the customer, and say something still."""
        said = Domain("state", "=", "sent") & Domain("anonymised_on", "=", False)
        return customers & Domain("company_id", "in", companies.ids) & said

    def _get_letters(self, customer, companies):
        since = companies[0]._get_collection_today() - relativedelta(months=LETTER_MONTHS)
        domain = self._get_letters_domain(customer, companies) & Domain("date", ">=", since)
        return self.env["crm.collection.letter"].search(domain, limit=LETTER_LIMIT)

    def _get_letterhead(self, partner, company):
        """Return an unsaved letter, which knows sender, addressee, logo and formats."""
        letter = self.env["crm.collection.letter"].with_company(company)
        user = partner.with_company(company).collection_user_id
        return letter.new(
            {
                "company_id": company.id,
                "partner_id": partner.id,
                "user_id": user.id,
                "date": company._get_collection_today(),
                "lang": self.env.lang,
            }
        )
