from odoo.tests import tagged
from odoo.tools import SQL

from ...models.letters import create_queries
from ...models.letters import queries as letter_queries
from ..common import TODAY
from ..common_letters import CrmCollectionLettersCommon

CUSTOMERS, OPEN_ITEMS = 6, 4  # items of each customer


@tagged("post_install", "-at_install")
class TestLetterPlan(CrmCollectionLettersCommon):
    """Deciding letters costs what its rows cost: no part of it is compared row by row with
    another part, which nobody sees in a small database."""

    def _explain(self, query):
        """:return: the nodes of the plan of a statement, which is run"""
        self.env.cr.execute(SQL("EXPLAIN (ANALYZE, FORMAT JSON) %s", query))
        return list(self._walk(self.env.cr.fetchone()[0][0]["Plan"]))

    def _walk(self, node):
        yield node
        for child in node.get("Plans", []):
            yield from self._walk(child)

    def _compares_parts(self, node):
        """Whether each row of one part of the statement goes through all of another part.

        A table joined to a part is none of that: how, the planner decides by the table's size.
        """
        if not node.get("Rows Removed by Join Filter"):
            return False
        return all(
            any(each["Node Type"] == "CTE Scan" for each in [side, *side.get("Plans", ())])
            for side in node["Plans"][:2]
        )

    def test_no_part_is_compared_row_by_row(self):
        """GIVEN items of several customers that are due for a letter
        WHEN the statements that choose the customers and write the letters are run
        THEN none of their joins threw pairs of rows away.

        Seen to fail with the locked items in a part of their own that the due items are
        joined to.
        """
        for number in range(CUSTOMERS):
            partner = self._create_customer(f"Customer {number}")
            self._create_credit(10.0, partner=partner)
            for _open_item in range(OPEN_ITEMS):
                self._create_overdue(5, partner=partner)
        self._allocate()
        partner_ids = [
            row[0]
            for row in self.env.execute_query(letter_queries.due_partners(self.company, TODAY))
        ]
        self.assertEqual(len(partner_ids), CUSTOMERS)
        # the plan of a big database: its tables are read by their indexes
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        nodes = self._explain(letter_queries.choose(self.company, TODAY, partner_ids))
        self.assertEqual([node for node in nodes if self._compares_parts(node)], [])
        chosen = self.env.execute_query_dict(
            letter_queries.choose(self.company, TODAY, partner_ids)
        )
        item_ids = [item_id for row in chosen for item_id in row["item_ids"]]
        query = create_queries.create(self.company, TODAY, self.env.uid, "automatic", item_ids)
        nodes = self._explain(query)
        written = [node["Actual Rows"] for node in nodes if node["Node Type"] == "ModifyTable"]
        self.assertIn(CUSTOMERS, written)
        self.assertIn(CUSTOMERS * OPEN_ITEMS, written)
        joins = [node["Join Filter"] for node in nodes if self._compares_parts(node)]
        self.assertEqual(joins, [])

    def _count_issue(self, number):
        """Statements that issuing the letters of so many customers takes."""
        for index in range(number):
            partner = self._create_customer(f"{number} letters {index}")
            partner.email = f"c{number}-{index}@customer.example"
            self._create_overdue(5, partner=partner)
        self._allocate()
        letters_sudo = self._decide()
        letters_sudo.attach_pdf = False
        self.env.flush_all()
        self.env.invalidate_all()
        start = self.env.cr.sql_log_count
        letters_sudo._issue()
        self.env.flush_all()
        self.assertEqual(letters_sudo.mapped("state"), ["outgoing"] * number)
        return self.env.cr.sql_log_count - start

    def test_issuing_asks_for_all_letters_at_once(self):
        """GIVEN letters of a few and of many customers, none of whom has a collector
        WHEN they are issued
        THEN each letter more takes one statement more: the row with its recipient.

        Seen to fail with the blacklist, the recipients so far, or who is responsible, asked
        letter by letter.
        """
        self._count_issue(2)  # what is read once and for all
        few, many = self._count_issue(4), self._count_issue(24)
        self.assertLessEqual(many - few, 20)
