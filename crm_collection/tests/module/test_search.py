from contextlib import suppress
from itertools import product

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from ..common_letters import CrmCollectionLettersCommon

MODULE = "odoo.addons.crm_collection."
# What the web client, a saved filter or a spreadsheet may say, sensible or not.
CONDITIONS = [
    *product(("=", "!="), (False, True, None, 0, -1, 1.5, 10**12, "", "a", "7")),
    *product(("in", "not in"), ([], [True], [False, True], [1, False], ["a", False], [None, "7"])),
    *product(("<", ">="), (False, 0, 1.5, 10**12, float("inf"))),
    *product(("ilike", "not ilike"), (False, "", "a", "100%")),
    *(("=", float("nan")), ("=", float("inf")), ("=ilike", "a%"), ("like", "a")),
]
NUMBERS = [(">", "a"), ("<=", "7"), (">", ""), ("<", float("nan"))]
RELATIONS = [
    *product(("any", "not any"), ([], [("id", ">", 0)], [("display_name", "ilike", "a")])),
    *product(("child_of", "parent_of"), (1, [1], "a", False)),
]


@tagged("post_install", "-at_install")
class TestSearch(CrmCollectionLettersCommon):
    """Fields that are stored nowhere are searched as they are shown, by whatever condition."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule.company_type = "company"
        cls.person = cls.env["res.partner"].create({"name": "Anyone", "is_company": False})

    def setUp(self):
        super().setUp()
        self._create_overdue(12, terms=(0, 40))
        paid, part = self._create_overdue(35), self._create_overdue(5, amount=50.0)
        self._create_entry(3, partners=self.person, no_followup=False)
        rule = self._put_under_approval(self.phase_third)
        rule.with_user(self.manager).level_ids = [
            Command.create({"user_ids": [Command.set(self.approver.ids)]})
        ]
        self._allocate()
        self._send_letters()
        self._deliver()
        self._pay(paid)
        self._pay(part, 20.0)
        self._hold(self._items(part))

    def _get_searched(self):
        """Yield (model, field) of all that has a search method of this module's."""
        for model in self._get_models():
            for field in model._fields.values():
                method = isinstance(field.search, str) and getattr(type(model), field.search, None)
                if method and method.__module__.startswith(MODULE):
                    yield model.with_context(active_test=False), field

    def _get_models(self):
        return [self.env[name] for name in self.registry if not self.env[name]._abstract]

    def test_every_condition_is_answered(self):
        """Or refused in words; never by the database or by Python."""
        searched = list(self._get_searched())
        self.assertGreaterEqual(len(searched), 15)
        failed = []
        for model, field in searched:
            for operator, value in CONDITIONS + (RELATIONS if field.relational else NUMBERS):
                if field.type == "boolean" and not isinstance(value, list) and operator[-1] != "=":
                    continue  # core compares flags with nothing else
                if field.type == "boolean" and operator[0] in "<>=" and operator != "=":
                    continue
                try:
                    with suppress(UserError), self.env.cr.savepoint():
                        model.search([(field.name, operator, value)], limit=1)
                except Exception as error:
                    failed.append(f"{field} {operator} {value!r}: {error!r}")
        self.assertFalse(failed, "\n".join(failed))

    def test_what_is_found_is_what_is_shown(self):
        for model, field in self._get_searched():
            records = model.search([])
            shown = {record: self._get_shown(record, field) for record in records}
            values = {False, *list(dict.fromkeys(shown.values()))[:4]}
            if field.type == "boolean":
                values = {False, True}
            for value in values:
                wanted = records.filtered(
                    lambda each, value=value, shown=shown: shown[each] == value
                )
                with self.subTest(field=str(field), value=value):
                    for operator, operand, expected in (
                        ("=", value, wanted),
                        ("in", [value], wanted),
                        ("!=", value, records - wanted),
                        ("not in", [value], records - wanted),
                        ("in", [*values], records if values >= set(shown.values()) else None),
                    ):
                        found = model.search([(field.name, operator, operand)])
                        if expected is not None:
                            self.assertEqual(found, expected, operator)

    def _get_shown(self, record, field):
        value = record[field.name]
        if field.name == "days_to_letter" and not record.date_next_letter:
            return False  # shown as nothing, and searched as not set
        return value.id if field.type == "many2one" else value

    def test_customers_without_a_rule(self):
        Partner = self.env["res.partner"].with_context(active_test=False)
        both = self.customer | self.person
        unset = Partner.search([("collection_applied_rule_id", "=", False)])
        self.assertEqual(unset & both, self.person)
        named = Partner.search([("collection_applied_rule_id", "ilike", self.rule.name)])
        self.assertEqual(named & both, self.customer)
