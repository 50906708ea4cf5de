from odoo import api, models
from odoo.fields import Domain

from ...models.portfolio.entry_queries import is_among
from ...tools.search import find_ids, get_found
from . import aging_queries, group_queries

CUSTOMER = "partner_id"
# how a list by customer is sorted: {order: from the last name to the first}
BY_NAME = {f"{CUSTOMER}{end}": end == " DESC" for end in ("", " ASC", " DESC")}


class CrmCollectionJoined(models.AbstractModel):
    """Reports over journal items with columns that are joined only where somebody asks for them:
    searched by the same SQL as they are grouped by (``_field_to_sql`` of the report)."""

    _name = "crm.collection.joined"
    _inherit = ["crm.collection.live"]
    _description = "Report with Joined Columns"

    @api.model
    def _read_group(
        self, domain, groupby=(), aggregates=(), having=(), offset=0, limit=None, order=None
    ):
        """Of a list by customer, sorted by name, the groups are added up before their names are
        looked up (``group_queries.by_name``)."""
        # EXTENDS
        if tuple(groupby) != (CUSTOMER,) or having or order not in BY_NAME:
            return super()._read_group(domain, groupby, aggregates, having, offset, limit, order)
        self.browse().check_access("read")
        query = self._search(domain)
        if query.is_empty():
            return []
        terms = [self._read_group_groupby(self._table, CUSTOMER, query)]
        terms += [self._read_group_select(spec, query) for spec in aggregates]
        statement = group_queries.by_name(query, terms, BY_NAME[order], limit, offset)
        columns = list(zip(*self.env.execute_query(statement), strict=True))
        if not columns:
            return []
        result = [self._read_group_postprocess_groupby(CUSTOMER, columns[0])]
        for spec, column in zip(aggregates, columns[1:], strict=True):
            result.append(self._read_group_postprocess_aggregate(spec, column))
        return list(zip(*result, strict=True))

    @api.model
    def _search_joined(self, fname, operator, value):
        """:return: the domain of the rows whose joined column is among the records named"""
        Model = self.env[self._fields[fname].comodel_name]
        if operator in ("any", "any!"):
            return self._search_found(fname, get_found(Model, operator, value))
        ids = find_ids(Model, operator, value)
        if ids is NotImplemented:
            return NotImplemented

        def to_sql(model, alias, query):
            return is_among(model._field_to_sql(alias, fname, query), ids)

        return Domain.custom(to_sql=to_sql, predicate=lambda row: (row[fname].id or False) in ids)

    @api.model
    def _search_found(self, fname, found):
        """:return: the domain of the rows whose joined column is among what a query finds: as
        many as there may be, they are not read"""

        def to_sql(model, alias, query):
            column = model._field_to_sql(alias, fname, query)
            return aging_queries.is_found_by(column, found)

        return Domain.custom(to_sql=to_sql, predicate=lambda row: row[fname].id in set(found))
