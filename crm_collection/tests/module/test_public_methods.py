import inspect
from itertools import product

from odoo.exceptions import UserError
from odoo.service.model import call_kw
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common_letters import CrmCollectionLettersCommon

MODULE = "odoo.addons.crm_collection."
HUGE = 10**30
JUNK = (
    *(None, False, True, 0, -1, 10**12, HUGE, 1.5, float("inf"), float("nan")),
    *("", "x", "1", "a\0b", "x" * 5000, [], [1], ["x"], [[]], {}, {"x": 1}, {"company_id": []}),
)
CONTEXTS = (
    {"active_model": 5, "active_ids": "x"},
    {"active_model": "crm.collection.item", "active_ids": ["x", None, 10**9]},
    {"active_model": "res.partner", "active_ids": {"x": 1}, "active_id": "x"},
    {"active_model": "crm.collection.customer", "active_ids": [HUGE]},
    {"active_model": "crm.collection.approval", "active_ids": ["x"]},
    *({"crm_collection_seen": value} for value in ("x", [1], HUGE)),
    *(
        {key: value}
        for key in (
            "crm_collection_aging_date",
            "crm_collection_settled_from",
            "crm_collection_settled_to",
        )
        for value in ("x", 5, [1], "0001-01-01", "9999-12-31", HUGE)
    ),
)


class Undone(Exception):
    """What was called is taken back."""


@tagged("post_install", "-at_install")
class TestPublicMethods(CrmCollectionLettersCommon):
    """Whatever is called through RPC, with whatever: done, or refused in words.

    Core's own methods that the module extends (create, write, ...) are called as core says.
    """

    def setUp(self):
        super().setUp()
        self._create_overdue(12)
        self._create_overdue(40)
        self._allocate()
        self._send_letters()
        self.user = self.manager
        self.env.flush_all()

    def _get_public(self):
        """Yield (model, name, method) of what the module itself lets the world call."""
        for name in sorted(self.registry):
            model = self.env[name].with_user(self.user)
            for method, function in inspect.getmembers(type(model), inspect.isfunction):
                if method.startswith("_") or not function.__module__.startswith(MODULE):
                    continue
                owners = [cls.__module__ for cls in type(model).mro() if method in cls.__dict__]
                core = [one for one in owners if not one.startswith(MODULE)]
                if not [one for one in core if one.startswith(("odoo.orm", "odoo.addons"))]:
                    yield model, method, function

    def _call(self, model, method, *args, context=None):
        """:return: what went wrong, other than in words"""
        try:
            with self.env.cr.savepoint():
                call_kw(model, method, list(args), {"context": context} if context else {})
                self.env.flush_all()
                raise Undone
        except (Undone, UserError):
            return []
        except Exception as error:
            return [f"{model._name}.{method}{args} {context or ''}: {error!r}"[:300]]
        finally:
            self.env.invalidate_all(flush=False)

    @mute_logger("odoo.addons.crm_collection.models.letters.issue")
    def test_every_method_bears_every_value(self):
        found, failed = list(self._get_public()), []
        self.assertGreater(len(found), 50)
        for model, method, function in found:
            parameters = inspect.signature(function).parameters
            junk = [()]
            if len(parameters) > 1:
                junk = [(value,) for value in JUNK]
            if len(parameters) > 2:
                junk += [("approved", value) for value in JUNK] + [("res.partner", HUGE)]
            records = [()]
            if not getattr(function, "_api_model", False):
                stored = model._auto or model._table_query
                ids = model.sudo().search([], limit=2).ids if stored else []
                records = [(one,) for one in ([], ids[:1], ids, [10**9])]
            for who, what in product(records, junk):
                failed += self._call(model, method, *who, *what)
        self.assertFalse(failed, "\n".join(failed))

    def test_contexts_bear_every_value(self):
        """A key of the context is an argument like any other."""
        calls = [
            (name, "default_get", [["item_ids", "line_ids", "approval_ids", "seen_line_id"]])
            for name in (
                "crm.collection.item.maintain",
                "crm.collection.item.send",
                "crm.collection.approval.decide",
            )
        ]
        for name in ("crm.collection.aging", "crm.collection.allocation"):
            fields = ["amount_settled"]
            calls.append((name, "search_read", [[("amount_settled", ">", 1)], fields]))
        calls += [
            ("crm.collection.cockpit", name, [])
            for name in ("get_cockpit", "get_collectors", "get_expected")
        ]
        failed = []
        for context in CONTEXTS:
            for name, method, args in calls:
                model = self.env[name].with_user(self.user)
                failed += self._call(model, method, *args, context=context)
        self.assertFalse(failed, "\n".join(failed))
