from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..common_cockpit import CockpitCase


@tagged("post_install", "-at_install")
class TestCockpitWork(CockpitCase):
    """The cards about work, how fresh the page is, its filters, and who may look."""

    # === Work === #

    def test_letters_of_the_week(self):
        self._create_overdue(5)
        self._create_overdue(5, partner=self._create_customer("Nobody Ltd", email=False))
        self._allocate()
        self._send_letters()
        self._deliver()
        cards = self._get_cockpit()["cards"]
        self.assertEqual(
            {each["key"]: each["count"] for each in cards["letters"]["states"]},
            {"sent": 1, "no_address": 1},
        )
        self.assertEqual(cards["letters"]["total"]["count"], 2)
        self.assertEqual(
            {each["key"]: each["count"] for each in cards["exceptions"]}, {"no_address": 1}
        )
        self._move_on(7)
        cards = self._get_cockpit()["cards"]
        self.assertEqual(cards["letters"]["total"]["count"], 0)
        exceptions = {each["key"] for each in cards["exceptions"]}
        self.assertEqual(exceptions, {"no_address"}, "it waits until somebody acts")

    def test_exceptions_of_the_configuration(self):
        self._create_portfolio()
        self.rule.action_archive()
        self._allocate()
        [exception] = self._get_cockpit()["cards"]["exceptions"]
        self.assertEqual((exception["key"], exception["count"]), ("no_rule", 7))
        self._assert_figures(self._get_cockpit())

    def test_proposals(self):
        self._create_portfolio()
        self._allocate()
        proposals = self._get_cockpit()["cards"]["proposals"]
        self.assertEqual(proposals["count"], 4)
        self.assertEqual(self._read_list(proposals), (4, 2200.0))

    def test_errors_of_the_last_run(self):
        self._create_portfolio()
        self._allocate()
        domain = [("kind", "=", "allocation"), ("company_id", "=", self.company.id)]
        run = self.env["crm.collection.run"].sudo().search(domain)
        run._log_exception("Something is wrong", self._items(self.moves)[:1].id)
        exceptions = {each["key"]: each for each in self._get_cockpit()["cards"]["exceptions"]}
        self.assertEqual(exceptions["run"]["count"], 1)
        self.assertEqual(self._read_list(exceptions["run"]), (1, None))

    def test_approvals_where_they_are(self):
        """The card is there with the model, and counts what waits."""
        approvals = self._get_cockpit_of_open_items()["cards"]["approvals"]
        if "crm.collection.approval" in self.env:
            for figure in approvals.values():
                self.assertEqual(self._read_list(figure), (figure["count"], None))
        else:
            self.assertFalse(approvals)

    def _get_cockpit_of_open_items(self):
        self._create_portfolio()
        self._allocate()
        return self._get_cockpit()

    # === Freshness === #

    def test_fresh_after_the_run(self):
        freshness = self._get_cockpit_of_open_items()["freshness"]
        self.assertEqual(freshness["waiting"], 0)
        self.assertFalse(freshness["is_stale"])
        self.assertTrue(freshness["last_run"])

    def test_stale_on_the_next_day(self):
        self._get_cockpit_of_open_items()
        self._create_overdue(-1, amount=5.0)
        self._move_on(2)
        freshness = self._get_cockpit()["freshness"]
        self.assertTrue(freshness["is_stale"])
        self.assertEqual(freshness["waiting"], 1, "what fell due since has no open item yet")

    def test_changed_open_items_wait_for_the_job(self):
        self._get_cockpit_of_open_items()
        self._items(self.moves[0])._mark_to_evaluate()
        freshness = self._get_cockpit()["freshness"]
        self.assertTrue(freshness["is_stale"])
        self.assertEqual(freshness["waiting"], 1)

    def test_entries_of_today_wait_for_the_job(self):
        self._get_cockpit_of_open_items()
        self.env.cr._now = self.env.cr.now() + timedelta(seconds=5)
        self._create_overdue(50, amount=5.0)
        self.assertEqual(self._get_cockpit()["freshness"]["waiting"], 1)

    def test_empty(self):
        """Before the first item: what to do next, as far as the user may."""
        page = self._get_cockpit()
        self.assertEqual(page["cards"], {})
        actions = [step["action"] for step in page["empty"]]
        self.assertIn("crm_collection.crm_collection_rule_action", actions)
        self.assertNotIn("crm_collection.crm_collection_golive_action", actions)
        self.assertFalse(page["freshness"]["last_run"])
        manager = [step["action"] for step in self._get_cockpit(self.manager)["empty"]]
        self.assertIn("crm_collection.crm_collection_golive_action", manager)

    # === Filters === #

    def test_collector(self):
        self._create_portfolio()
        self._allocate()
        self._items(self.moves[:2]).user_id = self.collector
        page = self._get_cockpit(user_id=self.collector.id)
        now = page["cards"]["overdue"]["now"]
        self.assertEqual((now["count"], now["amount"]), (2, 300.0))
        self._assert_figures(page)
        nobody = self._get_cockpit(user_id=-1)
        self.assertEqual(nobody["cards"]["overdue"]["now"]["count"], 5)
        self._assert_figures(nobody)
        collectors = [option["id"] for option in page["options"]["collectors"]]
        self.assertEqual(collectors, [self.collector.id, -1])

    def test_currency_of_the_open_items(self):
        self._create_portfolio()
        self._create_overdue(5, amount=80.0, currency_id=self.foreign.id)
        self._allocate()
        self._send_letters()
        page = self._get_cockpit(currency_id=self.foreign.id)
        self.assertEqual(page["cards"]["overdue"]["now"]["count"], 1)
        self.assertEqual(page["cards"]["letters"]["total"]["count"], 1)
        self.assertEqual(len(page["options"]["currencies"]), 2)
        self._assert_figures(page)

    def test_nonsense_is_ignored(self):
        self._create_portfolio()
        self._allocate()
        page = self._get_cockpit(period="century", company_id=10**6, user_id="x", books_id=-3)
        self.assertEqual(page["filters"]["period"], "month")
        self.assertFalse(page["filters"]["company_id"])
        self.assertEqual(page["cards"]["overdue"]["now"]["count"], 7)

    # === Access === #

    def test_who_may_look(self):
        self._create_portfolio()
        self._allocate()
        portal = new_test_user(self.env(su=True), "portal_user", groups="base.group_portal")
        for user in (self.outsider, portal):
            with self.assertRaises(AccessError):
                self._get_cockpit(user)
        auditor = new_test_user(
            self.env(su=True),
            "cockpit_auditor",
            groups="account.group_account_readonly",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        page = self._get_cockpit(auditor)
        self.assertEqual(page["cards"]["overdue"]["now"]["count"], 7)
        self.assertFalse(page["freshness"]["can_run"])
        self._assert_figures(page, auditor)

    def test_record_rules_decide(self):
        """A rule of the house on items holds on the cockpit too."""
        self._create_portfolio()
        self._allocate()
        self.env["ir.rule"].sudo().create(
            {
                "name": "Small items only",
                "model_id": self.env["ir.model"]._get_id("crm.collection.item"),
                "domain_force": [("amount_residual", "<", 400)],
            }
        )
        self._pay(self.moves[2], 100.0)
        self._know_the_past()
        page = self._get_cockpit()
        cards = page["cards"]
        self._assert_figures(page)
        self.assertEqual(cards["overdue"]["before"]["amount"], 500.0)
        self.assertEqual(cards["overdue"]["now"]["count"], 3)
        self.assertEqual(sum(each["count"] for each in cards["aging"]), 3)
        self.assertEqual(sum(each["count"] for each in cards["debtors"]["customers"]), 3)
