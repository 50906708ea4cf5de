from collections import namedtuple

from odoo import api, fields, models
from odoo.fields import Domain

from . import queries
from .scope import NOBODY, PERIODS, CockpitScope

OpenItem = namedtuple("OpenItem", (*queries.OPEN_ITEM_KEYS, "count", "amount"))


class CrmCollectionCockpit(models.AbstractModel):
    """The first page of the app: where collection stands, what changed, what waits for somebody.

    Everything is read with the user's own access; a figure comes with the action that opens the
    list behind it, whose domain gives the same number. Amounts are in company currency, and
    those of companies with another currency are never added to them.
    """

    _name = "crm.collection.cockpit"
    _description = "Collection Cockpit"

    @api.model
    @api.readonly
    def get_cockpit(self, filters=None):
        """The whole page.

        :param dict filters: ``period`` (one of PERIODS), ``company_id``, ``books_id`` (company
            currency, where the companies have several), ``currency_id`` (of the items),
            ``user_id`` (collector, NOBODY for items without one); what is missing or not
            allowed falls back to all
        :return: dict of ``filters`` as they were applied, ``options`` to choose from,
            ``freshness``, ``empty`` (next steps, while there is no open item at all) and ``cards``
        :raise AccessError: for who may not read items
        """
        Item = self.env["crm.collection.item"]
        Item.check_access("read")
        Item.flush_model()
        open_items = self._read_open_items()
        scope, books = self._get_scope(filters or {}, open_items)
        result = {
            "filters": self._get_filters(scope),
            "options": self._get_options(books, open_items),
            "currency_id": scope.currency.id,
            "freshness": self._get_freshness(scope, open_items),
            "empty": False,
            "cards": {},
        }
        if not open_items and not Item.search_count([], limit=1):
            return {**result, "empty": self._get_next_steps()}
        open_items = [open_item for open_item in open_items if scope.covers(open_item)]
        return {**result, "cards": self._get_cards(scope, open_items)}

    # === Filters === #

    def _get_scope(self, filters, open_items):
        """:return: the scope, and the company currencies to choose from"""
        filters = self._clean_filters(filters)
        currency_id, user_id = (filters.get(key) or False for key in ("currency_id", "user_id"))
        currencies = {open_item.currency_id for open_item in open_items}
        collectors = {open_item.user_id or NOBODY for open_item in open_items}
        companies, chosen, books = self._choose_books(filters)
        period = filters.get("period")
        scope = CockpitScope(
            companies,
            period=period if period in PERIODS else "month",
            company_id=chosen.id,
            currency_id=currency_id in currencies and currency_id,
            user_id=user_id in collectors and user_id,
        )
        return scope, books

    @api.model
    def _clean_filters(self, filters):
        """:return: the filters without what is neither a name nor a number of a record"""
        given = filters.items() if isinstance(filters, dict) else ()
        return {key: value for key, value in given if type(value) in (int, str)}

    @api.model
    def _choose_books(self, filters):
        """Companies whose amounts may be added.

        :return: the companies that keep their books in the chosen currency, the company that was
            chosen, if one was, and the currencies to choose from
        """
        companies = self.env.companies
        chosen = companies.filtered(lambda company: company.id == filters.get("company_id"))
        books = (chosen or companies).currency_id
        book = books.filtered(lambda currency: currency.id == filters.get("books_id"))
        book = book or self.env.company.currency_id & books or books[:1]
        companies = (chosen or companies).filtered(lambda company: company.currency_id == book)
        return companies, chosen, books

    def _get_filters(self, scope):
        return {
            "period": scope.period,
            "start": fields.Date.to_string(scope.start),
            "end": fields.Date.to_string(scope.end),
            "company_id": scope.company_id,
            "books_id": scope.currency.id,
            "currency_id": scope.currency_id,
            "user_id": scope.user_id,
        }

    def _get_options(self, books, open_items):
        """What the filters offer: what there is, not what there could be."""
        currency_ids = {open_item.currency_id for open_item in open_items} - {None}
        user_ids = {open_item.user_id for open_item in open_items} - {None}
        currencies = self.env["res.currency"].browse(currency_ids)
        # only names, also of people of another company
        users_sudo = self.env["res.users"].sudo().browse(user_ids).sorted("name")
        return {
            "periods": self._get_period_options(),
            "companies": self._get_pairs(self.env.companies),
            "books": self._get_pairs(books),
            "currencies": self._get_pairs(currencies.sorted("name")),
            "collectors": self._get_pairs(users_sudo)
            + [{"id": NOBODY, "name": self.env._("Nobody")}] * bool(users_sudo),
        }

    @api.model
    def _get_pairs(self, records):
        return [{"id": record.id, "name": record.display_name} for record in records]

    @api.model
    def _get_period_options(self):
        names = {
            "week": self.env._("This week"),
            "month": self.env._("This month"),
            "last_month": self.env._("Last month"),
            "quarter": self.env._("This quarter"),
            "year": self.env._("This year"),
        }
        return [{"id": period, "name": names[period]} for period in PERIODS]

    # === Figures === #

    def _read_open_items(self):
        """:return: the open items the user may read, added up (see ``queries.open_items``)"""
        query = self.env["crm.collection.item"]._search(
            Domain("state", "=", "open") & Domain("company_id", "in", self.env.companies.ids)
        )
        return [OpenItem(*row) for row in self.env.execute_query(queries.open_items(query))]

    @api.model
    def _get_figure(self, model, name, domain, count, amount=None, measure=None, **context):
        """A figure and the list behind it.

        :param count: how many records ``domain`` finds
        :param amount: the sum of the field ``measure`` over them, in company currency
        :param name: the heading of the list
        :param context: of the list: ``group_by``, say
        """
        return {
            "count": count,
            "amount": amount and round(amount, 4),  # without the dust of adding floats
            "measure": measure,
            "action": {
                "type": "ir.actions.act_window",
                "name": name,
                "res_model": model,
                "views": [[False, view] for view in self._get_view_types(model)],
                "domain": list(domain),
                "context": context,
            },
        }

    @api.model
    def _get_view_types(self, model):
        return {
            "crm.collection.item": ("list", "kanban", "pivot", "graph", "form"),
            "crm.collection.allocation": ("list", "pivot", "graph", "form"),
            "crm.collection.aging": ("list", "pivot", "graph"),
            "crm.collection.settlement": ("list", "kanban", "pivot", "graph", "form"),
            "crm.collection.run.line": ("list",),
        }.get(model, ("list", "form"))

    def _get_open_item_figure(self, name, domain, open_items, **context):
        return self._get_figure(
            "crm.collection.item",
            name,
            domain,
            sum(open_item.count for open_item in open_items),
            self._add_up(open_items),
            "amount_residual",
            **context,
        )

    @api.model
    def _add_up(self, open_items):
        return float(sum(open_item.amount or 0 for open_item in open_items))
