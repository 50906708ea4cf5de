from odoo.service.model import call_kw
from odoo.tests import tagged

from ..common_letters import CrmCollectionLettersCommon


@tagged("post_install", "-at_install")
class TestStart(CrmCollectionLettersCommon):
    """The way to the first letter on one page, as the manager sees it: each step checked.

    Seen to fail: with a step left out and in another place; with contacts for letters, with who
    owes nothing and with empty addresses; without each warning, a page, and the reader's language.
    """

    def _get_steps(self, **context):
        View = self.env["crm.collection.status.view"].with_user(self.manager)
        view = View.browse(call_kw(View, "action_open_start", [], {"context": context})["res_id"])
        return {line.key: line for line in view.line_ids}

    def test_steps_in_their_order(self):
        """Roles, mail server, sender, charges, bank account, rules, addresses and a look at the
        letters come before going live."""
        keys = list(self._get_steps())
        self.assertEqual(keys[-1], "auto_send")
        needed = {"roles", "clock", "mail_server", "sender", "charges", "bank", "rules", "look"}
        self.assertLessEqual(needed | {"addresses", "phases", "allocation_run"}, set(keys))

    def test_customers_without_an_address_are_listed_before(self):
        """Those who owe something, and whom no contact for letters reaches either."""
        names = {"None Ltd": False, "Empty Ltd": ""}
        without = self.env["res.partner"].union(
            *(self._create_customer(name, email=email) for name, email in names.items())
        )
        child = self._create_customer("Reached Ltd", email=False)
        self._create_customer("Desk", parent_id=child.id, is_company=False, type="collection")
        self._create_customer("Owes nothing Ltd", email=False)
        for partner in without | child | self.customer:
            self._create_overdue(5, partner=partner)
        self._allocate()
        step = self._get_steps()["addresses"]
        self.assertEqual(step.level, "warning")
        domain = step.action_open()["domain"]
        self.assertEqual(self.env["res.partner"].search(domain), without)
        letters = self.env["crm.collection.letter"]
        for partner in without | child | self.customer:
            letter = letters.new({"company_id": self.company.id, "partner_id": partner.id})
            reached = bool(letter._get_recipients()[0])
            self.assertEqual(reached, partner not in without, partner.name)
        without.email = "x@none.example"
        self.assertEqual(self._get_steps()["addresses"].level, "ok")

    def test_roles(self):
        self.assertEqual(self._get_steps()["roles"].level, "ok")
        users = self.collector | self.approver
        users.sudo().active = False
        group = self.env.ref("crm_collection.group_crm_collection_approver")
        rule = self.env["crm.collection.approval.rule"].create(
            {"name": "Agreed", "governs": "allocation"}
        )
        self.phase_third.approval_rule_id = rule
        self.assertFalse(group.all_user_ids & users)
        step = self._get_steps()["roles"]
        self.assertEqual(step.level, "warning")
        self.assertIn("nobody approves", step.message)

    def test_settings_lead_to_the_managers_page(self):
        steps = self._get_steps()
        self.assertEqual(steps["charges"].action["res_model"], "crm.collection.settings")
        self.assertIn("no fine", steps["charges"].message)
        self.company.collection_fine_percent = 2
        self.assertIn("2.00", self._get_steps()["charges"].message)
        self.assertEqual(steps["look"].action["res_model"], "crm.collection.simulate")

    def test_pages_are_called_in_the_users_language(self):
        """What a step leads to has a title that its reader understands."""
        steps = self._get_steps(lang="pt_BR")
        self.assertEqual(steps["look"].action["name"], "Simulação da cobrança")
        self.assertEqual(steps["rules"].action["name"], "Regra de envio de cobrança")

    def test_rules(self):
        self._create_rule({1: self.phase_first}, name="Behind", sequence=5000)
        step = self._get_steps()["rules"]
        self.assertEqual(step.level, "warning")
        self.assertIn("Behind", step.message)
        self.env["crm.collection.rule"].search([]).step_ids.unlink()
        self.assertEqual(self._get_steps()["rules"].level, "danger")
