from functools import partial
from unittest.mock import patch

from odoo.api import Environment
from odoo.models import BaseModel
from odoo.tests import tagged
from odoo.tools import SQL

from ..common import TODAY
from ..common_figures import CrmCollectionFiguresCommon

LINES = "account_move_line"
OPEN, CREDITED = f"{LINES}_collection_open_idx", f"{LINES}_collection_credited_idx"
BY_ID = f"{LINES}_pkey"
# as in a big database: its tables are read by their indexes, and maybe by several processes
BIG = {"enable_seqscan": "off", "enable_bitmapscan": "off", "max_parallel_workers_per_gather": "2"}
FORCED_BY_ANOTHER_NAME = 160000  # the version since when PostgreSQL calls it so


@tagged("post_install", "-at_install")
class TestFigurePlans(CrmCollectionFiguresCommon):
    """Figures of all that is open read the index of what is open, and of other journal items only
    those that they know: what nobody sees in a small database.

    Seen to fail with what was settled since looked for among all journal items; with `OFFSET 0`
    in expected cash; with the company of the rows not read with them; with customers of one name in
    the other order.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        moves = [cls._create_overdue(days, amount=10.0 * days) for days in range(2, 9)]
        hold = cls.env["crm.collection.hold"].with_user(cls.manager)
        hold.create(
            {
                "kind": "promise",
                "reason": "Said so",
                "partner_id": moves[0].partner_id.id,
                "date_until": TODAY,
            }
        )

    def setUp(self):
        super().setUp()
        # in a small database any index is as good as the one for it
        self.env.cr.execute(
            """SELECT indexname FROM pg_indexes
                WHERE tablename = %s AND indexname != ALL(%s)""",
            [LINES, [OPEN, CREDITED, BY_ID]],
        )
        for (name,) in self.env.cr.fetchall():
            self.env.cr.execute(SQL("DROP INDEX %s", SQL.identifier(name)))
        for name in (OPEN, CREDITED):  # full of what other tests took back
            self.env.cr.execute(SQL("REINDEX INDEX %s", SQL.identifier(name)))
        self.env.cr.execute(SQL("ANALYZE %s", SQL.identifier(LINES)))

    def _run(self, read, about=LINES):
        """:return: the statements about journal items, or about another table, that it takes"""
        statements = []
        execute = Environment.execute_query

        def note(env, query):
            if about in query.code:
                statements.append(query)
            return execute(env, query)

        self.env.flush_all()
        self.env.invalidate_all()
        with patch.object(Environment, "execute_query", note):
            read()
        return statements

    def _explain(self, query):
        """:return: the nodes of its plan, each with all that is below it"""
        for name, value in BIG.items():
            self.env.cr.execute(SQL("SET LOCAL %s = %s", SQL.identifier(name), value))
        self.env.cr.execute(SQL("EXPLAIN (FORMAT JSON) %s", query))
        return list(self._walk(self.env.cr.fetchone()[0][0]["Plan"]))

    def _walk(self, node):
        below = [each for child in node.get("Plans", []) for each in self._walk(child)]
        yield from below
        yield {**node, "below": below}

    def _get_ways(self, nodes):
        """:return: how journal items are read: {(kind of scan, index)}"""
        return {
            (node["Node Type"], node.get("Index Name"))
            for node in nodes
            if node.get("Relation Name") == LINES
        }

    def _read_screens(self):
        """:return: {name: a function that reads what the screen shows}"""
        Aging = self._aging()
        one = {"allowed_company_ids": self.company.ids}
        Expected = self.env["crm.collection.expected"].with_user(self.manager).with_context(**one)
        Indicator = self.env["crm.collection.indicator"].with_user(self.manager)
        return {
            "pivot": lambda: Aging.formatted_read_grouping_sets(
                [], [[], ["bucket"], ["phase_id", "bucket"]], ["amount:sum"]
            ),
            "by customer": lambda: Aging.formatted_read_group(
                [], ["partner_id"], ["amount:sum", "amount_1:sum", "amount_settled:sum"]
            ),
            "expected": lambda: Expected._read_group(
                [], ["part", "period"], ["amount:sum", "amount_expected:sum"]
            ),
            "indicators": lambda: Indicator.search_fetch([], ["dso", "receivables"]),
        }

    def test_what_is_open_is_read_from_its_index(self):
        ways = {("Index Only Scan", OPEN), ("Index Scan", BY_ID)}
        for name, read in self._read_screens().items():
            with self.subTest(name):
                query = self._run(read)[-1]  # before it what is promised is asked
                also = {("Index Only Scan", CREDITED)} if name == "indicators" else set()
                self.assertEqual(self._get_ways(self._explain(query)), ways | also)

    def test_expected_cash_may_be_added_up_by_several_processes(self):
        """No part of it keeps PostgreSQL from it, as what is kept for other parts does."""
        self._allocate()  # it keeps how late customers pay
        query = self._run(self._read_screens()["expected"])[-1]
        is_old = self.env.cr.connection.server_version < FORCED_BY_ANOTHER_NAME
        force = "force_parallel_mode" if is_old else "debug_parallel_query"
        self.env.cr.execute(SQL("SET LOCAL %s = on", SQL.identifier(force)))
        self.assertEqual(self._explain(query)[-1]["Node Type"], "Gather")

    def test_a_page_is_one_statement(self):
        """What the access rules look at is not looked up by reckoning all rows again."""
        self._allocate()
        for name in ("aging", "customer", "expected", "indicator"):
            with self.subTest(name):
                Model = self.env[f"crm.collection.{name}"].with_user(self.manager)
                fields = {"company_currency_id": {}}
                read = partial(Model.web_search_read, [], fields, limit=80)
                self.assertEqual(len(self._run(read, about=f'"{Model._table}"."id"')), 1)

    def test_a_list_by_customer_is_what_the_orm_makes_of_it(self):
        """Added up before its names are looked up: the same groups, order and pages, with amounts
        of buckets, contacts of a customer, two customers of a name, and items without one."""
        for name in ("Zeta AG", "Beta AG", "Beta AG", "Émile"):
            partner = self._create_customer(name)
            contact = self._create_customer("Accounts", parent_id=partner.id, type="invoice")
            for days, whose in ((5, partner), (45, contact), (-3, partner)):
                self._create_overdue(days, amount=100.0 + days, partner=whose)
        moves = self._create_overdue(40, amount=7.0)
        self._receivables(moves).partner_id = False
        specs = ["amount:sum", "amount_1:sum", "amount_2:sum_currency", "__count"]
        Aging = self._aging()
        for order in (None, "partner_id", "partner_id ASC", "partner_id DESC"):
            for limit, offset in ((None, 0), (2, 0), (2, 3)):
                asked = {"order": order, "limit": limit, "offset": offset}
                with self.subTest(**asked):
                    groups = Aging._read_group([], ["partner_id"], specs, **asked)
                    plain = BaseModel._read_group(Aging, [], ["partner_id"], specs, **asked)
                    self.assertEqual(groups, plain)
        for partner, _amount, *buckets, _count in Aging._read_group([], ["partner_id"], specs):
            rows = Aging.search([("partner_id", "=", partner.id)])
            sums = [sum(rows.mapped(name)) for name in ("amount_1", "amount_2")]
            self.assertEqual(buckets, sums)
