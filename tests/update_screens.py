"""What the screens of the module tell, as plain values that can be compared.

Of a text only the words with a digit are kept: words may change, what they tell must not.
"""

import re
from collections import Counter
from datetime import date
from functools import partial
from operator import itemgetter

from dateutil.relativedelta import relativedelta
from lxml import etree, html

from odoo.tools.safe_eval import datetime as safe_datetime
from odoo.tools.safe_eval import safe_eval, time

MODULE = "crm_collection"
WORDY = ("char", "text", "html")
FIGURE = re.compile(r"[\w.,:/-]*\d[\w.,:/-]*\b")


def get_figures(value):
    """Reduce a text, or what holds texts, to its figures; what is no text stays as it is."""
    if isinstance(value, dict):
        return {str(key): get_figures(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [get_figures(part) for part in value]
    if isinstance(value, str):
        return FIGURE.findall(get_text(value))
    return value


def get_text(markup):
    return " ".join(html.fromstring(f"<div>{markup}</div>").itertext())


def get_labels(records):
    """:return: of each record its customer's name, numbered from the second on, or its id where it
    has no customer: what one run of a job writes has its ids in any order"""
    if "partner_id" not in records._fields:
        return [str(record.id) for record in records]
    seen, labels = Counter(), []
    for record in records:
        name = record.partner_id.name
        seen[name] += 1
        labels.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return labels


class Screens:
    """What every screen of the module tells, to a user who may see all of it.

    :param dict asked: what was asked on the first version, {screen: what}: asked again, whatever
        the views of today's version show instead
    """

    def __init__(self, env, asked=None):
        companies = env["res.company"].search([], order="id")
        self.env = env(
            user=env.ref("base.user_admin"), context={"allowed_company_ids": companies.ids}
        )
        self.known = asked
        self.asked, self.told = {}, {}

    def read(self):
        """:return: {screen: what it tells}"""
        domain = [("module", "=", MODULE), ("model", "=", "ir.actions.act_window")]
        xmlids = self.env["ir.model.data"].sudo().search(domain, order="name")
        for name in xmlids.mapped("name"):
            self._read_action(name)
        self._read_menus()
        self._tell("cockpit", self._read_cockpit)
        self._read_own_things()
        return self.told

    def _read_cockpit(self):
        return get_figures(self.env["crm.collection.cockpit"].get_cockpit())

    def _tell(self, name, ask):
        """Ask, and keep what is told; an error is what is told, too."""
        try:
            with self.env.cr.savepoint():
                self.told[name] = ask()
        except Exception as error:
            self.told[name] = f"{type(error).__name__}: {error}"

    def _read_action(self, name):
        action = self.env["ir.actions.actions"]._for_xml_id(f"{MODULE}.{name}")
        model = self.env[action["res_model"]].with_context(**self._eval(action["context"] or "{}"))
        views = [(view_id, mode) for view_id, mode in action["views"] if mode != "activity"]
        views.append(((action["search_view_id"] or [False])[0], "search"))
        archs = {}

        def get_views():
            found = model.get_views(views)["views"]
            archs.update({mode: etree.fromstring(view["arch"]) for mode, view in found.items()})

        self._tell(f"{name} views", get_views)
        if model._transient or model._abstract:
            return
        domain = self._eval(action["domain"] or "[]")
        asked = self._find_asked(name, model, archs)
        for mode, what in asked.items():
            self._tell(f"{name} {mode}", partial(self._ask, model, domain, **what))

    def _eval(self, text):
        return safe_eval(
            text,
            {
                "uid": self.env.uid,
                "user": self.env.user,
                "active_id": 1,
                "active_ids": [1],
                "active_model": "res.partner",
                "allowed_company_ids": self.env.companies.ids,
                "context_today": lambda: date.today(),  # noqa: PLW0108 - read while frozen
                "datetime": safe_datetime,
                "relativedelta": relativedelta,
                "time": time,
            },
        )

    def _find_asked(self, name, model, archs):
        """:return: {view or filter: what to ask}, of the first version where that is known"""
        if self.known is not None:
            return self.known.get(name, {})
        asked = {}
        for mode, arch in archs.items():
            nodes = [node for node in arch.iter("field") if not self._is_inside(node)]
            names = [node.get("name") for node in nodes if node.get("name") in model._fields]
            if mode in ("list", "kanban", "form"):
                asked[mode] = {"names": sorted(set(names))}
            elif mode in ("pivot", "graph"):
                asked[mode] = self._find_groups(model, nodes)
            elif mode == "search":
                asked |= self._find_filters(arch)
        self.asked[name] = asked
        return asked

    def _is_inside(self, node):
        return any(parent.tag == "field" for parent in node.iterancestors())

    def _find_groups(self, model, nodes):
        shown = [(node.get("name"), node.get("type"), node.get("interval")) for node in nodes]
        groupby = [
            f"{name}:{interval}" if interval else name
            for name, kind, interval in shown
            if kind != "measure"
        ]
        sums = [
            f"{name}:{model._fields[name].aggregator}"
            for name, kind, _i in shown
            if kind == "measure" and name in model._fields
        ]
        return {"groupby": groupby, "sums": sums}

    def _find_filters(self, arch):
        asked = {}
        for node in arch.iter("filter"):
            context = self._eval(node.get("context") or "{}")
            groupby = context.get("group_by")
            if node.get("domain"):
                asked[f"filter {node.get('name')}"] = {"domain": node.get("domain")}
            elif groupby:
                groupby = [groupby] if isinstance(groupby, str) else groupby
                asked[f"filter {node.get('name')}"] = {"groupby": groupby, "sums": []}
        return asked

    def _ask(self, model, base, names=(), domain=None, groupby=None, sums=()):
        """What a list or a form shows, how many records a filter finds, what groups add up to."""
        if domain:
            return model.search_count([*base, *self._eval(domain)])
        if groupby is not None:
            groups = model.formatted_read_group(base, groupby, ["__count", *sums])
            return self._reduce_groups(groups)
        found = model.web_search_read(base, {name: {} for name in names}, limit=1000)
        for record in found["records"]:
            for name in names:
                if model._fields[name].type in WORDY:
                    record[name] = get_figures(record[name])
        records = sorted(found["records"], key=itemgetter("id"))  # equal ones come in any order
        labels = get_labels(model.browse([record["id"] for record in records]))
        return {**found, "records": dict(zip(labels, records, strict=True))}

    def _reduce_groups(self, groups):
        """Without the words for a group, and without what asks for its records; in any order."""
        rows = [
            {
                key: value[0] if isinstance(value, tuple | list) and value else value
                for key, value in group.items()
                if not key.startswith("__") or key == "__count"
            }
            for group in groups
        ]
        return sorted(rows, key=str)

    def _read_menus(self):
        """Menus lead somewhere; who sees which is told by their groups."""
        menus = self.env["ir.ui.menu"].sudo().with_context(**{"ir.ui.menu.full_list": True})
        for menu in menus.search([]).filtered(self._is_own):
            name = menu.get_external_id()[menu.id]
            action = menu.action and menu.action.exists()
            self.told[f"menu {name}"] = [action.type if action else False, menu.group_ids.ids]

    def _is_own(self, menu):
        return menu.get_external_id()[menu.id].startswith(f"{MODULE}.")

    def _read_own_things(self):
        """What users made of the module's fields."""
        for own in self.env["ir.filters"].sudo().search([]):
            self._tell(f"own filter {own.name}", partial(self._read_filter, own))
        for own in self.env["ir.exports"].sudo().search([]):
            names = own.export_fields.sorted("id").mapped("name")
            records = self.env[own.resource].search([], order="id")
            self._tell(f"own export {own.name}", partial(self._export, records, names))

    def _export(self, records, names):
        rows = (get_figures(record.export_data(names)["datas"]) for record in records)
        return dict(zip(get_labels(records), rows, strict=True))

    def _read_filter(self, own):
        model, domain = self.env[own.model_id], self._eval(own.domain)
        order = ", ".join(safe_eval(own.sort or "[]"))
        groupby = self._eval(own.context).get("group_by", [])
        found = sorted(model.search(domain, order=order or None).ids)
        groups = model.formatted_read_group(domain, groupby, ["__count"]) if groupby else []
        return [found, self._reduce_groups(groups)]
