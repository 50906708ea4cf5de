import json

from odoo.http import request
from odoo.tools import format_date

from odoo.addons.web.controllers.export import CSVExport, ExcelExport

from ..tools.figures import read_groups
from ..tools.text import get_file_name


class CollectionFileName:
    """A file of ours is named after what is in it and its day, not after a model."""

    def filename(self, base):
        """EXTENDS 'web'"""
        if not base.startswith("crm.collection.") or base not in request.env:
            return super().filename(base)
        day = format_date(request.env, request.env.company._get_collection_today())
        return get_file_name(f"{request.env['ir.model']._get(base).name} {day}")


class CollectionCSVExport(CollectionFileName, CSVExport):
    """Lists as CSV."""


class CollectionExcelExport(CollectionFileName, ExcelExport):
    """Lists as XLSX. A group's figures are those of the list, not what its rows would come to
    added up."""

    def from_group_data(self, fields, columns_headers, groups):
        """EXTENDS 'web': rates, medians, letters and currencies are the model's own to add up"""
        if groups._model._original_module == "crm_collection":
            self._set_collection_figures(groups)
        return super().from_group_data(fields, columns_headers, groups)

    def _set_collection_figures(self, groups):
        params = json.loads(request.params["data"])
        model, domain = groups._model, params["domain"]
        if params["ids"]:
            model, domain = model.with_context(active_test=False), [("id", "in", params["ids"])]
        names = [name for name in groups._export_field_names if name in model._fields]
        figures = read_groups(model, domain, params["groupby"], names)
        for path, values in figures.items():
            node = groups
            for key in path:
                node = node and node.children.get(key)
            if node:
                node.aggregated_values = values
