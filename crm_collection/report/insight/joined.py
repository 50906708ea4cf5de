from odoo import api, models
from odoo.fields import Domain

from ...models.portfolio.entry_queries import is_among
from ...tools.search import find_ids, get_found
from . import aging_queries


class CrmCollectionJoined(models.AbstractModel):
    """Reports over journal items with columns that are joined only where somebody asks for them:
    searched by the same SQL as they are grouped by (``_field_to_sql`` of the report)."""

    _name = "crm.collection.joined"
    _description = "Report with Joined Columns"

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
