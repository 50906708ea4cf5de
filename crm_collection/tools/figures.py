"""Numbers that may be missing, and what groups of records come to."""

from odoo import fields

NUMBERS = ("integer", "float", "monetary")


class _Missing:
    """Of what the query has no figure for, lists and files show nothing; a 0 would be a figure."""

    def convert_to_read(self, value, record, use_display_name=True):
        """EXTENDS 'base': ``False`` where there is none"""
        if self._is_missing(record):
            return False
        return super().convert_to_read(value, record, use_display_name)

    def convert_to_export(self, value, record):
        """EXTENDS 'base': an empty cell where there is none"""
        return "" if self._is_missing(record) else super().convert_to_export(value, record)

    def _is_missing(self, record):
        return self._get_cache(record.env).get(record.id, 0) is None


class OptionalFloat(_Missing, fields.Float):
    """A float of a query that may have none."""


class OptionalInteger(_Missing, fields.Integer):
    """An integer of a query that may have none."""


def get_aggregates(model, names):
    """:return: {field: what a group is asked for it}, of those of ``names`` that have a figure
    in a group; as the web client asks"""
    described = model.fields_get(names, ["type", "aggregator", "currency_field"])
    return {
        name: field
        for name, field in described.items()
        if field.get("aggregator") and field["type"] in NUMBERS
    }


def read_groups(model, domain, groupby, names):
    """The figures of every group of all depths, worked out by the model.

    Nothing stands for money of several currencies: a sum would be in none of them.

    :return: {(key of each level...): {field: value or None}}
    """
    aggregates = get_aggregates(model, names)
    currencies = {field.get("currency_field") for field in aggregates.values()} - {None}
    specs = [f"{name}:{field['aggregator']}" for name, field in aggregates.items()]
    specs += [f"{currency}:array_agg_distinct" for currency in sorted(currencies)]
    groups = {}
    for depth in range(1, len(groupby) + 1):
        levels = groupby[:depth]
        for group in model.formatted_read_group(domain, levels, specs):
            groups[tuple(group[level] for level in levels)] = {
                name: _get_figure(group, name, field) for name, field in aggregates.items()
            }
    return groups


def _get_figure(group, name, field):
    value = group[f"{name}:{field['aggregator']}"]
    currency = field.get("currency_field")
    if value is False or (currency and len(group[f"{currency}:array_agg_distinct"]) > 1):
        return None
    if field["aggregator"] == "avg" and value is not None:
        return round(value, 2)
    return value
