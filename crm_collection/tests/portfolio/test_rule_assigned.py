from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..common_engine import CrmCollectionEngineCommon


@tagged("post_install", "-at_install")
class TestRuleAssigned(CrmCollectionEngineCommon):
    """A rule serves everyone it fits, or those alone to whom it is assigned; and what a rule does
    to the customers of others is said before it does it.

    Seen to fail: with assigned rules that catch whom they fit, and a customer's own rule passed
    over; with an own rule that keeps criteria, serves everybody, is a contact's, is made twice or
    by anybody; with each thing that is said left out; with own rules among those that are taken
    over, without the further conditions, and with the order turned round; going live with the last
    rule for the default, and with who is never written to.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule.sequence = 1000  # the default
        cls.retail = cls.env["res.partner.industry"].create({"name": "Retail"})
        cls.other = cls._create_customer("Other Inc", industry_id=cls.retail.id)
        cls.moves = cls._create_overdue(5) | cls._create_overdue(5, partner=cls.other)

    def setUp(self):
        super().setUp()
        self._allocate()
        self.items = self._items(self.moves)
        self.env.flush_all()

    def _create_mild(self, **vals):
        return self._create_rule({20: self.phase_first}, **{"name": "Mild", **vals})

    def _call(self, user, records, method, *args):
        Model = self.env[records._name].with_user(user).with_company(self.company)
        result = call_kw(Model, method, [records.ids, *args], {})
        self.env.invalidate_all()
        return result

    # === Only where assigned === #

    def test_assigned_rule_catches_nobody_by_itself(self):
        """Without criteria at sequence 10 it catches nobody else."""
        own = self._create_mild(assignment="assigned")
        self.assertEqual((self.customer | self.other).collection_applied_rule_id, self.rule)
        self.customer.collection_rule_id = own
        self._move_on(1)
        self._allocate()
        rules = {item.partner_id: item.rule_id for item in self.items}
        self.assertEqual(rules, {self.customer: own, self.other: self.rule})
        self.assertEqual(own.customer_count, 1)
        found = self.env["res.partner"].search([("collection_applied_rule_id", "=", own.id)])
        self.assertEqual(found, self.customer)

    def test_assigned_rules_alone(self):
        """Where no rule is for everybody, nobody is under a rule but those who have their own."""
        self.rule.assignment = "assigned"
        self.other.collection_rule_id = self.rule
        self.assertFalse(self.customer.collection_applied_rule_id)
        self.assertEqual(self.other.collection_applied_rule_id, self.rule)

    # === Own rule for one customer === #

    def test_own_rule_copies_the_rule_in_force(self):
        """As a manager, by the button: nobody else is touched, and the form says why."""
        self.rule.country_ids = [Command.set(self.env.ref("base.be").ids)]
        self.customer.country_id = self.env.ref("base.be")
        self.other.country_id = self.env.ref("base.be")
        contact = self._create_customer("Contact", parent_id=self.customer.id, is_company=False)
        action = self._call(self.manager, contact, "action_own_collection_rule")
        own = self.env["crm.collection.rule"].browse(action["res_id"])
        self.assertNotEqual(own, self.rule)
        self.assertEqual(own.assignment, "assigned")
        self.assertEqual(own.company_id, self.company)
        self.assertFalse(own._get_criteria_labels())
        self.assertEqual(own.step_ids.mapped("days"), self.rule.step_ids.mapped("days"))
        self.assertEqual(self.customer.collection_applied_rule_id, own)
        self.assertEqual(self.other.collection_applied_rule_id, self.rule)
        self.assertIn("own rule", self.customer.with_user(self.collector).collection_rule_why)
        self.assertIn("Belgium", self.other.with_user(self.collector).collection_rule_why)
        again = self._call(self.manager, self.customer, "action_own_collection_rule")
        self.assertEqual(again["res_id"], own.id)

    def test_own_rule_is_a_managers(self):
        with (
            mute_logger("odoo.addons.base.models.ir_model"),
            self.assertRaises(AccessError),
            self.env.cr.savepoint(),
        ):
            self._call(self.collector, self.customer, "action_own_collection_rule")
        self.assertFalse(self.customer.collection_rule_id)

    def test_why_there_is_no_letter(self):
        self.rule.company_type = "person"
        self.assertIn("No sending rule", self.customer.collection_rule_why)
        never = self._create_rule({}, name="Never", assignment="assigned")
        self.customer.collection_rule_id = never
        self.env.invalidate_all()
        self.assertIn("never written to", self.customer.collection_rule_why)

    # === What a rule does to others === #

    def test_rule_that_takes_over_says_so_before_it_is_saved(self):
        with Form(self.env["crm.collection.rule"].with_user(self.manager)) as form:
            form.name = "Everybody's"
            self.assertIn("Rule (2)", form.reach_note)
            form.industry_ids.add(self.retail)
            self.assertIn("Rule (1)", form.reach_note)
            form.assignment = "assigned"
            self.assertFalse(form.reach_note)
            form.assignment = "criteria"
            form.sequence = 2000
            self.assertIn("never reached", form.reach_note)
            self.assertTrue(form.is_never_reached)

    def test_rule_that_is_never_reached(self):
        """Behind one for everybody, or behind one that catches all who fit it."""
        late = self._create_mild(sequence=2000, industry_ids=[Command.set(self.retail.ids)])
        self.assertTrue(late.is_never_reached)
        self.assertIn(self.rule.name, late.reach_note)
        nobodys = self._create_mild(sequence=2000, company_type="person", name="Nobody's")
        self.assertTrue(nobodys.is_never_reached)
        nobodys.sequence = 1
        self.assertFalse(nobodys.is_never_reached)
        first = self._create_mild(sequence=1, company_type="company", name="Companies")
        self.assertFalse(first.is_never_reached)
        self.assertIn("Rule (2)", first.reach_note)
        second = self._create_mild(sequence=2, industry_ids=[Command.set(self.retail.ids)])
        self.assertTrue(second.is_never_reached)
        self.assertIn("Companies (1)", second.reach_note)

    def test_own_rules_are_not_taken_over(self):
        own = self._create_mild(assignment="assigned")
        self.customer.collection_rule_id = own
        first = self._create_mild(sequence=1, company_type="company", name="Companies")
        self.assertIn("Rule (1)", first.reach_note)
        self.assertEqual(first.customer_count, 1)
        second = self._create_mild(sequence=2, company_type="company")
        self.assertTrue(second.is_never_reached)

    def test_numbers_agree_with_the_rules_in_force(self):
        """What a rule takes over, counted before, is what is under it afterwards."""
        for vals in (
            {"sequence": 1, "industry_ids": [Command.set(self.retail.ids)]},
            {"sequence": 1, "company_type": "person"},
            {"sequence": 5, "partner_domain": "[('name', '=', 'Nobody')]"},
            {"sequence": 5, "partner_domain": "[('name', 'ilike', 'adler')]"},
            {"sequence": 0},
        ):
            draft = self.env["crm.collection.rule"].new({"name": "Draft", **vals})
            others = self.env["crm.collection.engine"]._get_rules(self.company)
            counts = draft._count_reach(self.company, others)
            later = sum(
                count for rule, count in counts.items() if rule._get_place() > draft._get_place()
            )
            self.assertEqual(self._create_mild(**vals).customer_count, later, vals)

    # === Going live === #

    def _open_golive(self):
        return Form(self.env["crm.collection.golive"].with_user(self.manager))

    def test_golive_starts_by_the_default_rule(self):
        """Not by an own rule behind it, whose only step is severe.

        It was taken for the default, and all old debt started in its phase.
        """
        own = self._create_rule(
            {1: self.phase_third}, name="Own", sequence=3000, assignment="assigned"
        )
        self.customer.collection_rule_id = own
        form = self._open_golive()
        self.assertEqual(form.phase_id, self.phase_first)
        never = self._create_rule({1: self.phase_second}, name="Never reached", sequence=4000)
        self.assertTrue(never.is_never_reached)
        self.assertEqual(self._open_golive().phase_id, self.phase_first)

    def test_golive_leaves_who_is_never_written_to(self):
        """A rule without steps keeps going live from writing."""
        never = self._create_rule({}, name="Never", assignment="assigned")
        self.other.collection_rule_id = never
        self._move_on(1)
        self._allocate()
        before = self.items.filtered(lambda item: item.partner_id == self.other).phase_id
        form = self._open_golive()
        form.phase_id = self.phase_second
        form.send_letter = True
        self.assertIn("never written to", form.refusal_summary)
        form.save().with_user(self.manager).action_apply()
        phases = {item.partner_id: item.phase_id for item in self.items}
        self.assertEqual(phases, {self.customer: self.phase_second, self.other: before})
