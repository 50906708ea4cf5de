import io
import json
from statistics import median
from unittest.mock import patch

import openpyxl
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo import http
from odoo.tests import HttpCase, tagged
from odoo.tools import SQL

from ...report.insight import indicator_queries, queries
from ...tools.figures import NUMBERS, read_groups
from ..common_letters import CrmCollectionLettersCommon

# What may be added up, and in what: money in the currency of its field, numbers of what stands
# here. Everything else has no sum.
MONEY = "money"
ADDED = {
    "crm.collection.aging": {
        **dict.fromkeys((f"amount_{number}" for number in range(6)), MONEY),
        **dict.fromkeys(("amount", "amount_currency", "amount_original"), MONEY),
        **dict.fromkeys(("amount_now", "amount_settled", "amount_disputed"), MONEY),
    },
    "crm.collection.allocation": {
        "amount_in": MONEY,
        "amount_in_currency": MONEY,
        "amount_settled": MONEY,
    },
    "crm.collection.allocation.report": {
        "amount_in": MONEY,
        "amount_other": MONEY,
        "amount_recovered": MONEY,
        "letter_bounced_count": "letters",
        "letter_sent_count": "letters",
        "letter_unaddressed_count": "letters",
        **dict.fromkeys(("stay_count", "settled_count", "moved_count"), "allocations"),
        **dict.fromkeys(("open_count", "left_count"), "allocations"),
    },
    "crm.collection.approval": {"amount": MONEY, "item_count": "items"},
    "crm.collection.approval.decision": {"amount": MONEY, "item_count": "items"},
    "crm.collection.approval.line": {
        "amount": MONEY,
        "amount_currency": MONEY,
        "amount_residual": MONEY,
    },
    "crm.collection.contact.report": {
        "amount_paid": MONEY,
        **dict.fromkeys(("contact_count", "attempt_count", "reached_count"), "contacts"),
    },
    "crm.collection.customer": {
        "amount_disputed": MONEY,
        "amount_overdue": MONEY,
        "amount_residual": MONEY,
        "item_count": "items",
        "promise_amount": MONEY,
    },
    "crm.collection.expected": {"amount": MONEY, "amount_expected": MONEY},
    "crm.collection.forewarning": {"amount": MONEY, "amount_asked": MONEY},
    "crm.collection.hold": {"amount_promised": MONEY},
    "crm.collection.indicator": {
        "promise_broken_count": "promises",
        "promise_kept_count": "promises",
        "sales": MONEY,
    },
    "crm.collection.item": {
        "amount_original_currency": MONEY,
        "amount_residual": MONEY,
        "amount_residual_currency": MONEY,
        "refused_amount": MONEY,
    },
    "crm.collection.letter": {
        **dict.fromkeys(("amount_asked", "amount_credit", "amount_total"), MONEY),
        "line_count": "items",
    },
    "crm.collection.letter.line": {
        **dict.fromkeys(("amount_original", "amount_residual"), MONEY),
        **dict.fromkeys(("amount_fine", "amount_interest", "amount_total"), MONEY),
        **dict.fromkeys(("amount_asked", "amount_credit", "amount_residual_company"), MONEY),
    },
    "crm.collection.phase": {"amount_residual": MONEY, "item_count": "items"},
    "crm.collection.retention": {
        "customer_count": "customers",
        "record_count": "records",
        "message_count": "messages",
        "file_count": "files",
    },
    "crm.collection.roll.rate": {"amount": MONEY},
    "crm.collection.run": {
        "duration": "seconds",
        "execution_count": "executions",
        "letter_count": "letters",
        **dict.fromkeys(("item_new", "item_moved", "item_proposed", "item_waiting"), "items"),
        **dict.fromkeys(("item_settled", "item_reopened", "item_cancelled"), "items"),
        "letter_line_count": "items",
        "exception_count": "exceptions",
    },
    "crm.collection.run.line": {"amount": MONEY, "count": "items or customers"},
    "crm.collection.settlement": {"amount": MONEY, "amount_currency": MONEY},
    "account.move": {"collection_item_count": "items"},
}

NO_LISTS = ("account.bank.statement.line", "res.company")  # of ours

cents = st.integers(0, 100_000).map(lambda number: number / 100)
letters = st.lists(st.integers(1, 6), max_size=3, unique=True)
allocations = st.lists(
    st.fixed_dictionaries(
        {
            "company": st.integers(0, 1),
            "phase": st.integers(0, 1),
            "amount_in": cents,
            "amount_recovered": cents,
            "days_to_settle": st.none() | st.integers(0, 90),
            "days_stay": st.integers(0, 90),
            "letters": letters,
        }
    ),
    min_size=1,
    max_size=12,
)
months = st.fixed_dictionaries(
    {
        **dict.fromkeys(("receivables", "receivables_from", "sales", "quarter_sales"), cents),
        "overdue": st.integers(0, 100).map(lambda percent: percent / 100),
        "kept": st.integers(0, 4),
        "broken": st.integers(0, 4),
        "dso": st.none() | st.integers(0, 300),
    }
)
quick = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # looking for the smallest that fails takes minutes
    suppress_health_check=list(HealthCheck),
)


def by(rows, *keys):
    groups = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    return groups


def rate(part, whole):
    return 100 * part / whole if whole else None


class GroupsCommon(CrmCollectionLettersCommon):
    """Companies in two currencies."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.currency = cls.company.currency_id
        cls.foreign = cls.setup_other_currency("EUR")
        cls.second = cls.setup_other_company(name="Second", currency_id=cls.foreign.id)["company"]
        cls.companies = cls.company | cls.second
        cls.both = {"allowed_company_ids": cls.companies.ids}

    def _assert_same(self, figure, expected):
        if not expected:
            self.assertIn(figure, (None, False, 0))
        else:
            self.assertAlmostEqual(figure, expected, 1)


@tagged("post_install", "-at_install")
class TestWhatMayBeAdded(GroupsCommon):
    """Every number of ours that a list would add up is one that may be added up."""

    def test_only_what_may_be_added_is_added(self):
        """Seen to fail with the settings, counts of letters per item, promised amounts and
        technical numbers that had a sum because every number has."""
        found = {}
        for name, model in self.env.registry.items():
            if model._abstract or model._transient or name in NO_LISTS:
                continue
            for field in model._fields.values():
                ours = field._modules and field._modules[0] == "crm_collection"
                if ours and field.type in NUMBERS and field.aggregator == "sum":
                    found.setdefault(name, set()).add(field.name)
        self.assertEqual(found, {name: set(units) for name, units in ADDED.items()})
        for name, units in ADDED.items():
            for field_name, unit in units.items():
                field = self.env[name]._fields[field_name]
                self.assertEqual(field.type == "monetary", unit == MONEY, f"{name}.{field_name}")

    def test_money_is_added_with_its_currency(self):
        """Lists ask which currencies a group has: where they could not, there is no sum."""
        for name, units in ADDED.items():
            model = self.env[name]
            described = model.fields_get(list(units), ["aggregator", "currency_field"])
            for field_name in units:
                field = described[field_name]
                if field.get("aggregator") and units[field_name] == MONEY:
                    currency = field["currency_field"]
                    specs = [f"{currency}:array_agg_distinct", f"{field_name}:sum_currency"]
                    model.formatted_read_group([], [], specs)

    def test_no_footer_has_a_mean(self):
        """The web client would take the mean of a page, or of the means of groups."""
        views = self.env["ir.ui.view"].search([("model", "like", "crm.collection.")])
        self.assertFalse(views.filtered(lambda view: ' avg="' in view.arch_db).mapped("name"))

    def test_a_request_decided_twice_is_not_added_twice(self):
        Decision = self.env["crm.collection.approval.decision"].sudo()
        rule = self.env["crm.collection.approval.rule"].create({"name": "Rule"})
        request = (
            self.env["crm.collection.approval"]
            .sudo()
            .create(
                {
                    "kind": "allocation",
                    "company_id": self.company.id,
                    "phase_id": self.phase_second.id,
                    "approval_rule_id": rule.id,
                    "date_request": "2026-03-16 08:00:00",
                }
            )
        )
        for user in (self.approver, self.manager):
            Decision.create(
                {
                    "approval_id": request.id,
                    "user_id": user.id,
                    "decision": "approved",
                    "date": "2026-03-16 09:00:00",
                    "currency_id": self.currency.id,
                    "amount": 100,
                    "item_count": 2,
                }
            )
        domain = [("approval_id", "=", request.id)]
        specs = ["amount:sum", "item_count:sum"]
        self.assertEqual(Decision._read_group(domain, [], specs), [(False, False)])
        groups = Decision._read_group(domain, ["user_id"], specs)
        self.assertEqual([group[1:] for group in groups], [(100, 2)] * 2)


@tagged("post_install", "-at_install")
class TestResultGroups(GroupsCommon):
    """What works: the figures of any group are those of the allocations in it.

    Seen to fail with rows averaged in the file, with the rate of two currencies' sums and with a
    letter counted once for each of its items.
    """

    NAMES = (
        *("amount_in", "amount_recovered", "recovery_rate", "days_to_settle", "days_stay"),
        *("letter_sent_count", "stay_count"),
    )

    def _query(self, rows):
        values = [
            SQL(
                "(%s::int, %s::int, %s::int, %s::numeric, %s::numeric, %s::int, %s::int, %s::text)",
                number,
                self.companies[row["company"]].id,
                (self.phase_first | self.phase_second)[row["phase"]].id,
                row["amount_in"],
                row["amount_recovered"],
                row["days_to_settle"],
                row["days_stay"],
                ",".join(map(str, row["letters"])) or None,
            )
            for number, row in enumerate(rows, 1)
        ]
        return SQL(
            """SELECT *, 1 AS stay_count, 100 * amount_recovered / NULLIF(amount_in, 0)
                         AS recovery_rate, NULL::date AS day_in
                 FROM (VALUES %s) AS row (id, company_id, phase_id, amount_in, amount_recovered,
                                          days_to_settle, days_stay, letter_sent_ids)""",
            SQL(", ").join(values),
        )

    def _expect(self, rows):
        money = len({row["company"] for row in rows}) == 1
        settled = [row["days_to_settle"] for row in rows if row["days_to_settle"] is not None]
        owed, recovered = (
            sum(row[name] for row in rows) for name in ("amount_in", "amount_recovered")
        )
        return {
            "amount_in": owed if money else None,
            "amount_recovered": recovered if money else None,
            "recovery_rate": rate(recovered, owed) if money else None,
            "days_to_settle": median(settled) if settled else None,
            "days_stay": sum(row["days_stay"] for row in rows) / len(rows),
            "letter_sent_count": len({letter for row in rows for letter in row["letters"]}),
            "stay_count": len(rows),
        }

    @quick
    @given(rows=allocations)
    def test_groups(self, rows):
        Report = self.env["crm.collection.allocation.report"].with_context(**self.both)
        phases = self.phase_first | self.phase_second
        ranks = {phase.id: number for number, phase in enumerate(phases)}
        ranks |= {company.id: number for number, company in enumerate(self.companies)}
        with patch.object(queries, "allocations", lambda _days: self._query(rows)):
            groups = read_groups(Report.sudo(), [], ["phase_id", "company_id"], self.NAMES)
            [total] = Report.sudo()._read_group([], [], ["recovery_rate:avg", "days_to_settle:avg"])
        expected = self._expect(rows)
        self._assert_same(total[0], expected["recovery_rate"])
        self._assert_same(total[1], expected["days_to_settle"])
        facts = {**by(rows, "phase"), **by(rows, "phase", "company")}
        self.assertEqual(len(groups), len(facts))
        for path, figures in groups.items():
            numbers = tuple(
                [list(phases.ids), list(self.companies.ids)][depth].index(key[0])
                for depth, key in enumerate(path)
            )
            for name, value in self._expect(facts[numbers]).items():
                self._assert_same(figures[name], value)


@tagged("post_install", "-at_install")
class TestIndicatorGroups(GroupsCommon):
    """Indicators grouped by month, company or year: those of the sums, in one currency.

    Seen to fail with the mean of the rows, whatever they were in.
    """

    NAMES = (
        *("receivables", "sales", "overdue_share", "cei", "dso_best", "days_delinquent"),
        *("promise_kept_rate", "dso"),
    )

    def _query(self, rows):
        values = [
            SQL(
                """(%s::int, %s::int, %s::int, %s::date, %s::numeric, %s::numeric, %s::numeric,
                    %s::numeric, %s::numeric, %s::numeric, 90, %s::int, %s::int, %s::numeric)""",
                number,
                row["company"].id,
                row["company"].currency_id.id,
                row["date"],
                row["receivables"],
                row["receivables_from"],
                row["receivables"] * row["overdue"],
                row["receivables"] * (1 - row["overdue"]),
                row["sales"],
                row["quarter_sales"],
                row["kept"],
                row["broken"],
                row["dso"],
            )
            for number, row in enumerate(rows, 1)
        ]
        return SQL(
            """SELECT *, NULL::numeric AS cei, NULL::numeric AS dso_best,
                      NULL::numeric AS days_delinquent, NULL::numeric AS overdue_share,
                      NULL::numeric AS promise_kept_rate
                 FROM (VALUES %s) AS row (
                      id, company_id, company_currency_id, date, receivables, receivables_from,
                      overdue, not_due, sales, quarter_sales, quarter_days, promise_kept_count,
                      promise_broken_count, dso)""",
            SQL(", ").join(values),
        )

    def _expect(self, rows):
        def total(function):
            return sum(function(row) for row in rows)

        kept, broken = (total(lambda row, name=name: row[name]) for name in ("kept", "broken"))
        expected = {"promise_kept_rate": rate(kept, kept + broken)}
        if len({row["company"].currency_id for row in rows}) > 1:
            return {**dict.fromkeys(self.NAMES), **expected}
        owed, sales = total(lambda row: row["receivables"]), total(lambda row: row["sales"])
        overdue = total(lambda row: row["receivables"] * row["overdue"])
        before, quarter = (
            total(lambda row, name=name: row[name])
            for name in ("receivables_from", "quarter_sales")
        )
        return {
            **expected,
            "receivables": owed / len({row["date"] for row in rows}),
            "sales": sales,
            "overdue_share": rate(overdue, owed),
            "cei": rate(before + sales - owed, before + sales - (owed - overdue)),
            "dso_best": (owed - overdue) * 90 / quarter if quarter else None,
            "days_delinquent": overdue * 90 / quarter if quarter else None,
            "dso": rows[0]["dso"] if len(rows) == 1 else None,
        }

    @quick
    @given(figures=st.lists(months, min_size=6, max_size=6), same=st.booleans())
    def test_groups(self, figures, same):
        companies = [self.company, self.branch if same else self.second]
        days = ("2025-11-30", "2025-12-31", "2026-01-31")
        places = [(company, day) for company in companies for day in days]
        rows = [
            {"company": company, "date": day, "month": day[:7], "year": day[:4], **figure}
            for (company, day), figure in zip(places, figures, strict=True)
        ]
        Indicator = self.env["crm.collection.indicator"].with_context(
            allowed_company_ids=[company.id for company in companies]
        )
        for granularity in ("month", "year"):
            with patch.object(indicator_queries, "indicators", lambda *_args: self._query(rows)):
                groups = read_groups(Indicator.sudo(), [], [f"date:{granularity}"], self.NAMES)
            facts = by(rows, granularity)
            for path, values in groups.items():
                key = path[0][0][: 4 if granularity == "year" else 7]
                for name, value in self._expect(facts[(key,)]).items():
                    self._assert_same(values[name], value)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls.setup_other_company(name="Same", currency_id=cls.currency.id)["company"]


@tagged("post_install", "-at_install")
class TestGroupedFile(HttpCase, GroupsCommon):
    """The file of a grouped list says of a group what the list says of it."""

    def _export(self, model, names, groupby):
        described = self.env[model].fields_get(names, ["string", "type"])
        data = {
            "model": model,
            "fields": [
                {"name": name, "label": described[name]["string"], "type": described[name]["type"]}
                for name in names
            ],
            "ids": False,
            "domain": [],
            "groupby": groupby,
            "import_compat": False,
            "context": {"allowed_company_ids": self.company.ids},
        }
        self.collector.sudo().group_ids += self.env.ref("base.group_allow_export")
        self.authenticate("collector", "collector")
        response = self.url_open(
            "/web/export/xlsx",
            data={"data": json.dumps(data), "csrf_token": http.Request.csrf_token(self)},
        )
        response.raise_for_status()
        sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
        return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]

    def test_groups_of_a_file(self):
        paid = self._create_overdue(5, amount=100)
        self._create_overdue(5, amount=700)
        self._allocate()
        self._send_letters()
        self._deliver()
        self._move_on(4)
        self._pay(paid)
        names = ["name", "days_to_settle", "recovery_rate", "letter_sent_count", "amount_in"]
        group, *rows = self._export("crm.collection.allocation.report", names, ["phase_id"])
        self.assertEqual(group, ["Phase 1 (2)", 4, 12.5, "1", 800])
        figures = {row[4]: row[1:4] for row in rows}
        # nothing for what was not settled
        self.assertEqual(figures, {100: [4, 100, 1], 700: [None, 0, 1]})
