"""What may be set, and what it is at first, as the forms and models of the modules say it. No Odoo
is needed: views and models are read, not loaded."""

import ast
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
MODULES = [
    *(ROOT / "crm_collection", ROOT / "crm_collection_sale"),
    ROOT / "crm_collection_sale_stock",
]
# The page of settings and the forms and lists of what managers set up, and whose fields they show.
VIEWS = {
    "crm_collection_settings_view_form": "res.company",
    "crm_collection_golive_view_form": "crm.collection.golive",
    "crm_collection_phase_view_form": "crm.collection.phase",
    "crm_collection_rule_view_form": "crm.collection.rule",
    "crm_collection_rule_step_view_form": "crm.collection.rule.step",
    "crm_collection_charge_rate_view_list": "crm.collection.charge.rate",
    "crm_collection_approval_rule_view_form": "crm.collection.approval.rule",
    "crm_collection_assignment_view_form": "crm.collection.assignment",
    "crm_collection_outcome_view_list": "crm.collection.outcome",
    "crm_collection_team_view_list": "crm.collection.team",
    "crm_collection_target_view_list": "crm.collection.target",
}
# What needs no word: what it is called, that it is archived, what it is made of.
PLAIN = {"name", "active", "id", "step_ids", "line_ids", "level_ids", "user_id", "sequence"}
# What is shown without a label of its own stands beside this one.
BESIDE = {
    "collection_send_to": "Sending Hours",
    **dict.fromkeys((f"collection_aging_days_{n}" for n in (1, 2, 3, 4)), "Aging Limits (Days)"),
    "compare_until": "Compare",
    "resend_unit": "Every",
    "governs": "What needs an approval",
}
HOURS = ("_hour", "_from", "_to")


class Setting(NamedTuple):
    """A field that may be set: where, as what it is shown, what it is of, and what it is at first
    where that is plain (else ``None``)."""

    model: str
    name: str
    label: str
    kind: str
    default: object


def get_settings():
    """:return: all that may be set"""
    fields, settings = _read_fields(), []
    for view, model in VIEWS.items():
        arches = [arch for module in MODULES for arch in _read_arches(module, view)]
        labels = {
            label.get("for"): label.get("string")
            for arch in arches
            for label in arch.iter("label")
            if label.get("string")
        }
        for node in (node for arch in arches for node in _get_nodes(arch)):
            name = node.get("name")
            kind, keywords = fields[model].get(name) or (None, {})
            if kind is None or name in PLAIN or _is_shown_only(node, keywords):
                continue
            own = keywords.get("string") or _get_usual_label(name)
            label = node.get("string") or labels.get(name) or BESIDE.get(name) or own
            settings.append(Setting(model, name, label, kind, _get_default(kind, name, keywords)))
    return list(dict.fromkeys(settings))


def _read_arches(module, view):
    """:return: what a view and those that inherit it show"""
    for path in sorted(module.glob("views/**/*.xml")) + sorted(module.glob("wizard/**/*.xml")):
        for record in ElementTree.parse(path).iter("record"):
            parent = record.find("field[@name='inherit_id']")
            parent_id = parent.get("ref").split(".")[-1] if parent is not None else None
            arch = record.find("field[@name='arch']")
            is_it = record.get("id") == view and module.name == "crm_collection"
            if arch is not None and (is_it or parent_id == view):
                yield arch


def _get_nodes(arch):
    """:return: the fields of a view itself, and not those of the lists in its form"""
    is_form = arch.find("form") is not None

    def walk(node):
        for child in node:
            if child.tag == "field" and child.get("name"):
                yield child
            if not (child.tag == "field" or (is_form and child.tag == "list")):
                yield from walk(child)

    return walk(arch)


def _is_shown_only(node, keywords):
    hidden = {node.get("invisible"), node.get("column_invisible")} & {"1", "True"}
    shown_only = node.get("readonly") == "1" or keywords.get("readonly") is True
    computed = ("compute" in keywords or "related" in keywords) and keywords.get("readonly") is None
    return bool(hidden or shown_only or computed)


def _get_usual_label(name):
    """:return: what Odoo calls a field that says nothing of it"""
    return name.removesuffix("_ids").removesuffix("_id").replace("_", " ").title()


def _get_default(kind, name, keywords):
    """:return: what a field is at first: a truth, a number, an hour as text, the label of a value;
    ``None`` where it is something else, or nothing that the field says"""
    default = keywords.get("default")
    if "compute" in keywords or isinstance(default, ast.AST):
        return None
    if kind == "Boolean":
        return bool(default)
    if kind in ("Integer", "Float", "Monetary"):
        if name.endswith(HOURS) and kind == "Float":
            return f"{int(default or 0):02}:00"
        return default or 0
    if kind == "Selection" and isinstance(keywords.get("selection"), list):
        return dict(keywords["selection"]).get(default)
    return None


def _read_fields():
    """:return: {model: {field: (its class, its keywords)}}; what is no plain value is left as it is
    written"""
    found = {}
    for module in MODULES:
        for path in sorted(module.glob("models/**/*.py")) + sorted(module.glob("wizard/**/*.py")):
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    _add_fields(found, node)
    return found


def _add_fields(found, node):
    values = {
        statement.targets[0].id: statement.value
        for statement in node.body
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
    }
    model = _read(values.get("_name") or values.get("_inherit"))
    if not isinstance(model, str):
        return
    for name, value in values.items():
        is_call = isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute)
        if is_call and getattr(value.func.value, "id", None) == "fields":
            keywords = {word.arg: _read(word.value) for word in value.keywords}
            if value.args and isinstance(_read(value.args[0]), str):
                keywords.setdefault("string", _read(value.args[0]))
            found.setdefault(model, {})[name] = (value.func.attr, keywords)


def _read(node):
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        return node
