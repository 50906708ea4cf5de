from collections import OrderedDict, defaultdict

from odoo.fields import Domain
from odoo.http import content_disposition, request, route

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

from ..tools.text import get_file_name


class CollectionPortal(CustomerPortal):
    """What the customer owes, the letters he received and his statement.

    As with core's invoices the user sees what is his commercial partner's and its contacts', in
    his companies and those that are one creditor with them: what he owes there is asked for in
    one letter. Everything is read in sudo under a domain that says so: items also come from
    entries the portal's own rules leave out, and letters have no access for the portal at all.
    """

    # === Scope === #

    def _get_collection_customer(self):
        return request.env.user.partner_id.commercial_partner_id  # a user's partner is in sudo

    def _get_collection_customers_domain(self):
        return Domain("partner_id", "child_of", self._get_collection_customer().id)

    def _get_collection_companies(self):
        # sudo: a branch's user does not see the companies that are one creditor with it
        return request.env.companies.sudo()._get_collection_family()

    def _get_collection_statement(self):
        # sudo: it reads accounting; every call is given the customer and the companies of the user
        return request.env["crm.collection.statement"].sudo()

    def _get_collection_open_items_domain(self):
        # sudo: a portal user reads no settings of companies; these are his own
        return self._get_collection_statement()._get_open_items_domain(
            self._get_collection_customers_domain(), self._get_collection_companies().sudo()
        )

    def _get_collection_letters_domain(self):
        return self._get_collection_statement()._get_letters_domain(
            self._get_collection_customers_domain(), self._get_collection_companies()
        )

    # === Home === #

    def _prepare_home_portal_values(self, counters):
        # EXTENDS 'portal'
        values = super()._prepare_home_portal_values(counters)
        if "collection_count" in counters:
            values["collection_count"] = self._count_collection_open_items()
        if "collection_letter_count" in counters:
            # sudo: no access to letters; the domain is his customer's, and sent ones
            values["collection_letter_count"] = (
                request.env["crm.collection.letter"]
                .sudo()
                .search_count(self._get_collection_letters_domain())
            )
        return values

    def _count_collection_open_items(self):
        # sudo: no access to journal items; the domain is his customer's
        lines_sudo = request.env["account.move.line"].sudo()
        return lines_sudo.search_count(self._get_collection_open_items_domain())

    # === Items === #

    def _get_collection_sortings(self):
        return {
            "due": {"label": request.env._("Due Date"), "order": "date_maturity, date, id"},
            "newest": {"label": request.env._("Newest"), "order": "date desc, id desc"},
            "amount": {"label": request.env._("Amount"), "order": "amount_residual desc, id"},
            "document": {
                "label": request.env._("Document"),
                "order": "move_name, date_maturity, id",
            },
        }

    def _get_collection_filters(self):
        # sudo: a portal user reads no settings of companies; these are his own
        companies_sudo = self._get_collection_companies().sudo()
        overdue = self._get_collection_statement()._get_overdue_domain(companies_sudo)
        return OrderedDict(
            all={"label": request.env._("All"), "domain": Domain.TRUE},
            overdue={"label": request.env._("Overdue"), "domain": overdue},
            open={"label": request.env._("Not due yet"), "domain": ~overdue},
        )

    @route(
        ["/my/collections", "/my/collections/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
    )
    def portal_my_collections(self, page=1, sortby=None, filterby=None, **kw):
        """The customer's open items, with totals and ways to pay."""
        sortings, filters = self._get_collection_sortings(), self._get_collection_filters()
        sortby = sortby if sortby in sortings else "due"
        filterby = filterby if filterby in filters else "all"
        domain = self._get_collection_open_items_domain() & filters[filterby]["domain"]
        # sudo: no access to journal items; the domain is his customer's
        lines_sudo = request.env["account.move.line"].sudo()
        pager = portal_pager(
            url="/my/collections",
            url_args={"sortby": sortby, "filterby": filterby},
            total=lines_sudo.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        lines_sudo = lines_sudo.search(
            domain,
            order=sortings[sortby]["order"],
            limit=self._items_per_page,
            offset=pager["offset"],
        )
        values = self._prepare_collection_values("collections", "/my/collections") | {
            "open_items": self._prepare_collection_open_items(lines_sudo),
            "accounts": self._get_collection_accounts(),
            "pager": pager,
            "searchbar_sortings": sortings,
            "sortby": sortby,
            "searchbar_filters": filters,
            "filterby": filterby,
        }
        return request.render("crm_collection.portal_my_collections", values)

    def _prepare_collection_values(self, page_name, default_url):
        return self._prepare_portal_layout_values() | {
            "page_name": page_name,
            "default_url": default_url,
            # sudo: the page shows their names and addresses; they are his own
            "companies": self._get_collection_companies().sudo(),
        }

    def _prepare_collection_open_items(self, lines_sudo):
        """Add to each item where it is paid, and its document's page where the user has one."""
        statement = self._get_collection_statement()
        open_items = statement._get_open_items(lines_sudo)
        paid = statement._get_paid_by_credits(lines_sudo)
        readable = request.env["account.move"].browse(lines_sudo.move_id.ids)
        readable = readable._filtered_access("read")
        payable_ids = statement._get_payable_ids(open_items)
        slips = statement._get_pay_slips(open_items)
        for open_item in open_items:
            if slip := slips.get(open_item["line"]):
                open_item["slip"] = slip
                open_item["slip_url"] = f"/my/collections/slip/{open_item['line'].id}"
            own = open_item["move"].id in readable.ids
            payable = own and open_item["line"].id in payable_ids
            open_item["url"] = f"/my/invoices/{open_item['move'].id}" if own else False
            open_item["pay_url"] = payable and statement._get_invoice_payment_url(
                open_item["line"], paid=paid
            )
        return open_items

    def _get_collection_accounts(self):
        """Return the customer's accounts (see ``crm.collection.statement``)."""
        # sudo: a portal user reads no settings of companies; these are his own
        companies_sudo = self._get_collection_companies().sudo()
        accounts = self._get_collection_statement()._get_accounts(
            self._get_collection_customers_domain(), companies_sudo
        )
        self._add_collection_pay_codes(accounts)
        return accounts

    def _add_collection_pay_codes(self, accounts):
        """Add to each account the codes with which it is paid at a bank."""
        # sudo: no access to journal items; the domain is his customer's
        lines_sudo = request.env["account.move.line"].sudo()
        lines_sudo = lines_sudo.search(self._get_collection_open_items_domain())
        statement = self._get_collection_statement()
        by_account = defaultdict(list)
        for open_item in statement._get_open_items(lines_sudo):
            line = open_item["line"]
            key = statement._get_account_key(line.company_id, line.partner_id, line.currency_id)
            by_account[key].append(open_item)
        for account in accounts:
            customer_sudo = account["partner"].sudo().commercial_partner_id
            letter = statement._get_letterhead(customer_sudo, account["company"].sudo())
            account["pay_codes"] = statement._get_pay_codes(letter, by_account[account["key"]])

    @route("/my/collections/slip/<int:line_id>", type="http", auth="user", website=True)
    def portal_my_collection_slip(self, line_id, **kw):
        """The slip with which an open item is paid, as its bank made it."""
        domain = self._get_collection_open_items_domain() & Domain("id", "=", line_id)
        # sudo: no access to journal items; the domain is his customer's
        return self._make_collection_slip_response(
            request.env["account.move.line"].sudo().search(domain)
        )

    def _make_collection_slip_response(self, line_sudo):
        statement = self._get_collection_statement()
        slip = statement._get_pay_slips(statement._get_open_items(line_sudo)).get(line_sudo)
        if not (slip and slip.pdf):
            raise request.not_found()
        name = f"{get_file_name(line_sudo._get_collection_slip_name(slip))}.pdf"
        return self._make_collection_pdf_response(slip.pdf, name)

    # === Letters === #

    @route(
        ["/my/collections/letters", "/my/collections/letters/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
    )
    def portal_my_collection_letters(self, page=1, **kw):
        """The letters that reached the customer, the newest first."""
        domain = self._get_collection_letters_domain()
        # sudo: no access to letters; the domain is his customer's, and sent ones
        letters_sudo = request.env["crm.collection.letter"].sudo()
        pager = portal_pager(
            url="/my/collections/letters",
            total=letters_sudo.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        letters_sudo = letters_sudo.search(
            domain, limit=self._items_per_page, offset=pager["offset"]
        )
        values = self._prepare_collection_values("collection_letters", "/my/collections/letters")
        values |= {"letters": letters_sudo, "pager": pager}
        return request.render("crm_collection.portal_my_collection_letters", values)

    @route("/my/collections/letters/<int:letter_id>/pdf", type="http", auth="user", website=True)
    def portal_my_collection_letter_pdf(self, letter_id, **kw):
        """The letter as PDF, or 404 where it is not the customer's or never reached him."""
        domain = self._get_collection_letters_domain() & Domain("id", "=", letter_id)
        # sudo: no access to letters; one that is not the customer's is not found
        letter_sudo = request.env["crm.collection.letter"].sudo().search(domain)
        if not letter_sudo:
            raise request.not_found()
        return self._make_collection_letter_response(letter_sudo)

    def _make_collection_letter_response(self, letter_sudo):
        content = letter_sudo.pdf_attachment_id.raw
        if not content:
            # sudo: the report reads a letter that was found to be the customer's
            report_sudo = request.env["ir.actions.report"].sudo()
            report_sudo = report_sudo.with_company(letter_sudo.company_id)
            content = report_sudo._render_qweb_pdf(
                "crm_collection.action_report_letter", letter_sudo.ids
            )[0]
        return self._make_collection_pdf_response(content, letter_sudo._get_pdf_name())

    def _make_collection_pdf_response(self, content, name):
        return request.make_response(
            content,
            headers=[
                ("Content-Type", "application/pdf"),
                ("Content-Length", len(content)),
                ("Content-Disposition", content_disposition(name)),
                ("Cache-Control", "private, no-store"),
            ],
        )

    # === Statement === #

    @route("/my/collections/statement", type="http", auth="user", website=True)
    def portal_my_collection_statement(self, **kw):
        """The statement of the user's customer, of each company with anything open."""
        statement = self._get_collection_statement()
        url = "/my/collections/statement"
        values = self._prepare_collection_values("collection_statement", url)
        # sudo: a portal user reads no settings of companies; these are his own
        values["statements"] = statement._get_statements(
            self._get_collection_customer(), self._get_collection_companies().sudo()
        )
        return request.render("crm_collection.portal_my_collection_statement", values)

    @route("/my/collections/statement/pdf", type="http", auth="user", website=True)
    def portal_my_collection_statement_pdf(self, **kw):
        """The statement as a PDF."""
        # sudo would let the report into every company: it gets the user's
        companies = self._get_collection_companies().ids
        report_sudo = request.env["ir.actions.report"].sudo()
        report_sudo = report_sudo.with_context(allowed_company_ids=companies)
        customer_sudo = self._get_collection_customer().with_env(report_sudo.env)
        content = report_sudo._render_qweb_pdf(
            "crm_collection.action_report_statement", customer_sudo.ids
        )[0]
        name = f"{customer_sudo._get_collection_statement_name()}.pdf"
        return self._make_collection_pdf_response(content, name)
